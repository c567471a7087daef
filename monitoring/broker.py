"""The metrics of a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..broker.counters import REQUEST_SECONDS, RequestCounts
from . import known
from .bounded import OTHERS
from .process import disk_free
from .tables import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..broker.counters import BrokerCounters
    from ..broker.repository import Census
    from ..broker.service import Broker
    from ..runtime.connection_guard import ConnectionGuard

_COUNTS: tuple[Row[BrokerCounters], ...] = (
    Row(
        "counter",
        "requests",
        "Requests by type, also those that were then refused.",
        lambda counters: counters.requests,
        "type",
        known=known.REQUESTS,
    ),
    Row(
        "counter",
        "refusals",
        "Error replies by code, also those to frames that are not a request.",
        lambda counters: counters.refusals,
        "code",
        known=known.CODES,
    ),
    Row(
        "counter",
        "group_requests",
        "Requests to groups that were answered.",
        lambda counters: counters.group_requests,
    ),
    Row(
        "counter",
        "repeated_requests",
        "Requests sent again while the first was waiting; they are answered once.",
        lambda counters: counters.repeated,
    ),
    Row(
        "counter",
        "expired_requests",
        "Requests dropped since their peers no longer waited for the answer.",
        lambda counters: counters.expired,
    ),
    Row(
        "counter",
        "faults",
        "Requests left unanswered through a fault of the broker.",
        lambda counters: counters.faults,
    ),
    Row(
        "counter",
        "undeliverable_replies",
        "Replies to peers that had gone or did not read.",
        lambda counters: counters.undeliverable,
    ),
    Row(
        "counter",
        "connections_accepted",
        "Connections accepted.",
        lambda counters: counters.accepted,
    ),
    Row(
        "counter",
        "connections_closed",
        "Connections closed, also those cut for an oversized frame.",
        lambda counters: counters.closed,
    ),
    Row(
        "counter",
        "strangers",
        "Connections that did not speak ZeroMQ, were not encrypted, or ended too early.",
        lambda counters: counters.strangers,
    ),
    Row(
        "counter",
        "connections_mistaken",
        "Connections that expected another key of the broker.",
        lambda counters: counters.mistaken,
    ),
    Row(
        "counter",
        "connections_admitted",
        "Connections admitted by their key.",
        lambda counters: counters.admitted,
    ),
    Row(
        "counter",
        "connections_barred",
        "Connections refused because their key is revoked.",
        lambda counters: counters.barred,
    ),
    Row(
        "counter",
        "enrolled_keys",
        "Keys enrolled since the start.",
        lambda counters: counters.enrolled,
    ),
    Row(
        "counter",
        "braked_requests",
        "Requests over the rate of their key.",
        lambda counters: counters.rate_limited,
    ),
    Row(
        "gauge",
        "waiting_requests",
        "Requests that wait for a worker or are being answered.",
        lambda counters: counters.waiting,
    ),
)

_OUTCOMES: tuple[Row[RequestCounts], ...] = (
    Row(
        "counter",
        "request_outcomes",
        "Requests that were answered or refused, by type.",
        lambda counts: {"answered": counts.answered, "refused": counts.refused},
        "outcome",
    ),
    Row(
        "histogram",
        "request_seconds",
        "Seconds from when a request came until its answer was decided and stored, by type.",
        lambda counts: (counts.seconds.buckets, counts.seconds.total),
        bounds=REQUEST_SECONDS,
    ),
)

_NONE = RequestCounts()
"""Of a type of which no request has come."""

_DISK: tuple[Row[Broker], ...] = (
    Row(
        "gauge",
        "disk_free_bytes",
        "Bytes that are free on the disk of the database; absent where that is PostgreSQL.",
        lambda broker: disk_free(broker.database_file),
    ),
)

_CONNECTIONS: tuple[Row[ConnectionGuard], ...] = (
    Row("gauge", "connections_open", "Connections that are open.", lambda guard: guard.open),
    Row(
        "counter",
        "connections_over_limit",
        "Connections refused because too many were open, by limit: `key`, `address`, `total`.",
        lambda guard: guard.refused,
        "limit",
        known=known.CONNECTION_LIMITS,
    ),
)


def _unhosted(census: Census) -> dict[str, float]:
    found = dict.fromkeys(census.unhosted, 1.0)
    more = census.unhosted_in_all - len(found)
    return found | {OTHERS: more} if more else found


_CENSUS: tuple[Row[Census], ...] = (
    Row(
        "gauge",
        "events",
        "Events on record by status; absent while the database can't be read.",
        lambda census: census.events,
        "status",
        known=known.EVENT_STATUSES,
    ),
    Row(
        "gauge",
        "hosted_events",
        "Events whose lease a host holds; absent while the database can't be read.",
        lambda census: census.hosted,
    ),
    Row(
        "gauge",
        "unhosted_events",
        "Live events whose lease no host holds: 1 for each of some, and the number of the others.",
        _unhosted,
        "event",
    ),
    Row(
        "gauge",
        "members",
        "Enrolled keys by role, without revoked ones; absent while the database can't be read.",
        lambda census: census.members,
        "role",
        known=known.ROLES,
    ),
    Row(
        "gauge",
        "revoked_members",
        "Revoked keys; absent while the database can't be read.",
        lambda census: census.revoked,
    ),
)


def broker_collector(broker: Broker) -> MetricsCollector:
    """Return the metrics of a broker that runs or is about to run."""

    def census() -> dict[str, Census]:
        found = broker.census()
        return {} if found is None else {"": found}

    def outcomes() -> dict[str, RequestCounts]:
        return dict.fromkeys(known.REQUESTS, _NONE) | dict(broker.counters.outcomes)

    return MetricsCollector(
        MetricTable("touchline_broker", _COUNTS, lambda: {"": broker.counters}),
        MetricTable("touchline_broker", _OUTCOMES, outcomes, "type", bound=len(known.REQUESTS)),
        MetricTable(
            "touchline_broker",
            _CONNECTIONS,
            lambda: {} if broker.connections is None else {"": broker.connections},
        ),
        MetricTable("touchline_broker", _CENSUS, census),
        MetricTable("touchline_broker", _DISK, lambda: {"": broker}),
    )
