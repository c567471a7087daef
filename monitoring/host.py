"""The metrics of a host, and of each event that it hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..peer.host.event.counters import LATENCY_BUCKETS
from ..runtime import clock
from .collector import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..peer.host.event.event import HostedEvent
    from ..peer.host.service import Host

SUSPENDED = ("suspended", "reconstructing")
"""The states of a feed between an alarm and the end of its reconstruction."""

_HOST: tuple[Row[Host], ...] = (
    Row(
        "counter",
        "frames_refused",
        "Frames refused before they reached an event, by code.",
        lambda host: host.attached.refusals,
        "code",
    ),
    Row(
        "counter",
        "connections_admitted",
        "Connections let in by their key.",
        lambda host: host.zap.admitted if host.zap else 0,
    ),
    Row(
        "counter",
        "connections_refused",
        "Connections refused: revoked keys, and those that the broker does not vouch for.",
        lambda host: host.zap.refused if host.zap else 0,
    ),
    Row(
        "gauge",
        "journal_trouble",
        "1 while the journal can't be written and so nothing is confirmed, otherwise 0.",
        lambda host: bool(host.trouble),
    ),
    Row(
        "gauge",
        "broker_away",
        "1 while the broker does not answer, otherwise 0.",
        lambda host: bool(host.leases.away),
    ),
    Row(
        "gauge",
        "events_lost",
        "Events that this host could not hold, or no longer.",
        lambda host: len(host.lost),
    ),
)

_EVENTS: tuple[Row[HostedEvent], ...] = (
    Row(
        "counter",
        "reports_stored",
        "Reports stored, those refused for what they say included.",
        lambda core: core.counters.stored,
    ),
    Row(
        "counter",
        "reports_duplicate",
        "Reports that were there already, such as those sent again.",
        lambda core: core.counters.duplicate,
    ),
    Row(
        "counter",
        "claims_expired",
        "Claims that did not find enough reporters in time.",
        lambda core: core.counters.expired,
    ),
    Row(
        "counter",
        "alarms",
        "Alarms raised, those repeated within an outage included.",
        lambda core: core.counters.alarms,
    ),
    Row("counter", "heartbeats", "Heartbeats published.", lambda core: core.counters.heartbeats),
    Row(
        "counter",
        "replays",
        "Replays asked for by subscribers.",
        lambda core: core.counters.replayed,
    ),
    Row(
        "counter",
        "reports_refused",
        "Reports refused, by code.",
        lambda core: core.counters.refused,
        "code",
    ),
    Row(
        "counter",
        "entries",
        "Entries published, by status; a correction is published again under its new one.",
        lambda core: core.counters.entries,
        "status",
    ),
    Row(
        "counter",
        "entries_by_delay",
        "Entries published, by delay status (`live` where they have none), corrections included.",
        lambda core: core.counters.delays,
        "delay_status",
    ),
    Row(
        "gauge",
        "claims_open",
        "Claims that may still become entries.",
        lambda core: len(core.claims.open),
    ),
    Row(
        "gauge",
        "reporters_present",
        "Reporters heard of lately, those on probation left out.",
        lambda core: core.present,
    ),
    Row(
        "gauge",
        "reporters_in_bursts",
        "Reporters who enrolled within a minute of others by one invitation.",
        lambda core: len(core.roster.bursts.members),
    ),
    Row(
        "gauge",
        "reporters_on_probation",
        "Reporters whose votes do not count yet.",
        lambda core: core.roster.on_probation.bit_count(),
    ),
    Row(
        "gauge",
        "peers_revoked",
        "Peers that an operator has put out.",
        lambda core: len(core.roster.revoked),
    ),
    Row(
        "gauge",
        "feed_seq",
        "The seq of the newest message of the feed.",
        lambda core: core.feed.seq,
    ),
    Row("gauge", "epoch", "The epoch under which the event is served.", lambda core: core.epoch),
    Row(
        "gauge",
        "suspended",
        "1 from an alarm until the outage is put together, otherwise 0.",
        lambda core: core.position.state in SUSPENDED,
    ),
    Row(
        "gauge",
        "event_finished",
        "1 once the event is over, otherwise 0.",
        lambda core: core.finished,
    ),
    Row(
        "age",
        "publish_age_seconds",
        "Seconds since the feed last grew; absent until it does in this run of the host.",
        lambda core: core.published_at,
    ),
    Row(
        "age",
        "heartbeat_age_seconds",
        "Seconds since anything was published, heartbeats included.",
        lambda core: core.sent_at,
    ),
    Row(
        "histogram",
        "report_to_entry_seconds",
        "Seconds from the arrival of a claim's first report to its acceptance.",
        lambda core: (core.counters.latency, core.counters.latency_sum),
        bounds=LATENCY_BUCKETS,
    ),
)


def host_collector(host: Host, now: Callable[[], float] = clock.now) -> MetricsCollector:
    """Return the metrics of a host that runs or is about to.

    Args:
        host: to be read.
        now: the monotonic clock of its events, in seconds.
    """
    return MetricsCollector(
        MetricTable("touchline_host", _HOST, lambda: {"": host}),
        MetricTable("touchline_host", _EVENTS, lambda: host.events, "event"),
        now=now,
    )
