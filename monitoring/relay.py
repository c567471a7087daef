"""The metrics of a relay, and whether it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .health import Readiness
from .subscriber import subscriber_table
from .tables import DEFAULT_EVENTS, MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..relay.service import Relay, RelayedEvent

_RELAY: tuple[Row[Relay], ...] = (
    Row(
        "gauge",
        "nats_away",
        "1 while NATS can't be reached, otherwise 0.",
        lambda relay: not relay.nats.connected,
    ),
    Row(
        "counter",
        "nats_away_seconds",
        "Seconds without a connection to NATS.",
        lambda relay: relay.nats.away_seconds,
    ),
    Row(
        "counter",
        "nats_connections_lost",
        "Connections to NATS that ended.",
        lambda relay: relay.nats.losses,
    ),
    Row(
        "gauge",
        "events_lost",
        "Events that this relay can't follow, or no longer.",
        lambda relay: len(relay.lost),
    ),
)

_EVENTS: tuple[Row[RelayedEvent], ...] = (
    Row(
        "counter",
        "stored",
        "Messages that this relay put into the stream.",
        lambda one: one.core.counters.stored,
    ),
    Row(
        "counter",
        "overtaken",
        "Messages that another relay had put there first.",
        lambda one: one.core.counters.overtaken,
    ),
    Row(
        "counter",
        "failed",
        "Requests to NATS for this event without an answer, or with a fault.",
        lambda one: one.core.counters.failed,
    ),
    Row(
        "counter",
        "begun_anew",
        "Times that the feed of another host followed in the stream from its start.",
        lambda one: one.core.counters.begun_anew,
    ),
    Row(
        "gauge",
        "lag_messages",
        "Messages of the host that are not in the stream.",
        lambda one: one.core.behind,
    ),
    Row(
        "age",
        "lag_seconds",
        "Seconds since the oldest of them came from the host; absent where there is none.",
        lambda one: one.core.oldest,
        others="max",
    ),
    Row(
        "gauge",
        "host_away",
        "1 while the host is not heard, otherwise 0.",
        lambda one: one.contact != "heard",
    ),
    Row(
        "counter",
        "host_away_seconds",
        "Seconds in which the host was not heard.",
        lambda one: one.host_away_seconds,
    ),
    Row(
        "gauge",
        "trouble",
        "1 while NATS takes nothing of this event, otherwise 0.",
        lambda one: bool(one.trouble),
    ),
)


def relay_collector(relay: Relay, bound: int = DEFAULT_EVENTS) -> MetricsCollector:
    """Return the metrics of a relay, those of its subscribers included.

    Args:
        relay: to be read.
        bound: the most events with metrics of their own.
    """
    cores = {event: one.feed.core for event, one in relay.events.items()}
    return MetricsCollector(
        subscriber_table(cores, bound),
        MetricTable("touchline_relay", _RELAY, lambda: {"": relay}),
        MetricTable(
            "touchline_relay",
            _EVENTS,
            lambda: relay.events,
            "event",
            live=lambda one: not one.feed.core.finished or bool(one.core.behind),
            bound=bound,
        ),
    )


def relay_readiness(relay: Relay) -> Readiness:
    """Return what tells whether a relay hears its hosts and NATS takes their feeds."""

    def parts() -> dict[str, str]:
        events = relay.events.values()
        # The host of an event that is over need not stay.
        silent = [
            one.event for one in events if one.contact != "heard" and not one.feed.core.finished
        ]
        troubles = [one.trouble for one in events if one.trouble]
        return {
            "nats": "" if relay.nats.connected else relay.nats.trouble or "not connected yet",
            "stream": troubles[0] if troubles else "",
            "hosts": f"not heard: {', '.join(silent[:10])}" if silent else "",
            "events": f"not followed: {', '.join(sorted(relay.lost)[:10])}" if relay.lost else "",
        }

    return parts
