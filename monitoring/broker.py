"""The metrics of a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .collector import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..broker.counters import BrokerCounters
    from ..broker.repository import Census
    from ..broker.service import Broker

_COUNTS: tuple[Row[BrokerCounters], ...] = (
    Row(
        "counter",
        "requests",
        "Requests by their type, those that were then refused included.",
        lambda counters: counters.requests,
        "type",
    ),
    Row(
        "counter",
        "refusals",
        "Error replies by their code, those to frames that are no request included.",
        lambda counters: counters.refusals,
        "code",
    ),
    Row(
        "counter",
        "faults",
        "Requests left unanswered by a fault of the broker's own.",
        lambda counters: counters.faults,
    ),
    Row(
        "counter",
        "undeliverable_replies",
        "Replies whose receiver had gone or did not read.",
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
        "Connections closed, those cut for an oversized frame included.",
        lambda counters: counters.closed,
    ),
    Row(
        "counter",
        "strangers",
        "Connections that did not speak ZeroMQ, or not encrypted, or left meanwhile.",
        lambda counters: counters.strangers,
    ),
    Row(
        "counter",
        "connections_mistaken",
        "Connections that took the broker for one with another key.",
        lambda counters: counters.mistaken,
    ),
    Row(
        "counter",
        "connections_admitted",
        "Connections let in by their key.",
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
        "Keys that came in since the start.",
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

_CENSUS: tuple[Row[Census], ...] = (
    Row(
        "gauge",
        "events",
        "Events on record by status; absent while the database refuses.",
        lambda census: census.events,
        "status",
    ),
    Row(
        "gauge",
        "hosted_events",
        "Events that a host holds the lease of; absent while the database refuses.",
        lambda census: census.hosted,
    ),
    Row(
        "gauge",
        "members",
        "Enrolled keys by role, revoked ones left out; absent while the database refuses.",
        lambda census: census.members,
        "role",
    ),
    Row(
        "gauge",
        "revoked_members",
        "Keys that were put out; absent while the database refuses.",
        lambda census: census.revoked,
    ),
)


def broker_collector(broker: Broker) -> MetricsCollector:
    """Return the metrics of a broker that runs or is about to."""

    def census() -> dict[str, Census]:
        found = broker.census()
        return {} if found is None else {"": found}

    return MetricsCollector(
        MetricTable("touchline_broker", _COUNTS, lambda: {"": broker.counters}),
        MetricTable("touchline_broker", _CENSUS, census),
    )
