"""How a custom contest is shown: plainly, by what its definition counts."""

from __future__ import annotations

from collections.abc import Mapping

from ...protocol.errors import SettingError
from ..presentation import (
    NAMED,
    Chart,
    Clock,
    ClockMark,
    ClockPart,
    Column,
    LineUp,
    Look,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Statistic,
    When,
)
from .definition import Definition, define


def shown(rules: Mapping[str, object] | None) -> Presentation:
    """Return how a contest is shown, under the name that its definition has; plainly where that is
    not valid."""
    raw = (rules or {}).get("definition")
    try:
        definition = define(raw)
    except SettingError:
        named = raw.get("text") if isinstance(raw, Mapping) else None
        text = named if isinstance(named, str) and named else "Custom"
        return Presentation(text, lineup=LineUp(named=NAMED))
    sets = definition.sets
    return Presentation(
        definition.text or "Custom",
        looks=_looks(definition),
        drawings=definition.drawings,
        score=_score(definition),
        clock=_clock(definition),
        lineup=LineUp(named=NAMED),
        statistics=tuple(
            Statistic(counter.text, _counted_by(definition, name))
            for name, counter in definition.counters.items()
            if not counter.anew and not counter.by
        ),
        chart=Chart(counts="" if sets is None else _point(definition)),
        form=_form(definition),
        many=sets is None and not definition.periods,
    )


def _form(definition: Definition) -> ScoreForm:
    if definition.sets is not None:
        if definition.sets.legs is not None:
            return ScoreForm("text", label="Legs of each, {first} first, points: 3-1 2-0, 301-180")
        return ScoreForm("text", label="Points of each, {first} first: 21-18 5-3")
    # What stands beside the points is not asked for.
    beside = ScoreForm("text", label="Points, {first} first: 120-95")
    return beside if definition.has_beside else ScoreForm()


def _looks(definition: Definition) -> dict[str, tuple[Look, ...]]:
    """Return how what counts points of a set is shown: the point, or the set that it wins."""
    sets = definition.sets
    if sets is None:
        return {}
    over = "legs" if sets.legs is not None else "sets"
    small = sets.legs.text if sets.legs is not None else sets.text
    point = Look(who="all", then="points", weight="", when=When(counts="points"))
    won = Look(title=(small,), who="all", icon="set", then=over, weight="big")
    if sets.legs is not None:
        leg = Look(title=(small,), who="all", icon="set", then=over, when=When(counts="legs"))
        won = Look(title=(sets.text,), who="all", icon="set", then="sets", weight="big")
        looks: tuple[Look, ...] = (point, leg, won)
    else:
        looks = (point, won)
    return {
        title: looks
        for title, effect in definition.effects.items()
        if effect.points or effect.points_from
    }


def _score(definition: Definition) -> ScoreLayout:
    sets = definition.sets
    if sets is None:
        extra = "in_full" if definition.has_beside else ""
        return ScoreLayout(extra=extra, extra_text="{}")
    return ScoreLayout(
        kind="sets",
        counts="sets",
        sets="previous",
        set_text=sets.text,
        columns=(
            *((Column("legs", sets.legs.text),) if sets.legs is not None else ()),
            Column("points", "Points"),
        ),
        changes=("sets",),
    )


def _clock(definition: Definition) -> Clock:
    sets = definition.sets
    if sets is not None:
        return Clock(part=f"{sets.text} {{}}", counted="previous")
    if not definition.periods:
        return Clock()
    parts = tuple(ClockPart(one.text, one.minutes, one.clock) for one in definition.periods)
    return Clock("parts", parts=parts, marks=_marks(definition))


def _marks(definition: Definition) -> dict[str, tuple[ClockMark, ...]]:
    marks: dict[str, tuple[ClockMark, ...]] = {}
    for title, effect in definition.effects.items():
        marked: list[ClockMark] = []
        if effect.period:
            marked.append(effect.period)
        if effect.clock:
            marked.append(effect.clock)
        if effect.points or effect.points_from:
            marked.append("scores")
        if marked:
            marks[title] = tuple(marked)
    return marks


def _counted_by(definition: Definition, counter: str) -> tuple[str, ...]:
    """Return the actions that a counter counts."""
    return tuple(title for title, effect in definition.effects.items() if counter in effect.counts)


def _point(definition: Definition) -> str:
    """Return the action that counts a point of a set; empty where none does by itself."""
    found = (title for title, effect in definition.effects.items() if effect.points)
    return next(found, "")
