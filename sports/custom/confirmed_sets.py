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
        past: points of the sets that are over, or their legs.
        in_set: those of the set being played.
        points: of the leg being played; None where there are no legs.
    """

    past: tuple[Pair, ...] | None
    in_set: Pair | None
    points: Pair | None


def read(state: CustomState, sets: Sets, text: str) -> Score:
    """Return the score that a text such as `21-18 5-3` states: the points of each set.

    A pair that ends a set is a set that is over. A single pair that ends none is of the set being
    played, and nothing is said of those before. All of it may stand in brackets behind the sets
    won, as in a headline: `1-0 (21-18 5-3)`; these follow from it. Where legs win a set, the pairs
    are of legs, and behind a comma stand the points of the leg being played: `3-1 2-0, 301-180`.

    Raises:
        SettingError: it can't be read so, or no match comes to it.
    """
    before = _WITH_SETS.fullmatch(text)
    said = before[1] if before else text
    leg = None
    if sets.legs is not None:
        said, leg = _leg(said)
    pairs = [(int(one), int(two)) for one, two in _PAIR.findall(said)]
    past: list[Pair] = []
    for pair in pairs:
        if not sets.ends_with(pair, _last(state, past)) or _decided(state, past):
            break
        past.append(pair)
    rest = pairs[len(past) :]
    alone = before is None and len(pairs) == 1 and not past and bool(state.past)
    last = state.last_set if alone else _last(state, past)
    key = "points" if sets.legs is None else "legs"
    if not pairs or _PAIR.sub("", said).strip(_BETWEEN):
        wrong = "is not pairs of points"
    elif len(rest) > 1 or (rest and (sets.won(rest[0], last) or _decided(state, past))):
        wrong = f"has {rest[0][0]}–{rest[0][1]}, with which no {sets.text.lower()} stands or ends"
    elif leg is not None and sets.smallest.won(leg, _last_leg(sets, rest, last)):
        wrong = f"has {leg[0]}–{leg[1]}, with which no {sets.smallest.text.lower()} stands"
    else:
        score: Score = {} if alone else {"previous": [list(pair) for pair in past]}
        if rest:
            score[key] = dict(zip(state.points, rest[0], strict=True))
        if leg is not None:
            score["points"] = dict(zip(state.points, leg, strict=True))
        return score
    first = next(iter(state.points))
    right = "21-18 5-3" if sets.legs is None else "3-1 2-0, 301-180"
    raise SettingError(
        f"score: {text[:60]!r} {wrong}; write the {key} of each, {first} first, such as {right}"
    )


def _leg(said: str) -> tuple[str, Pair | None]:
    """Return a text without the points of a leg behind its last comma, and these."""
    before, comma, behind = said.rpartition(",")
    pair = _PAIR.fullmatch(behind.strip())
    if not comma or pair is None:
        return said, None
    return before, (int(pair[1]), int(pair[2]))


def _last_leg(sets: Sets, rest: Sequence[Pair], last: bool) -> bool:
    return sets.is_decided_by(rest[0] if rest else (0, 0), last)


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
    if (shown.past, shown.in_set, shown.points) != (after.past, after.in_set, after.points):
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
    now = state.in_set if past == state.past else (0, 0)
    # Points alone may have been read in another set than the one that is played by now.
    if stated.in_set is not None and not sets.won(stated.in_set, after.last_set):
        now = stated.in_set
    over = won(after)
    now = (0, 0) if over else now
    points = now
    if sets.legs is not None:
        after = replace(after, legs=(int(now[0]), int(now[1])))
        same = past == state.past and after.legs == state.legs and not over
        points = tuple(state.points.values()) if same else (0, 0)
        said = stated.points
        if said is not None and not over and not sets.legs.won(said, after.last_leg):
            points = said
    after = replace(after, points=dict(zip(state.points, points, strict=True)))
    return replace(after, ended=by_action or over)


def _stated(state: CustomState, sets: Sets, score: Score) -> _Stated:
    """Return what a score says, checked."""
    points = _two(state, score, "points")
    legs = None if sets.legs is None else _two(state, score, "legs")
    now = (points, None) if sets.legs is None else (legs, points)
    given = score.get("previous")
    if given is None:
        return _Stated(None, *now)
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
    return _Stated(tuple(past), *now)


def _two(state: CustomState, score: Score, key: str) -> Pair | None:
    found = counts(score, key, tuple(state.points), MOST)
    return None if found is None else (found[0], found[1])
