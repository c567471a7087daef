"""A gateway's metrics, read from its plain counters when they are scraped."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..gateway.context import Gateway
from .host import SubscriberCollector


class GatewayPage(Collector):
    """All that is served of a gateway: its own metrics, and those of its subscribers.

    Args:
        gateway: running or about to.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._parts = (
            GatewayCollector(gateway),
            SubscriberCollector(gateway.hub.follower.cores),
        )

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        for part in self._parts:
            yield from part.collect()


class GatewayCollector(Collector):
    """The metrics of a gateway's own.

    Args:
        gateway: running or about to.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        counters = self._gateway.counters
        for name, text, label, counts in (
            (
                "requests",
                "HTTP requests answered, by class of status.",
                "status",
                counters.requests,
            ),
            (
                "refusals",
                "Errors told on WebSocket connections, by code.",
                "code",
                counters.refusals,
            ),
            (
                "connections_accepted",
                "Connections that stay open, by kind, that were accepted.",
                "kind",
                counters.connections,
            ),
            (
                "connections_closed",
                "WebSocket connections that the gateway closed, by code.",
                "code",
                counters.closed,
            ),
        ):
            family = CounterMetricFamily(f"touchline_gateway_{name}", text, labels=[label])
            for word, count in dict(counts).items():
                family.add_metric([word], count)
            yield family
        for name, text, count in (
            ("messages", "Messages of feeds taken in.", counters.messages),
            ("sent_bytes", "Bytes written to WebSocket viewers.", counters.sent),
            ("switched", "Times that a slow viewer was given a snapshot.", counters.switched),
        ):
            yield CounterMetricFamily(f"touchline_gateway_{name}", text, value=count)
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        gateway = self._gateway
        viewers = GaugeMetricFamily(
            "touchline_gateway_viewers", "Who follows each event.", labels=["event"]
        )
        for event, count in gateway.hub.events.items():
            viewers.add_metric([event], count)
        yield viewers
        for name, text, value in (
            ("connections", "Connections that stay open.", gateway.limits.total),
            (
                "fanout_longest_seconds",
                "The longest that one round of telling all viewers has taken.",
                gateway.counters.slow,
            ),
            (
                "broker_away",
                "1 where the broker did not answer when it was last asked, otherwise 0.",
                gateway.hub.follower.broker is False,
            ),
        ):
            yield GaugeMetricFamily(f"touchline_gateway_{name}", text, value=value)
