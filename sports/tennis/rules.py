"""The settings of a tennis match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..sport import Rule

FinalSet = Literal["advantage", "tiebreak_7", "tiebreak_10", "tiebreak_12", "match_tiebreak"]

RULES: tuple[Rule, ...] = (
    Rule("best_of", "sets at most", 3, choices=(3, 5)),
    Rule(
        "final_set",
        "how the last possible set is decided",
        "tiebreak_7",
        choices=("advantage", "tiebreak_7", "tiebreak_10", "tiebreak_12", "match_tiebreak"),
    ),
    Rule("no_ad", "the point after deuce wins the game", False),
    Rule("first_server", "the side that serves first; empty: the one named first", ""),
)


@dataclass(frozen=True, slots=True)
class Format:
    """How a match is played; see `RULES`."""

    best_of: int
    final_set: FinalSet
    no_ad: bool

    @property
    def sets_to_win(self) -> int:
        """Sets that win the match (rule 7)."""
        return self.best_of // 2 + 1
