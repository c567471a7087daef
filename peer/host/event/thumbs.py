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

SINCE_EDITION = 5
"""The edition of the rules, see `records.EDITION`, since which what is learned is held against the
first guess, and the spread of a time grows with the delay. Before, the guess held for the first 12
claims and counted for nothing after them."""

ENOUGH = 12
"""Claims to learn from before it was done, in the editions before."""

GUESS_CLAIMS = 8
"""The first guess of the delay counts as so many claims. What a dozen claims say of the delay is
off by 0.7 s in the mean; crowds differ from the guess by as much as a second."""

LEAST_SPREAD = 1_600_000
"""Microseconds; the median of four and more who tap is no nearer to what happened in 19 of 20."""

KEPT = 101
"""The newest claims that are learned from."""


class Thumbs:
    """The delay of one event's reporters.

    Args:
        edition: of the rules by which it is reckoned, see `SINCE_EDITION`; may be set anew.
    """

    def __init__(self, edition: int = 0) -> None:
        self.edition = edition
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
        count = len(self._sorted)
        if self.edition < SINCE_EDITION:
            return self._learned if count >= ENOUGH else DELAY
        if not count:
            return DELAY
        return (GUESS_CLAIMS * DELAY + count * self._learned) // (GUESS_CLAIMS + count)

    @property
    def _learned(self) -> int:
        middle = self._sorted[len(self._sorted) // 2]
        return min(max(SLOPE * middle - INTERCEPT, LEAST), MOST)

    def spread(self, times: Sequence[int]) -> int:
        """Return within how much of its time (microseconds) an action happened in 19 of 20 cases.

        Args:
            times: that independent reporters stated, at least one; the earliest first.
        """
        few = len(times) < CLAIM_VOTES
        if few:
            apart = 1_500_000 + 3_000 * SECOND // isqrt(len(times) * 1_000_000)
        else:
            apart = max(LEAST_SPREAD, (times[-1] - times[0]) * 9 // 10)
        if self.edition < SINCE_EDITION:
            return apart
        # Slower thumbs are off by more. That of a delay of 2 s is the least.
        return max(apart, LEAST_SPREAD * self.delay // (2 * SECOND))


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
