"""The metrics of a gateway, those of its subscribers included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import known
from .process import disk_free
from .reporter import reporter_table
from .subscriber import subscriber_table
from .tables import DEFAULT_EVENTS, MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..gateway.context import Gateway
    from ..peer.grades.sheet import Accuracy, GradeSheet
    from ..runtime.nats_client import NatsClient


def _over_limit(gateway: Gateway) -> dict[str, int]:
    """Return the connections that were refused before they had said anything, and after."""
    before, after = dict(gateway.counters.over_limit), dict(gateway.limits.refused)
    limits = known.CONNECTION_LIMITS[1:]
    return {limit: before.get(limit, 0) + after.get(limit, 0) for limit in limits}


_GATEWAY: tuple[Row[Gateway], ...] = (
    Row(
        "counter",
        "requests",
        "HTTP requests answered by class of status.",
        lambda gateway: gateway.counters.requests,
        "status",
        known=known.ANSWERS,
    ),
    Row(
        "counter",
        "refusals",
        "Errors sent on WebSocket connections, by code.",
        lambda gateway: gateway.counters.refusals,
        "code",
        known=known.WEB_CODES,
    ),
    Row(
        "counter",
        "lobby_refusals",
        "Messages of the lobby's clients that were refused, by code, and those that were ignored.",
        lambda gateway: gateway.counters.lobby,
        "code",
        known=("ignored", *known.CODES),
    ),
    Row(
        "counter",
        "connections_accepted",
        "Accepted connections that stay open, by kind.",
        lambda gateway: gateway.counters.connections,
        "kind",
        known=known.CONNECTIONS,
    ),
    Row(
        "counter",
        "connections_closed",
        "WebSocket connections that the gateway closed, by code.",
        lambda gateway: gateway.counters.closed,
        "code",
        known=known.CLOSES,
    ),
    Row(
        "counter",
        "connections_over_limit",
        "Connections refused because too many were open, by limit: `address`, `total`.",
        _over_limit,
        "limit",
        known=known.CONNECTION_LIMITS[1:],
    ),
    Row(
        "counter",
        "messages",
        "Messages of feeds received.",
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
        "viewed_messages",
        "Messages by what became of them at viewers on WebSockets, as their pages say: `lost` where"
        " the connection was.",
        lambda gateway: gateway.counters.viewed,
        "fate",
        known=known.VIEWED,
    ),
    Row(
        "counter",
        "streams_resumed",
        "Streams of server-sent events whose client came back with a `Last-Event-ID`, by outcome:"
        " `recovered`, `anew` where the gateway no longer had what came between.",
        lambda gateway: gateway.counters.resumed,
        "outcome",
        known=known.RESUMED,
    ),
    Row(
        "counter",
        "streams_resent",
        "Messages that such a client did not have and was sent, of those that were recovered.",
        lambda gateway: gateway.counters.resent,
    ),
    Row(
        "counter",
        "switched",
        "Snapshots sent to slow viewers instead of the messages between.",
        lambda gateway: gateway.counters.switched,
    ),
    Row(
        "counter",
        "webhook_deliveries",
        "Attempts to deliver to webhooks, by outcome; `given_up` ends the webhook.",
        lambda gateway: gateway.counters.webhooks,
        "outcome",
        known=known.DELIVERIES,
    ),
    Row(
        "gauge", "connections", "Connections that stay open.", lambda gateway: gateway.limits.total
    ),
    Row(
        "gauge",
        "fanout_longest_seconds",
        "The longest time that sending new messages to all viewers has taken.",
        lambda gateway: gateway.counters.slow,
    ),
    Row(
        "gauge",
        "disk_free_bytes",
        "Bytes that are free on the disk of the gateway's folder.",
        lambda gateway: disk_free(gateway.options.home / "webhooks.db"),
    ),
    Row(
        "gauge",
        "broker_away",
        "1 where the broker did not answer its newest request, otherwise 0.",
        lambda gateway: gateway.hub.follower.broker is False,
    ),
)

_SOURCE: tuple[Row[NatsClient], ...] = (
    Row(
        "gauge",
        "source_away",
        "1 while NATS can't be reached, from which feeds are read; otherwise 0.",
        lambda client: not client.connected,
    ),
    Row(
        "counter",
        "source_away_seconds",
        "Seconds without a connection to NATS.",
        lambda client: client.away_seconds,
    ),
    Row(
        "counter",
        "source_connections_lost",
        "Connections to NATS that ended.",
        lambda client: client.losses,
    ),
)

_VIEWERS: tuple[Row[int], ...] = (
    Row("gauge", "viewers", "Viewers of each event.", lambda viewers: viewers),
)

_ACCURACY: tuple[Row[GradeSheet], ...] = (
    Row(
        "gauge",
        "deciding",
        "The confirmed timeline beside an official record, of what decides the score: entries that"
        " are right or wrong, actions that were missed.",
        lambda sheet: _accuracy(sheet.header.decides),
        "outcome",
    ),
    Row(
        "gauge",
        "rest",
        "Likewise, of all other actions.",
        lambda sheet: _accuracy(sheet.header.rest),
        "outcome",
    ),
)


def _accuracy(of: Accuracy) -> dict[str, int]:
    return {"right": of.right, "wrong": of.wrong, "missed": of.missed}


def _source(gateway: Gateway) -> dict[str, NatsClient]:
    stream = gateway.hub.follower.stream
    return {} if stream is None else {"": stream.client}


def gateway_collector(gateway: Gateway, bound: int = DEFAULT_EVENTS) -> MetricsCollector:
    """Return the metrics of a gateway that runs or is about to run.

    Args:
        gateway: the gateway to read.
        bound: the most events with metrics of their own.
    """
    sheets = gateway.sheets.all
    return MetricsCollector(
        subscriber_table(gateway.hub.follower.cores, bound),
        MetricTable("touchline_gateway", _GATEWAY, lambda: {"": gateway}),
        MetricTable("touchline_gateway", _SOURCE, lambda: _source(gateway)),
        MetricTable(
            "touchline_gateway", _VIEWERS, lambda: gateway.hub.events, "event", bound=bound
        ),
        MetricTable("touchline_accuracy", _ACCURACY, sheets, "event", bound=bound),
        reporter_table(lambda: [gateway.counters.reporters]),
    )
