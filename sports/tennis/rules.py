"""The settings of a tennis match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ...protocol.errors import SettingError
from ..sport import Rule

FinalSet = Literal[
    "advantage", "tiebreak_7", "tiebreak_10", "tiebreak_12", "match_tiebreak", "match_tiebreak_7"
]

RULES: tuple[Rule, ...] = (
    Rule("best_of", "sets at most", 3, choices=(1, 3, 5)),
    Rule(
        "final_set",
        "how the last possible set is decided",
        "tiebreak_7",
        choices=get_args(FinalSet),
    ),
    Rule("set_games", "games that win a set, with a lead of two", 6, choices=(4, 6, 8)),
    Rule(
        "tiebreak_at",
        "games all at which a tie-break decides a set; 0: at `set_games` all",
        0,
        choices=(0, 3, 4, 5, 6, 7, 8),
    ),
    Rule("short_tiebreak", "a tie-break goes to 5, at 4–4 the next point wins it", False),
    Rule("no_let", "a service that touches the net is played", False),
    Rule("no_ad", "the point after deuce wins the game", False),
    Rule("first_server", "the side that serves first; empty: the one named first", ""),
)


@dataclass(frozen=True, slots=True)
class Format:
    """How a match is played; see `RULES`."""

    best_of: int
    final_set: FinalSet
    no_ad: bool
    set_games: int = 6
    tiebreak_at: int = 6
    short_tiebreak: bool = False

    @property
    def sets_to_win(self) -> int:
        """Sets that win the match (rule 7)."""
        return self.best_of // 2 + 1

    @property
    def match_tiebreak(self) -> bool:
        """Whether a tie-break is played in place of the last possible set."""
        return self.final_set in {"match_tiebreak", "match_tiebreak_7"}


def parse(settled: Mapping[str, Any]) -> Format:
    """Return the format that settled rules give.

    Raises:
        SettingError: a tie-break at a score at which the set is over, or that is no end of a set.
    """
    games = settled["set_games"]
    level = settled["tiebreak_at"] or games
    # One game short of it, the tie-break is the last game that the set can have.
    if level not in {games, games - 1}:
        raise SettingError(
            f"rules: tiebreak_at is {level}, in a set to {games} games it is {games - 1} or {games}"
        )
    return Format(
        settled["best_of"],
        settled["final_set"],
        settled["no_ad"],
        games,
        level,
        settled["short_tiebreak"],
    )
