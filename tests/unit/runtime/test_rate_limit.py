from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.runtime.rate_limit import RateLimiter, TokenBucket


def test_a_burst_and_then_the_rate() -> None:
    """All of the burst may be had at once, from then on what the rate gives."""
    bucket = TokenBucket(rate=2, burst=5)
    assert [bucket.take(1, 100.0) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.take(1, 100.49)
    assert bucket.take(1, 100.5)
    assert not bucket.take(1, 100.5)


def test_what_is_refused_costs_nothing() -> None:
    """Who asks for more than is left may still have what is left."""
    bucket = TokenBucket(rate=1, burst=3)
    assert not bucket.take(4, 0.0)
    assert bucket.take(3, 0.0)


def test_never_more_than_the_burst() -> None:
    """However long one has been quiet, there is no more than the burst."""
    bucket = TokenBucket(rate=10, burst=3)
    assert bucket.take(3, 0.0)
    assert not bucket.take(4, 1_000.0)
    assert bucket.take(3, 1_000.0)


def test_a_clock_that_steps_back() -> None:
    """A time before the last gives nothing, nor does the way back to it."""
    bucket = TokenBucket(rate=1, burst=1)
    assert bucket.take(1, 10.0)
    assert not bucket.take(1, 0.0)
    assert not bucket.take(1, 10.0)
    assert bucket.take(1, 11.0)


def test_take_most() -> None:
    """Whole ones are taken, as many as there are."""
    bucket = TokenBucket(rate=1, burst=10)
    assert bucket.take_most(7, 0.0) == 7
    assert bucket.take_most(7, 0.5) == 3
    assert bucket.take_most(7, 0.9) == 0
    assert bucket.take_most(7, 1.0) == 1


@given(
    rate=st.floats(0, 100),
    burst=st.floats(0, 100),
    asked=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 2)), max_size=60),
)
def test_no_more_than_burst_and_rate(
    rate: float, burst: float, asked: list[tuple[float, float]]
) -> None:
    """Whatever is asked for and when, no more is given than the burst and what came in."""
    bucket = TokenBucket(rate, burst)
    now = taken = 0.0
    for n, wait in asked:
        now += wait
        taken += n if bucket.take(n, now) else 0
    assert taken <= burst + rate * now + 1e-6


def test_keys_have_buckets_of_their_own() -> None:
    """One that goes on and on takes nothing from another."""
    brake = RateLimiter(rate=1, burst=2)
    assert [brake.take("eve", 1, 0.0) for _ in range(4)] == [True, True, False, False]
    assert brake.take("ann", 2, 0.0)


@pytest.mark.parametrize("heard", ["eve", "ann"])
def test_the_longest_unheard_gives_way(heard: str) -> None:
    """Of more keys than are told apart, the one unheard for longest is forgotten."""
    brake = RateLimiter(rate=0, burst=1, most=2)
    assert brake.take("eve", 1, 0.0)
    assert brake.take("ann", 1, 0.0)
    assert not brake.take(heard, 1, 0.0)
    assert brake.take("bob", 1, 0.0)
    assert len(brake) == 2
    assert not brake.take(heard, 1, 0.0)
