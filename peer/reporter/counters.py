"""What reporters count, for metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...runtime.histogram import Histogram

RECEIPT_SECONDS = (0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30)
"""Upper bounds of the buckets of how long receipts take, seconds."""


@dataclass(slots=True)
class ReporterCounters:
    """Plain integers of one reporter, or of several that one thread runs.

    To read `fates` in another thread, copy it first.

    Args:
        said: reports that were made.
        stored: reports that hosts have confirmed as stored.
        resent: reports that were sent again without a receipt.
        fates: what hosts said of reports, by outcome.
        waiting: reports in outboxes that hosts have not confirmed.
        outstanding: those of them that were sent.
        receipt: from when a report was made in this run until it was confirmed, seconds.
    """

    said: int = 0
    stored: int = 0
    resent: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    outstanding: int = 0
    receipt: Histogram = field(default_factory=lambda: Histogram(RECEIPT_SECONDS))

    def take(self, other: ReporterCounters) -> None:
        """Add what other reporters have counted."""
        self.said += other.said
        self.stored += other.stored
        self.resent += other.resent
        self.fates.update(dict(other.fates))
        self.waiting += other.waiting
        self.outstanding += other.outstanding
        self.receipt.take(other.receipt)
