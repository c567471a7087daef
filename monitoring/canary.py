"""The metrics of a canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..peer.subscriber.core import LATENCY_BUCKETS, Latency
from .tables import MetricsCollector, MetricTable, Row

if TYPE_CHECKING:
    from ..peer.canary.core import CanaryCore
    from .health import Readiness

_ROUNDS: tuple[Row[CanaryCore], ...] = (
    Row("counter", "seen", "Rounds that came through all parts.", lambda core: core.seen),
    Row(
        "counter",
        "missed",
        "Rounds that were missed, by the first part that they did not come through.",
        lambda core: core.missed,
        "part",
    ),
    Row(
        "gauge",
        "broken",
        "1 for the part that the newest round did not come through, otherwise 0.",
        lambda core: {part: part == core.broken for part in core.parts},
        "part",
    ),
    Row(
        "gauge",
        "every_seconds",
        "Seconds between the beginnings of rounds.",
        lambda core: core.every,
    ),
    Row(
        "age",
        "age_seconds",
        "Seconds since a round came through all parts, or the canary began.",
        lambda core: core.seen_at,
    ),
)

_PARTS: tuple[Row[Latency], ...] = (
    Row(
        "histogram",
        "seconds",
        "Seconds from the beginning of a round until it had come through a part.",
        lambda latency: (latency.buckets, latency.total),
        bounds=LATENCY_BUCKETS,
    ),
)


def canary_collector(core: CanaryCore) -> MetricsCollector:
    """Return the metrics of a canary."""
    return MetricsCollector(
        MetricTable("touchline_canary", _ROUNDS, lambda: {"": core}),
        MetricTable("touchline_canary", _PARTS, lambda: core.seconds, "part"),
    )


def canary_readiness(core: CanaryCore) -> Readiness:
    """Return what tells which part the newest round did not come through."""
    return lambda: {
        part: "the newest round did not come through" if part == core.broken else ""
        for part in core.parts
    }
