"""What a host decides for one event: reports in, verdicts, entries out. Pure.

The shell hands over what arrived between `begin_turn` and `take`; `take` returns the records to
commit and, for after the commit, what to publish and what to say to the reporters. Nothing leaves
before it is on disk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import chain
from typing import cast

from msgspec.structs import replace

from ... import sports
from ...protocol import codec, limits, messages
from ...protocol.errors import (
    BadReport,
    EventOver,
    IllegalAction,
    NotAllowed,
    PeerError,
    StorageFault,
)
from ...protocol.messages import Card, Entry, Evidence, Fate, Grant, Happening, Report, Reports
from ...protocol.times import EARLIEST
from ...sports import Action
from . import corrections, records
from .claims import Claim, Identity, Lane
from .member import LATENCY_BUCKETS, Counters, Member, Output
from .options import Options
from .publications import finished, heartbeat, revised, told
from .state import EventState


class EventCore(EventState):
    """One hosted event, as it is decided; see `EventState` for the arguments."""

    def __init__(self, card: Card, options: Options) -> None:
        super().__init__(card, options)
        self.published_at: float | None = None  # monotonic; when the feed last grew here
        self.sent_at: float | None = None  # monotonic; likewise, heartbeats included
        self._patience = options.patience
        self._ttl = self._clock.real(options.claim_ttl)
        self._finish_after = self._clock.real(options.finish_after)
        self._now = 0.0
        self._heartbeat_at = 0.0
        self._sweep_at = 0.0
        self._restoring = False
        self._correcting: Claim | None = None  # while restoring: what corrects the next entry
        self._eased: list[Claim] = []  # what spoke against them was taken back in this frame
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
                self.report(self.roster.by_token[record.token], record, raw)
            case records.Turn():
                self._set_wall(record.received)
            case records.Member():
                self.roster.seat(record)
            case records.Presence():
                self._mark(self.roster.members[record.peer, "reporter"], record.present)
            case records.Began():
                self.epoch = record.epoch
            case records.Held():
                self._hold(self.claims.open[record.claim], record.reason)
            case records.Expired():
                self._expire(self.claims.open[record.claim])
            case records.Corrected():
                self._correcting = self.claims.open[record.claim]
            case Entry():
                self.feed.append(raw)
                self.timeline.put(record)
                self._apply(record, self._correcting)
                self._correcting = None
            case messages.Finished():
                self.feed.append(raw)
                self._close_event(record.seq)

    def start(self, epoch: int, now: float, wall: int) -> None:
        """Begin to serve under a new epoch; this is a turn of its own: call `take` next."""
        self.begin_turn(now, wall)
        self.epoch = epoch
        self._record(codec.encode(records.Began(epoch=epoch)))
        self._heartbeat_at = now  # the first one at once: it tells the new epoch
        self._sweep_at = now + self._patience / 4
        # Reporters who were there come back in a moment: until then they count as present, or
        # the first two would be quorum enough. Claims wait for them.
        self.roster.heard_all(now)
        self.claims.postpone(now + self._ttl)
        self._finish_at = None
        self._consider_end()

    def begin_turn(self, now: float, wall: int) -> None:
        """Set the time of all that follows up to `take`.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self._now = now
        self._set_wall(wall)
        self._turn.begin(wall)

    def take(self) -> Output:
        """Return what the turn leads to, and begin to collect anew."""
        return self._turn.take(finished=self.finished)

    def next_timer(self) -> float:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        due = self.claims.next_due()
        times = (self._heartbeat_at, self._sweep_at, due, self._finish_at)
        return min(time for time in times if time is not None)

    def handle_timer(self, now: float) -> None:
        """Do what is due; within a turn."""
        if now >= self._sweep_at:
            self._sweep_at = now + self._patience / 4
            for member in self.roster.silent(now - self._patience):
                self.detach(member)
        for claim in self.claims.expired(now):
            code = IllegalAction.code if claim.held else ""
            expired = records.Expired(claim=claim.number, code=code, reason=claim.held)
            self._record(codec.encode(expired))
            self._expire(claim)
        if self._finish_at is not None and now >= self._finish_at:
            self._finish()
        if now >= self._heartbeat_at:
            self._beat()

    # ── members ──────────────────────────────────────────────────────────────────────────────

    def seat(self, grant: Grant, attach: messages.Attach) -> Member:
        """Let a peer take part whose token the broker has vouched for; within a turn.

        Args:
            grant: the broker's word.
            attach: the peer's; its time is 0 where the peer has not attached yet.

        Raises:
            BadMessage: its clock can't be.
        """
        known = self.roster.find(grant.peer, grant.role)
        shift = known.shift if known else 0
        if attach.time and grant.role == "reporter":
            shift = self._clock.shift(attach, self._wall)
        record = records.Member(
            peer=grant.peer,
            name=grant.name,
            token=grant.token,
            role=grant.role,
            expires=grant.expires,
            shift=shift,
        )
        self._record(codec.encode(record))
        member = self.roster.seat(record)
        self.ping(member)
        # The new subscriber may have connected too late for the last entry: let it know soon.
        self._heartbeat_at = min(self._heartbeat_at, self._now + 0.2)
        return member

    def ping(self, member: Member) -> None:
        """Note that a member is there; within a turn."""
        member.heard = self._now
        if not member.present and member.role == "reporter" and not self._restoring:
            self._change_presence(member, True)

    def detach(self, member: Member) -> None:
        """Note that a member has left; within a turn."""
        if member.present:
            self._change_presence(member, False)
            for claim in list(self.claims.open.values()):  # fewer must agree now
                self._weigh(claim)

    def _change_presence(self, member: Member, present: bool) -> None:
        # On record, since verdicts and the evidence of entries depend on it.
        self._record(codec.encode(records.Presence(peer=member.peer, present=present)))
        self._mark(member, present)

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
        if member.present:
            member.heard = self._now
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
                taken.append((n, self._join(member, n, one.event)))
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
            eased, self._eased = self._eased, []
            for claim in eased:
                self._weigh(claim)

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

    def _join(self, member: Member, n: int, event: Happening) -> Claim | None:
        """Join a report to its claim; None where it is an undo.

        Raises:
            PeerError: it can't be of this event.
        """
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
            claim = self._open_claim(lane, time, identity)
        elif identity:
            self.claims.adopt(claim, identity)
        if claim.entry_id:
            claim.join_late(member.index, member.bit, n)
            return claim
        claim.join(member.index, member.bit, n, time, details)
        claim.until = self._now + self._ttl
        return claim

    def _open_claim(self, lane: Lane, time: int, identity: Identity) -> Claim:
        if len(self.claims.open) >= limits.OPEN_CLAIMS:
            raise BadReport(f"{limits.OPEN_CLAIMS:,} claims are open, no more are allowed")
        return self.claims.start(lane, time, identity, self._wall, self._now + self._ttl)

    def _check(self, event: Happening) -> Lane:
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
        key, details = corrections.read(event, self.timeline.versions, self.kinds)
        return self._vote(member, n, key, details)

    def _vote(
        self, member: Member, n: int, key: tuple[str, ...], details: dict[str, messages.Detail]
    ) -> Claim:
        lane = self.claims.correction_lane(*key)
        claim = lane.find(0, member.bit, ())
        if claim is None:
            if any(vote.voters & member.bit for vote in lane.near(0, 0)):
                raise BadReport("you have voted for that already")
            claim = self._open_claim(lane, 0, ())
        claim.join(member.index, member.bit, n, 0, details)
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
        self._publish(revised(self.timeline.versions[claim.entry_id], "CONFIRMED", evidence))

    def _refuse(self, member: Member, n: int, error: PeerError) -> None:
        self.counters.refuse(error.code)
        reason = error.sentence[: limits.TEXT_CHARS]
        member.fates.append(Fate(n=n, outcome="refused", code=error.code, reason=reason))

    # ── verdicts ─────────────────────────────────────────────────────────────────────────────

    def _weigh(self, claim: Claim) -> None:
        """Accept a claim if enough agree and the sport's rules permit it where it stands."""
        if self._restoring or self.finished or claim.number not in self.claims.open:
            return
        evidence = self._evidence(claim)
        if not self._verdict.accept(evidence.for_, evidence.against, evidence.present):
            return
        if claim.lane.kind is None:
            self._accept_correction(claim, evidence)
            return
        action = Action(claim.lane.title, claim.lane.origin, claim.time, claim.merged())
        state = self.timeline.state_before(action.time, claim.number)
        reason = self.sport.illegal(state, action)
        if reason is None:
            self._accept(claim, action, evidence)
            return
        reason = reason[: limits.TEXT_CHARS]
        if claim.held != reason:
            self._record(codec.encode(records.Held(claim=claim.number, reason=reason)))
            self._hold(claim, reason)

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
        seconds = evidence.latency_ms / 1000
        self.counters.latency[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.counters.latency_sum += seconds
        kind = claim.lane.kind
        related = None
        if kind is not None and kind.relates_to:
            related = self.timeline.latest(kind.relates_to, action.origin, action.time)
        self._publish(
            Entry(
                event=self.card.event,
                epoch=self.epoch,
                seq=0,
                entry_id=str(claim.number),
                status="CONFIRMED" if evidence.for_ > 1 else "PROVISIONAL",
                title=action.title,
                origin=action.origin,
                details=dict(action.details),
                time=action.time,
                first_reported=claim.received,
                accepted=self._wall,
                sent=self._wall,
                evidence=evidence,
                relates_to=related.entry_id if related else "",
            )
        )

    def _accept_correction(self, claim: Claim, evidence: Evidence) -> None:
        word, entry_id = claim.lane.title, claim.lane.origin
        if word == "end":
            self._finish()
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
        body = codec.encode(entry)
        self._record(body)
        self._send(body)
        self.timeline.versions[entry.entry_id] = entry
        self._apply(entry, by)
        self._weigh_held()
        self._consider_end()

    # ── end, heartbeat ───────────────────────────────────────────────────────────────────────

    def _consider_end(self) -> None:
        """Let the event end some time after the sport says that nothing more can happen."""
        if self.finished or not self.sport.over(self.timeline.state):
            self._finish_at = None
        elif self._finish_at is None:
            self._finish_at = self._now + self._finish_after

    def _finish(self) -> None:
        if self.finished:
            return
        body = codec.encode(
            finished(
                self.card.event,
                self.epoch,
                self.feed.seq + 1,
                self._wall,
                self.sport,
                self.timeline.state,
            )
        )
        self._record(body)
        self._send(body)
        self._close_event(self.feed.seq)

    def _beat(self) -> None:
        self._heartbeat_at = self._now + self._interval
        self.sent_at = self._now
        self.counters.heartbeats += 1
        beat = heartbeat(
            self.card.event,
            self.epoch,
            self.feed,
            self._wall,
            present=self.roster.present,
            claims=len(self.claims.open),
            interval=self._interval,
        )
        self._turn.publish(codec.encode(beat))

    def _send(self, body: bytes) -> None:
        self.feed.append(body)
        self._turn.publish(body)
        self._heartbeat_at = self._now + self._interval
        self.published_at = self.sent_at = self._now
