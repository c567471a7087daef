"""How a sport is shown and what can be reported of it, in the language of now.

A sport says its texts in English, as data; here they are looked up. What a custom sport's own
definition says stays as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from .. import sports
from ..protocol.errors import TouchlineError
from ..runtime.languages import SOURCE, current, tr
from ..sports import Detail, Kind, statements
from ..sports.capabilities import Definable
from ..sports.presentation import Presentation, with_texts
from ..sports.statements import StatementButton


def _say(sport: str, text: str) -> str:
    # A catalogue may have a word in the context of a sport where it means something of its own.
    return tr(text, context=sport)


def spaced(name: str) -> str:
    """Return a name as words: `first_half` gives `first half`."""
    return name.replace("_", " ")


def presentation(sport: str, rules: Mapping[str, object] | None = None) -> Presentation:
    """Return how a sport is shown under some rules."""
    shown = sports.presentation_of(sport, rules)
    if current() == SOURCE:
        return shown
    if is_own(sport):
        return _framed(shown)
    said: Presentation = with_texts(whole(sport, rules), partial(_say, sport))
    return said


def whole(sport: str, rules: Mapping[str, object] | None = None) -> Presentation:
    """Return how a sport that is installed is shown, with words for every value and detail."""
    shown = sports.presentation_of(sport, rules)
    details = _details(sport, rules)
    words = {
        detail.name: {value: spaced(value) for value in (*detail.choices, *detail.suggested)}
        for detail in details
        if detail.choices or detail.suggested
    }
    for name, values in shown.words.items():
        words[name] = {**words.get(name, {}), **values}
    labels = {detail.name: spaced(detail.name) for detail in details} | dict(shown.labels)
    return replace(shown, words=words, labels=labels)


def is_own(sport: str) -> bool:
    """Return whether a sport's texts are those of its definition, or it is not installed here."""
    try:
        return isinstance(sports.get(sport), Definable)
    except TouchlineError:
        return True


def _framed(shown: Presentation) -> Presentation:
    """Return a presentation in which the words that are ours stand around a definition's own."""
    layout = shown.score
    return replace(
        shown,
        score=replace(
            layout, columns=with_texts(layout.columns, tr), table=with_texts(layout.table, tr)
        ),
        chart=with_texts(shown.chart, tr),
        form=with_texts(shown.form, tr),
    )


def _details(sport: str, rules: Mapping[str, object] | None) -> list[Detail]:
    found = sports.get(sport)
    offered = statements.buttons(found, ())
    of_kinds = (detail for kind in found.kinds(rules) for detail in kind.details)
    merged: dict[str, Detail] = {}
    for detail in (*of_kinds, *(one for button in offered for one in button.details)):
        known = merged.get(detail.name)
        if known is None:
            merged[detail.name] = detail
        else:
            choices = (*known.choices, *detail.choices)
            suggested = (*known.suggested, *detail.suggested)
            merged[detail.name] = replace(known, choices=choices, suggested=suggested)
    return list(merged.values())


def kinds(sport: str, rules: Mapping[str, object] | None) -> tuple[Kind, ...]:
    """Return what can be reported of a sport.

    Raises:
        NotFound: it is not installed.
        SettingError: the rules are not valid.
    """
    found = sports.get(sport).kinds(rules)
    if current() == SOURCE or is_own(sport):
        return found
    return tuple(
        replace(kind, text=_say(sport, kind.text), details=_said(kind.details)) for kind in found
    )


def buttons(sport: str, origins: Iterable[str]) -> tuple[StatementButton, ...]:
    """Return what can be stated besides.

    Raises:
        NotFound: the sport is not installed.
    """
    found = statements.buttons(sports.get(sport), origins)
    if current() == SOURCE:
        return found
    return tuple(
        replace(button, text=tr(button.text), details=_said(button.details)) for button in found
    )


def _said(details: Iterable[Detail]) -> tuple[Detail, ...]:
    return tuple(replace(detail, text=tr(detail.text)) for detail in details)
