"""When a claim becomes an entry, changes one, is held, or expires. Pure.

Each function decides and hands back what is to be published; `event` publishes it, since other
claims may be decided anew by that.
"""

from __future__ import annotations

import logging

from msgspec.structs import replace

from ....protocol import codec, limits
from ....protocol.errors import Conflict, IllegalAction, NotFound
from ....protocol.messages import Detail, Entry, EntryStatus, Evidence, Fate
from ....protocol.times import EARLIEST
from ....sports import Action
from ....sports.capabilities import Implying
from ....sports.contradictions import without_contradiction
from . import cases, implied, records, thresholds, thumbs
from . import evidence as evidences
from .actions import does_not_count, possible
from .claims import Claim
from .held import HeldClaims
from .publications import IMPLIED, accepted, revised
from .related import DELETE
from .signatures import Signatures
from .state import EventState
from .turn import Turn
from .updates import turned
from .verdict.case import Case, Judgement

log = logging.getLogger(__name__)


class Decisions:
    """Decides claims.

    Args:
        state: its claims are held or closed, its counters grow.
        turn: what is put on record, and the fates of votes.
        signatures: verifies the votes before they count.
        held: keeps the claims that can't be accepted as things stand.
    """

    def __init__(
        self, state: EventState, turn: Turn, signatures: Signatures, held: HeldClaims
    ) -> None:
        self._state = state
        self._turn = turn
        self._signatures = signatures
        self._held = held
        # Asked once: looking at what a class has takes long.
        self._implying = state.sport if isinstance(state.sport, Implying) else None

    def in_reach(self) -> list[Claim]:
        """Return the open claims that other reporters who take part may lead to something: all but
        those for which fewer speak than the verdict takes at the least. These are judged when
        enough do."""
        state = self._state
        active = state.active_bits()
        least = state.policy.needed(active.bit_count())
        found = []
        for claim in state.claims.open.values():
            needed = least
            if claim.asked:  # who was asked and never speaks may not be counted
                asked = sum(1 << voter for voter in claim.asked)
                needed = state.policy.needed((active & ~asked).bit_count())
            if claim.index.kind is None or (claim.voters | claim.yes).bit_count() >= needed:
                found.append(claim)
            else:
                claim.look_at = min(claim.look_at, needed)
        return found

    def decide(self, claim: Claim) -> Evidence | None:
        """Return the evidence of votes on what is there already, where they carry it; else None."""
        state = self._state
        if state.closed or claim.number not in state.claims.open:
            return None
        evidence = evidences.of(state, claim)
        if not thresholds.carried(state, claim, evidence):
            return None
        if not self._signatures.verify(claim):
            return None  # it is to be re-evaluated without the votes that do not hold
        return evidence

    def judge(self, claim: Claim) -> tuple[Judgement, Case] | None:
        """Return what the verdict says of a claim of an action; None where it cannot say yet."""
        state = self._state
        settled = claim.final or (not claim.entry_id and claim.number not in state.claims.open)
        if state.closed or settled:
            return None
        active = state.active_bits()
        case = cases.of(state, claim, active)
        judgement = state.policy.judge(case)
        if case.together:
            self._tell_joined(claim, case.together)
        claim.look_at = 0 if claim.kept_waiting else judgement.look_at
        claim.quiet_until, claim.quiet_with = judgement.quiet_until, active
        kind = claim.index.kind
        if kind is not None and (kind.same == DELETE or kind.ends):
            # With each vote, the votes to delete what it takes back, or to end, may be enough.
            claim.look_at = min(claim.look_at, len(claim.votes) + 1)
        if judgement.standing == claim.standing:
            return judgement, case
        if case.against or evidences.rivals(state, claim):
            return (judgement, case) if self._signatures.verify(claim) else None
        return self._unopposed(claim, judgement, case, active)

    def _tell_joined(self, claim: Claim, reporters: int) -> None:
        """Tell the operator, once a claim, that several keys count as one voice."""
        if claim.joined:
            return
        claim.joined = True
        self._state.counters.joined += 1
        log.warning(
            "%s: %d reporters whose keys were enrolled from one address within a minute are one"
            " voice for claim %d (%s): nobody else says it",
            self._state.card.event,
            reporters,
            claim.number,
            claim.title,
        )

    def _unopposed(
        self, claim: Claim, judgement: Judgement, case: Case, active: int
    ) -> tuple[Judgement, Case] | None:
        """Return what the verdict says by as many verified votes as lead to a standing; None where
        some do not hold: the claim is to be re-evaluated without them.

        Args:
            claim: nothing speaks against it.
            judgement, case: what it says if all hold.
            active: the bits of the reporters that take part.
        """
        state = self._state
        enough = state.policy.needed(case.active)
        while self._signatures.verify_some(claim, enough):
            if not claim.left_out:
                return judgement, case
            verified = cases.of(state, claim, active, claim.left_out)
            said = state.policy.judge(verified)
            if said.standing == judgement.standing:
                return said, verified
            enough = max(said.look_at, enough + 1)
        return None

    def accept(self, claim: Claim, standing: EntryStatus, evidence: Evidence) -> Entry | None:
        """Return the first version of a claim's entry; None where no vote for it is left, the
        sport's rules forbid it, or it would end the event and too few say so.

        A claim that the rules forbid is held: what makes it possible may be on its way.
        """
        state = self._state
        if not claim.votes:
            return None  # all took it back: who said yes to a question did not say what it was
        time, details, spread = self._agreed(claim)
        action, reason = possible(state, claim, time, details)
        if reason is not None:
            self.hold(claim, reason)
            return None
        related = action.relates_to
        if thresholds.ends_early(state, action, evidence):
            claim.look_at = 0  # each further vote may be the one that it takes
            return None
        not_accepted = state.claims.open.get(int(related)) if related else None
        if not_accepted is not None:
            self.hold(not_accepted, does_not_count(str(claim.number)))
        state.counters.add_latency(evidence.latency_ms / 1000)
        return accepted(
            state.card.event,
            state.wall,
            claim,
            action,
            evidence,
            standing=standing,
            spread=spread,
            delay_status=state.outage.status(action.time, state.clock.event_time(state.wall)),
            relates_to=related,
        )

    def imply(self, entry: Entry) -> Entry | None:
        """Return the entry of what few reported and a new entry needs; None where there is none.

        Args:
            entry: it is not on the timeline yet.
        """
        state = self._state
        if self._implying is None or entry.title not in self._implying.implying:
            return None
        if state.options.publish == "confirmed":
            return None
        claim = implied.unheard(state, self._implying, entry)
        if claim is None or not self._signatures.verify(claim):
            return None
        found = self.accept(claim, "PROVISIONAL", evidences.of(state, claim))
        if found is None:
            return None
        time = thumbs.middle(claim.in_order(~state.roster.on_probation))
        return replace(found, time=time, spread=0, reason=IMPLIED)

    def uphold(self, claim: Claim, title: str) -> Entry:
        """Return the entry of an open claim that the owner upholds, whatever the verdict would say:
        when it happened and what it was is what its reporters say, as in a count of heads.

        Args:
            claim: it was reported, and is open.
            title: what the owner calls it.

        Raises:
            NotFound: no report of it counts.
            Conflict: most of its reporters call it something else.
            IllegalAction: the sport's rules forbid it there.
        """
        state = self._state
        self._signatures.verify(claim)
        named = claim.in_order(claim.independent & ~state.roster.on_probation)
        if not named:
            raise NotFound(f"uphold: no report of {title} counts")
        time = thumbs.middle(named)
        action, reason = possible(state, claim, time, self._agreed_details(claim, time))
        if reason is not None:
            raise IllegalAction(reason)
        if action.title != title:
            raise Conflict(f"uphold: most of those who reported it call it {action.title}")
        if action.relates_to and int(action.relates_to) in state.claims.open:
            raise Conflict(f"uphold: nothing stands yet that {title} takes back")
        return accepted(
            state.card.event,
            state.wall,
            claim,
            action,
            evidences.of_named(state, claim),
            standing="CONFIRMED",
            spread=0,
            delay_status=state.outage.status(time, state.clock.event_time(state.wall)),
            relates_to=action.relates_to,
        )

    def is_forbidden(self, claim: Claim) -> bool:
        """Return whether a held claim is forbidden still, and for the same reason."""
        if not claim.held or not claim.votes:
            return False
        time, details, _ = self._agreed(claim)
        _, reason = possible(self._state, claim, time, details)
        return reason is not None and reason[: limits.TEXT_CHARS] == claim.held

    def hold(self, claim: Claim, reason: str) -> None:
        """Hold a claim that can't be accepted as things stand."""
        reason = reason[: limits.TEXT_CHARS]
        if claim.held != reason:
            self._turn.record(codec.encode(records.Held(claim=claim.number, reason=reason)))
            self._hold(claim, reason)

    def revise(
        self, claim: Claim, standing: EntryStatus, evidence: Evidence, reason: str
    ) -> Entry | None:
        """Return the version of a claim's entry that a verdict leads to: confirmed, taken back, or
        let in once more; None where it was deleted by votes, or the rules forbid it now.

        Args:
            claim: it has an entry.
            standing: how it stands from now on.
            evidence: why.
            reason: in words, where it is taken back.
        """
        state = self._state
        entry = state.timeline.versions[claim.entry_id]
        if standing == "DELETED":
            return revised(entry, standing, evidence, reason=reason)
        if entry.status != "DELETED":
            entry = turned(state, claim, entry)
            if not state.policy.learns:
                return revised(entry, standing, evidence)
        if not claim.votes:  # nothing is left that says another time, or what came back
            return None if entry.status == "DELETED" else revised(entry, standing, evidence)
        time, details, spread = self._agreed(claim)
        if entry.status == "DELETED":
            action, why = possible(state, claim, time, details, entry)
            if why is not None:
                return None
            entry = replace(entry, title=action.title, details=dict(action.details))
        delay_status = entry.delay_status
        if delay_status in ("", "DELAYED") and time != entry.time:
            # By more votes it may have happened in an outage after all.
            now = state.clock.event_time(entry.accepted)
            delay_status = state.outage.status(time, now)
        return revised(
            entry, standing, evidence, time=time, spread=spread, delay_status=delay_status
        )

    def _agreed(self, claim: Claim) -> tuple[int, dict[str, Detail], int]:
        """Return the time and the details on which a claim's reporters agree, and the spread of the
        time."""
        state = self._state
        uncounted = state.roster.on_probation | claim.left_out
        bits = claim.independent & ~uncounted
        tapped = claim.in_order(bits & ~claim.exact) if state.policy.learns else []
        if 2 * len(tapped) > bits.bit_count():
            time = max(thumbs.middle(tapped) - state.thumbs.delay, EARLIEST)
            spread = state.thumbs.spread(tapped)
        else:
            time, spread = claim.agreed_time(uncounted), 0
        return time, self._agreed_details(claim, time), spread

    def _agreed_details(self, claim: Claim, time: int) -> dict[str, Detail]:
        state = self._state
        details = claim.agreed_details(state.roster.on_probation)
        if details:
            action = Action(claim.title, claim.index.origin, time, details)
            action = without_contradiction(state.contradiction, state.names, action)
            details = dict(action.details)
        return details

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
        self._held.add(claim)

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
