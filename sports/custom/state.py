"""The state of a custom contest: points by origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .definition import Definition, Number, PeriodMark


@dataclass(frozen=True, slots=True)
class CustomState:
    """An event after some actions; treat `points` as read-only.

    Args:
        definition: of the sport.
        points: by origin, in the order of the event's origins.
        ended: nothing more can happen.
        periods: what was scored in each that has begun, by origin.
        began: when the last of them did, microseconds since 1970; None: that went unreported.
        on: it is played.
        out: who is one short, and until when, the first to end first.
    """

    definition: Definition
    points: Mapping[str, Number]
    ended: bool = False
    periods: tuple[Mapping[str, Number], ...] = ()
    began: int | None = None
    on: bool = False
    out: tuple[tuple[int, str], ...] = ()


def short_handed(state: CustomState, time: int) -> dict[str, int]:
    """Return by origin how many it is short at a time, those that are."""
    found: dict[str, int] = {}
    for until, origin in state.out:
        if until > time:
            found[origin] = found.get(origin, 0) + 1
    return found


def with_points(state: CustomState, points: Mapping[str, Number]) -> CustomState:
    """Return the state with other points; what is new counts in the period that was last."""
    if not state.definition.periods:
        return replace(state, points=points)
    *before, last = state.periods or (dict.fromkeys(points, 0),)
    last = {origin: last[origin] + points[origin] - state.points[origin] for origin in points}
    # Points before any whistle tell that the first period is played.
    on = state.on or not state.periods
    return replace(state, points=points, periods=(*before, last), on=on)


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
        return replace(state, periods=periods, began=time, on=True)
    periods = state.periods or (dict.fromkeys(state.points, 0),)
    return replace(state, periods=periods, on=False)


def no_mark(state: CustomState, mark: PeriodMark) -> str | None:
    """Return why no period can begin or end now, in a sentence, or None where it can."""
    spans = state.definition.periods
    if mark == "begins" and len(state.periods) >= len(spans):
        return f"{len(spans)} periods have begun, and there are no more"
    if mark == "ends" and state.periods and not state.on:
        return f"{spans[len(state.periods) - 1].text} has already ended"
    return None


def won(definition: Definition, points: Mapping[str, Number]) -> bool:
    if definition.win_at is None:
        return False
    best, *others = sorted(points.values(), reverse=True)
    lead = best - others[0] if others else best
    # Two that reach the mark level have not decided it, whatever lead is asked for.
    return best >= definition.win_at and lead > 0 and lead >= definition.win_by


def winner(state: CustomState) -> str:
    if not state.ended:
        return ""
    best = max(state.points.values())
    leaders = [origin for origin, points in state.points.items() if points == best]
    return leaders[0] if len(leaders) == 1 else ""
