"""A custom contest in words, for people."""

from __future__ import annotations

from ..sport import Action
from .state import CustomState

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
