"""The metrics of a server of datagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .collector import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..datagrams.server import DatagramServer

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


def datagrams_collector(server: DatagramServer) -> MetricsCollector:
    """Return the metrics of a server of datagrams."""
    return MetricsCollector(MetricTable("touchline_datagrams", _SERVER, lambda: {"": server}))
