"""A histogram of plain integers, which a collector reads when metrics are scraped. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """Counts of seconds by the buckets in which they lie.

    Args:
        bounds: upper bounds of the buckets in seconds, rising; a last one without a bound follows.
    """

    __slots__ = ("bounds", "buckets", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        """The count of each bucket alone."""
        self.total = 0.0
        """The sum of all, seconds."""

    def add(self, seconds: float, times: int = 1) -> None:
        """Count some seconds, once or several times."""
        self.buckets[bisect_left(self.bounds, seconds)] += times
        self.total += seconds * times

    def take(self, other: Histogram) -> None:
        """Add what another histogram with the same bounds has counted."""
        for place, count in enumerate(other.buckets):
            self.buckets[place] += count
        self.total += other.total
