"""What a legal action does to a match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from ...protocol import limits
from ...protocol.errors import SettingError
from ...protocol.times import SECOND
from ..capabilities import Implied
from ..names import canonical as key
from ..names import read
from ..sport import Action
from . import kinds
from .kinds import CONCUSSION, KICKS, KICKS_APART, KICKS_WITHIN, OFFICIALS, OWN_GOAL, PERIODS
from .laws import disallowed, nominal_minutes
from .rules import FootballRules
from .state import (
    FootballPeriod,
    FootballPlayer,
    FootballSide,
    FootballState,
    Goal,
    Kick,
)

MOST_PEOPLE = 2 * limits.LINEUP
"""The most people of one side of which anything is known: no match names so many."""


def kick_off(
    origins: Sequence[str], rules: FootballRules, lineups: Mapping[str, Sequence[str]] | None
) -> FootballState:
    """Return the state before anything happened.

    Raises:
        SettingError: not two different sides, a line-up of neither, or a name twice in one.
    """
    if len(origins) != 2 or not all(origins) or origins[0] == origins[1]:
        raise SettingError(f"football is played by two sides, not {', '.join(origins) or 'none'}")
    lineups = lineups or {}
    for origin in lineups:
        if origin not in origins:
            raise SettingError(f"a line-up for {origin!r}; the sides are {', '.join(origins)}")
    first, second = (_side(origin, lineups.get(origin, ()), rules.players) for origin in origins)
    return FootballState((origins[0], origins[1]), rules, (first, second))


def _side(origin: str, names: Sequence[str], players: int) -> FootballSide:
    seen = set()
    for name in names:
        as_read = key(name), read(name).exact  # Baumann and Bäumann are two
        if not name.strip() or as_read in seen:
            raise SettingError(f"the line-up of {origin} names {name!r} twice or not at all")
        seen.add(as_read)
    people = tuple(
        FootballPlayer(name, on=place < players, starts=place < players)
        for place, name in enumerate(names)
    )
    return FootballSide(
        people,
        tuple(map(key, names)),
        starters_known=bool(names),
        bench_known=len(names) > players,
        keeper=names[0] if names else "",
    )


def after(state: FootballState, action: Action) -> FootballState:
    """Return the state after an action that the Laws allow."""
    change = _CHANGES.get(action.title)
    if change is not None:
        return change(state, action)
    return _kick(state, action) if action.title in KICKS else state


def _goal(state: FootballState, action: Action) -> FootballState:
    if action.entry and action.entry in state.taken_back:
        return state  # its time, as people state it, is after that of the whistle against it
    index = state.origins.index(action.origin)
    side = state.sides[index]
    scorer = -1
    name = str(action.details.get("player", ""))
    if name and action.details.get("how") != OWN_GOAL:
        side, scorer = _known(side, name, on=True)
    if scorer >= 0:
        player = side.people[scorer]
        side = _changed(side, scorer, replace(player, goal_times=(*player.goal_times, action.time)))
    goal = Goal(index, scorer, action.time, action.entry)
    state = _with(state, index, replace(side, goals=side.goals + 1))
    return decided(replace(state, goals=(*state.goals, goal)))


def _goal_disallowed(state: FootballState, action: Action) -> FootballState:
    place = disallowed(state, action)
    if action.relates_to:
        state = replace(state, taken_back=state.taken_back | {action.relates_to})
    # Nothing is taken away where the goal is gone already, or was never accepted.
    return state if place < 0 else decided(_without_goal(state, place))


def _without_goal(state: FootballState, place: int) -> FootballState:
    """Return the state without one of its goals, and the scorer without it."""
    goal = state.goals[place]
    side = state.sides[goal.side]
    if goal.scorer >= 0:
        player = side.people[goal.scorer]
        kept = list(player.goal_times)
        kept.remove(goal.time)
        side = _changed(side, goal.scorer, replace(player, goal_times=tuple(kept)))
    state = _with(state, goal.side, replace(side, goals=side.goals - 1))
    return replace(state, goals=state.goals[:place] + state.goals[place + 1 :])


def _card(state: FootballState, action: Action) -> FootballState:
    index = state.origins.index(action.origin)
    name = str(action.details.get("player", ""))
    if not name:
        return state
    official = action.details.get("person") in OFFICIALS
    side, place = _known(state.sides[index], name, official=official, any_name=True)
    if place < 0:
        return state
    person = side.people[place]
    if action.title != "red_card" and state.period == "shootout":
        person = replace(person, yellow_in_shootout=True)
    if action.title != "red_card":
        person = replace(person, yellow=True)
    if action.title != "yellow_card":
        person = replace(person, red=True, on=False, red_time=action.time)
    return _with(state, index, _changed(side, place, person))


def _substitution(state: FootballState, action: Action) -> FootballState:
    index = state.origins.index(action.origin)
    side = state.sides[index]
    off, on = str(action.details.get("off", "")), str(action.details.get("on", ""))
    if off:
        side, place = _known(side, off, any_name=True)
        if place >= 0:
            side = _changed(side, place, replace(side.people[place], on=False, left=True))
    if on:
        side, place = _known(side, on, any_name=True)
        if place >= 0:
            side = _changed(side, place, replace(side.people[place], on=True, left=False))
    keeper = on if side.keeper and key(off) == key(side.keeper) else side.keeper
    reason = action.details.get("reason")
    side = replace(
        side,
        substitutions=side.substitutions + 1,
        ordinary=side.ordinary + bool(reason and reason != CONCUSSION),
        concussions=side.concussions + (reason == CONCUSSION),
        keeper=keeper,
    )
    return _with(state, index, side)


def _kick(state: FootballState, action: Action) -> FootballState:
    side = state.origins.index(action.origin)
    if state.period != "shootout":
        state = _begun(state, "shootout", action.time)
    kicks = state.kicks
    if kicks and kicks[-1].side == side:
        # Law 10: the kicks alternate, so the other side took one that nobody reported.
        kicks = (*kicks, Kick(1 - side, None, action.time))
    return replace(state, kicks=(*kicks, Kick(side, KICKS[action.title], action.time)))


def implied(state: FootballState, action: Action) -> Implied | None:
    """Return the kick of the other side that lies between a kick and the one before it, or before
    the first that was heard; None where there need be none."""
    if action.title not in KICKS or action.origin not in state.origins:
        return None
    side = state.origins.index(action.origin)
    other = (state.origins[1 - side],)
    # What is told of the same moment is this kick, and its sides are mixed up.
    apart = round(KICKS_APART / 2 * SECOND)
    until = action.time - apart
    if not state.kicks:
        # Who kicks first is drawn by lot (Law 10): it may have been the other side.
        since = action.time - round(KICKS_WITHIN * SECOND)
        if state.period == "shootout":
            since = max(since, state.periods[-1].began)
        return Implied(tuple(KICKS), other, since, until)
    last = state.kicks[-1]
    return Implied(tuple(KICKS), other, last.time + apart, until) if last.side == side else None


def _period_start(state: FootballState, action: Action) -> FootballState:
    return _begun(state, str(action.details["period"]), action.time)


def _begun(state: FootballState, name: str, time: int) -> FootballState:
    periods = _ended(state, time)
    if periods and periods[-1].implied and periods[-1].name == name:
        periods = periods[:-1]  # the final whistle was not of this one: it begins only now
    return replace(state, periods=(*periods, FootballPeriod(name, time)), finished=False)


def _ended(state: FootballState, time: int) -> tuple[FootballPeriod, ...]:
    """Return the periods with the running one ended, whether or not anybody said so."""
    if state.periods and state.periods[-1].ended is None:
        return (*state.periods[:-1], replace(state.periods[-1], ended=time))
    return state.periods


def _period_end(state: FootballState, action: Action) -> FootballState:
    name = str(action.details["period"])
    if state.period != name:
        length = nominal_minutes(state.rules, name) * 60 * SECOND
        state = _begun(state, name, action.time - length)
    state = replace(state, periods=_ended(state, action.time))
    return replace(state, finished=not _goes_on(state))


def _full_time(state: FootballState, action: Action) -> FootballState:
    state = replace(state, periods=_ended(state, action.time))
    if not state.periods or PERIODS.index(state.period) < 1:
        # The whistle is the first that anybody said of the second half.
        length = nominal_minutes(state.rules, "second_half") * 60 * SECOND
        began = action.time - length
        second = FootballPeriod("second_half", began, action.time, implied=True)
        state = replace(state, periods=(*state.periods, second))
    return replace(state, finished=not _goes_on(state))


def _goes_on(state: FootballState) -> bool:
    """Return whether play goes on after the latest period, which has ended (Law 10)."""
    rules, period = state.rules, PERIODS.index(state.period)
    if period == 4:
        # A shoot-out can't end level: if its end was reported, kicks were not.
        return False
    if period in (0, 2):
        return True
    due = rules.shootout or (rules.extra_time and period == 1)
    return due and state.level


_CHANGES: dict[str, Callable[[FootballState, Action], FootballState]] = {
    "goal": _goal,
    "goal_disallowed": _goal_disallowed,
    "yellow_card": _card,
    "second_yellow": _card,
    "red_card": _card,
    "substitution": _substitution,
    "period_start": _period_start,
    "period_end": _period_end,
    "full_time": _full_time,
}
"""What is not here, such as a corner, changes nothing."""

UNMOVED = frozenset(kind.title for kind in kinds.of(True, True)) - _CHANGES.keys() - KICKS.keys()
"""The titles of what changes nothing."""


def _known(
    side: FootballSide,
    name: str,
    *,
    on: bool = False,
    official: bool = False,
    any_name: bool = False,
) -> tuple[FootballSide, int]:
    """Return the side with a person of this name, and the person's place; -1 where none can be.

    Args:
        side: of which the person is.
        name: as it was said.
        on: if new, the person is on the pitch.
        official: if new, the person is an official.
        any_name: take a new name even where the line-up is known.
    """
    place = side.find(name)
    if place >= 0:
        return side, place
    if (side.starters_known and not any_name) or len(side.people) >= MOST_PEOPLE:
        return side, -1
    people = (*side.people, FootballPlayer(name, on=on, official=official))
    return replace(side, people=people, keys=(*side.keys, key(name))), len(people) - 1


def _changed(side: FootballSide, place: int, person: FootballPlayer) -> FootballSide:
    return replace(side, people=(*side.people[:place], person, *side.people[place + 1 :]))


def with_goals(state: FootballState, goals: tuple[int, int], time: int) -> FootballState:
    """Return the state with so many goals of each side: the latest go, unknown scorers come.

    Args:
        state: the match.
        goals: of each side.
        time: of the goals that come, microseconds.
    """
    for index in (0, 1):
        while state.sides[index].goals > goals[index]:
            latest_goal = max(n for n, goal in enumerate(state.goals) if goal.side == index)
            state = _without_goal(state, latest_goal)
        missing = goals[index] - state.sides[index].goals
        if missing:
            side = replace(state.sides[index], goals=goals[index])
            unknown = (Goal(index, -1, time),) * missing
            state = replace(_with(state, index, side), goals=state.goals + unknown)
    return decided(state)


def with_tally(state: FootballState, tally: tuple[int, int]) -> FootballState:
    """Return the state with so many kicks of the shoot-out scored by each side.

    Kicks are added in turn, those that the tally does not have as missed; a tally that fell is
    kicked anew from the first on. Unreported ones were scored as far as the tally has more.
    """
    if state.tally() == tally and state.period == "shootout" and state.unreported() == (0, 0):
        return state
    if state.period != "shootout":
        state = _begun(state, "shootout", latest(state))
    first = state.kicks[0].side if state.kicks else (0 if tally[0] >= tally[1] else 1)
    if state.tally()[0] > tally[0] or state.tally()[1] > tally[1]:
        state = replace(state, kicks=())
    for place, kick in enumerate(state.kicks):
        if kick.scored is None:
            known = replace(kick, scored=state.tally()[kick.side] < tally[kick.side])
            kicks = (*state.kicks[:place], known, *state.kicks[place + 1 :])
            state = replace(state, kicks=kicks)
    while state.tally() != tally:
        side = 1 - state.kicks[-1].side if state.kicks else first
        kick = Kick(side, state.tally()[side] < tally[side], latest(state))
        state = replace(state, kicks=(*state.kicks, kick))
    return decided(state)


def decided(state: FootballState) -> FootballState:
    """Return the state with the match over or on, as its goals say after the latest whistle."""
    if not state.periods or state.periods[-1].ended is None:
        return state
    return replace(state, finished=not _goes_on(state))


def latest(state: FootballState) -> int:
    """Return the latest time known in a match, microseconds since 1970; 0 where none is."""
    times = [goal.time for goal in state.goals]
    for period in state.periods:
        times += [period.began, period.ended or 0]
    return max(times, default=0)


def _with(state: FootballState, index: int, side: FootballSide) -> FootballState:
    first, second = state.sides
    return replace(state, sides=(side, second) if index == 0 else (first, side))
