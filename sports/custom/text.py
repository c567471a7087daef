"""A custom contest in words, for people."""

from __future__ import annotations

from ...protocol.times import SECOND
from ..sport import Action
from .state import CustomState, short_handed

_HEADLINE_ORIGINS = 5


def headline(state: CustomState) -> str:
    """Return `A 3–1 B` of two origins, `A 3 · B 2 · C 0` (the best few) of any other number."""
    if len(state.points) == 2:
        (one, ones), (two, twos) = state.points.items()
        return f"{one} {ones:g}–{twos:g} {two}"
    best = sorted(state.points.items(), key=lambda item: -item[1])
    more = len(best) - _HEADLINE_ORIGINS
    line = " · ".join(f"{name} {points:g}" for name, points in best[:_HEADLINE_ORIGINS])
    return f"{line} and {more} more" if more > 0 else line


def phrase(state: CustomState, action: Action) -> str:
    """Return the action in one sentence, such as `Right answer: Owls (category art)`."""
    kind = state.definition.kinds[action.title]
    line = f"{kind.text}: {action.origin}" if action.origin else kind.text
    said = ", ".join(f"{name} {value}" for name, value in action.details.items())
    return f"{line} ({said})" if said else line


def period(state: CustomState) -> str:
    """Return the name of the period that is played; empty before the first and in breaks."""
    spans = state.definition.periods
    return spans[len(state.periods) - 1].text if state.on and state.periods else ""


def clock(state: CustomState, time: int) -> str:
    """Return the period, its minute where it has a clock, and who is short at a time."""
    name = period(state)
    if not name:
        return ""
    place = len(state.periods) - 1
    span = state.definition.periods[place]
    words = name
    if span.minutes and state.began is not None:
        before = sum(one.minutes for one in state.definition.periods[:place])
        minute = max(0, time - state.began) // (60 * SECOND) + 1
        added = minute - span.minutes
        words += f" {before + min(minute, span.minutes):g}" + (f"+{added:g}'" if added > 0 else "'")
    short = [
        f"{origin} {'one' if count == 1 else count} short"
        for origin, count in short_handed(state, time).items()
    ]
    return " · ".join([words, *short])
