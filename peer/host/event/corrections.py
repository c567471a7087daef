"""Votes on what is already there: delete or amend an entry, undo a report, end the event. Pure.

They travel as reports whose title is one of `claims.WORDS`, so that they share the outbox, the
count and the receipts. `details` of a delete or amend name the `entry`; the rest of an amend's
details are what it changes. `details` of an undo name the number `n` of the reporter's own report.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ....protocol.errors import (
    BadReport,
    Contradictory,
    EventOver,
    NotAllowed,
    NotFound,
)
from ....protocol.messages import Detail, Entry, Happening
from ....sports import Action, Kind, misfit
from ....timeline.timeline import action_of
from . import ending
from .ballots import Key, cast, change_mind
from .claims import Claim
from .details import RulesOf
from .evidence import rivals
from .participant import Participant
from .state import EventState
from .statements import Statements

TAKES: Mapping[str, tuple[str, ...]] = {
    "delete": ("entry",),
    "undo": ("n",),
    "confirm": ("score",),
    "end": tuple(ending.DETAILS),
}
"""The details that each word takes; an amendment takes those of the action as well."""


class Corrections:
    """Matches votes on what is there to their claims.

    Args:
        state: its claims change, and those whose vote an undo takes out are to be re-evaluated.
        statements: takes those in, which share the words' ways.
    """

    def __init__(self, state: EventState, statements: Statements) -> None:
        self._state = state
        self._ttl = state.clock.real(state.options.claim_ttl)
        self._statements = statements

    def match(self, reporter: Participant, n: int, event: Happening) -> Claim | None:
        """Add a vote to the claim that it matches; return the claim, or None for an undo.

        Raises:
            PeerError: there is nothing that it could be a vote on.
        """
        state = self._state
        if state.closed:
            raise EventOver(f"{state.card.title} is finished")
        if state.edition:
            check_details(event)
        if event.title == "undo":
            return self._undo(reporter, n, event)
        if event.title in ("confirm", "state"):
            return self._statements.match(reporter, n, event)
        if event.title == "end":
            return self._vote_on_end(reporter, n, event)
        key, details = read(event, state.timeline.versions, state.kinds, state.claims.rules)
        if details:
            self._check(state.timeline.versions[key[1]], details)
        return self._vote(reporter, n, key, details)

    def _check(self, entry: Entry, changes: Mapping[str, Detail]) -> None:
        """Refuse changes by which an entry contradicts itself.

        Raises:
            Contradictory: it did not before.
        """
        check = self._state.contradiction
        found = check(action_of(replace(entry, details={**entry.details, **changes})))
        if found is not None and check(action_of(entry)) is None:
            raise Contradictory(f"amend: {found.sentence}")

    def _vote_on_end(self, reporter: Participant, n: int, event: Happening) -> Claim:
        state = self._state
        if not state.edition:
            return self._vote(reporter, n, ending.OVER, {})
        key, details = ending.read(event, state.origins)
        if state.finished and key == ending.OVER:
            raise EventOver(f"{state.card.title} is finished already")
        if state.finished and state.ended_by:
            raise NotAllowed(f"the owner of {state.card.title} has ruled that it is over")
        change_mind(state, reporter, state.claims.ends(), key)
        return self._vote(reporter, n, key, details)

    def _undo(self, reporter: Participant, n: int, event: Happening) -> Claim | None:
        state = self._state
        claim = self._undone(reporter, number_of(event))
        if claim.undo_repeat(reporter.voter, number_of(event)):
            if claim.entry_id:
                state.to_update[claim.number] = claim
            return None
        if claim.entry_id:  # too late to take it back: it is a vote against the entry
            check_stands("undo", state.timeline.versions[claim.entry_id])
            return self._vote(reporter, n, ("delete", claim.entry_id), {})
        claim.withdraw(reporter.voter, reporter.bit)
        state.re_evaluate += rivals(state, claim)
        return None

    def _undone(self, reporter: Participant, n: int) -> Claim:
        """Return the claim that holds a report which its reporter undoes.

        Raises:
            BadReport: there is no such report, or it has expired.
        """
        state, number = self._state, reporter.claim_of.get(n, 0)
        claim = state.claims.open.get(number) or state.by_entry.get(str(number))
        if claim is None or not claim.said_in(reporter.voter, n):
            raise BadReport(f"undo: your report {n} is in no claim and no entry")
        return claim

    def _vote(self, reporter: Participant, n: int, key: Key, details: dict[str, Detail]) -> Claim:
        state = self._state
        entry = state.timeline.versions.get(key[1]) if details else None
        rules = None
        if entry is not None:
            rules = state.claims.rules(state.kinds[entry.title], entry.origin)
        until = state.now + self._ttl
        return cast(state, reporter, n, key, details, until=until, rules=rules)


def read(
    event: Happening, versions: Mapping[str, Entry], kinds: Mapping[str, Kind], rules: RulesOf
) -> tuple[Key, dict[str, Detail]]:
    """Return the key of a vote to delete or amend, and the details that it changes.

    Args:
        event: the vote.
        versions, kinds: the entries by id, and the sport's kinds by title.
        rules: how details are compared.

    Raises:
        PeerError: it names no standing entry, or changes what cannot be changed.
    """
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
    return ("amend", entry_id, rules(kinds[entry.title], entry.origin).key(changes)), changes


def check_details(event: Happening) -> None:
    """Refuse a detail that its word does not take.

    Raises:
        BadReport: names it.
    """
    takes = TAKES.get(event.title)
    for name in event.details or {}:
        if takes is not None and name not in takes:
            raise BadReport(f"{event.title} has no detail {name!r}; it takes {', '.join(takes)}")


def number_of(event: Happening) -> int:
    """Return the number of the report that an undo takes back.

    Raises:
        BadReport: it names none.
    """
    number = (event.details or {}).get("n")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadReport("undo: name your report's number with the detail n")
    return number


def check_stands(word: str, entry: Entry) -> None:
    """Refuse a vote on an entry that is gone, or that the owner has ruled on.

    Raises:
        BadReport, NotAllowed: it is.
    """
    if entry.status == "DELETED":
        raise BadReport(f"{word}: entry {entry.entry_id} is deleted already")
    if entry.by:
        raise NotAllowed(f"{word}: the event's owner has ruled on entry {entry.entry_id}")
