"""How many speak for a claim and how many against it. Pure; changes nothing.

All counts that are published come from here: those of votes on what is there already (`of`), of a
verdict (`of_case`), and of an entry of which only details are in question (`of_details`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....protocol.messages import Detail, Evidence
from . import allies
from .claims import Claim
from .details import contradicts
from .state import EventState
from .verdict.case import Case


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
    for ally in allies.of(state, claim):
        said |= ally.voters
    return counted(
        (said & ~on_probation).bit_count(),
        (voters & ~said & ~on_probation).bit_count(),
        state.roster.present,
        _latency(claim, state.wall),
    )


def of_named(state: EventState, claim: Claim) -> Evidence:
    """Return the reporters that told of a claim of an action, and of what excludes it, by
    themselves: none of those that were shown it before."""
    counted_bits = ~state.roster.on_probation
    own = claim.independent & counted_bits
    others = 0
    for rival in rivals(state, claim):
        others |= rival.independent
    seen = (claim.dependent & counted_bits).bit_count()
    against = (others & ~own & counted_bits).bit_count()
    latency = _latency(claim, state.wall)
    return counted(own.bit_count(), against, state.roster.present, latency, seen)


def of_case(case: Case, claim: Claim, wall: int) -> Evidence:
    """Return what an entry says of why it stands, by what its verdict was asked.

    Args:
        case: what is known of the claim.
        claim: of the entry.
        wall: microseconds since 1970 UTC.
    """
    seen = (claim.dependent & ~(claim.yes | claim.no)).bit_count()
    latency = _latency(claim, wall)
    return counted(case.for_, case.against, case.active, latency, seen, case.together)


def of_details(
    state: EventState, claim: Claim, details: Mapping[str, Detail], changes: Iterable[str]
) -> Evidence:
    """Return how many votes for an entry say otherwise than its details, and how many do not.

    Args:
        state: the event.
        claim: of the entry.
        details: as they are published.
        changes: the names of those that are new, or others than before.
    """
    rules = claim.index.rules
    voters = claim.voters & ~state.roster.on_probation
    against = sum(
        voters >> voter & 1 and contradicts(rules, said, details, changes)
        for voter, said in claim.details.items()
    )
    latency = _latency(claim, state.wall)
    return counted(voters.bit_count() - against, against, state.roster.present, latency)


def counted(
    for_: int, against: int, present: int, latency_ms: float, seen: int = 0, together: int = 0
) -> Evidence:
    """Return the counts of an entry.

    Args:
        for_, against: reporters that speak for it and against it.
        present: those that are there now; some that spoke may have left since.
        latency_ms: from the first report on.
        seen: reporters that spoke after they were shown that others do.
        together: reporters of which one counts, see `enrolment_bursts`.
    """
    return Evidence(
        for_=for_,
        against=against,
        present=max(present, for_ + against),
        latency_ms=latency_ms,
        seen=seen,
        together=together,
    )


def _latency(claim: Claim, wall: int) -> float:
    return (wall - claim.received) / 1000
