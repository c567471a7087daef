"""What contradicts itself within one report: somebody who is of the other side, or is named twice.
Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ..protocol.errors import NotFound
from ..protocol.messages import Card
from . import get, presentation_of
from .capabilities import Consistent, Contradiction
from .names import EventNames, Forms
from .sport import Action

Check = Callable[[Action], Contradiction | None]
"""check(action): what in it contradicts itself, or None."""


def names_of(card: Card, forms: Forms = Forms.LOOSE) -> EventNames:
    """Return the names of an event.

    Args:
        card: the event.
        forms: those that are known, see `names.read`.
    """
    named = presentation_of(card.sport, card.rules).lineup.named
    return EventNames(card.origins, card.lineups, named, forms)


def check_of(card: Card, names: EventNames | None = None) -> Check:
    """Return the check of an event's reports; one that finds nothing where the sport has none.

    Args:
        card: the event.
        names: its names, where they are known already.
    """
    try:
        sport = get(card.sport)
    except NotFound:
        return unchecked
    if not isinstance(sport, Consistent) or not any(card.lineups.values()):
        return unchecked
    known = names or names_of(card)

    def check(action: Action) -> Contradiction | None:
        origin = known.origin(action.origin) or action.origin
        return sport.contradiction(replace(action, origin=origin), known)

    return check


def without_contradiction(check: Check, names: EventNames | None, action: Action) -> Action:
    """Return an action without the names that contradict the line-ups.

    Votes on each detail by itself can lead to what nobody said: a scorer of the other side, whom
    one names for an own goal, where most have seen a header.
    """
    while names is not None and check(action) is not None:
        found = names.misplaced(action) or names.doubled(action)
        if found is None:
            break
        kept = {name: value for name, value in action.details.items() if name != found.detail}
        action = replace(action, details=kept)
    return action


def misplaced(action: Action, names: EventNames) -> Contradiction | None:
    """Return what is wrong where a detail names somebody of the wrong side, or somebody whom
    another one names, or None."""
    found = names.misplaced(action)
    if found is None:
        return _doubled(action, names)
    (other,) = names.others(action.origin)
    without = {name: value for name, value in action.details.items() if name != found.detail}
    return offer(
        names,
        f"{found.name} is in the line-up of {found.side}, and {found.detail} names one of"
        f" {found.wanted}: report it with the origin {other}, or without {found.detail}",
        "Which side is it?",
        (f"{other}", replace(action, origin=other)),
        (f"{action.origin}, without the name", replace(action, details=without)),
    )


def _doubled(action: Action, names: EventNames) -> Contradiction | None:
    found = names.doubled(action)
    if found is None:
        return None
    details = action.details
    without = {
        left_out: replace(action, details={n: v for n, v in details.items() if n != left_out})
        for left_out in (found.first, found.detail)
    }
    return offer(
        names,
        f"{found.name} is named twice, as {found.first} and as {found.detail}: leave one out",
        "Which is it?",
        (f"{found.first}: {found.name}", without[found.detail]),
        (f"{found.detail}: {found.name}", without[found.first]),
    )


def offer(
    names: EventNames, sentence: str, question: str, *answers: tuple[str, Action]
) -> Contradiction:
    """Return a contradiction with those answers that contradict nothing themselves."""
    good = tuple(
        answer
        for answer in answers
        if names.misplaced(answer[1]) is None and names.doubled(answer[1]) is None
    )
    return Contradiction(sentence, question, good)


def unchecked(_action: Action) -> None:
    """Find nothing: the check of a sport that has none."""
