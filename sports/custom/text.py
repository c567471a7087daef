"""A custom contest in words, for people."""

from __future__ import annotations

from collections.abc import Iterable

from ...protocol.times import SECOND
from ..sport import Action
from .definition import Number
from .state import CustomState, short_handed

_HEADLINE_ORIGINS = 5


def headline(state: CustomState) -> str:
    """Return `A 3–1 B` of two origins, `A 1–0 B (21–18 5–3)` where there are sets, and of any other
    number the best few: `A 3 · B 2 · C 0`."""
    if len(state.points) == 2:
        (one, ones), (two, twos) = in_full(state).items()
        # `0 – −1`: without the spaces the minus would be taken for a part of the dash.
        dash = " – " if min(state.counted.values()) < 0 else "–"
        line = f"{one} {ones}{dash}{twos} {two}"
        inside = by_set(state) if state.definition.sets is not None else ""
        return f"{line} ({inside})" if inside else line
    best = sorted(state.points.items(), key=lambda item: -item[1])
    more = len(best) - _HEADLINE_ORIGINS
    shown = in_full(state)
    line = " · ".join(f"{name} {shown[name]}" for name, _ in best[:_HEADLINE_ORIGINS])
    return f"{line} and {more} more" if more > 0 else line


def in_full(state: CustomState) -> dict[str, str]:
    """Return the points of each origin with what stands beside them, such as `187/5 (19.4)`."""
    return {
        origin: f"{_figure(had)}{beside(state, origin)}" for origin, had in state.counted.items()
    }


def _figure(had: Number) -> str:
    return f"−{-had:g}" if had < 0 else f"{had:g}"


def beside(state: CustomState, origin: str) -> str:
    """Return what stands behind an origin's points, such as `/5 (19.4)`."""
    return "".join(
        counter.beside.replace("{}", counter.shown(state.counts[name][origin]))
        for name, counter in state.definition.counters.items()
    )


def by_set(state: CustomState) -> str:
    """Return the points of the sets, such as `21–18 5–3`; where legs win them, the legs, and the
    points of the leg being played: `3–1 2–0, 301–180`. Empty before the first."""
    sets = [*state.past]
    points = tuple(state.points.values())
    leg = f", {_pair(points)}" if state.legs and any(points) else ""
    if any(state.in_set) or leg:
        sets.append(state.in_set)
    return " ".join(map(_pair, sets)) + leg


def _pair(points: Iterable[Number]) -> str:
    return "–".join(f"{one:g}" for one in points)


def phrase(state: CustomState, action: Action) -> str:
    """Return the action in one sentence, such as `Right answer: Owls (art), 11–9`."""
    kind = state.definition.kinds[action.title]
    line = f"{kind.text}: {action.origin}" if action.origin else kind.text
    said = ", ".join(
        value if isinstance(value, str) else f"{name} {value:g}"
        for name, value in action.details.items()
    )
    line = f"{line} ({said})" if said else line
    effect = state.definition.effects[action.title]
    if (effect.points or effect.points_from) and len(state.points) == 2:
        line += f", {_latest(state)}"
    counted = [
        f"{counter.text.lower()} {counter.shown(state.counts[name][action.origin])}"
        for name, counter in state.definition.counters.items()
        if name in state.definition.effects[action.title].counts
    ]
    return f"{line}, {', '.join(counted)}" if counted else line


def _latest(state: CustomState) -> str:
    """Return the points of two origins; after the last of a set those that it ended with, after the
    last of a leg the legs."""
    points = tuple(state.points.values())
    if state.definition.sets is None or any(points):
        return _pair(points)
    if any(state.legs) or not state.past:
        return _pair(state.in_set)
    return _pair(state.past[-1])


def period(state: CustomState) -> str:
    """Return the name of the period or set that is played, or was the last; empty before the first
    and in breaks."""
    sets = state.definition.sets
    if sets is not None:
        begun = bool(any(state.in_set) or any(state.points.values()))
        if state.ended:
            return f"{sets.text} {max(1, len(state.past) + begun)}"
        leg = f", {sets.legs.text} {sum(state.legs) + 1}" if sets.legs is not None else ""
        return f"{sets.text} {len(state.past) + 1}{leg}"
    spans = state.definition.periods
    return spans[len(state.periods) - 1].text if state.on and state.periods else ""


def clock(state: CustomState, time: int) -> str:
    """Return the period, its minute where it has a clock, and who is short at a time."""
    name = period(state)
    if not name or state.definition.sets is not None:
        return name
    place = len(state.periods) - 1
    span = state.definition.periods[place]
    words = name
    if span.minutes and state.began is not None:
        words += f" {_stands(state, place, time)}"
    short = [
        f"{origin} {'one' if count == 1 else count} short"
        for origin, count in short_handed(state, time).items()
    ]
    return " · ".join([words, *short])


def _stands(state: CustomState, place: int, time: int) -> str:
    """Return where the clock of a period stands: its minute, or what is left of it."""
    spans = state.definition.periods
    span, played = spans[place], state.played(time)
    if span.clock == "down":
        left = max(0, round(span.minutes * 60) - played // SECOND)
        return f"{left // 60}:{left % 60:02}"
    before = sum(one.minutes for one in spans[:place])
    minute = played // (60 * SECOND) + 1
    added = minute - span.minutes
    return f"{before + min(minute, span.minutes):g}" + (f"+{added:g}'" if added > 0 else "'")
