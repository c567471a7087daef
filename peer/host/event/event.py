"""A hosted event: what a host decides for it, from reports in to entries out. Pure.

The shell hands over what arrived between `begin_turn` and `take`; `take` returns the records to
commit and, for after the commit, what to publish and what to send to the reporters. Nothing leaves
before it is on disk.

This is the face of the parts beside it, and the only place that knows their order. Each part holds
the one `EventState` and the `Turn`, and calls none that comes later here:

    report ─▶ presence ─▶ intake ─▶ on record ─▶ decisions (signatures) ─▶ entries ─▶ turn
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol, cast

from ....protocol import codec, messages
from ....protocol.errors import NotAllowed, StorageFault
from ....protocol.messages import Card, Entry, Evidence, Grant, Report, ReportBatch, Said
from ..options import Options
from . import evidence, records, state
from .claims import Claim
from .contact import VenueContact
from .corrections import Corrections
from .counters import EventCounters
from .decisions import Decisions
from .ending import Ending
from .entries import Entries
from .feed import FeedPosition
from .heartbeat import Heartbeats
from .intake import Intake
from .outage import ImpossibleTransition
from .participant import Participant
from .presence import Presence
from .publications import doubted, setup
from .publisher import Publisher
from .reconstruction import Reconstruction
from .signatures import Signatures
from .turn import Output, Turn


class RestoreObserver(Protocol):
    """Follows an event while it is restored from its journal."""

    def before(self, record: records.Record, raw: bytes) -> None:
        """See a record that is about to change the event, and its bytes."""

    def stored(self, reporter: Participant, said: Report | Said) -> None:
        """See a report that was just counted and matched, and its reporter as it was then."""


class HostedEvent:
    """One hosted event.

    Args:
        card: what the broker knows of it.
        options: the host's settings.

    Raises:
        NotFound, SettingError: the sport is not installed, or cannot be played with this card.
    """

    def __init__(self, card: Card, options: Options) -> None:
        self._state = shared = state.begin(card, options)
        self.card = card
        self.sport = shared.sport
        self.kinds = shared.kinds
        self.claims = shared.claims
        self.timeline = shared.timeline
        self.feed = shared.feed
        self.outage = shared.outage
        self.roster = shared.roster
        self._ttl = shared.clock.real(options.claim_ttl)
        self._deciding_held = False
        turn = self._turn = Turn(card.event, shared.roster.reporters)
        publisher = Publisher(shared, turn)
        self._contact = VenueContact(shared, turn, publisher)
        self._presence = Presence(shared, turn, self._contact)
        self._corrections = Corrections(shared)
        self._intake = Intake(shared, turn, self._corrections)
        self._signatures = Signatures(shared, turn)
        self._decisions = Decisions(shared, turn, self._signatures)
        self._entries = Entries(shared, turn, publisher)
        self._reconstruction = Reconstruction(shared, turn, publisher)
        self._ending = Ending(shared, turn, publisher)
        self._heartbeats = Heartbeats(shared, turn)
        # Looked up once, for each report.
        self._take_in = self._intake.take_in
        self._record = turn.record
        self._to_re_evaluate = shared.re_evaluate
        self._restorers: dict[type, Callable[[Any, bytes], None]] = {
            records.Began: self._restore_began,
            records.TurnBegan: self._restore_turn,
            records.MemberAttached: self._presence.restore_attached,
            records.PresenceChanged: self._presence.restore_changed,
            records.PeerRevoked: self._presence.restore_revoked,
            Report: self._intake.restore,
            ReportBatch: self._intake.restore,
            records.Struck: self._signatures.restore,
            records.Held: self._decisions.restore_held,
            records.Expired: self._decisions.restore_expired,
            records.Corrected: self._entries.restore_corrected,
            Entry: self._entries.restore,
            messages.Alarm: self._contact.restore_alarm,
            records.ContactRegained: self._contact.restore_regained,
            records.ScoreConfirmed: self._reconstruction.restore_confirmed,
            messages.Restored: self._reconstruction.restore_closed,
            messages.Finished: self._ending.restore,
        }

    # ── what others read ─────────────────────────────────────────────────────────────────────

    @property
    def epoch(self) -> int:
        """The epoch under which the event is served; 0 before the first."""
        return self._state.epoch

    @property
    def finished(self) -> bool:
        """Whether the event is over."""
        return self._state.finished

    @property
    def present(self) -> int:
        """Reporters that are present and whose votes count."""
        return self._state.roster.present

    @property
    def needed(self) -> int:
        """How many votes a claim needs at the least, with as many present as there are now."""
        return self._state.needed

    @property
    def counters(self) -> EventCounters:
        """What is counted for the metrics."""
        return self._state.counters

    @property
    def published_at(self) -> float | None:
        """When the feed last grew in this run of the host (monotonic), or None."""
        return self._state.published_at

    @property
    def sent_at(self) -> float | None:
        """When anything was last published, heartbeats included (monotonic), or None."""
        return self._state.sent_at

    @property
    def position(self) -> FeedPosition:
        """Where the feed stands now."""
        return self._heartbeats.position

    @property
    def by_entry(self) -> dict[str, Claim]:
        """The claim of each entry, by entry id."""
        return self._state.by_entry

    @property
    def held(self) -> dict[int, Claim]:
        """By number: claims on which enough agree, but which the sport's rules forbid so far."""
        return self._state.held

    @property
    def correcting(self) -> Claim | None:
        """While restoring: the claim that corrects the entry of the next record."""
        return self._entries.correcting

    def evidence(self, claim: Claim) -> Evidence:
        """Return how many votes count for and against a claim."""
        return evidence.of(self._state, claim)

    def rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims whose voters speak against a claim."""
        return evidence.rivals(self._state, claim)

    def setup(self, request: int, participant: Participant) -> messages.Setup:
        """Return what a peer needs to take part.

        Args:
            request: the id of its request.
            participant: the peer.
        """
        return setup(
            request,
            participant,
            card=self.card,
            kinds=self.kinds.values(),
            epoch=self._state.epoch,
            feed=self.feed,
            wall=self._state.wall,
            interval=self._state.options.heartbeat,
        )

    def troubled(self, position: FeedPosition, trouble: str, wall: int) -> bytes:
        """Return the frame of a heartbeat that says why nothing can be stored; see `Heartbeats`."""
        return self._heartbeats.troubled(position, trouble, wall)

    # ── the life of the event ────────────────────────────────────────────────────────────────

    def restore(self, blobs: Iterable[bytes], observer: RestoreObserver | None = None) -> None:
        """Rebuild the state from the journal's turns, oldest first.

        Raises:
            StorageFault: they cannot be read, or do not follow from one another.
        """
        if observer is not None:
            observed = partial(self._intake.restore, on_stored=observer.stored)
            self._restorers[Report] = self._restorers[ReportBatch] = observed
        for blob in blobs:
            for record, raw in records.unpack(blob):
                if observer is not None:
                    observer.before(record, raw)
                try:
                    self._restore(record, raw)
                except KeyError as missing:
                    raise StorageFault(
                        f"the journal of {self.card.event} speaks of {missing}, which it does not"
                        " hold: a turn is missing"
                    ) from missing
                except ImpossibleTransition as refused:
                    raise StorageFault(
                        f"the journal of {self.card.event}: {refused}: a turn is missing"
                    ) from refused
        self._turn.discard()
        self._state.counters = EventCounters()
        self._state.re_evaluate.clear()
        self._state.re_evaluate_all = False

    def start(self, epoch: int, now: float, wall: int) -> None:
        """Begin to serve under a new epoch; this is a turn of its own: call `take` next.

        Args:
            epoch: above that of every start before.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self.begin_turn(now, wall)
        options = self._state.options
        began = records.Began(
            epoch=epoch,
            verdict=options.policy.name,
            alone=options.alone,
            signed=options.require_signatures,
        )
        self._record(codec.encode(began))
        self._restore_began(began, b"")
        self._state.heartbeat_at = now  # the first one at once: it tells the new epoch
        self._presence.restart()
        # Claims wait for the reporters to come back.
        self.claims.postpone(now + self._ttl)
        self._contact.restart()
        self._state.finish_at = None
        self._ending.consider()

    def begin_turn(self, now: float, wall: int) -> None:
        """Set the time of all that follows up to `take`.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self._state.now = now
        self._set_wall(wall)
        self._turn.begin(wall)

    def take(self) -> Output:
        """Return what the turn leads to, and begin to collect anew."""
        self._contact.note_life()
        if self._state.re_evaluate_all:
            self._state.re_evaluate_all = False
            for claim in list(self.claims.open.values()):
                self._decide(claim)
        self._re_evaluate()
        self._heartbeats.show_claims()
        return self._turn.take(finished=self._state.finished)

    def next_timer(self) -> float:
        """Return when `handle_timer` is due (monotonic seconds)."""
        times = (
            self._state.heartbeat_at,
            self._presence.next_timer(),
            self.claims.next_due(),
            self._state.finish_at,
            self._contact.next_timer(),
        )
        return min(time for time in times if time is not None)

    def handle_timer(self, now: float) -> None:
        """Do what is due; within a turn."""
        if self._contact.handle_timer(now):
            # They state the score of a reconstruction that is over.
            self._drop_confirmations()
            self._contact.raise_alarm()
        self._presence.handle_timer(now)
        for claim in self.claims.expired(now):
            self._decisions.expire(claim)
        if self.outage.state == "reconstructing":
            over = self._reconstruction.handle_timer(now)
            for claim in self.claims.confirmations():
                self._decide(claim)
            if over and self.outage.state == "reconstructing":
                self._close_outage(None)
        if self._state.finish_at is not None and now >= self._state.finish_at:
            self._finish()
        self._heartbeats.handle_timer(now)

    def slept(self, seconds: float) -> None:
        """Note that this process was itself stopped: its reporters' silence meanwhile is none."""
        self._contact.forgive(seconds)

    # ── peers ────────────────────────────────────────────────────────────────────────────────

    def attach(self, grant: Grant, attach: messages.Attach, report_token: str) -> Participant:
        """Let a peer take part; see `Presence.attach`."""
        participant = self._presence.attach(grant, attach, report_token)
        self._heartbeats.hasten()
        return participant

    def ping(self, participant: Participant, announced: int | None = None) -> None:
        """Note that a peer is there; see `Presence.ping`."""
        self._presence.ping(participant, announced)

    def detach(self, participant: Participant) -> None:
        """Note that a peer leaves in good order; within a turn."""
        self._presence.detach(participant)

    def revoke(self, peers: Iterable[str]) -> list[Participant]:
        """Exclude peers; see `Presence.revoke`."""
        return self._presence.revoke(peers)

    def hasten_heartbeat(self) -> None:
        """Let the next heartbeat follow in a moment, for peers that have just connected."""
        self._heartbeats.hasten()

    # ── a report ─────────────────────────────────────────────────────────────────────────────

    def report(self, reporter: Participant, message: Report | ReportBatch, frame: bytes) -> None:
        """Take a peer's report or batch in; within a turn.

        Args:
            reporter: the sender, by the report token.
            message: the decoded frame.
            frame: its bytes, which go into the journal as they are.

        Raises:
            NotAllowed: the peer is no reporter. What is wrong with a single report is told by its
                receipt instead.
        """
        if reporter.role != "reporter":
            raise NotAllowed(f"a {reporter.role} cannot report; join as reporter")
        # What `ping` does for a reporter that is present, without the call: most reports.
        if reporter.present and self.outage.state != "suspended":
            reporter.heard = self._state.now
            self._state.heard = True
        else:
            self._presence.ping(reporter)
        # The exact type, since it is faster to look at than isinstance; a batch is the other one.
        said = (message,) if type(message) is Report else cast(ReportBatch, message).reports
        ready = self._take_in(reporter, said)
        if ready is None:
            return
        self._record(frame)
        # Decided once the whole frame is on record, so that the journal's order of records is the
        # order in which the state changed.
        for claim in ready:
            if claim.entry_id:
                self._confirm(claim)
            else:
                self._decide(claim)
        if self._to_re_evaluate:
            self._re_evaluate()

    def _decide(self, claim: Claim) -> None:
        """Carry out what an open claim leads to, if enough reporters agree on it."""
        agreed = self._decisions.decide(claim)
        if agreed is None:
            return
        if claim.index.kind is not None:
            entry = self._decisions.accept(claim, agreed)
            if entry is not None:
                self._publish(entry)
        elif claim.index.title == "end":
            self._finish()
        elif claim.index.title == "confirm":
            # Not before everything is in: the score would be held against half of it.
            if self.outage.asked_at is not None:
                self._close_outage(claim)
        else:
            entry = self._decisions.correct(claim, agreed)
            if entry is not None:
                self._publish(entry, by=claim)

    def _confirm(self, claim: Claim) -> None:
        """Publish an entry that one reporter alone had made as confirmed, if a second agrees."""
        entry = self._decisions.confirm(claim) if claim.provisional else None
        if entry is not None:
            self._publish(entry)

    def _publish(self, entry: Entry, by: Claim | None = None) -> None:
        """Publish a version of an entry, and what it makes possible."""
        self._entries.publish(entry, by)
        self._decide_held()
        self._ending.consider()

    def _decide_held(self) -> None:
        """Decide held claims again, until none of them is let in by another."""
        if self._deciding_held:
            return  # the loop below goes round once more
        self._deciding_held = True
        seq = -1
        while seq != self.feed.seq:
            seq = self.feed.seq
            for claim in list(self._state.held.values()):
                self._decide(claim)
        self._deciding_held = False

    def _re_evaluate(self) -> None:
        """Decide the claims again of which a vote, for or against, was taken out."""
        while self._to_re_evaluate:
            claims = self._to_re_evaluate.copy()
            self._to_re_evaluate.clear()
            for claim in claims:
                self._decide(claim)

    # ── after an outage, and the end ─────────────────────────────────────────────────────────

    def _close_outage(self, confirmed: Claim | None) -> None:
        """End a reconstruction: publish its entries anew where they are known to be wrong.

        Args:
            confirmed: the claim in which enough reporters state one score; None: there is none.
        """
        reason = self._reconstruction.judge(confirmed)
        self._drop_confirmations()
        entries = self._reconstruction.standing()
        if reason:
            for entry in entries:
                self._publish(doubted(entry, reason))
        self._reconstruction.close(
            entries=len(entries), confirmed=confirmed is not None, reason=reason
        )
        self._ending.consider()

    def _drop_confirmations(self) -> None:
        for claim in self.claims.confirmations():
            self._decisions.expire(claim)

    def _finish(self) -> None:
        if self._state.finished:
            return
        if self.outage.state == "reconstructing":
            self._close_outage(None)
        self._ending.finish()
        self._contact.stop()

    # ── from the journal ─────────────────────────────────────────────────────────────────────

    def _restore(self, record: records.Record, raw: bytes) -> None:
        self._restorers[type(record)](record, raw)

    def _restore_turn(self, record: records.TurnBegan, _raw: bytes) -> None:
        self._set_wall(record.received)

    def _restore_began(self, record: records.Began, _raw: bytes) -> None:
        self._state.epoch = record.epoch
        self._state.signatures_required = record.signed

    def _set_wall(self, wall: int) -> None:
        shared = self._state
        shared.wall = wall
        shared.latest = shared.clock.latest(wall)
        if shared.roster.on_probation and self._presence.end_probations():
            shared.re_evaluate_all = True
