"""A clock that does not jump with the machine's."""

from __future__ import annotations

import time

import pytest

from touchline.runtime.clock import steady

HOUR = 3_600_000_000


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_it_does_not_follow_a_jump(jump: int) -> None:
    """When the wall clock jumps, the steady one goes on as time passes."""
    wall, elapsed = 5 * HOUR, 10.0
    clock = steady(lambda: wall, lambda: elapsed)
    assert clock() == 5 * HOUR
    wall += jump
    elapsed += 2.5
    assert clock() == 5 * HOUR + 2_500_000


def test_it_begins_with_the_wall_clock() -> None:
    """By itself it tells the time of day."""
    clock = steady(lambda: time.time_ns() // 1_000)
    assert abs(clock() - time.time_ns() // 1_000) < 1_000_000
