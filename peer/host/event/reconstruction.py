"""An event while contact with the venue is lost: alarms, return, the score asked for. Pure.

What is published here speaks of the feed and the venue; what happened is decided in `core`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from ....protocol import codec, limits, messages
from ....protocol.errors import SettingError
from ....protocol.messages import Card, Entry, Fate, FeedState, Grant
from ....protocol.times import SECOND
from ....timeline.timeline import LAST, Adopted
from ...liveness import Liveness
from ..options import Options
from . import corrections, records
from .claims import Claim
from .member import Member
from .outage import Outage
from .publications import heartbeat
from .state import EventState

CLAIM_SECONDS = 1.0
"""A change of the open claims is told by a heartbeat, at most one in this time."""

SOON_SECONDS = 0.1
"""It waits for so long: most claims get all their reports within a moment."""


class FeedPosition(NamedTuple):
    """Where a feed stands: all of it that was let out."""

    epoch: int
    seq: int
    digest: bytes
    state: FeedState


class Suspension(EventState):
    """The state of an event, and what its host says while nobody reports on it; see `EventState`
    for the arguments."""

    def __init__(self, card: Card, options: Options) -> None:
        super().__init__(card, options)
        self.published_at: float | None = None  # monotonic; when the feed last grew here
        self.sent_at: float | None = None  # monotonic; likewise, heartbeats included
        self.outage = Outage(round(options.late_after * SECOND), options.confirm_wait)
        self._liveness = Liveness(options.heartbeat, options.alarm_every)
        self._patience = options.patience
        self._probation = round(options.probation * SECOND)  # microseconds
        self._received = 0  # wall time at which a reporter was last heard
        self._heard = False  # a reporter was heard in this turn
        self._now = 0.0
        self._heartbeat_at = 0.0
        self._shown = False  # the newest heartbeat told of open claims
        self._sweep_at = 0.0
        self._restoring = False
        self._reweigh = False  # fewer are present, or more count: claims are to be looked at again

    def begin_turn(self, now: float, wall: int) -> None:
        """Set the time of all that follows up to `take`.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self._now = now
        self._set_wall(wall)
        self._turn.begin(wall)

    def _set_wall(self, wall: int) -> None:
        super()._set_wall(wall)
        if self.roster.unripe:
            self._ripen()

    def _ripen(self) -> None:
        """Look whose votes count by now; what they have voted for is looked at again."""
        if self.roster.ripen(self._wall) and not self._restoring:
            self._reweigh = True
        self._needed = self._verdict.needed(self.roster.present)

    def next_timer(self) -> float:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        due = self.claims.next_due()
        watch = self._liveness.next_timer()
        times = (self._heartbeat_at, self._sweep_at, due, self._finish_at, watch)
        return min(time for time in times if time is not None)

    def _apply(self, entry: Entry, by: Claim | None = None) -> None:
        super()._apply(entry, by)
        if entry.delay_status == "RECONSTRUCTED" and self.outage.holds(entry.time):
            self.outage.entries[entry.entry_id] = None

    # ── the watch over the venue ─────────────────────────────────────────────────────────────

    def _hear(self) -> None:
        """Note a sign of life of a reporter."""
        self._heard = True
        if self.outage.state == "suspended":
            self._record(codec.encode(records.Contact()))
            self._regain()
            self._heartbeat_at = self._now  # subscribers are told at once

    def _note_life(self) -> None:
        """Let the watch know of this turn's signs of life."""
        if not self._heard:
            return
        self._heard = False
        self._received = self._wall
        if self.finished:
            self._liveness.stop()
        elif self._liveness.heard_at is not None or self.roster.staying:
            self._liveness.heard(self._now)

    def _regain(self) -> None:
        """Begin to put together what happened meanwhile; also when restoring."""
        self._finish_at = None  # not before that is done
        self._received = self._wall
        self.outage.regain(self._clock.event_time(self._wall) or 0, self._now)
        for member in self.roster.staying:
            member.told_last = False

    def _resume_watch(self) -> None:
        """Watch on after a restart, whoever was there before."""
        self._heard = False
        self._liveness.stop()
        self.outage.resume(self._now)
        for member in self.roster.staying:
            member.told_last = False
        if self.finished or not self.roster.staying:
            return
        if self.outage.state == "suspended":
            self._liveness.resume(self._now, told=max(0, self._wall - self._alarmed) / SECOND)
        else:
            self._liveness.heard(self._now)

    def slept(self, seconds: float) -> None:
        """Note that this process was itself stopped: its reporters' silence meanwhile is none."""
        self._liveness.forgive(seconds)

    def _watch(self, now: float) -> None:
        """Raise the alarm when it is due."""
        self._note_life()
        if self._liveness.handle_timer(now):
            self._drop_confirmations()
            since = self._clock.event_time(self._received) or 0
            self.outage.lose(since)
            alarm = messages.Alarm(
                event=self.card.event,
                epoch=self.epoch,
                seq=self.feed.seq + 1,
                sent=self._wall,
                last_received=self._received,
                number=self.outage.alarms,
            )
            self._alarmed = self._wall
            self.counters.alarms += 1
            self._send(codec.encode(alarm))

    def _restore_alarm(self, alarm: messages.Alarm) -> None:
        self.outage.lose(self._clock.event_time(alarm.last_received) or 0)
        self.outage.alarms = alarm.number
        self._received = alarm.last_received
        self._alarmed = alarm.sent

    _alarmed = 0
    """Wall time of the newest alarm."""

    # ── the return ───────────────────────────────────────────────────────────────────────────

    def _all_told(self, now: float) -> bool:
        """Tell whether all that is to be known of the outage is, and nobody need confirm it any
        more."""
        outage = self.outage
        told = outage.all_told(self.roster.staying, self.claims.open.values(), now, self._patience)
        if not told:
            # A reporter whose outbox never empties must not suspend the event for ever.
            return now >= outage.back_at + self._patience + self._longest + outage.confirm_wait
        if not outage.asked:
            outage.asked = True
            outage.quiet_at = now
            self._ask()
        return now >= (outage.quiet_at or now) + outage.confirm_wait

    _longest = 120.0
    """Seconds after which a claim, and the reconstruction itself, is given up."""

    def _ask(self) -> None:
        """Ask the reporters who are there for the score."""
        confirm = messages.Confirm(
            event=self.card.event, since=self.outage.since, until=self.outage.until
        )
        frame = codec.encode(confirm)
        for member in self.roster.staying:
            if member.heard >= self.outage.back_at:
                self._turn.note(member, frame)

    def _dispute(self, claim: Claim) -> None:
        """Note that a claim of the outage has come to nothing although several spoke of it."""
        if (
            claim.lane.kind is not None
            and self.outage.holds(claim.mean)
            and len(claim.votes) >= self._needed
            and self._evidence(claim).against
        ):
            self.outage.disputed += 1

    # ── members ──────────────────────────────────────────────────────────────────────────────

    def seat(self, grant: Grant, attach: messages.Attach, badge: str) -> Member:
        """Let a peer take part whose token the broker has vouched for; within a turn.

        Args:
            grant: the broker's word.
            attach: the peer's.
            badge: a new one, which it is given where it has none under this token.

        Raises:
            BadMessage: its clock can't be.
        """
        known = self.roster.find(grant.peer, grant.role)
        shift, stays = 0, False
        if grant.role == "reporter":
            shift = self._clock.shift(attach, self._wall)
            stays = not attach.brief
        if known is not None and known.token == grant.token != known.badge:
            badge = known.badge  # the same for as long as the token: reports are under way with it
        record = records.Member(
            peer=grant.peer,
            name=grant.name,
            token=grant.token,
            role=grant.role,
            expires=grant.expires,
            key=grant.key,
            badge=badge,
            shift=shift,
            stays=stays,
            invite=grant.invite,
            enrolled=grant.enrolled,
            counts=grant.enrolled + self._probation if self._probation else 0,
        )
        self._record(codec.encode(record))
        member = self._seat(record)
        member.last = 0  # one whose outbox was lost begins anew
        self.ping(member, attach.last)
        # The new subscriber may have connected too late for the last entry: let it know soon.
        self.beat_soon()
        return member

    def _seat(self, record: records.Member) -> Member:
        member = self.roster.seat(record)
        if record.counts or self.roster.unripe:
            self._ripen()
        return member

    def beat_soon(self) -> None:
        """Let the next heartbeat follow in a moment, so that whoever has just come learns where
        the feed stands."""
        self._heartbeat_at = min(self._heartbeat_at, self._now + 0.2)

    def revoke(self, peers: Iterable[str]) -> list[Member]:
        """Put peers out; within a turn. What they have said stays, nothing more is taken from them.

        Args:
            peers: their ids; those who are out already are passed over.

        Returns:
            what they were here.
        """
        out = []
        for peer in peers:
            if peer in self.roster.revoked:
                continue
            found = self.roster.revoke(peer)
            if found:
                self._record(codec.encode(records.Revoked(peer=peer)))
            for member in found:
                if member.role == "reporter" and (member.stays or member.present):
                    self._leave(member)
            out += found
        return out

    def _restore_member(self, record: records.Member) -> None:
        self._seat(record)
        if record.role == "reporter":
            self._received = self._wall

    def ping(self, member: Member, last: int | None = None) -> None:
        """Note that a member is there; within a turn.

        Args:
            member: the one who is.
            last: the number of its newest report, whether it has come or not; None: not said.
        """
        member.heard = self._now
        if member.role != "reporter" or self._restoring:
            return
        self._hear()
        if last is not None:
            member.last = max(member.last, last)
            member.told_last = True
        if not member.present:
            self._change_presence(member, True)

    def detach(self, member: Member) -> None:
        """Note that a member leaves in good order; within a turn."""
        if member.role == "reporter":
            self._hear()
            self._leave(member)

    def _leave(self, member: Member) -> None:
        """Count a reporter no longer, without missing it."""
        member.stays = False
        self._change_presence(member, False, left=True)
        if not self.roster.staying:
            self._liveness.stop()

    def _sweep(self, now: float) -> None:
        """Count those no longer as present who say nothing while others do: where nobody does,
        it is contact that was lost, and they may all still be there."""
        heard_at = self._liveness.heard_at
        if self._liveness.silent or now < self.outage.back_at + self._patience:
            return
        since = (now if heard_at is None else heard_at) - self._patience
        for member in self.roster.silent(since):
            self._change_presence(member, False)

    def _change_presence(self, member: Member, present: bool, *, left: bool = False) -> None:
        # On record, since verdicts and the evidence of entries depend on it.
        record = records.Presence(peer=member.peer, present=present, left=left)
        self._record(codec.encode(record))
        self._mark(member, present)
        self._reweigh = self._reweigh or not present

    def _restore_presence(self, record: records.Presence) -> None:
        member = self.roster.members[record.peer, "reporter"]
        member.stays = member.stays and not record.left
        self._mark(member, record.present)
        if record.present or (record.left and not member.revoked):
            self._received = self._wall

    def _judge(self, confirmed: Claim | None) -> str:
        """Return why what was put together is known not to be right; empty where it is not."""
        reason = self._compare(confirmed) if confirmed is not None else ""
        if not reason and self.outage.disputed:
            return f"the reports disagree on {self.outage.disputed} of the actions of the outage"
        return reason

    def _compare(self, claim: Claim) -> str:
        """Put the score that enough reporters confirm on record, in force where the entries lead to
        another; return why they do, empty where they don't."""
        stated = score = corrections.key_score(claim.lane.key)
        before = self.timeline.state_before(self.outage.since, 0)
        after = self.timeline.state_before(claim.time, LAST)
        reason, adopt = "", False
        try:
            reason = self.sport.gap(before, after, stated) or ""
            if reason:
                # In full, so that it holds whatever is still put before it.
                score, adopt = self.sport.score(self.sport.adopt(after, stated)), True
        except SettingError as error:  # what came in since it was stated leaves no room for it
            reason = reason or error.sentence
        record = records.Confirmed(claim=claim.number, time=claim.time, score=score, adopt=adopt)
        self._record(codec.encode(record))
        self._confirm_closed(record)
        return reason

    def _drop_confirmations(self) -> None:
        """End the claims that state a score: they are of a reconstruction that is over."""
        for claim in corrections.confirmations(self.claims):
            self._record(codec.encode(records.Expired(claim=claim.number)))
            self._expire(claim)

    def _close_event(self, seq: int) -> None:
        super()._close_event(seq)
        self._liveness.stop()
        self.outage.state = "finished"

    def _confirm_closed(self, record: records.Confirmed) -> None:
        """Close the claim of a confirmed score, which is in force where the entries differ."""
        claim = self.claims.open[record.claim]
        self.claims.close(claim, forget=True)
        self._tell(claim, Fate(n=0, outcome="accepted", seq=self.feed.seq))
        if record.adopt:
            self.timeline.adopt(Adopted(record.time, record.score))

    # ── what is said ─────────────────────────────────────────────────────────────────────────

    def _beat(self) -> None:
        self._heartbeat_at = self._now + self._interval
        self.sent_at = self._now
        self.counters.heartbeats += 1
        self._turn.publish(codec.encode(self._heartbeat()))

    def _heartbeat(self) -> messages.Heartbeat:
        disputed = sum(
            len(claim.votes) >= self._needed and not claim.held
            for claim in self.claims.open.values()
            if claim.lane.kind is not None
        )
        return heartbeat(
            self.card.event,
            self.epoch,
            self.feed,
            self._wall,
            present=self.roster.present,
            claims=len(self.claims.open),
            disputed=disputed,
            interval=self._interval,
            state=self.stand.state,
            pending=self._pending(),
        )

    def _pending(self) -> list[messages.Pending]:
        """Return how the newest open claims stand."""
        acted = (one for one in reversed(self.claims.open.values()) if one.lane.kind is not None)
        told = []
        for claim in islice(acted, limits.PENDING):
            evidence = self._evidence(claim)
            told.append(
                messages.Pending(
                    title=claim.lane.title,
                    origin=claim.lane.origin,
                    time=claim.mean,
                    for_=evidence.for_,
                    against=evidence.against,
                    needed=self._needed,
                )
            )
        self._shown = bool(told)
        return told

    def _show_claims(self) -> None:
        """Let a heartbeat tell soon how the open claims stand, where reports have come in."""
        if self._turn.owed and (self.claims.open or self._shown):
            soon = max(self._now + SOON_SECONDS, (self.sent_at or 0.0) + CLAIM_SECONDS)
            self._heartbeat_at = min(self._heartbeat_at, soon)

    @property
    def stand(self) -> FeedPosition:
        """Where the feed stands now."""
        return FeedPosition(self.epoch, self.feed.seq, self.feed.digest, self.outage.state)

    def troubled(self, stand: FeedPosition, trouble: str, wall: int) -> bytes:
        """Return the frame of a heartbeat that says why nothing can be stored; empty: it can.

        It changes nothing, and is sent outside of any turn.

        Args:
            stand: where the feed stood when it was last let out; what waits for the disk since
                then must not show.
            trouble: the sentence.
            wall: microseconds since 1970 UTC.
        """
        beat = replace(
            self._heartbeat(),
            epoch=stand.epoch,
            seq=stand.seq,
            digest=stand.digest,
            state=stand.state,
            sent=wall,
            trouble=trouble[: limits.TEXT_CHARS],
        )
        return codec.topic(self.card.event) + codec.encode(beat)

    def _send(self, body: bytes) -> None:
        """Put a message on record and on the feed."""
        self._record(body)
        self.feed.append(body)
        self._turn.publish(body)
        self._heartbeat_at = self._now + self._interval
        self.published_at = self.sent_at = self._now
