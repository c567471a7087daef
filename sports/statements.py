"""What people at the ground can state besides what happens: the score, that play is interrupted.

A statement is an action of its own, titled `state`, of one subject. It has its place on the
timeline like any other, and what it says is in force from there on. Every sport takes a score and
an interruption of play; a sport that knows more is a `capabilities.Stating`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..protocol.messages import Detail as Value
from ..protocol.times import SECOND
from .capabilities import Reviews, Stating
from .sport import Action, Detail, Kind, Sport, State, misfit

TITLE = "state"
"""The title of every statement; no action of a sport is called so."""

SCORE = Detail("score", "the score as it stands")
PLAY = Detail("play", "whether play is interrupted", choices=("interrupted", "resumed"))
REVIEW = Detail("review", "of an entry, by the officials", choices=("begun", "over"))
REASON = Detail("reason", "why")
ENTRY = Detail("entry", "the entry that is reviewed")

BESIDE: Mapping[str, tuple[str, ...]] = {
    PLAY.name: (REASON.name,),
    REVIEW.name: (REASON.name, ENTRY.name),
}
"""What may be said besides of a subject."""


BUTTONS: Mapping[tuple[str, str], str] = {
    (PLAY.name, "interrupted"): "Play interrupted",
    (PLAY.name, "resumed"): "Play goes on",
    (REVIEW.name, "begun"): "Under review",
    (REVIEW.name, "over"): "Review over",
}
"""What stands on the buttons of what is stated in one word."""

RESUMES_SECONDS = 60.0
"""An action of play so long after an interruption, or longer, shows that play went on. One that is
nearer happened before it perhaps: people are late with both, and not equally late."""

_REASONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (PLAY.name, "interrupted"): ("injury", "medical", "water", "weather", "crowd", "technical"),
    (REVIEW.name, "begun"): ("offside", "foul", "handball", "mistaken identity"),
}
"""Reasons that are offered with it; any other can be typed."""

_BESIDE = {detail.name: detail for detail in (REASON, ENTRY)}


@dataclass(frozen=True, slots=True)
class StatementButton:
    """A statement as reporters are offered it.

    Args:
        text: on the button.
        says: the details that it states as it is.
        details: those that are asked for.
        of: titles of the entries that it may be about; empty where it is about none.
    """

    text: str
    says: Mapping[str, Value]
    details: tuple[Detail, ...]
    of: tuple[str, ...] = ()


def buttons(sport: Sport, origins: Iterable[str]) -> tuple[StatementButton, ...]:
    """Return the statements that reporters of a sport are offered: one for each word that can be
    said of a subject, and one for each subject that is a number, a text or a score.

    Args:
        sport: of the event.
        origins: of the event.
    """
    found = []
    reviewed = tuple(sorted(sport.reviewed)) if isinstance(sport, Reviews) else ()
    for one in subjects(sport):
        beside = _beside(one.name)
        of = reviewed if one.name == REVIEW.name else ()
        words = [word for word in one.choices if (one.name, word) in BUTTONS]
        for word in words:
            text = BUTTONS[one.name, word]
            found.append(StatementButton(text, {one.name: word}, _beside(one.name, word), of))
        if not words:
            choices = tuple(origins) if one.origin else one.choices
            asked = replace(one, required=True, choices=choices)
            text = f"The {one.name.replace('_', ' ')}"
            found.append(StatementButton(text, {}, (asked, *beside), of))
    return tuple(found)


def _beside(subject: str, word: str = "") -> tuple[Detail, ...]:
    """Return what may be said besides of a subject, with the reasons that are offered."""
    reasons = _REASONS.get((subject, word), ())
    return tuple(
        replace(_BESIDE[name], suggested=reasons) if name == REASON.name else _BESIDE[name]
        for name in BESIDE.get(subject, ())
    )


def subjects(sport: Sport) -> tuple[Detail, ...]:
    """Return the subjects on which a sport takes a statement."""
    more = sport.statements if isinstance(sport, Stating) else ()
    review = (REVIEW,) if isinstance(sport, Reviews) else ()
    return (SCORE, PLAY, *review, *more)


def kind(sport: Sport) -> Kind:
    """Return the kind of a sport's statements."""
    known = subjects(sport)
    beside = (REASON, ENTRY) if REVIEW in known else (REASON,)
    return Kind(TITLE, "Statement", (*known, *beside), needs_origin=False)


def unfit(sport: Sport, origins: Iterable[str], action: Action) -> str | None:
    """Return why a statement is not valid, whatever the score, in one sentence, or None.

    Args:
        sport: of the event.
        origins: of the event.
        action: the statement.
    """
    reason = misfit({TITLE: kind(sport)}, origins, action)
    if reason is not None:
        return reason
    said = [one.name for one in subjects(sport) if one.name in action.details]
    if len(said) != 1:
        names = ", ".join(one.name for one in subjects(sport))
        return f"state one thing of {names}, not {len(said)}"
    for name in action.details:
        if name != said[0] and name not in BESIDE.get(said[0], ()):
            return f"a statement of {said[0]} has no {name}"
    return None


def subject(sport: Sport, details: Mapping[str, Value]) -> str:
    """Return what a statement that is valid is about."""
    return next(one.name for one in subjects(sport) if one.name in details)


def is_interruption(action: Action) -> bool:
    """Return whether an action states that play is interrupted."""
    return action.title == TITLE and action.details.get(PLAY.name) == "interrupted"


def resumes(since: int, time: int) -> bool:
    """Return whether an action of play shows that play went on after an interruption.

    Args:
        since: of the interruption; this and the next in microseconds.
        time: of the action.
    """
    return time - since >= RESUMES_SECONDS * SECOND


def apply(sport: Sport, state: State, action: Action) -> State:
    """Return the state after a statement, or after an action of the sport.

    Raises:
        IllegalAction: the action is not legal now.
    """
    if action.title != TITLE:
        return sport.apply(state, action)
    return sport.stated(state, action) if isinstance(sport, Stating) else state


def phrase(sport: Sport, state: State, action: Action) -> str:
    """Return a statement, or an action of the sport, in one sentence; `state` is the one after
    it."""
    if action.title != TITLE:
        return sport.phrase(state, action)
    details = action.details
    if SCORE.name in details:
        return f"The score, as it is stated at the ground: {sport.headline(state)}"
    if PLAY.name in details:
        said = "Play goes on" if details[PLAY.name] == "resumed" else "Play is interrupted"
        return said + (f": {details[REASON.name]}" if REASON.name in details else "")
    if REVIEW.name in details:
        said = "The officials look at something again"
        return said + (f": {details[REASON.name]}" if REASON.name in details else "")
    known = {one.name: one.text for one in subjects(sport)}
    return ", ".join(f"{known[name]}: {value}" for name, value in details.items() if name in known)
