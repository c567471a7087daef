"""The two clocks that everything runs by.

Shells read them as `clock.now()` and `clock.wall()` and give cores what they say; the simulation
puts its own in their places.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where there is such a clock (Linux)."""

now = time.monotonic
"""Return the monotonic time in seconds: what timers and deadlines are counted in."""


def wall() -> int:
    """Return the wall clock's time, microseconds since 1970 UTC; it may be set meanwhile."""
    return time.time_ns() // 1_000


def elapsed() -> float:
    """Return seconds since some beginning, those in which the machine slept included."""
    return time.clock_gettime(_ELAPSED)


def steady(wall: Callable[[], int]) -> Callable[[], int]:
    """Return a clock that goes on from a wall clock's time now, whatever that does later.

    A machine's clock is set, by hand or over the network, in the middle of an event. What has been
    published has its times by then, and every reporter's clock was measured against them: were the
    host to follow, it would refuse reports as being an hour ahead.

    Args:
        wall: microseconds since 1970 UTC; read once.
    """
    began, at = wall(), elapsed()
    return lambda: began + round((elapsed() - at) * 1e6)
