"""How a custom contest is shown: plainly, by what its definition counts."""

from __future__ import annotations

from collections.abc import Mapping

from ...protocol.errors import SettingError
from ..presentation import (
    NAMED,
    Chart,
    Column,
    LineUp,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Statistic,
)
from .definition import Definition, Sets, define


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
        score=_score(sets),
        lineup=LineUp(named=NAMED),
        statistics=tuple(
            Statistic(counter.text, _counted_by(definition, name))
            for name, counter in definition.counters.items()
            if not counter.anew and not counter.by
        ),
        chart=Chart(counts="" if sets is None else _point(definition)),
        form=ScoreForm()
        if sets is None
        else ScoreForm("text", label="Points of each, {first} first: 21-18 5-3"),
    )


def _score(sets: Sets | None) -> ScoreLayout:
    if sets is None:
        return ScoreLayout()
    return ScoreLayout(
        kind="sets",
        counts="sets",
        sets="previous",
        set_text=sets.text,
        columns=(Column("points", "Points"),),
        changes=("sets",),
    )


def _counted_by(definition: Definition, counter: str) -> tuple[str, ...]:
    """Return the actions that a counter counts."""
    return tuple(title for title, effect in definition.effects.items() if counter in effect.counts)


def _point(definition: Definition) -> str:
    """Return the action that counts a point of a set; empty where none does by itself."""
    found = (title for title, effect in definition.effects.items() if effect.points)
    return next(found, "")
