"""Whether points can be played that lead from one state of a match to a score.

The search is exact: it goes through the rules of `scoring`. It is quick because whatever the
points, either side can still win the game being played, so that only the games on the way are
gone through one by one, and points only where they decide the answer: in the game in which the
score stands, and in tie-breaks, whose points are a part of the score.
"""

from __future__ import annotations

from dataclasses import replace

from . import scoring
from .confirmed import Confirmed
from .state import Pair, TennisState


def leads(before: TennisState, to: Confirmed) -> bool:
    """Return whether points, none or more, lead from a state to a score.

    The time it takes grows with the largest number in either, at most `confirmed.MOST`.
    """
    if before.ended:
        return to.stands(before)
    # Out of any score either side can win by going two ahead: beyond that nothing new is found.
    most = max(12, *to.numbers, *before.games) + 2
    waiting = [replace(before, points=_canonical(before, before.points))]
    # How sets that are over came about matters only where the score says it, and then it agrees.
    seen: set[tuple[Pair, Pair]] = set()
    while waiting:
        state = waiting.pop()
        place = state.sets, state.games
        if place in seen or _beyond(state, to, most):
            continue
        seen.add(place)
        if state.ended:
            if to.stands(state):
                return True
            continue
        if to.stands(state):
            return True
        here = _sought(state, to)
        if not here and state.tiebreak_to is None:
            waiting += [scoring.game(state, side, None) for side in (0, 1)]
            continue
        standing, over = _points(state, _most_points(state, to))
        if here and any(to.stands(one) for one in standing):
            return True
        waiting += over
    return False


def _sought(state: TennisState, to: Confirmed) -> bool:
    """Return whether the score may stand at other points of the game being played."""
    if to.points is None or to.sets not in {None, state.sets}:
        return False
    if to.games not in {None, state.games}:
        return False
    one, two = to.points
    if isinstance(one, str) or isinstance(two, str):
        return state.tiebreak_to is None
    # Rule 5(b): far enough ahead at its mark, a tie-break is over. What is absurd costs no search.
    mark = state.tiebreak_to
    return mark is not None and (max(one, two) < mark or abs(one - two) < state.tiebreak_by)


def _most_points(state: TennisState, to: Confirmed) -> int:
    """Return the points of one side up to which to search the game being played; see `leads`."""
    points = [state.tiebreak_to or 4, *state.points]
    if _sought(state, to):
        points += [point for point in to.points or () if isinstance(point, int)]
    if to.past is not None and len(state.past) < len(to.past):
        points += to.past[len(state.past)].tiebreak or ()
    return max(points) + 2


def _points(state: TennisState, most: int) -> tuple[list[TennisState], list[TennisState]]:
    """Return the states that points lead to in the game being played, and those just after it."""
    standing, over = [state], []
    seen = {state.points}
    for at in standing:
        for side in (0, 1):
            after = scoring.point(at, side)
            if after.games != at.games or after.sets != at.sets:
                over.append(after)
                continue
            points = _canonical(after, after.points)
            if points not in seen and max(points) <= most:
                seen.add(points)
                standing.append(replace(after, points=points))
    return standing, over


def _canonical(state: TennisState, points: Pair) -> Pair:
    """Return the fewest points that are called alike: after deuce only the lead counts (rule 5)."""
    spare = min(points) - 3
    if state.tiebreak_to is not None or spare <= 0:
        return points
    return points[0] - spare, points[1] - spare


def _beyond(state: TennisState, to: Confirmed, most: int) -> bool:
    """Return whether no points can lead to the score any more: what was won is never lost."""
    if not to.begins_with(state.past) or max(state.games) > most:
        return True
    if to.sets is not None and (state.sets[0] > to.sets[0] or state.sets[1] > to.sets[1]):
        return True
    bound = None
    if to.past is not None and len(state.past) < len(to.past):
        bound = to.past[len(state.past)].games
    elif to.sets == state.sets:
        bound = to.games
    return bound is not None and (state.games[0] > bound[0] or state.games[1] > bound[1])
