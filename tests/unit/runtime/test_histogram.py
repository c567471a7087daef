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


def test_many_moments_count_as_each_would() -> None:
    """Moments of a turn, in any order, on bounds, beyond all and ahead of the clock, count as if
    each were counted alone."""
    at = 1_700_000_000_000_000
    ages = [1_000_000, 0, 999_999, 1_000_001, 2_000_000, 2_000_001, 90_000_000, 5]
    together, alone = Histogram((1, 2, 5)), Histogram((1, 2, 5))
    together.add_since([at - age for age in ages] + [at + 7], at)
    for age in [*ages, 0]:
        alone.add(age / 1_000_000)
    assert together.buckets == alone.buckets == [5, 2, 1, 1]
    assert abs(together.total - alone.total) < 1e-6
    together.add_since([], at)
    assert sum(together.buckets) == len(ages) + 1
