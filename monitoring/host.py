"""Metrics of each process, read from its plain counters when they are scraped.

Nothing is counted here. A collector runs on the metrics server's thread while the process goes on:
it reads only, and copies a dict before it looks into it. Label values are of bounded number: event
ids, and words of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ..peer.host.event.counters import LATENCY_BUCKETS as HOST_BUCKETS
from ..peer.subscriber.core import LATENCY_BUCKETS as SUBSCRIBER_BUCKETS
from ..runtime import clock

if TYPE_CHECKING:
    from ..broker.service import Broker
    from ..peer.host.event.event import HostedEvent
    from ..peer.host.service import Host
    from ..peer.subscriber.core import SubscriberCore

Clock = Callable[[], float]

SUSPENDED = ("suspended", "reconstructing")
"""The states of a feed between an alarm and the end of its reconstruction."""


def _counter(name: str, text: str, values: Mapping[tuple[str, ...], float], *labels: str) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for named, value in values.items():
        family.add_metric(named, value)
    return family


def _gauge(name: str, text: str, values: Mapping[tuple[str, ...], float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for named, value in values.items():
        family.add_metric(named, value)
    return family


def _words(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    """Return counts by word as label values; copied first, since they grow while we look."""
    return {(word,): count for word, count in dict(counts).items()}


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return counts of single buckets as Prometheus wants them: each with all that lie below."""
    total = 0
    ladder = []
    for bound, count in zip([*map(str, map(float, bounds)), "+Inf"], list(counts), strict=True):
        total += count
        ladder.append((bound, float(total)))
    return ladder


