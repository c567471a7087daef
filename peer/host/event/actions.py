"""What a claim says happened, as far as the sport's rules permit it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ....protocol.messages import Detail, Entry
from ....sports import Action
from .claims import Claim
from .related import against, taken_back
from .state import EventState
from .titles import details_of


def possible(
    state: EventState,
    claim: Claim,
    time: int,
    details: Mapping[str, Detail],
    entry: Entry | None = None,
) -> tuple[Action, str | None]:
    """Return what a claim says happened, and why that is not possible, in a sentence, or None.

    Of several titles that votes give it, it has that of most votes which is possible.

    Args:
        state: the event.
        claim: what was reported.
        time, details: on which its reporters agree.
        entry: that of the claim, where it has one: it takes back what it took back.
    """
    first = None
    for title in claim.titled(state.roster.on_probation):
        action = _titled(state, claim, title, time, details, entry)
        reason = _forbids(state, claim, action)
        if reason is None:
            return action, None
        first = first or (action, reason)
    assert first is not None  # each claim has a title
    return first


def does_not_count(correction: str) -> str:
    """Return why a claim is not accepted that a correction takes back, by the entry's id."""
    return f"it does not count: entry {correction} says so"


def _titled(
    state: EventState,
    claim: Claim,
    title: str,
    time: int,
    details: Mapping[str, Detail],
    entry: Entry | None,
) -> Action:
    origin, kind = claim.index.origin, state.kinds[title]
    related = entry.relates_to if entry is not None else ""
    if entry is None and kind.relates_to:
        related = taken_back(state, kind, origin, time)
    said = details_of(kind, details) if claim.titles else details
    return Action(title, origin, time, said, str(claim.number), related)


def _forbids(state: EventState, claim: Claim, action: Action) -> str | None:
    correction = against(state, claim)
    if correction:
        return does_not_count(correction)
    # Its place in match order need not be the end of the timeline.
    before = state.timeline.state_before(action.time, claim.number)
    return state.sport.illegal(before, action)
