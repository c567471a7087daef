"""The state of a volleyball match and what can be read off it: the set, the court, who serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .rules import SetTarget, VolleyballRules

Pair = tuple[int, int]
"""A number for each side, in the order in which the event names them."""

Ended = Literal["", "played", "forfeited"]


@dataclass(frozen=True, slots=True)
class Team:
    """One side and its court.

    Args:
        players: of the line-up: those who start in the order of rotation, then the bench; empty
            where no line-up was given.
        court: who is on the court, the first of them to serve before any rotation; empty where
            no line-up was given.
        exchanged: pairs of starter and substitute who were exchanged in this set.
        returned: starters who have come back in this set.
        substitutions: made in this set.
        timeouts: taken in this set.
        rotations: made in this set.
        cautioned: names of those who were shown a yellow card.
    """

    players: tuple[str, ...] = ()
    court: tuple[str, ...] = ()
    exchanged: tuple[tuple[str, str], ...] = ()
    returned: tuple[str, ...] = ()
    substitutions: int = 0
    timeouts: int = 0
    rotations: int = 0
    cautioned: tuple[str, ...] = ()

    @property
    def server(self) -> str:
        """The player in position 1; empty where the court is not known (rule 7.6)."""
        return self.court[self.rotations % len(self.court)] if self.court else ""


@dataclass(frozen=True, slots=True)
class VolleyballState:
    """A match after some actions. Sides are 0 and 1, in the order in which the event names them.

    Args:
        sides: their names.
        rules: of the match.
        teams: in the order of `sides`.
        first: the side that served first in this set.
        serving: the side that serves the next rally, as far as it was reported.
        points: of this set.
        sets: won.
        past: points of the sets that are over.
        winner: the side that won the match, None while it is on.
        ended: how it ended, empty while it is on.
        began, last: time of the first and of the latest action, microseconds since 1970 UTC;
            None before the first.
    """

    sides: tuple[str, str]
    rules: VolleyballRules
    teams: tuple[Team, Team]
    first: int
    serving: int
    points: Pair = (0, 0)
    sets: Pair = (0, 0)
    past: tuple[Pair, ...] = ()
    winner: int | None = None
    ended: Ended = ""
    began: int | None = None
    last: int | None = None

    @property
    def target(self) -> SetTarget:
        """What wins the set being played."""
        return self.rules.target(sum(self.sets))

    @property
    def final_set(self) -> bool:
        """Whether the set being played is the last that the match can have."""
        return sum(self.sets) == self.rules.best_of - 1

    @property
    def server(self) -> int | None:
        """The side that serves the next rally; None when the match is over."""
        return None if self.ended else self.serving


def set_winner(points: Pair, target: SetTarget) -> int | None:
    """Return the side that has won a set with these points, None while it is on (rule 6.2)."""
    capped = target.cap and max(points) >= target.cap
    if not capped and (max(points) < target.points or abs(points[0] - points[1]) < 2):
        return None
    return 0 if points[0] > points[1] else 1


def can_be_over(points: Pair, target: SetTarget) -> bool:
    """Return whether a set can end with these points: beyond the target only two ahead, and with a
    lead of one only at the cap."""
    high, low = max(points), min(points)
    if target.cap and high >= target.cap:
        return high == target.cap and (high - low in (1, 2) or high == target.points > low)
    return (high == target.points and high - low >= 2) or (high > target.points and high - low == 2)
