"""Claims that say the same in another word: what is taken back, and that an event is over. Pure."""

from __future__ import annotations

from ....protocol.times import SECOND
from .actions import possible
from .claims import Claim
from .related import DELETE, taken_back
from .state import EventState

ENDS_SINCE = 11
"""The edition of the rules, see `records.EDITION`, since which who reports the action that ends an
event speaks for its end; before, two who said `final` and two who voted to end were two and two."""


def of(state: EventState, claim: Claim) -> list[Claim]:
    """Return the open claims that say in another word what a claim says.

    A goal that is disallowed and one that is deleted are off either way. Where the final whistle
    has gone, the event is over.
    """
    if claim.index.kind is not None or not state.edition:
        return []
    if claim.index.title == "delete":
        return _disallowed(state, claim)
    if claim.index.title == "end" and not claim.index.key and state.edition >= ENDS_SINCE:
        return _whistles(state, claim)
    return []


def ends(state: EventState, claim: Claim) -> list[Claim]:
    """Return the open votes to end the event, where a claim is of an action that ends it."""
    if not _is_whistle(claim) or state.edition < ENDS_SINCE:
        return []
    return [one for one in state.claims.ends() if not one.index.key]


def _whistles(state: EventState, claim: Claim) -> list[Claim]:
    if state.finished or not claim.voters & ~state.roster.on_probation:
        return []
    return [one for one in state.claims.open.values() if _is_whistle(one) and _is_end(state, one)]


def _is_whistle(claim: Claim) -> bool:
    # Who gives up, and why, is not said by a vote to end.
    kind = claim.index.kind
    return kind is not None and kind.ends and not kind.needs_origin


def _is_end(state: EventState, claim: Claim) -> bool:
    if not claim.voters & ~state.roster.on_probation:
        return False  # of these none says what it was
    details = claim.agreed_details(state.roster.on_probation)
    action, reason = possible(state, claim, claim.mean, details)
    before = state.timeline.state_before(action.time, claim.number)
    return (
        reason is None
        and not state.sport.over(before)
        and state.sport.over(state.sport.apply(before, action))
    )


def _disallowed(state: EventState, claim: Claim) -> list[Claim]:
    entry = state.timeline.versions.get(claim.index.origin)
    if entry is None or entry.status == "DELETED":
        return []
    found = []
    for kind in state.kinds.values():
        index = state.claims.find_index((kind.title, entry.origin))
        if kind.same == DELETE and kind.relates_to == entry.title and index is not None:
            reach = round(kind.relates_within * SECOND)
            found += [
                one
                for one in index.near(entry.time, reach)
                if one.number in state.claims.open
                and taken_back(state, kind, entry.origin, one.mean) == entry.entry_id
            ]
    return found


def deletions(state: EventState, claim: Claim, taken: str = "") -> list[Claim]:
    """Return the open votes to delete what a claim takes back in another word.

    Args:
        state: the event.
        claim: of a correction.
        taken: the id of the entry that it takes back, where that is known.
    """
    kind = claim.index.kind
    if kind is None or kind.same != DELETE or not state.edition:
        return []
    entry_id = taken or taken_back(state, kind, claim.index.origin, claim.mean)
    index = state.claims.find_index((DELETE, entry_id, "")) if entry_id else None
    return [] if index is None else [one for one in index.near(0, 0) if not one.entry_id]
