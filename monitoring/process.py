"""What the metrics page of every process holds besides its own: the version that runs."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path

from .tables import MetricsCollector, MetricTable, Row

_BUILD: tuple[Row[str], ...] = (
    Row(
        "gauge",
        "build_info",
        "1, with the version of Touchline that runs.",
        lambda running: {running: 1},
        "version",
    ),
)


def disk_free(file: Path | None) -> float | None:
    """Return the bytes that are free where a file lies; None without one, or where nobody knows."""
    if file is None:
        return None
    try:
        return float(shutil.disk_usage(file.parent).free)
    except OSError:
        return None


def process_collector() -> MetricsCollector:
    """Return what every process tells of itself."""
    running = version("touchline")
    return MetricsCollector(MetricTable("touchline", _BUILD, lambda: {"": running}))
