"""A fixed number of reporters, however many are present."""

from __future__ import annotations

from . import counts
from .case import Case, Judgement


class Fixed:
    """A policy for small crews of people who know each other.

    Args:
        k: reporters who must agree, at least 1.
    """

    def __init__(self, k: int) -> None:
        self.name = f"fixed:{k}"
        self._k = k
        self.learns = False

    def needed(self, present: int) -> int:
        """Return k."""
        return self._k

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether k agree and more are for than against."""
        return for_ >= self._k and for_ > against

    def judge(self, case: Case) -> Judgement:
        """Return how a claim stands by a count of heads."""
        return counts.judge(case, self.accept)
