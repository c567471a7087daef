"""The metrics of a host, and of each event that it hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..peer.host.counters import COMMIT_SECONDS, LEASE_SECONDS, TAP_SECONDS, VOTE_SECONDS
from ..peer.host.event.counters import LATENCY_BUCKETS
from ..peer.host.event.outage import SUSPENDED
from ..runtime import clock
from . import known
from .process import disk_free
from .tables import DEFAULT_EVENTS, MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..peer.host.copies import CopyStanding
    from ..peer.host.event.event import HostedEvent
    from ..peer.host.service import Host
    from ..runtime.histogram import Histogram


def _not_current(host: Host) -> int:
    copies = host.followed.copies if host.followed else {}
    return sum(not copy.current for copy in list(copies.values()))


def _by_state(host: Host) -> dict[str, int]:
    over = sum(core.finished for core in list(host.events.values()))
    return {"live": len(host.events) - over, "finished": over}


_HOST: tuple[Row[Host], ...] = (
    Row(
        "counter",
        "frames_refused",
        "Frames refused before they reached an event, by code.",
        lambda host: host.attached.refusals,
        "code",
        known=known.CODES,
    ),
    Row(
        "counter",
        "connections_admitted",
        "Connections admitted by their key.",
        lambda host: host.zap.admitted if host.zap else 0,
    ),
    Row(
        "counter",
        "connections_refused",
        "Connections refused: of revoked keys, and of keys that the broker does not vouch for.",
        lambda host: host.zap.refused if host.zap else 0,
    ),
    Row(
        "gauge",
        "connections_open",
        "Connections that are open.",
        lambda host: host.connections.open,
    ),
    Row(
        "counter",
        "connections_over_limit",
        "Connections refused or ended, by limit: `key`, `address`, `total` were open, or a viewer"
        " sent too many `bytes`.",
        lambda host: host.connections.refused,
        "limit",
        known=(*known.CONNECTION_LIMITS, "bytes"),
    ),
    Row(
        "counter",
        "viewers_ended",
        "Connections to the feed ended for what they subscribed to, by reason: `length`,"
        " `connection`, `key`, `address`, `frame`.",
        lambda host: host.subscriptions.ended,
        "reason",
        known=known.VIEWER_LIMITS,
    ),
    Row(
        "gauge",
        "journal_trouble",
        "1 while the journal can't be written, so that nothing is confirmed; otherwise 0.",
        lambda host: bool(host.trouble),
    ),
    Row(
        "gauge",
        "events_fenced",
        "Events that are not served now: the lease is over, and another host may have them.",
        lambda host: len(host.fenced),
    ),
    Row(
        "counter",
        "fences",
        "How often an event was fenced.",
        lambda host: host.counters.fences,
    ),
    Row(
        "gauge",
        "followers",
        "Followers that keep a copy on another machine, each counted once for each event.",
        lambda host: host.copies.followers,
    ),
    Row(
        "gauge",
        "copies_stalled",
        "1 while nothing is taken in, since no copy acknowledges what is stored (--sync).",
        lambda host: host.stalled,
    ),
    Row(
        "gauge",
        "copies_given_up",
        "1 while the host goes on without a copy, since --sync-wait is over; otherwise 0.",
        lambda host: host.gate is not None and host.gate.alone,
    ),
    Row(
        "gauge",
        "copies_kept",
        "Events of another host of which this one keeps a copy (--follow).",
        lambda host: len(host.followed.copies) if host.followed else 0,
    ),
    Row(
        "gauge",
        "copies_not_current",
        "Those of them that had not all when they were last answered, or get no answer.",
        _not_current,
    ),
    Row(
        "counter",
        "copied_turns",
        "Turns of another host stored here (--follow).",
        lambda host: host.followed.stored if host.followed else 0,
    ),
    Row(
        "gauge",
        "broker_away",
        "1 while the broker does not answer, otherwise 0.",
        lambda host: bool(host.leases.away),
    ),
    Row(
        "gauge",
        "events",
        "Events that this host serves by whether they are over.",
        _by_state,
        "state",
        known=("live", "finished"),
    ),
    Row(
        "gauge",
        "events_lost",
        "Events that this host can't serve, or no longer.",
        lambda host: len(host.lost),
    ),
    Row(
        "gauge",
        "hand_overs_open",
        "Events of which reports from here are offered to the host that has them, not yet taken.",
        lambda host: host.handing_over,
    ),
    Row(
        "counter",
        "journal_rows",
        "Rows stored in the journal: the turns of events.",
        lambda host: host.counters.rows,
    ),
    Row(
        "counter",
        "journal_bytes",
        "Bytes of these rows.",
        lambda host: host.counters.stored_bytes,
    ),
    Row(
        "gauge",
        "disk_free_bytes",
        "Bytes that are free on the disk of the journal; absent where that is in PostgreSQL.",
        lambda host: disk_free(host.journal_file),
    ),
    Row(
        "histogram",
        "commit_seconds",
        "Seconds that the journal took to store what a turn of the host's loop led to.",
        lambda host: (host.counters.commit.buckets, host.counters.commit.total),
        bounds=COMMIT_SECONDS,
    ),
    Row(
        "histogram",
        "tap_to_stored_seconds",
        "Seconds from when a reporter made a report, by its clock as it was measured, until it was"
        " on disk.",
        lambda host: (host.counters.tap.buckets, host.counters.tap.total),
        bounds=TAP_SECONDS,
    ),
    Row(
        "histogram",
        "accepted_to_published_seconds",
        "Seconds from the turn in which an entry was accepted until it was sent to subscribers.",
        lambda host: (host.counters.publish.buckets, host.counters.publish.total),
        bounds=COMMIT_SECONDS,
    ),
    Row(
        "gauge",
        "lease_age_seconds",
        "Seconds since the oldest lease in force was asked for; absent without one.",
        lambda host: host.leases.age,
    ),
    Row(
        "histogram",
        "answer_seconds",
        "Seconds from a question to a reporter until its first answer.",
        lambda host: (host.counters.answers.buckets, host.counters.answers.total),
        bounds=VOTE_SECONDS,
    ),
    Row(
        "histogram",
        "lease_seconds",
        "Seconds that the broker took to grant leases.",
        lambda host: (host.leases.seconds.buckets, host.leases.seconds.total),
        bounds=LEASE_SECONDS,
    ),
)

_SERVING: tuple[Row[bool], ...] = (
    Row(
        "gauge",
        "serving",
        "1 while this host takes reports of the event, 0 while it is fenced.",
        lambda serving: serving,
    ),
)

_EVENTS: tuple[Row[HostedEvent], ...] = (
    Row(
        "counter",
        "reports_stored",
        "Reports stored, also those refused for their content.",
        lambda core: core.counters.stored,
    ),
    Row(
        "counter",
        "reports_duplicate",
        "Reports that were stored already, such as those sent again.",
        lambda core: core.counters.duplicate,
    ),
    Row(
        "counter",
        "reports_recovered",
        "Reports that another host of the event had taken in and handed over.",
        lambda core: core.counters.recovered,
    ),
    Row(
        "counter",
        "claims_expired",
        "Claims that did not find enough reporters in time.",
        lambda core: core.counters.expired,
    ),
    Row(
        "counter",
        "clocks_set",
        "Offsets of reporters' clocks put in force by pings: the clocks were set.",
        lambda core: core.counters.clocks_set,
    ),
    Row(
        "counter",
        "alarms",
        "Alarms published, also those repeated within an outage.",
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
        "viewers_received",
        "Messages that viewers have received, by their pings; a gateway is one viewer.",
        lambda core: core.counters.viewers_received,
    ),
    Row(
        "counter",
        "viewers_lost",
        "Messages that viewers had to ask for again, by their pings.",
        lambda core: core.counters.viewers_lost,
    ),
    Row(
        "counter",
        "viewers_repaired",
        "Messages that viewers had lost and then received by replay, by their pings.",
        lambda core: core.counters.viewers_repaired,
    ),
    Row(
        "counter",
        "viewers_duplicate",
        "Messages that viewers received again, by their pings.",
        lambda core: core.counters.viewers_duplicate,
    ),
    Row(
        "counter",
        "reports_refused",
        "Reports refused, by code.",
        lambda core: core.counters.refused,
        "code",
        known=known.REPORT_CODES,
    ),
    Row(
        "counter",
        "entries",
        "Entries published by status; a corrected entry is published again with its new status.",
        lambda core: core.counters.entries,
        "status",
        known=known.ENTRY_STATUSES,
    ),
    Row(
        "counter",
        "entries_by_delay",
        "Entries published by delay status (`live` where they have none), also corrected ones.",
        lambda core: core.counters.delays,
        "delay_status",
        known=known.DELAY_STATUSES,
    ),
    Row(
        "gauge",
        "claims_open",
        "Claims that may still become entries.",
        lambda core: len(core.claims.open),
    ),
    Row(
        "gauge",
        "claims_disputed",
        "Open claims on which enough reporters speak that are not accepted.",
        lambda core: core.counters.disputed,
    ),
    Row(
        "age",
        "disputed_seconds",
        "Seconds since when there has been such a claim; absent while there is none.",
        lambda core: core.counters.disputed_since,
    ),
    Row(
        "counter",
        "questions",
        "Reporters asked whether something happened.",
        lambda core: core.counters.questions,
    ),
    Row("counter", "answers", "Answers that they gave.", lambda core: core.counters.answers),
    Row(
        "gauge",
        "reporters_present",
        "Reporters that count as present, without those on probation.",
        lambda core: core.present,
    ),
    Row(
        "gauge",
        "reporters_in_bursts",
        "Reporters that enrolled within a minute of others with the same invitation.",
        lambda core: len(core.roster.bursts.members),
    ),
    Row(
        "counter",
        "claims_of_one_burst",
        "Claims for which keys of one burst from one address counted as one voice.",
        lambda core: core.counters.joined,
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
        "Peers that an operator has revoked.",
        lambda core: len(core.roster.revoked),
    ),
    Row(
        "gauge",
        "feed_seq",
        "The seq of the newest message of the feed.",
        lambda core: core.feed.seq,
        others="none",
    ),
    Row(
        "gauge",
        "epoch",
        "The epoch under which the event is served.",
        lambda core: core.epoch,
        others="none",
    ),
    Row(
        "gauge",
        "suspended",
        "1 from an alarm to the end of its reconstruction, otherwise 0.",
        lambda core: core.position.state in SUSPENDED,
    ),
    Row(
        "age",
        "suspended_seconds",
        "Seconds since when it has been so; absent while it is not.",
        lambda core: core.counters.suspended_since,
    ),
    Row(
        "age",
        "publish_age_seconds",
        "Seconds since the newest message of the feed; absent before the first of this run.",
        lambda core: core.published_at,
    ),
    Row(
        "age",
        "heartbeat_age_seconds",
        "Seconds since the newest message or heartbeat was published.",
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

_VERSIONS: tuple[Row[Histogram], ...] = (
    Row(
        "histogram",
        "vote_to_version_seconds",
        "Seconds from the first vote that led to it until an entry was published as: `PROVISIONAL`,"
        " `CONFIRMED`, `UPDATED`, `DELETED`.",
        lambda taken: (taken.buckets, taken.total),
        bounds=VOTE_SECONDS,
    ),
)

_COPIES: tuple[Row[CopyStanding], ...] = (
    Row(
        "gauge",
        "copy_turn",
        "The newest turn of the event's journal that a follower has on its disk.",
        lambda copy: copy.acknowledged,
        others="none",
    ),
    Row(
        "gauge",
        "copy_lag_turns",
        "Turns of the event's journal that no follower has.",
        lambda copy: copy.lag,
        others="max",
    ),
    Row(
        "age",
        "copy_lag_seconds",
        "Seconds since a follower had all of the event; absent while one has.",
        lambda copy: copy.behind_since,
        others="max",
    ),
)


def host_collector(
    host: Host, bound: int = DEFAULT_EVENTS, now: Callable[[], float] = clock.now
) -> MetricsCollector:
    """Return the metrics of a host that runs or is about to run.

    Args:
        host: the host to read.
        bound: the most events with metrics of their own.
        now: the monotonic clock of its events, in seconds.
    """

    def serving() -> dict[str, bool]:
        fenced = set(host.fenced)
        return {
            event: event not in fenced for event, core in dict(host.events).items() if counts(core)
        }

    def counts(core: HostedEvent) -> bool:
        return not core.finished and not core.card.hidden

    return MetricsCollector(
        MetricTable("touchline_host", _HOST, lambda: {"": host}),
        MetricTable("touchline_host", _VERSIONS, lambda: host.counters.versions, "status"),
        MetricTable("touchline_host", _SERVING, serving, "event", bound=bound),
        MetricTable(
            "touchline_host",
            _EVENTS,
            lambda: host.events,
            "event",
            live=counts,
            bound=bound,
        ),
        MetricTable(
            "touchline_host",
            _COPIES,
            host.copies.standings,
            "event",
            live=lambda copy: not copy.finished,
            bound=bound,
        ),
        now=now,
    )
