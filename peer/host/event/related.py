"""What a correction takes back: exactly one entry, or a claim that is not accepted yet. Pure.

A goal that is disallowed is one that stands, was not taken back before, and is not too old; not the
latest of its side whatever its age. Where the ball was in the net just before and its claim is
still open, it is that one: the claim is not accepted any more, and the score stays.
"""

from __future__ import annotations

from ....protocol.times import SECOND
from ....sports import Kind
from .claims import Claim
from .state import EventState

DELETE = "delete"
"""The title of votes to delete an entry, and the word of the kinds that say the same."""

REVIEWED_SINCE = 11
"""The edition of the rules, see `records.EDITION`, since which what is under review is never too
old to be taken back."""

LATER_SECONDS = 10.0
"""By so much what is taken back may be later than the correction: people tap late, each by another
time."""


def taken_back(state: EventState, kind: Kind, origin: str, time: int) -> str:
    """Return the id of the entry, or the number of the open claim, that a correction takes back.

    Args:
        state: the event.
        kind: of the correction.
        origin, time: of the correction; microseconds.

    Returns:
        that of the latest one which it can mean; empty where there is none.
    """
    latest = time + round(LATER_SECONDS * SECOND)
    since = time - round(kind.relates_within * SECOND)
    found = [
        (entry.time, entry.entry_id)
        for entry in state.timeline.alike(kind.relates_to, origin)
        if entry.time <= latest
        and (since <= entry.time or (entry.review and state.edition >= REVIEWED_SINCE))
    ]
    index = state.claims.find_index((kind.relates_to, origin))
    if index is not None:
        # What did not count is whistled off at once.
        reach = round(kind.window * SECOND)
        found += [
            (claim.mean, str(claim.number))
            for claim in index.near(time, reach)
            if claim.number in state.claims.open and time - reach <= claim.mean <= latest
        ]
    done = {entry.relates_to for entry in state.timeline.alike(kind.title, origin)}
    return max(((at, which) for at, which in found if which not in done), default=(0, ""))[1]


def against(state: EventState, claim: Claim) -> str:
    """Return the id of the standing entry which says that a claim does not count; empty: none."""
    for title in state.corrections.get(claim.index.title, ()):
        for entry in state.timeline.alike(title, claim.index.origin):
            if entry.relates_to == str(claim.number):
                return entry.entry_id
    return ""


def waiting(state: EventState, claim: Claim) -> list[Claim]:
    """Return the held corrections which may take back a claim that was just opened."""
    title, origin = claim.index.title, claim.index.origin
    found: dict[int, Claim] = {}
    for correction in state.corrections.get(title, ()):
        index = state.claims.find_index((correction, origin))
        if index is None:
            continue
        for held in index.near(claim.mean, round(_furthest(index.kind) * SECOND)):
            kind = held.index.kind
            if held.number not in state.held or kind is None or kind.relates_to != title:
                continue
            if abs(held.mean - claim.mean) <= _furthest(kind) * SECOND:
                found[held.number] = held
    return [found[number] for number in sorted(found)]


def _furthest(kind: Kind | None) -> float:
    """Return how far what a correction takes back may be from it, seconds."""
    # A mean strays by some windows from what the reporters agree on.
    return 0.0 if kind is None else max(4 * kind.window, kind.relates_within) + LATER_SECONDS
