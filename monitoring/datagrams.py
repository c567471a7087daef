"""The metrics of datagrams: of a server, and of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tables import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..datagrams.server import DatagramServer
    from ..datagrams.statistics import Statistics

_SERVER: tuple[Row[DatagramServer], ...] = (
    Row(
        "counter",
        "happenings",
        "Datagrams sent, and what became of clients and of their datagrams, by kind.",
        lambda server: server.core.counters,
        "kind",
        known=("dropped", "refused", "registered", "sent", "silent", "strange", "unregistered"),
    ),
)


_CLIENT: tuple[Row[Statistics], ...] = (
    Row(
        "counter",
        "received",
        "Datagrams received, each once.",
        lambda statistics: statistics.received,
    ),
    # A gauge: one that only comes late is taken off again.
    Row(
        "gauge",
        "lost_datagrams",
        "Datagrams between the first and the newest that have not come.",
        lambda statistics: statistics.lost,
    ),
    Row(
        "counter",
        "out_of_order",
        "Datagrams that came after a newer one.",
        lambda statistics: statistics.out_of_order,
    ),
    Row(
        "counter",
        "duplicate",
        "Datagrams received again.",
        lambda statistics: statistics.twice,
    ),
    Row(
        "counter",
        "refused",
        "Datagrams that were not valid.",
        lambda statistics: statistics.strange,
    ),
)


def datagrams_client_collector(statistics: Statistics) -> MetricsCollector:
    """Return the metrics of a client of datagrams."""
    return MetricsCollector(
        MetricTable("touchline_datagrams_client", _CLIENT, lambda: {"": statistics})
    )


def datagrams_collector(server: DatagramServer) -> MetricsCollector:
    """Return the metrics of a server of datagrams."""
    return MetricsCollector(MetricTable("touchline_datagrams", _SERVER, lambda: {"": server}))
