"""The points of sets as people confirm them: read, compared, and put in force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...protocol.errors import SettingError
from ..sport import Score, counts
from .definition import Sets
from .state import CustomState, won
from .text import by_set, headline

MOST = 9_999
"""The largest number of points of one set that is believed."""

_PAIR = re.compile(r"[(\[]?(\d{1,4})\s*[-–—−:]\s*(\d{1,4})[)\]]?", re.ASCII)
_WITH_SETS = re.compile(r"\s*\d+\s*[-–—−:]\s*\d+\s*\((.*)\)\s*", re.ASCII | re.DOTALL)
_BETWEEN = " \t\r\n,;·"

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a score says; None where it does not say it.

    Args:
        past: points of the sets that are over.
        points: of the set being played.
    """

    past: tuple[Pair, ...] | None
    points: Pair | None


def read(state: CustomState, sets: Sets, text: str) -> Score:
    """Return the score that a text such as `21-18 5-3` states: the points of each set.

    A pair that ends a set is a set that is over. A single pair that ends none is of the set being
    played, and nothing is said of those before. All of it may stand in brackets behind the sets
    won, as in a headline: `1-0 (21-18 5-3)`; these follow from it.

    Raises:
        SettingError: it can't be read so, or no match comes to it.
    """
    before = _WITH_SETS.fullmatch(text)
    said = before[1] if before else text
    pairs = [(int(one), int(two)) for one, two in _PAIR.findall(said)]
    past: list[Pair] = []
    for pair in pairs:
        if not sets.ends_with(pair, _last(state, past)) or _decided(state, past):
            break
        past.append(pair)
    rest = pairs[len(past) :]
    alone = before is None and len(pairs) == 1 and not past and bool(state.past)
    last = state.last_set if alone else _last(state, past)
    if not pairs or _PAIR.sub("", said).strip(_BETWEEN):
        wrong = "is not pairs of points"
    elif len(rest) > 1 or (rest and (sets.won(rest[0], last) or _decided(state, past))):
        wrong = f"has {rest[0][0]}–{rest[0][1]}, with which no {sets.text.lower()} stands or ends"
    else:
        score: Score = {} if alone else {"previous": [list(pair) for pair in past]}
        if rest:
            score["points"] = dict(zip(state.points, rest[0], strict=True))
        return score
    first = next(iter(state.points))
    raise SettingError(
        f"score: {text[:60]!r} {wrong}; write the points of each, {first} first, such as 21-18 5-3"
    )


def _last(state: CustomState, past: Sequence[Pair]) -> bool:
    return replace(state, past=tuple(past)).last_set


def _decided(state: CustomState, past: Sequence[Pair]) -> bool:
    return won(replace(state, past=tuple(past)))


def gap(before: CustomState, after: CustomState, sets: Sets, confirmed: Score) -> str | None:
    """Return why the reports of an outage do not add up to the points, in a sentence, or None.

    Raises:
        SettingError: `confirmed` is not a score of this event.
    """
    stated = _stated(before, sets, confirmed)
    had = before.past
    if stated.past is not None and stated.past[: len(had)] != had:
        return f"the sets before were {by_set(before)}: they do not change"
    shown = adopt(after, sets, confirmed)
    if (shown.past, shown.points) != (after.past, after.points):
        return f"the reported actions add up to {headline(after)}, the score is {headline(shown)}"
    over = confirmed.get("over")
    if over is not None and over != after.ended:
        return f"by the reports the event is {'over' if after.ended else 'on'}, by the score not"
    return None


def adopt(state: CustomState, sets: Sets, confirmed: Score) -> CustomState:
    """Return the state with a confirmed score in force.

    Service goes on as reported. Sets decide whether the event is over, unless an action has ended
    it.

    Raises:
        SettingError: `confirmed` is not a score of this event.
    """
    stated = _stated(state, sets, confirmed)
    by_action = state.ended and not won(state)
    past = state.past if stated.past is None else stated.past
    after = replace(state, past=past)
    points = tuple(state.points.values()) if past == state.past else (0, 0)
    # Points alone may have been read in another set than the one that is played by now.
    if stated.points is not None and not sets.won(stated.points, after.last_set):
        points = stated.points
    over = won(after)
    points = (0, 0) if over else points
    after = replace(after, points=dict(zip(state.points, points, strict=True)))
    return replace(after, ended=by_action or over)


def _stated(state: CustomState, sets: Sets, score: Score) -> _Stated:
    """Return what a score says, checked."""
    points = counts(score, "points", tuple(state.points), MOST)
    given = score.get("previous")
    if given is None:
        return _Stated(None, None if points is None else (points[0], points[1]))
    if not isinstance(given, list):
        raise SettingError("score: previous is no list of sets")
    past: list[Pair] = []
    for pair in given:
        whole = isinstance(pair, list | tuple) and all(type(one) is int for one in pair)
        if not whole or len(pair) != 2 or not 0 <= min(pair) <= max(pair) <= MOST:
            raise SettingError(f"score: previous holds {str(pair)[:40]!r}, no pair of points")
        if _decided(state, past):
            raise SettingError("score: a set after the end of the match")
        if not sets.won(pair, _last(state, past)):
            raise SettingError(f"score: no set ends {pair[0]}–{pair[1]}")
        past.append((pair[0], pair[1]))
    return _Stated(tuple(past), None if points is None else (points[0], points[1]))
