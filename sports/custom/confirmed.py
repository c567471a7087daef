"""The points of a custom contest as people confirm them: read, compared, and put in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ...protocol.errors import SettingError
from ..sport import Score
from . import confirmed_sets
from .definition import MOST_IN_ALL, Definition, Number, short
from .state import CustomState, with_points, won
from .text import headline

_NUMBER = re.compile(r"(?:(?<![\d.])-)?\d{1,10}(?:\.\d{1,6})?", re.ASCII)

_BETWEEN = " \t\r\n,;:·–-"


def read(state: CustomState, text: str) -> Score:
    """Return the points that a text such as `3-1` or `11, 9, 0` states, in the origins' order.

    A minus sign does not stand behind a digit, and its number stands right behind it: `10--2`.

    Raises:
        SettingError: not one number for each origin.
    """
    if state.definition.sets is not None:
        return confirmed_sets.read(state, state.definition.sets, text)
    numbers = [float(found) for found in _NUMBER.findall(text.replace("−", "-"))]
    if _NUMBER.sub("", text.replace("−", "-")).strip(_BETWEEN) or not numbers:
        wrong = "has more in it than numbers" if numbers else "has no numbers"
    elif len(numbers) != len(state.points):
        wrong = f"has {len(numbers)} numbers for {len(state.points)} origins"
    else:
        whole = [int(number) if number.is_integer() else number for number in numbers]
        score: Score = {"points": dict(zip(state.points, whole, strict=True))}
        stated_points(state, score)
        return score
    names = list(state.points)
    right = "-".join(str(number) for number in range(len(names), 0, -1)[:4])
    raise SettingError(
        f"score: {text[:60]!r} {wrong}; write the points, {names[0]} first, such as {right}"
    )


def gap(before: CustomState, after: CustomState, confirmed: Score) -> str | None:
    """Return why the reports of an outage do not add up to the points, in a sentence, or None.

    Raises:
        SettingError: `confirmed` is not a score of this event.
    """
    if before.definition.sets is not None:
        return confirmed_sets.gap(before, after, before.definition.sets, confirmed)
    stated = stated_points(before, confirmed)
    if stated is not None and not loses(before.definition):
        for origin, points in stated.items():
            if points < before.points[origin]:
                had = before.points[origin]
                return f"{origin} had {had:g} and has {points:g}: no action takes points away"
    if stated is not None and stated != after.points:
        shown = headline(replace(after, points=stated))
        return f"the reported actions add up to {headline(after)}, the score is {shown}"
    over = confirmed.get("over")
    if over is not None and over != after.ended:
        return f"by the reports the event is {'over' if after.ended else 'on'}, by the score not"
    return None


def adopt(state: CustomState, confirmed: Score) -> CustomState:
    """Return the state with the points of a confirmed score.

    Whether they end the event follows from them; one that an action has ended stays over.

    Raises:
        SettingError: `confirmed` is not a score of this event.
    """
    if state.definition.sets is not None:
        return confirmed_sets.adopt(state, state.definition.sets, confirmed)
    stated = stated_points(state, confirmed)
    if stated is None or stated == state.points:
        return state
    after = with_points(state, stated)
    by_action = state.ended and not won(state)
    return replace(after, ended=by_action or won(after))


def stated_points(state: CustomState, score: Score) -> dict[str, Number] | None:
    """Return the points that a score states, by origin in the event's order; None if none."""
    given = score.get("points")
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != set(state.points):
        raise SettingError(f"score: points has a number for each of {', '.join(state.points)}")
    for origin, points in given.items():
        number = isinstance(points, int | float) and not isinstance(points, bool)
        if not number or not abs(points) <= MOST_IN_ALL:
            raise SettingError(f"score: points of {origin} are {short(points)}, not a number")
    return {origin: given[origin] for origin in state.points}


def loses(definition: Definition) -> bool:
    """Return whether an action takes points away."""
    return any(effect.points < 0 for effect in definition.effects.values())
