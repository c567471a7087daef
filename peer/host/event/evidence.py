"""How many speak for a claim and how many against it. Pure; changes nothing."""

from __future__ import annotations

from ....protocol.messages import Evidence
from .claims import Claim
from .state import EventState


def rivals(state: EventState, claim: Claim) -> list[Claim]:
    """Return the claims whose voters speak against a claim.

    Against an action stand the claims of actions that exclude it; against a deletion the claim of
    the entry; against an amendment the other amendments of the entry; against a confirmed score
    the other scores.
    """
    claims, title = state.claims, claim.index.title
    if claim.index.kind is not None:
        return claims.rivals(claim)
    if title == "delete":
        return [state.by_entry[claim.index.origin]]
    if title == "amend":
        return [other for other in claims.amendments(claim.index.origin) if other is not claim]
    if title == "confirm":
        return [other for other in claims.confirmations() if other is not claim]
    return []


def of(state: EventState, claim: Claim) -> Evidence:
    """Return the votes that count for and against a claim, with as many present as there are."""
    voters = 0
    for rival in rivals(state, claim):
        voters |= rival.voters
    on_probation = state.roster.on_probation
    against = (voters & ~claim.voters & ~on_probation).bit_count()
    for_ = len(claim.votes)
    if on_probation:
        for_ -= (claim.voters & on_probation).bit_count()
    return Evidence(
        for_=for_,
        against=against,
        # A reporter may have left after it voted.
        present=max(state.roster.present, for_ + against),
        latency_ms=(state.wall - claim.received) / 1000,
    )
