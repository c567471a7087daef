"""The state of a tennis match and what can be read off it: who serves, what is being played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .rules import Format

Pair = tuple[int, int]
"""A number for each side, in the order in which the event names them."""

Ended = Literal["", "played", "retired", "defaulted", "walkover"]


@dataclass(frozen=True, slots=True)
class Past:
    """A set that is over.

    Args:
        games: won by each side; a match tie-break counts as one game.
        tiebreak: points of its tie-break, None where there was none.
    """

    games: Pair
    tiebreak: Pair | None = None


@dataclass(frozen=True, slots=True)
class TennisState:
    """A match after some actions. Sides are 0 and 1, in the order in which the event names them.

    Args:
        sides: their names.
        format: how the match is played.
        players: in doubles the two of each side in the order in which they serve in this set,
            in singles one or none.
        first: the side that serves first in this set.
        points: won in this game, counted from 0 by ones, in a tie-break as well.
        games: won in this set.
        sets: won.
        past: the sets that are over.
        served: the side that served the last point, None before the first.
        winner: the side that won the match, None while it is on.
        ended: how it ended, empty while it is on.
        stopped: since when play is interrupted, microseconds since 1970 UTC; None while it is not.
        paused: for how long it was before, microseconds.
        began, last: time of the first and of the latest action, microseconds since 1970 UTC;
            None before the first.
    """

    sides: tuple[str, str]
    format: Format
    players: tuple[tuple[str, ...], tuple[str, ...]]
    first: int
    points: Pair = (0, 0)
    games: Pair = (0, 0)
    sets: Pair = (0, 0)
    past: tuple[Past, ...] = ()
    served: int | None = None
    winner: int | None = None
    ended: Ended = ""
    began: int | None = None
    last: int | None = None
    stopped: int | None = None
    paused: int = 0

    @property
    def final_set(self) -> bool:
        """Whether the set being played is the last that the match can have."""
        return sum(self.sets) == self.format.best_of - 1

    @property
    def tiebreak_to(self) -> int | None:
        """Points that win the tie-break being played, see `tiebreak_by`; None in a standard game.

        Rule 6(b): a tie-break at six games all, in short sets at three or four. Of the last set
        the event's rules say more; the match tie-break instead of it is among the alternative
        scoring methods of the rules' appendix.
        """
        if self.ended == "played":
            return None
        level = self.format.tiebreak_at
        to = 5 if self.format.short_tiebreak else 7
        standard = to if self.games == (level, level) else None
        if not self.final_set:
            return standard
        match self.format.final_set:
            case "advantage":
                return None
            case "match_tiebreak":
                return 10
            case "match_tiebreak_7":
                return 7
            case "tiebreak_12":
                return 7 if self.games == (12, 12) else None
            case "tiebreak_10":
                return 10 if standard else None
            case "tiebreak_7":
                return standard

    @property
    def tiebreak_by(self) -> int:
        """The lead that wins the tie-break being played: one in the shortened one to 5."""
        return 1 if self.tiebreak_to == 5 else 2

    @property
    def turn(self) -> int:
        """Turns of service that were completed in this set; the sides take them alternately.

        Rule 14: one game each. Rule 5(b): within a tie-break the first turn is one point, each
        further one two, in the same rotation.
        """
        games = sum(self.games)
        if self.tiebreak_to is None:
            return games
        return games + (sum(self.points) + 1) // 2

    @property
    def server(self) -> int | None:
        """The side that serves the next point; None when the match is over."""
        return None if self.ended else (self.first + self.turn) % 2

    @property
    def server_player(self) -> str:
        """The player of a doubles pair who serves the next point; empty in singles.

        Rule 14: the partners serve every other turn of their side, in the tie-break too.
        """
        side = self.server
        if side is None or len(self.players[side]) < 2:
            return ""
        return self.players[side][self.turn // 2 % 2]

    @property
    def change_of_ends(self) -> bool:
        """Whether the players change ends before the next point.

        Rule 10: after the first, third and every further odd game of a set (thus at the end of
        a set too if its games are odd, otherwise after the first game of the next one), and
        after every six points of a tie-break.
        """
        if self.ended:
            return False
        if self.points != (0, 0):
            return self.tiebreak_to is not None and sum(self.points) % 6 == 0
        if self.games == (0, 0):
            return bool(self.past) and sum(self.past[-1].games) % 2 == 1
        return sum(self.games) % 2 == 1
