"""Two claims that are too close to be of two happenings. Pure.

A goal of the 30th minute that two tell forty seconds later, as if it had just been, is a claim of
its own: no second goal of one side is to be had so soon, and nobody of those who told the first
tells the second.
"""

from __future__ import annotations

from ....protocol.times import SECOND
from ....sports.sport import Weight
from .claims import Claim

POINTS_SINCE = 11
"""The edition of the rules, see `records.EDITION`, since which points are suspected too; before,
only what decides a result by itself."""


def suspected(weight: Weight, edition: int) -> bool:
    """Return whether two of a kind that are too close count against each other: what the score
    hangs on, see `Kind.weight`."""
    return weight == "decisive" or (weight == "point" and edition >= POINTS_SINCE)


def suspect(claim: Claim) -> Claim | None:
    """Return the claim, or that of an entry, that a claim of an action probably repeats, or None.

    It is of the same action, origin and people, as far as these are said, closer than the thing can
    happen twice, and no reporter has told both. Of the two the one that is an entry was first, else
    the one with more voters, else the older one.
    """
    found = [
        (abs(other.mean - claim.mean), other.number, other)
        for other in _alike(claim)
        if other.standing != "DELETED" and _rank(other) < _rank(claim)
    ]
    return min(found)[2] if found else None


def voices_alike(claim: Claim) -> int:
    """Return the bits of the reporters that told what is probably the same, too far off to be of
    this claim: they are not silent about it, whichever of the two is right about the time."""
    bits = 0
    for other in _alike(claim):
        bits |= other.independent
    return bits


def _alike(claim: Claim) -> list[Claim]:
    """Return the claims that may be of the same happening, taken back or not."""
    index = claim.index
    if index.kind is None or not index.kind.least_apart:
        return []
    apart = round(index.kind.least_apart * SECOND)
    return [
        other
        for other in index.near(claim.mean, apart)
        if other is not claim
        and abs(other.mean - claim.mean) < apart
        and not (other.voters | other.yes) & (claim.voters | claim.yes)
        and index.rules.fit(claim.identity, other.identity)
    ]


def _rank(claim: Claim) -> tuple[bool, int, int]:
    return not claim.entry_id, -len(claim.votes), claim.number
