"""How late people tap, learned from how far apart they tap. Pure.

A reporter states the time of the tap, which is some seconds after what happened. How many cannot be
seen from one reporter, but those who tap late also tap unevenly: for thumbs of one distribution the
median delay is a fixed multiple of the median deviation.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from math import isqrt

from ....protocol.times import SECOND

DELAY = 1_700_000
"""Microseconds; the delay that is taken until there is enough to learn from."""

SLOPE = 7
INTERCEPT = 660_000
"""Delay = 7.0 x the median deviation - 0.66 s: of log-normal thumbs with a sigma of 0.6."""

LEAST, MOST = 500_000, 8_000_000
"""Bounds of the delay."""

CLAIM_VOTES = 4
"""Claims of fewer votes say too little of how far apart people tap."""

ENOUGH = 12
"""Claims to learn from before it is done."""

KEPT = 101
"""The newest claims that are learned from."""


class Thumbs:
    """The delay of one event's reporters."""

    def __init__(self) -> None:
        self._order: deque[int] = deque()
        self._sorted: list[int] = []

    def learn(self, times: Sequence[int]) -> None:
        """Learn from the times (microseconds) that independent reporters of one claim stated.

        Args:
            times: these, the earliest first.
        """
        if len(times) < CLAIM_VOTES:
            return
        deviation = _deviation(times)
        insort(self._sorted, deviation)
        self._order.append(deviation)
        if len(self._order) > KEPT:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]

    @property
    def delay(self) -> int:
        """How long (microseconds) after what happened people tap, in the median."""
        if len(self._sorted) < ENOUGH:
            return DELAY
        middle = self._sorted[len(self._sorted) // 2]
        return min(max(SLOPE * middle - INTERCEPT, LEAST), MOST)


def middle(ordered: Sequence[int]) -> int:
    """Return the median, the lower of two, of what is in order."""
    return ordered[(len(ordered) - 1) // 2]


def _deviation(ordered: Sequence[int]) -> int:
    """Return the median, the lower of two, of how far times lie from the middle one."""
    half = (len(ordered) - 1) // 2
    centre = ordered[half]
    # The half that is nearest to the middle lies side by side: `first` is where it may begin so
    # that its last one is as far from the middle as its first one, or further.
    first = bisect_left(range(half), 2 * centre, key=lambda at: ordered[at] + ordered[at + half])
    after = ordered[first + half] - centre
    return min(centre - ordered[first - 1], after) if first else after


def spread(times: Sequence[int]) -> int:
    """Return within how much of its time (microseconds) an action happened in 19 of 20 cases.

    Args:
        times: that independent reporters stated, at least one; the earliest first.
    """
    if len(times) >= CLAIM_VOTES:
        return max(1_600_000, (times[-1] - times[0]) * 9 // 10)
    return 1_500_000 + 3_000 * SECOND // isqrt(len(times) * 1_000_000)