class BrokerCollector(Collector):
    """The metrics of a broker.

    Args:
        broker: running or about to.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        counters = self._broker.counters
        yield _counter(
            "touchline_broker_requests",
            "Requests by their type, those that were then refused included.",
            _words(counters.requests),
            "type",
        )
        yield _counter(
            "touchline_broker_refusals",
            "Error replies by their code, those to frames that are no request included.",
            _words(counters.refusals),
            "code",
        )
        for name, text, count in (
            ("faults", "Requests left unanswered by a fault of the broker's own.", counters.faults),
            (
                "undeliverable_replies",
                "Replies whose receiver had gone or did not read.",
                counters.undeliverable,
            ),
            ("connections_accepted", "Connections accepted.", counters.accepted),
            (
                "connections_closed",
                "Connections closed, those cut for an oversized frame included.",
                counters.closed,
            ),
            (
                "strangers",
                "Connections that did not speak ZeroMQ, or not encrypted, or left meanwhile.",
                counters.strangers,
            ),
            (
                "connections_mistaken",
                "Connections that took the broker for one with another key.",
                counters.mistaken,
            ),
            ("connections_admitted", "Connections let in by their key.", counters.admitted),
            (
                "connections_barred",
                "Connections refused because their key is revoked.",
                counters.barred,
            ),
            ("enrolled_keys", "Keys that came in since the start.", counters.enrolled),
            ("braked_requests", "Requests over the rate of their key.", counters.rate_limited),
        ):
            yield _counter(f"touchline_broker_{name}", text, {(): count})
        yield _gauge(
            "touchline_broker_waiting_requests",
            "Requests that wait for a worker or are being answered.",
            {(): counters.waiting},
        )
        yield from self._census()

    def _census(self) -> Iterator[Metric]:
        census = self._broker.census()
        events = _words(census.events) if census else {}
        yield _gauge(
            "touchline_broker_events",
            "Events on record by status; absent while the database refuses.",
            events,
            "status",
        )
        yield _gauge(
            "touchline_broker_hosted_events",
            "Events that a host holds the lease of; absent while the database refuses.",
            {(): census.hosted} if census else {},
        )
        yield _gauge(
            "touchline_broker_members",
            "Enrolled keys by role, revoked ones left out; absent while the database refuses.",
            _words(census.members) if census else {},
            "role",
        )
        yield _gauge(
            "touchline_broker_revoked_members",
            "Keys that were put out; absent while the database refuses.",
            {(): census.revoked} if census else {},
        )


class HostCollector(Collector):
    """The metrics of a host.

    Args:
        host: running or about to.
        now: the monotonic clock of the cores, in seconds.
    """

    def __init__(self, host: Host, now: Clock = clock.now) -> None:
        self._host = host
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        yield from self._of_process()
        cores = dict(self._host.events)
        for name, text, read in _HOST_COUNTS:
            yield _counter(
                f"touchline_host_{name}",
                text,
                {(event,): read(core) for event, core in cores.items()},
                "event",
            )
        for name, text, label, read_by in _HOST_COUNTS_BY:
            yield _counter(
                f"touchline_host_{name}",
                text,
                {
                    (event, *word): count
                    for event, core in cores.items()
                    for word, count in _words(read_by(core)).items()
                },
                "event",
                label,
            )
        for name, text, read in _HOST_GAUGES:
            yield _gauge(
                f"touchline_host_{name}",
                text,
                {(event,): read(core) for event, core in cores.items()},
                "event",
            )
        yield from self._ages(cores)
        yield self._latency(cores)

    def _of_process(self) -> Iterator[Metric]:
        host = self._host
        yield _counter(
            "touchline_host_frames_refused",
            "Frames refused before they reached an event, by code.",
            _words(host.attached.refusals),
            "code",
        )
        zap = host.zap
        yield _counter(
            "touchline_host_connections_admitted",
            "Connections let in by their key.",
            {(): zap.admitted if zap else 0},
        )
        yield _counter(
            "touchline_host_connections_refused",
            "Connections refused: revoked keys, and those that the broker does not vouch for.",
            {(): zap.refused if zap else 0},
        )
        yield _gauge(
            "touchline_host_journal_trouble",
            "1 while the journal can't be written and so nothing is confirmed, otherwise 0.",
            {(): bool(host.trouble)},
        )
        yield _gauge(
            "touchline_host_broker_away",
            "1 while the broker does not answer, otherwise 0.",
            {(): bool(host.leases.away)},
        )
        yield _gauge(
            "touchline_host_events_lost",
            "Events that this host could not hold, or no longer.",
            {(): len(host.lost)},
        )

    def _ages(self, cores: Mapping[str, HostedEvent]) -> Iterator[Metric]:
        now = self._now()
        yield _gauge(
            "touchline_host_publish_age_seconds",
            "Seconds since the feed last grew; absent until it does in this run of the host.",
            {
                (event,): max(0.0, now - core.published_at)
                for event, core in cores.items()
                if core.published_at is not None
            },
            "event",
        )
        yield _gauge(
            "touchline_host_heartbeat_age_seconds",
            "Seconds since anything was published, heartbeats included.",
            {
                (event,): max(0.0, now - core.sent_at)
                for event, core in cores.items()
                if core.sent_at is not None
            },
            "event",
        )

    def _latency(self, cores: Mapping[str, HostedEvent]) -> Metric:
        family = HistogramMetricFamily(
            "touchline_host_report_to_entry_seconds",
            "Seconds from the arrival of a claim's first report to its acceptance.",
            labels=("event",),
        )
        for event, core in cores.items():
            counters = core.counters
            family.add_metric(
                (event,), _buckets(HOST_BUCKETS, counters.latency), counters.latency_sum
            )
        return family


_HOST_COUNTS: tuple[tuple[str, str, Callable[[HostedEvent], float]], ...] = (
    (
        "reports_stored",
        "Reports stored, those refused for what they say included.",
        lambda core: core.counters.stored,
    ),
    (
        "reports_duplicate",
        "Reports that were there already, such as those sent again.",
        lambda core: core.counters.duplicate,
    ),
    (
        "claims_expired",
        "Claims that did not find enough reporters in time.",
        lambda core: core.counters.expired,
    ),
    (
        "alarms",
        "Alarms raised, those repeated within an outage included.",
        lambda core: core.counters.alarms,
    ),
    ("heartbeats", "Heartbeats published.", lambda core: core.counters.heartbeats),
    ("replays", "Replays asked for by subscribers.", lambda core: core.counters.replayed),
)

_HOST_COUNTS_BY: tuple[tuple[str, str, str, Callable[[HostedEvent], Mapping[str, int]]], ...] = (
    (
        "reports_refused",
        "Reports refused, by code.",
        "code",
        lambda core: core.counters.refused,
    ),
    (
        "entries",
        "Entries published, by status; a correction is published again under its new one.",
        "status",
        lambda core: core.counters.entries,
    ),
    (
        "entries_by_delay",
        "Entries published, by delay status (`live` where they have none), corrections included.",
        "delay_status",
        lambda core: core.counters.delays,
    ),
)

_HOST_GAUGES: tuple[tuple[str, str, Callable[[HostedEvent], float]], ...] = (
    ("claims_open", "Claims that may still become entries.", lambda core: len(core.claims.open)),
    (
        "reporters_present",
        "Reporters heard of lately, those on probation left out.",
        lambda core: core.present,
    ),
    (
        "reporters_in_bursts",
        "Reporters who enrolled within a minute of others by one invitation.",
        lambda core: len(core.roster.bursts.members),
    ),
    (
        "reporters_on_probation",
        "Reporters whose votes do not count yet.",
        lambda core: core.roster.on_probation.bit_count(),
    ),
    ("peers_revoked", "Peers that an operator has put out.", lambda core: len(core.roster.revoked)),
    ("feed_seq", "The seq of the newest message of the feed.", lambda core: core.feed.seq),
    ("epoch", "The epoch under which the event is served.", lambda core: core.epoch),
    (
        "suspended",
        "1 from an alarm until the outage is put together, otherwise 0.",
        lambda core: core.position.state in SUSPENDED,
    ),
    (
        "event_finished",
        "1 once the event is over, otherwise 0.",
        lambda core: core.finished,
    ),
)


class SubscriberCollector(Collector):
    """The metrics of a subscriber.

    Args:
        followed: the cores by event id; may grow while it is read.
        now: the monotonic clock of the cores, in seconds.
    """

    def __init__(self, followed: Mapping[str, SubscriberCore], now: Clock = clock.now) -> None:
        self._followed = followed
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        cores = dict(self._followed)
        for name, text, read in _SUBSCRIBER_COUNTS:
            yield _counter(
                f"touchline_subscriber_{name}",
                text,
                {(event,): read(core) for event, core in cores.items()},
                "event",
            )
        for name, text, read in _SUBSCRIBER_GAUGES:
            yield _gauge(
                f"touchline_subscriber_{name}",
                text,
                {(event,): read(core) for event, core in cores.items()},
                "event",
            )
        now = self._now()
        yield _gauge(
            "touchline_subscriber_heartbeat_age_seconds",
            "Seconds since the feed last brought anything, heartbeats included; absent before.",
            {
                (event,): max(0.0, now - core.heard)
                for event, core in cores.items()
                if core.heard is not None
            },
            "event",
        )
        yield self._latency(cores)

    def _latency(self, cores: Mapping[str, SubscriberCore]) -> Metric:
        family = HistogramMetricFamily(
            "touchline_subscriber_latency_seconds",
            "Seconds from the host's sending a message to its arrival, by the host's clock.",
            labels=("event",),
        )
        for event, core in cores.items():
            buckets = _buckets(SUBSCRIBER_BUCKETS, core.latency.buckets)
            family.add_metric((event,), buckets, core.latency.total)
        return family


_SUBSCRIBER_COUNTS: tuple[tuple[str, str, Callable[[SubscriberCore], float]], ...] = (
    (
        "received",
        "Messages delivered in the order of the feed, by whatever way they came.",
        lambda core: core.tracker.counters.received,
    ),
    (
        "history",
        "Messages had by replay that were published before this subscriber came.",
        lambda core: core.tracker.counters.history,
    ),
    (
        "repaired",
        "Lost messages that a replay then brought.",
        lambda core: core.tracker.counters.repaired,
    ),
    (
        "out_of_order",
        "Messages that came late by themselves; they are not lost.",
        lambda core: core.tracker.counters.out_of_order,
    ),
    (
        "duplicate",
        "Messages that were there already.",
        lambda core: core.tracker.counters.duplicate,
    ),
    (
        "diverged",
        "Times that the feed turned out to be another and was read again from its start.",
        lambda core: core.tracker.counters.diverged,
    ),
    (
        "epochs",
        "Times that the host started anew or another took over.",
        lambda core: core.tracker.counters.epochs,
    ),
    ("frames_refused", "Frames that could not be read.", lambda core: core.refused),
)

_SUBSCRIBER_GAUGES: tuple[tuple[str, str, Callable[[SubscriberCore], float]], ...] = (
    (
        # A gauge: the tracker takes one back that had only been late, and a counter that falls
        # would be read as a restart.
        "lost_messages",
        "Messages asked for again so far; one that then comes by itself is taken off.",
        lambda core: core.tracker.counters.lost,
    ),
    (
        "missing_messages",
        "Messages known to exist that have not been delivered.",
        lambda core: max(0, core.tracker.newest - core.tracker.seq),
    ),
    ("feed_seq", "Everything up to this seq has been delivered.", lambda core: core.tracker.seq),
    ("epoch", "The newest epoch heard of.", lambda core: core.tracker.epoch),
    (
        "stale",
        "1 while two heartbeats are missing, otherwise 0.",
        lambda core: core.stale,
    ),
    (
        "suspended",
        "1 while the feed says that the event is suspended or put together again, otherwise 0.",
        lambda core: core.state in SUSPENDED,
    ),
    (
        "host_trouble",
        "1 while the host says that it can store nothing, otherwise 0.",
        lambda core: bool(core.trouble),
    ),
)
