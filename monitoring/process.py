"""What the metrics page of every process holds besides its own: the version that runs."""

from __future__ import annotations

from importlib.metadata import version

from .collector import MetricsCollector, MetricTable, Row

_BUILD: tuple[Row[str], ...] = (
    Row(
        "gauge",
        "build_info",
        "1, with the version of Touchline that runs.",
        lambda running: {running: 1},
        "version",
    ),
)


def process_collector() -> MetricsCollector:
    """Return what every process tells of itself."""
    running = version("touchline")
    return MetricsCollector(MetricTable("touchline", _BUILD, lambda: {"": running}))
