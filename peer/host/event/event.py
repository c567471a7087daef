"""What a host decides for one event: reports in, verdicts, entries out. Pure.

The shell hands over what arrived between `begin_turn` and `take`; `take` returns the records to
commit and, for after the commit, what to publish and what to say to the reporters. Nothing leaves
before it is on disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import cast

from msgspec.structs import replace

from .... import sports
from ....protocol import codec, limits, messages
from ....protocol.errors import (
    BadReport,
    EventOver,
    IllegalAction,
    NotAllowed,
    PeerError,
    SettingError,
    StorageFault,
)
from ....protocol.messages import Card, Entry, Evidence, Happening, Report, Reports, Said
from ....protocol.times import EARLIEST, LATEST
from ....sports import Action
from ..options import Options
from . import corrections, records
from .claims import Claim, ClaimIndex, Identity
from .member import Counters, Member, Output
from .publications import accepted, doubted, finished, restored, revised, told
from .signatures import Signatures

CLOCK_SECONDS = 2.0
"""How far a reporter's clock, as it was measured when it attached, may be off."""


class EventCore(Signatures):
    """One hosted event, as it is decided; see `EventState` for the arguments."""

    def __init__(self, card: Card, options: Options) -> None:
        super().__init__(card, options)
        self._ttl = self._clock.real(options.claim_ttl)
        self._finish_after = self._clock.real(options.finish_after)
        self._longest = self._ttl
        self._inexact = self._clock.span(CLOCK_SECONDS)
        self._correcting: Claim | None = None  # while restoring: what corrects the next entry
        self._weighing_held = False
        self._owed = self._turn.owed

    # ── the life of the event ────────────────────────────────────────────────────────────────

    def restore(self, blobs: Iterable[bytes]) -> None:
        """Rebuild the state from the journal's turns, oldest first.

        Raises:
            StorageFault: they can't be read, or do not follow from one another.
        """
        self._restoring = True
        for blob in blobs:
            for record, raw in records.unpack(blob):
                try:
                    self._restore(record, raw)
                except KeyError as missing:
                    raise StorageFault(
                        f"the journal of {self.card.event} speaks of {missing}, which it does not"
                        " hold: a turn is missing"
                    ) from missing
        self._turn.discard()
        self.counters = Counters()
        self._restoring = False

    def _restore(self, record: records.Record, raw: bytes) -> None:
        match record:
            case Report() | Reports():
                self._received = self._wall
                self.report(self.roster.by_badge[record.token], record, raw)
            case records.Turn():
                self._set_wall(record.received)
            case records.Member():
                self._restore_member(record)
            case records.Revoked():
                self.roster.revoke(record.peer)
            case records.Presence():
                self._restore_presence(record)
            case records.Began():
                self._restore_began(record)
            case records.Held():
                self._hold(self.claims.open[record.claim], record.reason)
            case records.Expired():
                self._dispute(self.claims.open[record.claim])
                self._expire(self.claims.open[record.claim])
            case records.Corrected():
                self._correcting = self.claims.open[record.claim]
            case records.Struck():
                self._strike(record)
            case Entry():
                self.feed.append(raw)
                self.timeline.put(record)
                self._apply(record, self._correcting)
                self._correcting = None
            case messages.Alarm():
                self.feed.append(raw)
                self._restore_alarm(record)
            case records.Contact():
                self._regain()
            case records.Confirmed():
                self._confirm_closed(record)
            case messages.Restored():
                self.feed.append(raw)
                self.outage.close()
            case messages.Finished():
                self.feed.append(raw)
                self._close_event(record.seq)

    def start(self, epoch: int, now: float, wall: int) -> None:
        """Begin to serve under a new epoch; this is a turn of its own: call `take` next."""
        self.begin_turn(now, wall)
        self._begin(epoch)
        self._heartbeat_at = now  # the first one at once: it tells the new epoch
        self._sweep_at = now + self._patience / 4
        # Reporters who were there come back in a moment: until then they count as present, or
        # the first two would be quorum enough. Claims wait for them.
        self.roster.heard_all(now)
        self.claims.postpone(now + self._ttl)
        self._finish_at = None
        self._resume_watch()
        self._consider_end()

    def take(self) -> Output:
        """Return what the turn leads to, and begin to collect anew."""
        self._note_life()
        if self._reweigh:
            self._reweigh = False
            for claim in list(self.claims.open.values()):  # fewer must agree now
                self._weigh(claim)
        self._weigh_eased()
        self._show_claims()
        return self._turn.take(finished=self.finished)

    def handle_timer(self, now: float) -> None:
        """Do what is due; within a turn."""
        self._watch(now)
        if now >= self._sweep_at:
            self._sweep_at = now + self._patience / 4
            self._sweep(now)
        for claim in self.claims.expired(now):
            code = IllegalAction.code if claim.held else ""
            expired = records.Expired(claim=claim.number, code=code, reason=claim.held)
            self._record(codec.encode(expired))
            self._dispute(claim)
            self._expire(claim)
        if self.outage.state == "reconstructing":
            self._reconstruct(now)
        if self._finish_at is not None and now >= self._finish_at:
            self._finish()
        if now >= self._heartbeat_at:
            self._beat()

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def report(self, member: Member, message: Report | Reports, frame: bytes) -> None:
        """Take a member's report or batch in; within a turn.

        Args:
            member: who sent it, by its token.
            message: the decoded frame.
            frame: its bytes, which go into the journal as they are.

        Raises:
            NotAllowed: the member is no reporter. What is wrong with a single report is told by
                its receipt instead.
        """
        if member.role != "reporter":
            raise NotAllowed(f"a {member.role} can't report; join as reporter")
        if member.present and self.outage.state != "suspended":
            member.heard = self._now
            self._heard = True
        else:
            self.ping(member)
        self._owed[member.token] = member
        # The exact type, since it is faster to look at than isinstance; a batch is the other one.
        said = (message,) if type(message) is Report else cast(Reports, message).reports
        taken = []
        for one in said:
            n = one.n
            if n == member.n + 1 and not member.ahead:
                member.n = n
            elif not self._count(member, n):
                continue
            try:
                claim = self._join(member, one)
                if one.signature and claim is not None:
                    claim.unchecked[member.index] = one
                taken.append((n, claim))
            except PeerError as error:
                self._refuse(member, n, error)
                taken.append((n, None))
        if not taken:
            return
        self.counters.stored += len(taken)
        self._record(frame)
        # Decided once the whole frame is in, so that the journal's order of records is the order
        # in which the state changed.
        for n, claim in taken:
            if claim is None:
                continue
            if claim.entry_id:
                member.late.append((n, claim))
                if claim.provisional:
                    self._confirm(claim)
            elif len(claim.votes) >= self._needed:
                self._weigh(claim)
        if self._eased:
            self._weigh_eased()

    def _count(self, member: Member, n: int) -> bool:
        """Count a report that is not the next one; tell whether it is new and can be stored."""
        # The missing number itself is always welcome: it makes room.
        if n > member.n + 1 and len(member.ahead) >= limits.REPORTS_AHEAD:
            self.counters.refuse("OVERLOADED")  # not stored: it will be sent again
            return False
        if not member.count(n):
            self.counters.duplicate += 1
            return False
        return True

    def _join(self, member: Member, said: Report | Said) -> Claim | None:
        """Join a report to its claim; None where it is an undo.

        Raises:
            PeerError: it can't be of this event.
        """
        if self._demands:
            self._demand(said)
        n, event = said.n, said.event
        details = event.details
        lane = self.claims.lane((event.title, event.origin))
        if lane is None or details or not lane.bare:
            if event.title in corrections.WORDS:
                return self._correct(member, n, event)
            lane = self._check(event)
        if self.finished:
            raise EventOver(f"{self.card.title} is finished")
        time = event.time + member.shift
        if not EARLIEST <= time <= self._latest:
            raise self._clock.refusal(time, self._wall)
        identity = () if lane.alike else lane.identity(details)
        claim = lane.find(time, member.bit, identity)
        if claim is None:
            claim = self._open_claim(member, lane, time, identity)
        elif identity:
            self.claims.adopt(claim, identity)
        if claim.entry_id:
            claim.join_late(member.index, member.bit, n)
            return claim
        claim.join(member.index, member.bit, n, time, details)
        claim.until = self._now + self._ttl
        return claim

    def _open_claim(self, member: Member, lane: ClaimIndex, time: int, identity: Identity) -> Claim:
        until = self._now + self._ttl
        return self.claims.start(lane, time, identity, self._wall, until, member.index)

    def _check(self, event: Happening) -> ClaimIndex:
        action = Action(event.title, event.origin, event.time, event.details or {})
        reason = sports.misfit(self.kinds, self.origins, action)
        if reason is not None:
            raise BadReport(reason)
        return self.claims.open_lane(event.title, event.origin)

    def _correct(self, member: Member, n: int, event: Happening) -> Claim | None:
        if self.finished:
            raise EventOver(f"{self.card.title} is finished")
        if event.title == "undo":
            return self._undo(member, n, event)
        if event.title == "confirm":
            return self._confirm_score(member, n, event)
        key, details = corrections.read(event, self.timeline.versions, self.kinds)
        return self._vote(member, n, key, details)

    def _confirm_score(self, member: Member, n: int, event: Happening) -> Claim:
        if self.outage.state != "reconstructing":
            raise BadReport("no score is asked for: contact with the venue is not just back")
        text = str((event.details or {}).get("score", ""))
        state = self.timeline.state
        try:
            score = self.sport.read_score(state, text)
            self.sport.adopt(state, score)  # says enough to go on from
        except SettingError as error:
            raise BadReport(error.sentence) from None
        # It is the score that is seen on return: not what is to come, nor one that was seen before
        # contact was lost once more and has been in an outbox since.
        now = self._clock.event_time(self._wall)
        time = event.time + member.shift
        outage = self.outage
        first = outage.spans[-1][1] if outage.spans else outage.since
        if first <= time < outage.until - self._inexact:
            raise BadReport("the score is one of before contact was back; look again")
        time = max(time, outage.until)
        time = min(time, LATEST if now is None else now)
        return self._vote(member, n, corrections.score_key(score), {}, time)

    def _vote(
        self,
        member: Member,
        n: int,
        key: tuple[str, ...],
        details: dict[str, messages.Detail],
        time: int = 0,
    ) -> Claim:
        lane = self.claims.correction_lane(*key)
        claim = lane.find(time, member.bit, ())
        if claim is None:
            if any(vote.voters & member.bit for vote in lane.near(0, 0)):
                raise BadReport("you have voted for that already")
            claim = self._open_claim(member, lane, time, ())
        claim.join(member.index, member.bit, n, time, details)
        claim.until = self._now + self._ttl
        return claim

    def _undo(self, member: Member, n: int, event: Happening) -> Claim | None:
        claim = corrections.find_vote(
            event, member.index, chain(self.claims.open.values(), self._by_entry.values())
        )
        if claim.entry_id:  # too late to take it back: it is a vote against the entry
            corrections.check_stands("undo", self.timeline.versions[claim.entry_id])
            return self._vote(member, n, ("delete", claim.entry_id), {})
        claim.withdraw(member.index, member.bit)
        self._eased += self._rivals(claim)
        return None

    def _confirm(self, claim: Claim) -> None:
        """Confirm an entry that one reporter alone had made, if a second agrees."""
        evidence = self._evidence(claim)
        if self._restoring or self.finished:
            return
        if evidence.for_ < 2 or evidence.for_ <= evidence.against:
            return
        if not self._prove(claim):
            self._confirm(claim)
            return
        self._publish(revised(self.timeline.versions[claim.entry_id], "CONFIRMED", evidence))

    # ── verdicts ─────────────────────────────────────────────────────────────────────────────

    def _weigh(self, claim: Claim) -> None:
        """Accept a claim if enough agree and the sport's rules permit it where it stands."""
        if self._restoring or self.finished or claim.number not in self.claims.open:
            return
        evidence = self._evidence(claim)
        if not self._verdict.accept(evidence.for_, evidence.against, evidence.present):
            return
        if not self._prove(claim):
            return
        if claim.lane.kind is None:
            self._accept_correction(claim, evidence)
            return
        time, details = claim.agreed(self.roster.unripe)
        action = Action(claim.lane.title, claim.lane.origin, time, details)
        state = self.timeline.state_before(action.time, claim.number)
        reason = self.sport.illegal(state, action)
        if reason is None:
            self._accept(claim, action, evidence)
            return
        reason = reason[: limits.TEXT_CHARS]
        if claim.held != reason:
            self._record(codec.encode(records.Held(claim=claim.number, reason=reason)))
            self._hold(claim, reason)

    def _weigh_eased(self) -> None:
        """Weigh the claims again of which a vote, for or against, was taken out."""
        while self._eased:
            eased, self._eased = self._eased, []
            for claim in eased:
                self._weigh(claim)

    def _weigh_held(self) -> None:
        if self._weighing_held:
            return  # the loop below goes round once more
        self._weighing_held = True
        seq = -1
        while seq != self.feed.seq:
            seq = self.feed.seq
            for claim in list(self._held.values()):
                self._weigh(claim)
        self._weighing_held = False

    def _accept(self, claim: Claim, action: Action, evidence: Evidence) -> None:
        self.counters.took(evidence.latency_ms / 1000)
        kind = claim.lane.kind
        related = None
        if kind is not None and kind.relates_to:
            related = self.timeline.latest(kind.relates_to, action.origin, action.time)
        self._publish(
            accepted(
                self.card.event,
                self._wall,
                claim,
                action,
                evidence,
                delay_status=self.outage.status(action.time, self._clock.event_time(self._wall)),
                relates_to=related.entry_id if related else "",
            )
        )

    def _accept_correction(self, claim: Claim, evidence: Evidence) -> None:
        word, entry_id = claim.lane.title, claim.lane.origin
        if word == "end":
            self._finish()
            return
        if word == "confirm":
            # Not before everything is in: the score would be held against half of it.
            if self.outage.asked:
                self._close_outage(claim)
            return
        entry = self.timeline.versions[entry_id]
        if entry.status == "DELETED":
            return  # there is nothing left to correct
        details = {**entry.details, **claim.merged()} if word == "amend" else entry.details
        correction = revised(entry, "DELETED" if word == "delete" else "UPDATED", evidence, details)
        self._publish(correction, by=claim)

    def _publish(self, entry: Entry, by: Claim | None = None) -> None:
        """Put a version of an entry on the timeline and on the feed.

        Args:
            entry: without what follows from the timeline: seq, score, text.
            by: the claim that corrects the entry; None where it is the entry's own.
        """
        self.timeline.put(entry)
        entry = told(
            replace(entry, epoch=self.epoch, seq=self.feed.seq + 1, sent=self._wall),
            self.sport,
            self.timeline,
        )
        if by is not None:
            self._record(codec.encode(records.Corrected(claim=by.number)))
        self._send(codec.encode(entry))
        self.timeline.versions[entry.entry_id] = entry
        self._apply(entry, by)
        self._weigh_held()
        self._consider_end()

    # ── after an outage ──────────────────────────────────────────────────────────────────────

    def _reconstruct(self, now: float) -> None:
        """Ask for the score when all is told; end it when nobody says one."""
        over = self._all_told(now)
        for claim in corrections.confirmations(self.claims):
            self._weigh(claim)
        if over and self.outage.state == "reconstructing":
            self._close_outage(None)

    def _close_outage(self, confirmed: Claim | None) -> None:
        """End a reconstruction: is what was put together right?

        Args:
            confirmed: the claim in which enough reporters stated one score; None: nobody did.
        """
        outage = self.outage
        reason = self._judge(confirmed)[: limits.TEXT_CHARS]
        self._drop_confirmations()
        standing = [
            self.timeline.versions[entry_id]
            for entry_id in outage.entries
            if self.timeline.versions[entry_id].status != "DELETED"
        ]
        if reason:
            for entry in standing:
                self._publish(doubted(entry, reason))
        message = restored(
            self.card.event,
            self.epoch,
            self.feed.seq + 1,
            self._wall,
            outage,
            entries=len(standing),
            confirmed=confirmed is not None,
            reason=reason,
            sport=self.sport,
            state=self.timeline.state,
        )
        self._send(codec.encode(message))
        outage.close()
        self._consider_end()

    # ── end ─────────────────────────────────────────────────────────────────────────────────

    def _consider_end(self) -> None:
        """Let the event end some time after the sport says that nothing more can happen, also
        while contact is lost."""
        waiting = self.outage.state == "reconstructing" or not self.sport.over(self.timeline.state)
        if self.finished or waiting:
            self._finish_at = None
        elif self._finish_at is None:
            self._finish_at = self._now + self._finish_after

    def _finish(self) -> None:
        if self.finished:
            return
        if self.outage.state == "reconstructing":
            self._close_outage(None)
        event, seq, state = self.card.event, self.feed.seq + 1, self.timeline.state
        message = finished(event, self.epoch, seq, self._wall, self.sport, state)
        self._send(codec.encode(message))
        self._close_event(self.feed.seq)
