"""The metrics of a subscriber: `touchline watch`, and the gateway's of every event it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..peer.subscriber.core import LATENCY_BUCKETS
from ..runtime import clock
from .collector import MetricsCollector, MetricTable, Row
from .host import SUSPENDED

if TYPE_CHECKING:
    from ..peer.subscriber.core import SubscriberCore

_FEEDS: tuple[Row[SubscriberCore], ...] = (
    Row(
        "counter",
        "received",
        "Messages delivered in the order of the feed, by whatever way they came.",
        lambda core: core.tracker.counters.received,
    ),
    Row(
        "counter",
        "history",
        "Messages had by replay that were published before this subscriber came.",
        lambda core: core.tracker.counters.history,
    ),
    Row(
        "counter",
        "repaired",
        "Lost messages that a replay then brought.",
        lambda core: core.tracker.counters.repaired,
    ),
    Row(
        "counter",
        "out_of_order",
        "Messages that came late by themselves; they are not lost.",
        lambda core: core.tracker.counters.out_of_order,
    ),
    Row(
        "counter",
        "duplicate",
        "Messages that were there already.",
        lambda core: core.tracker.counters.duplicate,
    ),
    Row(
        "counter",
        "diverged",
        "Times that the feed turned out to be another and was read again from its start.",
        lambda core: core.tracker.counters.diverged,
    ),
    Row(
        "counter",
        "epochs",
        "Times that the host started anew or another took over.",
        lambda core: core.tracker.counters.epochs,
    ),
    Row("counter", "frames_refused", "Frames that could not be read.", lambda core: core.refused),
    # A gauge: the tracker takes a message back that had only been late, and a counter that falls
    # would be read as a restart.
    Row(
        "gauge",
        "lost_messages",
        "Messages asked for again so far; one that then comes by itself is taken off.",
        lambda core: core.tracker.counters.lost,
    ),
    Row(
        "gauge",
        "missing_messages",
        "Messages known to exist that have not been delivered.",
        lambda core: max(0, core.tracker.newest - core.tracker.seq),
    ),
    Row(
        "gauge",
        "feed_seq",
        "Everything up to this seq has been delivered.",
        lambda core: core.tracker.seq,
    ),
    Row("gauge", "epoch", "The newest epoch heard of.", lambda core: core.tracker.epoch),
    Row(
        "gauge",
        "stale",
        "1 while two heartbeats are missing, otherwise 0.",
        lambda core: core.stale,
    ),
    Row(
        "gauge",
        "suspended",
        "1 while the feed says that the event is suspended or put together again, otherwise 0.",
        lambda core: core.state in SUSPENDED,
    ),
    Row(
        "gauge",
        "host_trouble",
        "1 while the host says that it can store nothing, otherwise 0.",
        lambda core: bool(core.trouble),
    ),
    Row(
        "age",
        "heartbeat_age_seconds",
        "Seconds since the feed last brought anything, heartbeats included; absent before.",
        lambda core: core.heard,
    ),
    Row(
        "histogram",
        "latency_seconds",
        "Seconds from the host's sending a message to its arrival, by the host's clock.",
        lambda core: (core.latency.buckets, core.latency.total),
        bounds=LATENCY_BUCKETS,
    ),
)


def subscriber_table(followed: Mapping[str, SubscriberCore]) -> MetricTable[SubscriberCore]:
    """Return the metrics of what is followed, by event id; it may grow while it is read."""
    return MetricTable("touchline_subscriber", _FEEDS, lambda: followed, "event")


def subscriber_collector(
    followed: Mapping[str, SubscriberCore], now: Callable[[], float] = clock.now
) -> MetricsCollector:
    """Return the metrics of a process that follows events and does nothing else.

    Args:
        followed: by event id; may grow while it is read.
        now: the monotonic clock of its cores, in seconds.
    """
    return MetricsCollector(subscriber_table(followed), now=now)
