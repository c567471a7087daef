"""How many speak for a claim and how many against it. Pure; changes nothing."""

from __future__ import annotations

from ....protocol.messages import Evidence
from .claims import Claim
from .related import allies
from .state import EventState


def rivals(state: EventState, claim: Claim) -> list[Claim]:
    """Return the claims whose voters speak against a claim.

    Against an action stand the claims of actions that exclude it; against a deletion the claim of
    the entry; against an amendment the other amendments of the entry; against a statement
    the others of its subject, such as another score; against the end the votes that it is not over,
    and what happened since the first vote for it.
    """
    claims, title = state.claims, claim.index.title
    if claim.index.kind is not None:
        return claims.rivals(claim)
    if title == "delete":
        return [state.by_entry[claim.index.origin]]
    if title == "amend":
        return [other for other in claims.amendments(claim.index.origin) if other is not claim]
    if title in ("confirm", "state"):
        subject = claim.index.origin
        same = [other for other in claims.stated() if other.index.origin == subject]
        return [other for other in same if other is not claim]
    if title == "end":
        others = [other for other in claims.ends() if other is not claim]
        return others if claim.index.key else [*others, *_played_since(state, claim)]
    return []


def _played_since(state: EventState, end: Claim) -> list[Claim]:
    """Return the claims of actions begun after the first vote to end, of what happened then."""
    began = state.clock.event_time(end.received)
    if began is None or not state.edition:
        return []
    numbers = state.claims.since(end.number)
    later = (state.claims.open.get(n) or state.by_entry.get(str(n)) for n in numbers)
    return [
        one for one in later if one is not None and one.index.kind is not None and one.mean > began
    ]


def of(state: EventState, claim: Claim) -> Evidence:
    """Return the votes that count for and against a claim, with as many present as there are."""
    voters = 0
    for rival in rivals(state, claim):
        voters |= rival.voters
    on_probation = state.roster.on_probation
    said = claim.voters
    for ally in allies(state, claim):
        said |= ally.voters
    against = (voters & ~said & ~on_probation).bit_count()
    for_ = (said & ~on_probation).bit_count()
    return Evidence(
        for_=for_,
        against=against,
        # A reporter may have left after it voted.
        present=max(state.roster.present, for_ + against),
        latency_ms=(state.wall - claim.received) / 1000,
    )
