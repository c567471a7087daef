"""Votes on what is already there: delete or amend an entry, undo a report, end the event, confirm
the score after an outage.

They travel as reports whose title is one of `WORDS`, so that they share the outbox, the count and
the receipts. `details` of a delete or amend name the `entry`; the rest of an amend's details are
what it changes. `details` of an undo name the number `n` of the reporter's own report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ....protocol.errors import BadReport, NotFound
from ....protocol.messages import Detail, Entry, Happening
from ....sports import Action, Kind, Score, misfit
from .claims import Claim, Claims

WORDS = frozenset({"delete", "amend", "undo", "end", "confirm"})

Key = tuple[str, ...]
"""The word, the entry's id, and for an amend what it changes."""


def read(
    event: Happening, versions: Mapping[str, Entry], kinds: Mapping[str, Kind]
) -> tuple[Key, dict[str, Detail]]:
    """Return the lane of a vote to delete, amend or end, and the details that it changes.

    Raises:
        BadReport, NotFound: it names no standing entry, or changes what can't be changed.
    """
    if event.title == "end":
        return ("end", ""), {}
    changes = dict(event.details or {})
    entry_id = str(changes.pop("entry", ""))
    entry = versions.get(entry_id)
    if entry is None:
        raise NotFound(f"{event.title}: no entry {entry_id!r}; name it with the detail entry")
    check_stands(event.title, entry)
    if event.title == "delete":
        return ("delete", entry_id), {}
    if not changes:
        raise BadReport("amend: say what changes, such as the detail player")
    details = {**entry.details, **changes}
    reason = misfit(kinds, (entry.origin,), Action(entry.title, entry.origin, 0, details))
    if reason is not None:
        raise BadReport(f"amend: {reason}")
    return ("amend", entry_id, repr(sorted(changes.items()))), changes


def score_key(score: Score) -> Key:
    """Return the lane of a confirmed score: equal scores have equal keys."""
    return ("confirm", "", msgspec.json.encode(score, order="deterministic").decode())


def key_score(key: str) -> Score:
    """Return the score that the third part of such a lane's key names."""
    score: Score = msgspec.json.decode(key)
    return score


def find_vote(event: Happening, index: int, claims: Iterable[Claim]) -> Claim:
    """Return the claim that a member's report, which it wants to undo, went into.

    Args:
        event: the undo; its detail `n` names the report.
        index: the member's.
        claims: where to look, the likely ones first.

    Raises:
        BadReport: there is no such report, or it has expired.
    """
    number = (event.details or {}).get("n")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadReport("undo: name your report's number with the detail n")
    for claim in claims:
        if (index, number) in claim.votes:
            return claim
    raise BadReport(f"undo: your report {number} is in no claim and no entry")


def check_stands(word: str, entry: Entry) -> None:
    """Refuse a vote on an entry that is gone.

    Raises:
        BadReport: it is deleted.
    """
    if entry.status == "DELETED":
        raise BadReport(f"{word}: entry {entry.entry_id} is deleted already")


def rivals(claim: Claim, by_entry: Mapping[str, Claim], claims: Claims) -> list[Claim]:
    """Return the claims whose voters hold to what a correction would change.

    Against a deletion, those who reported the entry; against an amendment, those who would amend
    it otherwise; against a confirmed score, those who see another.
    """
    if claim.lane.title == "delete":
        return [by_entry[claim.lane.origin]]
    if claim.lane.title == "amend":
        return [other for other in claims.amendments(claim.lane.origin) if other is not claim]
    if claim.lane.title == "confirm":
        return [other for other in confirmations(claims) if other is not claim]
    return []


def confirmations(claims: Claims) -> list[Claim]:
    """Return the open claims that state a score after an outage."""
    return [
        claim
        for claim in claims.open.values()
        if claim.lane.kind is None and claim.lane.title == "confirm"
    ]
