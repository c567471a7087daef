"""A wall clock that does not jump."""

from __future__ import annotations

import time
from collections.abc import Callable

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where there is such a clock (Linux)."""


def _elapsed() -> float:
    return time.clock_gettime(_CLOCK)


def steady(wall: Callable[[], int], elapsed: Callable[[], float] = _elapsed) -> Callable[[], int]:
    """Return a clock that goes on from a wall clock's time now, whatever that does later.

    A machine's clock is set, by hand or over the network, in the middle of an event. What has been
    published has its times by then, and every reporter's clock was measured against them: were the
    host to follow, it would refuse reports as being an hour ahead.

    Args:
        wall: microseconds since 1970 UTC.
        elapsed: seconds from any beginning, which only grow.
    """
    began, at = wall(), elapsed()
    return lambda: began + round((elapsed() - at) * 1e6)
