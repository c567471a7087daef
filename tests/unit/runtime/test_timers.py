"""When a loop has to wake."""

from __future__ import annotations

import pytest

from touchline.runtime.timers import LONGEST_SECONDS, earliest, seconds_left


def test_the_earliest_of_those_that_are_set() -> None:
    """None stands for a timer that is not set, and is what there is without any."""
    assert earliest(3.0, None, 2.0, float("inf")) == 2.0
    assert earliest(None, 0.0) == 0.0
    assert earliest(None) is earliest() is None


@pytest.mark.parametrize(
    ("timers", "seconds"),
    [
        ((101.5,), 1.5),
        ((None, 104.0, 102.0), 2.0),
        ((100.0,), 0.0),
        ((99.0, 105.0), 0.0),
        ((float("-inf"),), 0.0),
        ((), 5.0),
        ((None,), 5.0),
        ((105.5,), 5.0),
        ((float("inf"),), 5.0),
    ],
)
def test_a_wait_is_never_negative_and_never_too_long(
    timers: tuple[float | None, ...], seconds: float
) -> None:
    """A timer that is over ends it at once, one that is far off or not set does so never."""
    assert seconds_left(100.0, *timers, longest=5.0) == seconds


def test_a_wait_without_a_timer_is_bounded() -> None:
    """A loop looks now and then even where it is told nothing."""
    assert seconds_left(100.0, None) == LONGEST_SECONDS
