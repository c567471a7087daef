"""The state of a football match: immutable, so that a late entry can be folded in again."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .rules import FootballRules


@dataclass(frozen=True, slots=True)
class FootballPlayer:
    """A player, substitute or official of one side.

    Args:
        name: as it was first spelt.
        on: on the pitch.
        starts: was named in the line-up among those who start.
        goal_times: microseconds since 1970 of each goal, own goals left out.
        yellow: has been booked in the match.
        red: has been sent off.
        red_time: microseconds since 1970 of the sending-off.
        left: has gone off for a substitute.
        yellow_in_shootout: has been booked in the shoot-out.
        official: a coach or other official, not in the line-up.
    """

    name: str
    on: bool = False
    starts: bool = False
    goal_times: tuple[int, ...] = ()
    yellow: bool = False
    red: bool = False
    red_time: int = 0
    left: bool = False
    yellow_in_shootout: bool = False
    official: bool = False

    @property
    def goals(self) -> int:
        """How many goals stand to the player's name, own goals left out."""
        return len(self.goal_times)


@dataclass(frozen=True, slots=True)
class FootballSide:
    """One side.

    Args:
        people: the starters, then the bench, then players named later.
        starters_known: a line-up was given.
        bench_known: the line-up also named the substitutes.
        goals: its score, own goals of the other side included.
        substitutions: how many it has made.
        unnamed_on: substitutes on the pitch whose name is not known.
        keeper: the name of the goalkeeper, the first of a line-up or the substitute;
            empty where it is not known.
    """

    people: tuple[FootballPlayer, ...] = ()
    starters_known: bool = False
    bench_known: bool = False
    goals: int = 0
    substitutions: int = 0
    unnamed_on: int = 0
    keeper: str = ""

    def find(self, name: str) -> int:
        """Return the index of a person in `people`, or -1."""
        wanted = key(name)
        for index, person in enumerate(self.people):
            if key(person.name) == wanted:
                return index
        return -1


@dataclass(frozen=True, slots=True)
class Goal:
    """A standing goal: the index of its side, and of the scorer among the people (-1 unknown)."""

    side: int
    scorer: int
    time: int


@dataclass(frozen=True, slots=True)
class FootballPeriod:
    """A period that was reported; times in microseconds since 1970, `ended` None while it runs."""

    name: str
    began: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class FootballState:
    """A match up to some moment.

    Args:
        origins: the two sides, first named first.
        rules: the match's settings.
        sides: in the order of `origins`.
        goals: those that stand, in order.
        kicks: of the shoot-out, in order: the side's index, whether it scored.
        periods: those reported, in order.
        finished: the final whistle has gone.
    """

    origins: tuple[str, str]
    rules: FootballRules
    sides: tuple[FootballSide, FootballSide]
    goals: tuple[Goal, ...] = ()
    kicks: tuple[tuple[int, bool], ...] = ()
    periods: tuple[FootballPeriod, ...] = ()
    finished: bool = False

    @property
    def period(self) -> str:
        """The name of the latest period known to have begun; empty where none was reported."""
        return self.periods[-1].name if self.periods else ""

    @property
    def level(self) -> bool:
        """Whether both sides have as many goals."""
        return self.sides[0].goals == self.sides[1].goals

    def tally(self) -> tuple[int, int]:
        """Return the kicks scored in the shoot-out, in the order of `origins`."""
        scored = [side for side, hit in self.kicks if hit]
        return scored.count(0), scored.count(1)


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return a name without case, accents and spare blanks: who types at the touchline has no é."""
    plain = unicodedata.normalize("NFKD", name)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def shootout_winner(state: FootballState) -> int | None:
    """Return the index of the side that has won the shoot-out, or None while it is open.

    Law 10, section 3: each side takes five kicks; it ends as soon as one has more goals than the
    other could reach with its kicks left; level after five, it goes on kick by kick until one
    is ahead after as many kicks each.
    """
    taken = [side for side, _ in state.kicks]
    rounds = max(5, taken.count(0), taken.count(1))
    tally = state.tally()
    for side, other in ((0, 1), (1, 0)):
        if tally[side] > tally[other] + rounds - taken.count(other):
            return side
    return None
