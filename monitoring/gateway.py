"""The metrics of a gateway, those of its subscribers included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .collector import MetricsCollector, MetricTable, Row
from .subscriber import subscriber_table

if TYPE_CHECKING:
    from ..gateway.context import Gateway

_GATEWAY: tuple[Row[Gateway], ...] = (
    Row(
        "counter",
        "requests",
        "HTTP requests answered, by class of status.",
        lambda gateway: gateway.counters.requests,
        "status",
    ),
    Row(
        "counter",
        "refusals",
        "Errors told on WebSocket connections, by code.",
        lambda gateway: gateway.counters.refusals,
        "code",
    ),
    Row(
        "counter",
        "connections_accepted",
        "Connections that stay open, by kind, that were accepted.",
        lambda gateway: gateway.counters.connections,
        "kind",
    ),
    Row(
        "counter",
        "connections_closed",
        "WebSocket connections that the gateway closed, by code.",
        lambda gateway: gateway.counters.closed,
        "code",
    ),
    Row(
        "counter",
        "messages",
        "Messages of feeds taken in.",
        lambda gateway: gateway.counters.messages,
    ),
    Row(
        "counter",
        "sent_bytes",
        "Bytes written to WebSocket viewers.",
        lambda gateway: gateway.counters.sent,
    ),
    Row(
        "counter",
        "switched",
        "Times that a slow viewer was given a snapshot.",
        lambda gateway: gateway.counters.switched,
    ),
    Row("gauge", "viewers", "Who follows each event.", lambda gateway: gateway.hub.events, "event"),
    Row(
        "gauge", "connections", "Connections that stay open.", lambda gateway: gateway.limits.total
    ),
    Row(
        "gauge",
        "fanout_longest_seconds",
        "The longest that one round of telling all viewers has taken.",
        lambda gateway: gateway.counters.slow,
    ),
    Row(
        "gauge",
        "broker_away",
        "1 where the broker did not answer when it was last asked, otherwise 0.",
        lambda gateway: gateway.hub.follower.broker is False,
    ),
)


def gateway_collector(gateway: Gateway) -> MetricsCollector:
    """Return the metrics of a gateway that runs or is about to."""
    return MetricsCollector(
        subscriber_table(gateway.hub.follower.cores),
        MetricTable("touchline_gateway", _GATEWAY, lambda: {"": gateway}),
    )
