"""More than half of those present."""

from __future__ import annotations

from . import counts
from .case import Case, Judgement


class Majority:
    """A strict policy for crowds that are known to report nearly everything.

    Args:
        alone: one reporter is enough where only one is present.
    """

    name = "majority"
    learns = False

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone

    def needed(self, present: int) -> int:
        """Return more than half of `present`, at least 2 (or 1, see `alone`)."""
        if self._alone and present <= 1:
            return 1
        return max(2, present // 2 + 1)

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether more than half of those present agree and more are for than against."""
        return for_ >= self.needed(present) and for_ > against

    def judge(self, case: Case) -> Judgement:
        """Return how a claim stands by a count of heads."""
        return counts.judge(case, self.accept)
