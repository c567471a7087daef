"""The clocks, and the one that does not jump with the machine's."""

from __future__ import annotations

import time

import pytest

from touchline.runtime import clock

HOUR = 3_600_000_000


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_steady_clock_does_not_follow_a_jump(jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the wall clock jumps, the steady one goes on as time passes."""
    wall, elapsed = 5 * HOUR, 10.0
    monkeypatch.setattr(clock, "elapsed", lambda: elapsed)
    steady = clock.steady(lambda: wall)
    assert steady() == 5 * HOUR
    wall += jump
    elapsed += 2.5
    assert steady() == 5 * HOUR + 2_500_000


def test_a_steady_clock_begins_with_the_wall_clock() -> None:
    """Both tell microseconds since 1970."""
    before = time.time_ns() // 1_000
    assert before <= clock.wall()
    assert before - 1 <= clock.steady(clock.wall)()


def test_monotonic_time_is_seconds() -> None:
    """Timers are compared with what `time.monotonic` says."""
    before = time.monotonic()
    assert before <= clock.now() <= time.monotonic()
