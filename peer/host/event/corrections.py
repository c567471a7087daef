"""Votes on what is already there: delete or amend an entry, undo a report, end the event, confirm
the score after an outage. Pure.

They travel as reports whose title is one of `claims.WORDS`, so that they share the outbox, the
count and the receipts. `details` of a delete or amend name the `entry`; the rest of an amend's
details are what it changes. `details` of an undo name the number `n` of the reporter's own report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec

from ....protocol.errors import BadReport, EventOver, NotFound, SettingError
from ....protocol.messages import Detail, Entry, Happening
from ....protocol.times import LATEST
from ....sports import Action, Kind, Score, misfit
from .claims import Claim
from .evidence import rivals
from .participant import Participant
from .state import EventState

CLOCK_SECONDS = 2.0
"""How far a reporter's clock, as it was measured when it attached, may be off."""

Key = tuple[str, ...]
"""The word, the entry's id, and for an amend what it changes."""


class Corrections:
    """Matches votes on what is there to their claims.

    Args:
        state: its claims change, and those whose vote an undo takes out are to be re-evaluated.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        self._ttl = state.clock.real(state.options.claim_ttl)
        self._inexact = state.clock.span(CLOCK_SECONDS)

    def match(self, reporter: Participant, n: int, event: Happening) -> Claim | None:
        """Add a vote to the claim that it matches; return the claim, or None for an undo.

        Raises:
            PeerError: there is nothing that it could be a vote on.
        """
        state = self._state
        if state.finished:
            raise EventOver(f"{state.card.title} is finished")
        if event.title == "undo":
            return self._undo(reporter, n, event)
        if event.title == "confirm":
            return self._confirm_score(reporter, n, event)
        key, details = read(event, state.timeline.versions, state.kinds)
        return self._vote(reporter, n, key, details)

    def _confirm_score(self, reporter: Participant, n: int, event: Happening) -> Claim:
        state, outage = self._state, self._state.outage
        if outage.state != "reconstructing":
            raise BadReport("no score is asked for: contact with the venue is not just back")
        text = str((event.details or {}).get("score", ""))
        try:
            score = state.sport.read_score(state.timeline.state, text)
            state.sport.adopt(state.timeline.state, score)  # says enough to go on from
        except SettingError as error:
            raise BadReport(error.sentence) from None
        # It is the score that is seen on return: not what is to come, nor one that was seen before
        # contact was lost once more and has been in an outbox since.
        now = state.clock.event_time(state.wall)
        time = event.time + reporter.clock_offset
        first = outage.spans[-1][1] if outage.spans else outage.since
        if first <= time < outage.until - self._inexact:
            raise BadReport("the score is one of before contact was back; look again")
        time = max(time, outage.until)
        time = min(time, LATEST if now is None else now)
        return self._vote(reporter, n, score_key(score), {}, time)

    def _undo(self, reporter: Participant, n: int, event: Happening) -> Claim | None:
        state = self._state
        claim = find_vote(
            event, reporter.voter, chain(state.claims.open.values(), state.by_entry.values())
        )
        if claim.entry_id:  # too late to take it back: it is a vote against the entry
            check_stands("undo", state.timeline.versions[claim.entry_id])
            return self._vote(reporter, n, ("delete", claim.entry_id), {})
        claim.withdraw(reporter.voter, reporter.bit)
        state.re_evaluate += rivals(state, claim)
        return None

    def _vote(
        self, reporter: Participant, n: int, key: Key, details: dict[str, Detail], time: int = 0
    ) -> Claim:
        state = self._state
        index = state.claims.correction_index(*key)
        until = state.now + self._ttl
        claim = index.find(time, reporter.bit, ())
        if claim is None:
            if any(vote.voters & reporter.bit for vote in index.near(0, 0)):
                raise BadReport("you have voted for that already")
            claim = state.claims.start(index, time, (), state.wall, until, reporter.voter)
        claim.add_vote(reporter.voter, reporter.bit, n, time, details)
        claim.until = until
        return claim


def read(
    event: Happening, versions: Mapping[str, Entry], kinds: Mapping[str, Kind]
) -> tuple[Key, dict[str, Detail]]:
    """Return the key of a vote to delete, amend or end, and the details that it changes.

    Raises:
        BadReport, NotFound: it names no standing entry, or changes what cannot be changed.
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
    """Return the key of a confirmed score: equal scores have equal keys."""
    return ("confirm", "", msgspec.json.encode(score, order="deterministic").decode())


def key_score(key: str) -> Score:
    """Return the score that the third part of such a key names."""
    score: Score = msgspec.json.decode(key)
    return score


def find_vote(event: Happening, voter: int, claims: Iterable[Claim]) -> Claim:
    """Return the claim that holds the report which a reporter undoes.

    Args:
        event: the undo; its detail `n` names the report.
        voter: the reporter's number.
        claims: where to look, the likely ones first.

    Raises:
        BadReport: there is no such report, or it has expired.
    """
    number = (event.details or {}).get("n")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadReport("undo: name your report's number with the detail n")
    for claim in claims:
        if (voter, number) in claim.votes:
            return claim
    raise BadReport(f"undo: your report {number} is in no claim and no entry")


def check_stands(word: str, entry: Entry) -> None:
    """Refuse a vote on an entry that is gone.

    Raises:
        BadReport: it is deleted.
    """
    if entry.status == "DELETED":
        raise BadReport(f"{word}: entry {entry.entry_id} is deleted already")
