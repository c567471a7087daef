"""Two claims that are too close to be of two happenings. Pure.

A goal of the 30th minute that two tell forty seconds later, as if it had just been, is a claim of
its own: no second goal of one side is to be had so soon, and nobody of those who told the first
tells the second.
"""

from __future__ import annotations

from ....protocol.times import SECOND
from .claims import Claim


def suspect(claim: Claim) -> Claim | None:
    """Return the claim, or that of an entry, that a claim of an action probably repeats, or None.

    It is of the same action, origin and people, as far as these are said, closer than the thing can
    happen twice, and no reporter has told both. Of the two the one that is an entry was first, else
    the one with more voters, else the older one.
    """
    index = claim.index
    if index.kind is None or not index.kind.least_apart:
        return None
    apart = round(index.kind.least_apart * SECOND)
    found = [
        (abs(other.mean - claim.mean), other.number, other)
        for other in index.near(claim.mean, apart)
        if other is not claim
        and other.standing != "DELETED"
        and abs(other.mean - claim.mean) < apart
        and not (other.voters | other.yes) & (claim.voters | claim.yes)
        and index.rules.fit(claim.identity, other.identity)
        and _rank(other) < _rank(claim)
    ]
    return min(found)[2] if found else None


def _rank(claim: Claim) -> tuple[bool, int, int]:
    return not claim.entry_id, -len(claim.votes), claim.number
