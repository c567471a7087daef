"""The state of a custom contest: points by origin, sets, periods, and who is short or serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...protocol.times import SECOND
from .definition import ClockMark, Definition, Effect, Number, PeriodMark


@dataclass(frozen=True, slots=True)
class CustomState:
    """An event after some actions; treat its mappings as read-only.

    Args:
        definition: of the sport.
        points: by origin, in the order of the event's origins; those of the current set where there
            are sets.
        ended: nothing more can happen.
        periods: what was scored in each that has begun, by origin.
        began: when the last of them did, microseconds since 1970; None: that went unreported.
        on: it is played.
        out: who is one short: until when, the origin, and whether a goal of the others ends it;
            the first to end first.
        past: points of the sets that are over, in the order of the origins; the legs, where these
            win a set.
        legs: won in the current set, in the order of the origins; none where there are no legs.
        serving: who serves, or has the ball; by turns, who served first in this set. Empty where
            it is not known.
        counts: by counter and origin.
        stopped: since when the clock stands, microseconds since 1970; None while it runs.
        interrupted: it stands since play was stated to be interrupted.
        paused: for how long it has stood before in this period, microseconds.
        lost: the origin that has lost by an action; empty where none has.
    """

    definition: Definition
    points: Mapping[str, Number]
    ended: bool = False
    periods: tuple[Mapping[str, Number], ...] = ()
    began: int | None = None
    on: bool = False
    out: tuple[tuple[int, str, bool], ...] = ()
    past: tuple[tuple[Number, ...], ...] = ()
    legs: tuple[int, ...] = ()
    serving: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stopped: int | None = None
    interrupted: bool = False
    paused: int = 0
    lost: str = ""

    @property
    def sets(self) -> Mapping[str, int]:
        """The sets won, by origin."""
        return {
            origin: sum(points[place] == max(points) for points in self.past)
            for place, origin in enumerate(self.points)
        }

    @property
    def counted(self) -> Mapping[str, Number]:
        """What decides who wins, by origin: the sets won, or points where there are none."""
        return self.points if self.definition.sets is None else self.sets

    @property
    def last_set(self) -> bool:
        """Whether the set being played is the last that the match can have."""
        most = self.definition.win_at or 0
        return len(self.past) >= 2 * most - 2

    @property
    def in_set(self) -> tuple[Number, ...]:
        """What wins the set being played: the legs, or points where there are none."""
        return self.legs or tuple(self.points.values())

    @property
    def last_leg(self) -> bool:
        """Whether the set is over with the leg being played, whoever wins it."""
        sets, legs = self.definition.sets, self.legs
        if sets is None or not legs:
            return False
        return sets.is_decided_by((legs[0], legs[1]), self.last_set)

    @property
    def server(self) -> str:
        """Who serves next, or has the ball; empty where it is not known, or play is over."""
        if self.ended or not self.serving:
            return ""
        return self.serving if self._turns() % 2 == 0 else self.other(self.serving)

    def served_by(self, origin: str) -> CustomState:
        """Return the state in which an origin serves next, or has the ball."""
        first = origin if self._turns() % 2 == 0 else self.other(origin)
        return replace(self, serving=first)

    def other(self, origin: str) -> str:
        """Return the other of two origins."""
        return next(one for one in self.points if one != origin)

    def _turns(self) -> int:
        """Return how many turns of service were completed in this set; 0 where there are none."""
        sets = self.definition.sets
        if sets is None or sets.serve != "turns":
            return 0
        played = int(sum(self.in_set))
        # Where both are a point short of winning, service changes with each point.
        level = 2 * (int(sets.last_at if self.last_set else sets.win_at) - 1)
        return min(played, level) // sets.turn + max(0, played - level)

    def played(self, time: int) -> int:
        """Return for how long the clock has run in this period, microseconds."""
        until = time if self.stopped is None else min(time, self.stopped)
        return max(0, until - (time if self.began is None else self.began) - self.paused)


def short_handed(state: CustomState, time: int) -> dict[str, int]:
    """Return by origin how many it is short at a time, those that are."""
    found: dict[str, int] = {}
    for until, origin, _ in state.out:
        if until > time:
            found[origin] = found.get(origin, 0) + 1
    return found


def sent_out(state: CustomState, origin: str, effect: Effect, time: int) -> CustomState:
    """Return the state in which an origin is one short from now on."""
    until = time + round(effect.out * SECOND)
    running = (one for one in state.out if one[0] > time)
    return replace(state, out=tuple(sorted((*running, (until, origin, effect.freed)))))


def scored(state: CustomState, gained: Mapping[str, Number], time: int) -> CustomState:
    """Return the state after origins have gained points, and a set or the event where they win it.

    Args:
        state: the one before.
        gained: by origin; may be less than nothing.
        time: microseconds since 1970.
    """
    points = {origin: had + gained.get(origin, 0) for origin, had in state.points.items()}
    state = _freed(with_points(state, points), gained, time)
    sets = state.definition.sets
    if sets is None:
        return state
    best = max(gained, key=lambda origin: gained[origin])
    if sets.legs is not None:
        if not sets.legs.won(points.values(), state.last_leg):
            return state
        best = max(points, key=lambda origin: points[origin])
        legs = tuple(had + (origin == best) for had, origin in zip(state.legs, points, strict=True))
        state = part_begins(replace(state, legs=legs, points=dict.fromkeys(points, 0)))
    if sets.serve == "winner" and (sets.legs or gained[best] > 0):
        state = replace(state, serving=best)
    if not sets.won(state.in_set, state.last_set):
        return state
    if sets.serve == "turns" and state.serving:
        state = replace(state, serving=state.other(state.serving))
    past = (*state.past, state.in_set)
    state = replace(state, past=past, legs=no_legs(state.definition))
    return part_begins(replace(state, points=dict.fromkeys(points, 0)))


def no_legs(definition: Definition) -> tuple[int, ...]:
    """Return the legs won at the beginning of a set; nothing where there are none."""
    return (0, 0) if definition.sets is not None and definition.sets.legs is not None else ()


def _freed(state: CustomState, gained: Mapping[str, Number], time: int) -> CustomState:
    """Return the state in which a goal ends the first time out of a side that was shorter."""
    short = short_handed(state, time)
    most = max((short.get(origin, 0) for origin, points in gained.items() if points > 0), default=0)
    for one in state.out:
        until, origin, freed = one
        if freed and until > time and gained.get(origin, 0) <= 0 and short[origin] > most:
            return replace(state, out=tuple(other for other in state.out if other != one))
    return state


def with_points(state: CustomState, points: Mapping[str, Number]) -> CustomState:
    """Return the state with other points; what is new counts in the period that was last."""
    if not state.definition.periods:
        return replace(state, points=points)
    *before, last = state.periods or (dict.fromkeys(points, 0),)
    last = {origin: last[origin] + points[origin] - state.points[origin] for origin in points}
    # Points before any whistle tell that the first period is played.
    on = state.on or not state.periods
    return replace(state, points=points, periods=(*before, last), on=on)


def tallied(state: CustomState, counters: Iterable[str], origin: str) -> CustomState:
    """Return the state after an action that some counters count."""
    counts = dict(state.counts)
    for name in counters:
        counts[name] = {**counts[name], origin: counts[name][origin] + 1}
    return replace(state, counts=counts)


def part_begins(state: CustomState) -> CustomState:
    """Return the state in which what is counted in each period or set begins anew."""
    counters = state.definition.counters
    counts = {
        name: dict.fromkeys(before, 0) if counters[name].anew else before
        for name, before in state.counts.items()
    }
    return replace(state, counts=counts)


def marked(state: CustomState, mark: PeriodMark, time: int) -> CustomState:
    """Return the state after a period has begun or ended.

    A whistle that nobody reported is taken as given: a period begins though the one before has not
    ended, and ends though it has not begun.
    """
    if mark == "begins":
        periods = state.periods
        # The first period may be known by its points alone: this is its whistle.
        if not periods or state.began is not None or not state.on:
            periods = (*periods, dict.fromkeys(state.points, 0))
            state = part_begins(state)
        return replace(state, periods=periods, began=time, on=True, stopped=None, paused=0)
    periods = state.periods or (dict.fromkeys(state.points, 0),)
    return replace(state, periods=periods, on=False)


def clock_marked(state: CustomState, mark: ClockMark, time: int) -> CustomState:
    """Return the state after the clock of a period was stopped or started, where it can be."""
    spans = state.definition.periods
    if not state.on or not state.periods or not spans[len(state.periods) - 1].clock:
        return state
    state = replace(state, interrupted=False)
    if mark == "stops" and state.stopped is None:
        return replace(state, stopped=time)
    if mark == "starts" and state.stopped is not None:
        return replace(state, stopped=None, paused=state.paused + max(0, time - state.stopped))
    return state


def no_mark(state: CustomState, mark: PeriodMark) -> str | None:
    """Return why no period can begin or end now, in a sentence, or None where it can."""
    spans = state.definition.periods
    if mark == "begins" and len(state.periods) >= len(spans):
        return f"{len(spans)} periods have begun, and there are no more"
    if mark == "ends" and state.periods and not state.on:
        return f"{spans[len(state.periods) - 1].text} has already ended"
    return None


def won(state: CustomState) -> bool:
    """Return whether points, or sets where there are any, have ended the event."""
    definition = state.definition
    best, *others = sorted(state.counted.values(), reverse=True)
    lead = best - others[0] if others else best
    over = len(state.periods) - state.on
    if definition.mercy and over >= definition.mercy_periods and lead >= definition.mercy:
        return True
    # Two that reach the mark level have not decided it, whatever lead is asked for.
    reached = definition.win_at is not None and best >= definition.win_at
    return reached and lead > 0 and lead >= definition.win_by


def winner(state: CustomState) -> str:
    """Return who has won; empty while the event is on, and where it ended level."""
    if not state.ended:
        return ""
    # Who has lost by an action wins by no count.
    left = {origin: count for origin, count in state.counted.items() if origin != state.lost}
    best = max(left.values(), default=0)
    leaders = [origin for origin, count in left.items() if count == best]
    return leaders[0] if len(leaders) == 1 else ""
