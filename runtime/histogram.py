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

    def add_since(self, moments: list[int], at: int) -> None:
        """Count the time from each of some moments, of which a turn may have thousands: for each
        bucket it looks once.

        Args:
            moments: microseconds; sorted by this. One that is later than `at` counts as 0 s.
            at: microseconds.
        """
        moments.sort()
        if moments and moments[-1] > at:
            moments = [min(one, at) for one in moments]
        within = 0
        for place, bound in enumerate(self.bounds):
            further = len(moments) - bisect_left(moments, at - bound * 1_000_000)
            self.buckets[place] += further - within
            within = further
        self.buckets[-1] += len(moments) - within
        self.total += (len(moments) * at - sum(moments)) / 1_000_000

    def take(self, other: Histogram) -> None:
        """Add what another histogram with the same bounds has counted."""
        for place, count in enumerate(other.buckets):
            self.buckets[place] += count
        self.total += other.total
