"""A third of those present, never fewer than two, and more for than against.

People at the ground report about 80 % of what happens, so a majority of those present misses
much, while a fixed small number is beaten as soon as that many collude.
"""

from __future__ import annotations

from . import counts
from .case import Case, Judgement


class Quorum:
    """The policy of the first release, and the start of every other.

    Args:
        alone: one reporter is enough where only one is present.
    """

    name = "quorum"
    learns = False

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone

    def needed(self, present: int) -> int:
        """Return a third of `present`, rounded up, at least 2 (or 1, see `alone`)."""
        if self._alone and present <= 1:
            return 1
        return max(2, -(-present // 3))

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether a quorum agrees and more are for than against."""
        return for_ >= self.needed(present) and for_ > against

    def judge(self, case: Case) -> Judgement:
        """Return how a claim stands by a count of heads."""
        return counts.judge(case, self.accept)
