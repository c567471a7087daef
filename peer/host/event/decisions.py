"""When a claim becomes an entry, corrects one, is held, or expires. Pure.

Each function decides and hands back what is to be published; `event` publishes it, since other
claims may be decided anew by that.
"""

from __future__ import annotations

from ....protocol import codec, limits
from ....protocol.errors import IllegalAction
from ....protocol.messages import Entry, Evidence, Fate
from ....sports import Action
from . import evidence as evidences
from . import records
from .claims import Claim
from .publications import accepted, revised
from .signatures import Signatures
from .state import EventState
from .turn import Turn


class Decisions:
    """Decides claims.

    Args:
        state: its claims are held or closed, its counters grow.
        turn: what is put on record, and the fates of votes.
        signatures: verifies the votes before they count.
    """

    def __init__(self, state: EventState, turn: Turn, signatures: Signatures) -> None:
        self._state = state
        self._turn = turn
        self._signatures = signatures

    def decide(self, claim: Claim) -> Evidence | None:
        """Return the evidence of an open claim on which enough reporters agree; None otherwise."""
        state = self._state
        if state.finished or claim.number not in state.claims.open:
            return None
        evidence = evidences.of(state, claim)
        if not state.policy.accept(evidence.for_, evidence.against, evidence.present):
            return None
        if not self._signatures.verify(claim):
            return None  # it is to be re-evaluated without the votes that do not hold
        return evidence

    def accept(self, claim: Claim, evidence: Evidence) -> Entry | None:
        """Return the entry of a claim that is decided; None where the sport's rules forbid it.

        A claim that the rules forbid is held: what makes it possible may be on its way.
        """
        state = self._state
        time, details = claim.agreed(state.roster.on_probation)
        action = Action(claim.index.title, claim.index.origin, time, details)
        # Where the action stands in match order, which need not be the end of the timeline.
        before = state.timeline.state_before(action.time, claim.number)
        reason = state.sport.illegal(before, action)
        if reason is not None:
            reason = reason[: limits.TEXT_CHARS]
            if claim.held != reason:
                self._turn.record(codec.encode(records.Held(claim=claim.number, reason=reason)))
                self._hold(claim, reason)
            return None
        state.counters.add_latency(evidence.latency_ms / 1000)
        kind = claim.index.kind
        related = None
        if kind is not None and kind.relates_to:
            related = state.timeline.latest(kind.relates_to, action.origin, action.time)
        return accepted(
            state.card.event,
            state.wall,
            claim,
            action,
            evidence,
            delay_status=state.outage.status(action.time, state.clock.event_time(state.wall)),
            relates_to=related.entry_id if related else "",
        )

    def confirm(self, claim: Claim) -> Entry | None:
        """Return the confirmed version of an entry that one reporter alone had made; None where no
        second one agrees, or as many disagree."""
        state = self._state
        while not state.finished:
            evidence = evidences.of(state, claim)
            if evidence.for_ < 2 or evidence.for_ <= evidence.against:
                break
            if self._signatures.verify(claim):
                return revised(state.timeline.versions[claim.entry_id], "CONFIRMED", evidence)
        return None

    def correct(self, claim: Claim, evidence: Evidence) -> Entry | None:
        """Return the version of an entry that votes to delete or amend it lead to; None where
        there is nothing left to correct."""
        word, entry_id = claim.index.title, claim.index.origin
        entry = self._state.timeline.versions[entry_id]
        if entry.status == "DELETED":
            return None
        details = {**entry.details, **claim.merged()} if word == "amend" else entry.details
        return revised(entry, "DELETED" if word == "delete" else "UPDATED", evidence, details)

    def expire(self, claim: Claim) -> None:
        """End an open claim that came to nothing."""
        code = IllegalAction.code if claim.held else ""
        expired = records.Expired(claim=claim.number, code=code, reason=claim.held)
        self._turn.record(codec.encode(expired))
        self._expire(claim)

    def restore_held(self, record: records.Held, _raw: bytes) -> None:
        """Hold a claim as the journal says."""
        self._hold(self._state.claims.open[record.claim], record.reason)

    def restore_expired(self, record: records.Expired, _raw: bytes) -> None:
        """End a claim as the journal says."""
        self._expire(self._state.claims.open[record.claim])

    def _hold(self, claim: Claim, reason: str) -> None:
        claim.held = reason
        self._state.held[claim.number] = claim

    def _expire(self, claim: Claim) -> None:
        state = self._state
        if self._disputed(claim):
            state.outage.disputed += 1
        state.counters.expired += 1
        state.held.pop(claim.number, None)
        state.claims.close(claim, forget=True)
        if claim.held:
            code, reason = IllegalAction.code, claim.held
            self._turn.add_fates(claim, Fate(n=0, outcome="refused", code=code, reason=reason))
        else:
            self._turn.add_fates(claim, Fate(n=0, outcome="expired"))

    def _disputed(self, claim: Claim) -> bool:
        """Return whether enough reporters made a claim of the outage that others contradict."""
        state = self._state
        return (
            claim.index.kind is not None
            and state.outage.holds(claim.mean)
            and len(claim.votes) >= state.needed
            and evidences.of(state, claim).against > 0
        )
