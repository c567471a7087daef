"""How an entry is shown, by what its sport says of it (`sports/presentation.py`). Pure.

The pages do the same in their own language (`gateway/static/js/presentation.js`, `entry_text.js`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..protocol.messages import Entry
from ..runtime.languages import SOURCE, current, tr
from ..sports import statements
from ..sports.presentation import Line, Look, Presentation, ScoreLayout, When

_NAME = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What an entry comes to.

    Args:
        icon: the drawing's name.
        title: what happened.
        side: its origin; empty where it has none to name.
        who: people and particulars.
        then: the score after it, where it changed it.
        clock: stands where the clock stands, when none runs.
        weight: `key`, `big`, or empty.
        parts: whether it parts the feed.
    """

    icon: str
    title: str
    side: str = ""
    who: str = ""
    then: str = ""
    clock: str = ""
    weight: str = ""
    parts: bool = False


def shown(
    entry: Entry, presentation: Presentation, kinds: Mapping[str, str], sides: Sequence[str]
) -> Shown:
    """Return what an entry comes to.

    Args:
        entry: any.
        presentation: of its sport.
        kinds: the words on the actions' buttons, by title.
        sides: the origins of the event.
    """
    words = kinds.get(entry.title) or _capital(entry.title.replace("_", " "))
    if entry.title == statements.TITLE:
        return Shown("", _stated(entry, presentation) or entry.text or words, weight="key")
    look = look_of(entry, presentation)
    return Shown(
        icon=look.icon or entry.title,
        title=_capital(_say(entry, presentation, look.title, sides)) or words,
        side="" if look.nobody else entry.origin,
        who=_who(entry, presentation, look, sides),
        then=pair(entry.score, look.then, sides) if look.then else "",
        clock=look.clock,
        weight=look.weight,
        parts=look.parts,
    )


def _stated(entry: Entry, presentation: Presentation) -> str:
    """Return what a statement says; empty in English, in which the host says it."""
    if current() == SOURCE:
        return ""
    details = dict(entry.details)
    reason = str(details.pop("reason", ""))
    details.pop("entry", None)
    name, value = next(((name, str(value)) for name, value in details.items()), ("", ""))
    words = presentation.words
    if name == statements.SCORE.name:
        return tr("The score, as it is stated at the ground")
    if name != statements.PLAY.name:
        label = _capital(presentation.labels.get(name, name))
        return f"{label}: {words.get(name, {}).get(value, value)}" if name else ""
    said = tr("Play goes on") if value == "resumed" else tr("Play is interrupted")
    return f"{said}: {words.get('reason', {}).get(reason, reason)}" if reason else said


def look_of(entry: Entry, presentation: Presentation) -> Look:
    """Return how an entry is shown; plainly where nothing is said of it."""
    looks = presentation.looks.get(entry.title, presentation.other)
    return next((look for look in looks if fits(look.when, entry)), Look())


def fits(when: When | None, entry: Entry) -> bool:
    """Return whether an entry is as a condition says; none fits any."""
    if when is None:
        return True
    if when.origin and bool(entry.origin) != (when.origin == "some"):
        return False
    if when.details and bool(entry.details) != (when.details == "some"):
        return False
    if when.detail and when.detail not in entry.details:
        return False
    if when.value and entry.details.get(when.detail) != when.value:
        return False
    return not when.counts or _counts(entry.score.get(when.counts))


def pair(score: Mapping[str, object], key: str, sides: Sequence[str], dash: str = "–") -> str:
    """Return what two sides have under a key of a score as `2–1`; empty where there is no such."""
    found = score.get(key)
    if len(sides) != SIDES or not isinstance(found, Mapping):
        return ""
    return dash.join(str(found.get(side, 0)) for side in sides)


SIDES = 2
"""Of so many sides a score is a pair."""

FIRST = 3
"""How many of many sides are named in a line."""


def score_line(score: Mapping[str, object], layout: ScoreLayout, sides: Sequence[str]) -> str:
    """Return the score in a line, of names and figures alone, so that it reads in every language;
    empty where there is nothing to say yet.

    Args:
        score, layout: the sport's.
        sides: of the event.
    """
    counted = pair(score, layout.counts, sides)
    if layout.kind == "sets" and len(sides) == SIDES:
        over = score.get(layout.sets)
        sets = [f"{one}–{other}" for one, other in over] if isinstance(over, list | tuple) else []
        columns = () if score.get("winner") else layout.columns
        now = [found for column in columns if (found := pair(score, column.key, sides))]
        return " ".join((sides[0], *sets, *now, sides[1]))
    if layout.kind == "sides" and counted:
        extra = pair(score, layout.extra, sides)
        further = f", {layout.extra_text.replace('{}', extra)}" if extra else ""
        return f"{sides[0]} {counted} {sides[1]}{further}"
    rows = score.get(layout.table.rows) if layout.table.rows else None
    if isinstance(rows, list | tuple):
        placed = [row for row in rows if row.get("place")][:FIRST]
        return " · ".join(f"{row['place']}. {row.get(layout.table.who)}" for row in placed)
    counts = score.get(layout.counts)
    if isinstance(counts, Mapping):
        best = sorted(counts.items(), key=lambda one: -one[1])[:FIRST]
        return " · ".join(f"{name} {points}" for name, points in best)
    return ""


def _counts(part: object) -> bool:
    values = part.values() if isinstance(part, Mapping) else [part]
    return any(bool(one) and str(one) != "0" for one in values)


def _who(entry: Entry, presentation: Presentation, look: Look, sides: Sequence[str]) -> str:
    if look.who == "all":
        details = entry.details.items()
        words = [
            value if isinstance(value, str) else f"{name.replace('_', ' ')} {value}"
            for name, value in details
        ]
    else:
        words = [_say(entry, presentation, line, sides) for line in look.who]
    return " · ".join(filter(None, words))


def _say(entry: Entry, presentation: Presentation, line: Line, sides: Sequence[str]) -> str:
    """Return the first of several templates whose names are all known, filled."""
    for template in line:
        values = {
            name: _value(entry, presentation, name, sides) for name in _NAME.findall(template)
        }
        if all(values.values()):
            filled = _NAME.sub(lambda found, values=values: values[found[1]], template)  # type: ignore[misc]  # bound in the loop
            return re.sub(r"([.!?…])\.$", r"\1", filled)
    return ""


def _value(entry: Entry, presentation: Presentation, name: str, sides: Sequence[str]) -> str:
    if name.startswith("score."):
        return pair(entry.score, name.removeprefix("score."), sides)
    found = entry.details.get(name, "")
    if found in presentation.unsaid.get(name, ()):
        return ""
    words = presentation.words.get(name)
    if words is None:
        return str(found)
    return words.get(str(found)) or str(found).replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
