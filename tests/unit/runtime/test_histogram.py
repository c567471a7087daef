"""Histograms of plain integers."""

from __future__ import annotations

from touchline.runtime.histogram import Histogram


def test_a_bound_belongs_to_its_bucket() -> None:
    """What equals a bound lies in its bucket, as Prometheus has it; what is above all in the
    last."""
    found = Histogram((1, 2))
    for seconds in (0.0, 1.0, 1.5, 2.0, 2.1):
        found.add(seconds)
    assert found.buckets == [2, 2, 1]
    assert found.total == 6.6


def test_many_at_once_and_another_histogram() -> None:
    """What was counted several times, or elsewhere, is in the counts and in the sum."""
    found, other = Histogram((1, 2)), Histogram((1, 2))
    found.add(1.5, 3)
    other.add(0.5)
    found.take(other)
    assert (found.buckets, found.total) == ([1, 3, 0], 5.0)
