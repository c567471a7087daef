"""The metrics of reporters: of `touchline report` and `replay`, and of a gateway's people."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..peer.reporter.counters import RECEIPT_SECONDS, ReporterCounters
from . import known
from .tables import MetricsCollector, MetricTable, Row

_REPORTERS: tuple[Row[ReporterCounters], ...] = (
    Row("counter", "said", "Reports that were made.", lambda counters: counters.said),
    Row(
        "counter",
        "stored",
        "Reports that the host has confirmed as stored.",
        lambda counters: counters.stored,
    ),
    Row(
        "counter",
        "resent",
        "Reports sent again, since no receipt had come.",
        lambda counters: counters.resent,
    ),
    Row(
        "counter",
        "fates",
        "Fates of reports that hosts have told, by outcome.",
        lambda counters: counters.fates,
        "outcome",
        known=known.FATES,
    ),
    Row(
        "gauge",
        "waiting_reports",
        "Reports in the outboxes of reporters that run, which the host has not confirmed.",
        lambda counters: counters.waiting,
    ),
    Row(
        "gauge",
        "outstanding_receipts",
        "Those of them that were sent.",
        lambda counters: counters.outstanding,
    ),
    Row(
        "histogram",
        "receipt_seconds",
        "Seconds from when a report was made until its receipt came.",
        lambda counters: (counters.receipt.buckets, counters.receipt.total),
        bounds=RECEIPT_SECONDS,
    ),
)


def reporter_table(
    reporters: Callable[[], Iterable[ReporterCounters]],
) -> MetricTable[ReporterCounters]:
    """Return the metrics of some reporters, summed.

    Args:
        reporters: returns what each has counted, those that have left included.
    """

    def all_of_them() -> dict[str, ReporterCounters]:
        found = ReporterCounters()
        for one in reporters():
            found.take(one)
        return {"": found}

    return MetricTable("touchline_reporter", _REPORTERS, all_of_them)


def reporter_collector(
    reporters: Callable[[], Iterable[ReporterCounters]],
) -> MetricsCollector:
    """Return the metrics of a process that only reports; see `reporter_table`."""
    return MetricsCollector(reporter_table(reporters))
