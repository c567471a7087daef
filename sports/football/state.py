"""The state of a football match: immutable, so that a late entry can be folded in again."""

from __future__ import annotations

import msgspec

from ..names import canonical as key
from ..names import read
from .rules import FootballRules


class FootballPlayer(msgspec.Struct, frozen=True):
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


class FootballSide(msgspec.Struct, frozen=True):
    """One side.

    Args:
        people: the starters, then the bench, then players named later.
        keys: their names in canonical form.
        starters_known: a line-up was given.
        bench_known: the line-up also named the substitutes.
        goals: its score, own goals of the other side included.
        substitutions: how many it has made, whatever for.
        ordinary: those of them that were told to be for no concussion.
        concussions: those of them that were told to be for one.
        keeper: the name of the goalkeeper, the first of a line-up or the substitute;
            empty where it is not known.
    """

    people: tuple[FootballPlayer, ...] = ()
    keys: tuple[str, ...] = ()
    starters_known: bool = False
    bench_known: bool = False
    goals: int = 0
    substitutions: int = 0
    ordinary: int = 0
    concussions: int = 0
    keeper: str = ""

    def find(self, name: str) -> int:
        """Return the index of a person in `people`, or -1."""
        wanted = key(name)
        if self.keys.count(wanted) < 2:
            return self.keys.index(wanted) if wanted in self.keys else -1
        found = [place for place, known in enumerate(self.keys) if known == wanted]
        exact = read(name).exact
        return next((n for n in found if read(self.people[n].name).exact == exact), found[0])


class Goal(msgspec.Struct, frozen=True):
    """A standing goal.

    Args:
        side: the index of the side that gains.
        scorer: the index of the scorer among its people; -1 where it is not known.
        time: microseconds since 1970.
        entry: the id of its entry; empty where it has none, as a goal of a confirmed score.
    """

    side: int
    scorer: int
    time: int
    entry: str = ""


class Kick(msgspec.Struct, frozen=True):
    """A kick of the shoot-out.

    Args:
        side: the index of the side that takes it.
        scored: None where the kick went unreported: that it was taken follows from the one after.
        time: microseconds since 1970; of an unreported one that of the kick after it.
    """

    side: int
    scored: bool | None
    time: int = 0


class FootballPeriod(msgspec.Struct, frozen=True):
    """A period that was reported.

    Args:
        name: one of `kinds.PERIODS`.
        began: microseconds since 1970.
        ended: likewise; None while it runs.
        implied: nothing was reported of it but the final whistle.
        stops: from when until when play was interrupted, likewise; None while it is.
    """

    name: str
    began: int
    ended: int | None = None
    implied: bool = False
    stops: tuple[tuple[int, int | None], ...] = ()

    def played(self, time: int) -> int:
        """Return how long was played from its beginning to a time, interruptions left out
        (microseconds)."""
        stopped = 0
        for since, until in self.stops:
            stopped += max(0, (time if until is None else min(time, until)) - since)
        return time - self.began - stopped


class FootballState(msgspec.Struct, frozen=True):
    """A match up to some moment.

    Args:
        origins: the two sides, first named first.
        rules: the match's settings.
        sides: in the order of `origins`.
        goals: those that stand, in order.
        kicks: of the shoot-out, in order.
        periods: those reported, in order.
        finished: the final whistle has gone.
        taken_back: the entries and claims whose goals were disallowed.
    """

    origins: tuple[str, str]
    rules: FootballRules
    sides: tuple[FootballSide, FootballSide]
    goals: tuple[Goal, ...] = ()
    kicks: tuple[Kick, ...] = ()
    periods: tuple[FootballPeriod, ...] = ()
    finished: bool = False
    taken_back: frozenset[str] = frozenset()

    @property
    def period(self) -> str:
        """The name of the latest period known to have begun; empty where none was reported."""
        return self.periods[-1].name if self.periods else ""

    @property
    def level(self) -> bool:
        """Whether neither side is ahead, the leg before included."""
        home, away = self.aggregate
        if home != away:
            return False
        # Who is at home today was away in the first leg.
        return not self.rules.away_goals or self.rules.before[0] == self.sides[1].goals

    @property
    def aggregate(self) -> tuple[int, int]:
        """The goals with those of the leg before, in the order of `origins`."""
        one, two = self.rules.before
        return self.sides[0].goals + one, self.sides[1].goals + two

    def tally(self) -> tuple[int, int]:
        """Return the kicks scored in the shoot-out, in the order of `origins`."""
        scored = [kick.side for kick in self.kicks if kick.scored]
        return scored.count(0), scored.count(1)

    def unreported(self) -> tuple[int, int]:
        """Return the kicks that must have been taken unreported, in the order of `origins`."""
        sides = [kick.side for kick in self.kicks if kick.scored is None]
        return sides.count(0), sides.count(1)


def shootout_winner(state: FootballState) -> int | None:
    """Return the index of the side that has won the shoot-out, or None while it is open.

    Law 10, section 3: each side takes five kicks; it ends as soon as one has more goals than the
    other could reach with its kicks left; level after five, it goes on kick by kick until one
    is ahead after as many kicks each. An unreported kick may have gone either way.
    """
    taken = [kick.side for kick in state.kicks]
    rounds = max(5, taken.count(0), taken.count(1))
    tally, unreported = state.tally(), state.unreported()
    for side, other in ((0, 1), (1, 0)):
        if tally[side] > tally[other] + unreported[other] + rounds - taken.count(other):
            return side
    return None
