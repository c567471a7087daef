"""The metrics of a subscriber: of `touchline watch`, and of each event that a gateway follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..peer.host.event.outage import SUSPENDED
from ..peer.subscriber.core import LATENCY_BUCKETS, SCREEN_SECONDS
from ..runtime import clock
from .tables import DEFAULT_EVENTS, MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..peer.subscriber.core import SubscriberCore

_FEEDS: tuple[Row[SubscriberCore], ...] = (
    Row(
        "counter",
        "received",
        "Messages delivered in the order of the feed, received by SUB or by replay.",
        lambda core: core.tracker.counters.received,
    ),
    Row(
        "counter",
        "history",
        "Messages received by replay that were published before this subscriber came.",
        lambda core: core.tracker.counters.history,
    ),
    Row(
        "counter",
        "repaired",
        "Lost messages that were then received by replay.",
        lambda core: core.tracker.counters.repaired,
    ),
    Row(
        "counter",
        "out_of_order",
        "Messages that came late without a replay; they are not lost.",
        lambda core: core.tracker.counters.out_of_order,
    ),
    Row(
        "counter",
        "duplicate",
        "Messages received again.",
        lambda core: core.tracker.counters.duplicate,
    ),
    Row(
        "counter",
        "diverged",
        "Times that the digests differed and the feed was read again from its start.",
        lambda core: core.tracker.counters.diverged,
    ),
    Row(
        "counter",
        "epochs",
        "Times that the host started again or another host took over.",
        lambda core: core.tracker.counters.epochs,
    ),
    Row("counter", "frames_refused", "Frames that were not valid.", lambda core: core.refused),
    # A gauge: a message that was only late is taken off again, and Prometheus reads a counter that
    # falls as a restart.
    Row(
        "gauge",
        "lost_messages",
        "Messages asked for again, without those that then came by themselves.",
        lambda core: core.tracker.counters.lost,
    ),
    Row(
        "gauge",
        "missing_messages",
        "Messages that are known to exist and have not been delivered.",
        lambda core: max(0, core.tracker.newest - core.tracker.seq),
    ),
    Row(
        "gauge",
        "feed_seq",
        "The seq up to which all messages have been delivered.",
        lambda core: core.tracker.seq,
        others="none",
    ),
    Row(
        "gauge",
        "epoch",
        "The newest epoch of the feed.",
        lambda core: core.tracker.epoch,
        others="none",
    ),
    Row(
        "gauge",
        "stale",
        "1 while two heartbeats are missing, otherwise 0.",
        lambda core: core.stale,
    ),
    Row(
        "gauge",
        "suspended",
        "1 while the event is suspended or being reconstructed, by the feed; otherwise 0.",
        lambda core: core.state in SUSPENDED,
    ),
    Row(
        "gauge",
        "host_trouble",
        "1 while the host can store nothing, by its heartbeats; otherwise 0.",
        lambda core: bool(core.trouble),
    ),
    Row(
        "age",
        "heartbeat_age_seconds",
        "Seconds since the newest message or heartbeat; absent before the first.",
        lambda core: core.heard,
    ),
    Row(
        "histogram",
        "latency_seconds",
        "Seconds from when the host sent a message until it was delivered in order, by the host's"
        " clock.",
        lambda core: (core.latency.buckets, core.latency.total),
        bounds=LATENCY_BUCKETS,
    ),
    Row(
        "histogram",
        "tap_to_screen_seconds",
        "Seconds from when an action happened, by its reporters' taps, until its entry was first"
        " delivered, by the host's clock.",
        lambda core: (core.tap_to_screen.buckets, core.tap_to_screen.total),
        bounds=SCREEN_SECONDS,
    ),
)


def subscriber_table(
    followed: Mapping[str, SubscriberCore], bound: int = DEFAULT_EVENTS
) -> MetricTable[SubscriberCore]:
    """Return the metrics of followed events by id; the mapping may grow while it is read."""
    return MetricTable(
        "touchline_subscriber",
        _FEEDS,
        lambda: followed,
        "event",
        live=lambda core: not core.finished and not core.hidden,
        bound=bound,
    )


def subscriber_collector(
    followed: Mapping[str, SubscriberCore], now: Callable[[], float] = clock.now
) -> MetricsCollector:
    """Return the metrics of a process that only follows events.

    Args:
        followed: the cores by event id; the mapping may grow while it is read.
        now: the monotonic clock of its cores, in seconds.
    """
    return MetricsCollector(subscriber_table(followed), now=now)
