"""A hosted event: what a host decides for it, from reports in to entries out. Pure.

The shell hands over what arrived between `begin_turn` and `take`; `take` returns the records to
commit and, for after the commit, what to publish and what to send to the reporters. Nothing leaves
before it is on disk.

This is the face of the parts beside it, and the only place that knows their order. Each part holds
the one `EventState` and the `Turn`, and calls none that comes later here:

    report ─▶ presence ─▶ intake ─▶ on record ─▶ decisions (verdict) ─▶ entries ─▶ turn
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol, cast

from msgspec.structs import replace

from ....protocol import codec, limits, messages
from ....protocol.errors import EventOver, NotAllowed, Overloaded, SettingError, StorageFault
from ....protocol.messages import (
    Card,
    Carried,
    Entry,
    EntryStatus,
    Evidence,
    Grant,
    Happening,
    HostPing,
    Report,
    ReportBatch,
    Said,
)
from ....protocol.times import SECOND
from ....sports.contradictions import check_of, unchecked
from ...grades.book import Book
from ..options import Options
from . import allies, cases, evidence, records, state, thresholds
from .claims import Claim
from .clock_steps import ClockSteps, offset_of, said_by
from .contact import VenueContact
from .corrections import Corrections
from .counters import EventCounters
from .decisions import Decisions
from .details import names_of, rules_of
from .ending import Ending
from .entries import Entries
from .exclusion import Exclusion, instead_of
from .feed import FeedPosition
from .heartbeat import Heartbeats
from .held import HeldClaims
from .intake import Intake, as_stored
from .outage import ImpossibleTransition
from .participant import Participant
from .presence import Presence
from .publications import doubted, setup
from .publisher import Publisher
from .questions import Questions
from .reconstruction import Reconstruction
from .recovery import Recovery, check_size, size_of
from .rulings import Rulings
from .scoreboard import Scoreboard
from .signatures import Signatures
from .statements import Statements
from .turn import Output, Turn
from .updates import Updates
from .verdict import Case, Standing
from .verdict import parse as parse_verdict
from .workload import Workload

LOOKS = 50
"""Claims that are looked at before it is seen whether the turn has enough to do."""


MISFITS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a record raises that no host of ours has written: a journal may be a stranger's, and a
process that follows hosts or looks at their journals outlives it."""

HISTORY_BYTES = 16
"""The bytes of the name of a history."""


class RestoreObserver(Protocol):
    """Follows an event while it is restored from its journal."""

    def before(self, record: records.Record, raw: bytes) -> None:
        """See a record that is about to change the event, and its bytes."""

    def stored(self, reporter: Participant, said: Report | Said, number: int) -> None:
        """See a report that was just counted and matched, its reporter as it was then, and the
        number under which it counts."""


class HostedEvent:
    """One hosted event.

    Args:
        card: what the broker knows of it.
        options: the host's settings.
        book: what is known of the reporters from before; None: nothing.

    Raises:
        NotFound, SettingError: the sport is not installed, or cannot be played with this card.
    """

    def __init__(self, card: Card, options: Options, book: Book | None = None) -> None:
        self.journal = ""
        """The name of the journal that the host shares with others; empty: it is the host's own."""
        self.history = ""
        """Names what the journal continues: a copy of it, and the epochs that follow from it, have
        the same; one that another host has had in between has another. Empty before the first
        epoch."""
        self._state = shared = state.begin(card, options, book or Book())
        self._began_with: bytes | None = None  # the book's digest; None: not begun yet
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
        self._workload = Workload(shared)
        turn = self._turn = Turn(card.event, shared.roster.reporters)
        publisher = Publisher(shared, turn)
        self._contact = VenueContact(shared, turn, publisher)
        self._presence = Presence(shared, turn, self._contact)
        self._clock_steps = ClockSteps(shared, turn)
        self._statements = Statements(shared)
        self._corrections = Corrections(shared, self._statements)
        self._questions = Questions(shared, turn)
        self._intake = Intake(shared, turn, self._corrections, self._questions)
        self._recovery = Recovery(shared, turn, self._intake, self._presence)
        self._signatures = Signatures(shared, turn)
        self._held = HeldClaims(shared)
        self._decisions = Decisions(shared, turn, self._signatures, self._held)
        self._exclusion = Exclusion(shared, self._signatures)
        self._updates = Updates(shared, self._signatures)
        self._entries = Entries(shared, turn, publisher, self._held)
        self._reconstruction = Reconstruction(shared, turn, publisher)
        self._ending = Ending(shared, turn, publisher)
        self._scoreboard = Scoreboard(shared, turn)
        self._rulings = Rulings(shared, turn, self._decisions)
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
            records.ClockSet: self._clock_steps.restore,
            records.PeerRevoked: self._presence.restore_revoked,
            Report: self._intake.restore,
            ReportBatch: self._intake.restore,
            records.ReportRecovered: self._recovery.restore,
            records.Struck: self._signatures.restore,
            records.Uncounted: self._signatures.restore_uncounted,
            records.QuestionsAsked: self._questions.restore,
            records.Held: self._decisions.restore_held,
            records.Expired: self._decisions.restore_expired,
            records.Corrected: self._entries.restore_corrected,
            Entry: self._entries.restore,
            messages.Alarm: self._contact.restore_alarm,
            records.ContactRegained: self._contact.restore_regained,
            records.ScoreConfirmed: self._reconstruction.restore_confirmed,
            messages.Restored: self._reconstruction.restore_closed,
            messages.Finished: self._ending.restore,
            messages.Ruling: self._rulings.restore,
        }

    # ── what others read ─────────────────────────────────────────────────────────────────────

    @property
    def epoch(self) -> int:
        """The epoch under which the event is served; 0 before the first."""
        return self._state.epoch

    @property
    def edition(self) -> int:
        """The edition of the rules by which reports are matched; see `records.EDITION`."""
        return self._state.edition

    @property
    def finished(self) -> bool:
        """Whether the event is over."""
        return self._state.finished

    @property
    def closed(self) -> bool:
        """Whether the event is over and no report of it counts any more, or none can come."""
        return self._state.closed or (self._state.finished and not self._state.roster.staying)

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
    def laden(self) -> bool:
        """Whether this turn has enough to do: further reports are to wait for the next."""
        return self._workload.full

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

    def carried(self, claim: Claim) -> bool:
        """Return whether enough vote for what a claim asks for, which is no action."""
        return thresholds.carried(self._state, claim, evidence.of(self._state, claim))

    def offset_of(self, reporter: Participant, said: Report | Said) -> int:
        """Return what is added to the event time of a report that comes now, microseconds."""
        return offset_of(self._state, reporter, said)

    def rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims whose voters speak against a claim."""
        return evidence.rivals(self._state, claim)

    def allies(self, claim: Claim) -> list[Claim]:
        """Return the claims whose voters say the same as a claim's, in another word."""
        return allies.of(self._state, claim)

    def case(self, claim: Claim) -> Case:
        """Return what the verdict is asked about a claim of an action."""
        return cases.of(self._state, claim, self._state.active_bits(), claim.left_out)

    def weighed(self, claim: Claim) -> cases.Weighed:
        """Return what the verdict goes by for a claim of an action, reporter by reporter."""
        return cases.known_of(self._state, claim, self._state.active_bits(), claim.left_out)

    def setup(
        self,
        request: int,
        participant: Participant,
        at: FeedPosition | None = None,
        wall: int | None = None,
    ) -> messages.Setup:
        """Return what a peer needs to take part.

        Args:
            request: the id of its request.
            participant: the peer.
            at: where the feed stands for it, while nothing can be stored; None: at its newest.
            wall: the time, microseconds since 1970 UTC; None: that of the turn.
        """
        return setup(
            request,
            participant,
            card=self.card,
            kinds=self.kinds.values(),
            epoch=self._state.epoch if at is None else at.epoch,
            feed=at or self.feed,
            wall=self._state.wall if wall is None else wall,
            interval=self._state.options.heartbeat,
            journal=self.journal or self.history,
        )

    def troubled(
        self, position: FeedPosition, trouble: str, wall: int, *, moved: bool = False
    ) -> bytes:
        """Return the frame of a heartbeat that says why nothing can be stored; see `Heartbeats`."""
        return self._heartbeats.troubled(position, trouble, wall, moved=moved)

    # ── the life of the event ────────────────────────────────────────────────────────────────

    def restore(self, blobs: Iterable[bytes], observer: RestoreObserver | None = None) -> None:
        """Rebuild the state from the journal's turns, oldest first.

        Raises:
            StorageFault: they cannot be read, or do not follow from one another.
        """
        if observer is not None:
            observed = partial(self._intake.restore, on_stored=observer.stored)
            self._restorers[Report] = self._restorers[ReportBatch] = observed
            self._restorers[records.ReportRecovered] = partial(
                self._recovery.restore, on_stored=observer.stored
            )
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
                except MISFITS as misfit:
                    raise StorageFault(
                        f"the journal of {self.card.event} has a {type(record).__name__} that does"
                        f" not follow from what comes before it: {misfit}"
                    ) from misfit
            # Turn by turn: what all of them together owe is twice what stays.
            self._turn.discard()
        self._state.counters = EventCounters()
        self._state.re_evaluate.clear()
        self._state.to_update.clear()
        self._state.re_evaluate_all = False
        self._state.to_judge.clear()
        self._state.looks.clear()

    def check_book(self) -> None:
        """Refuse to go on with another book than the one that reports were weighed by.

        Call it after `restore`.

        Raises:
            SettingError: the journal names another book, or none, and holds reports.
        """
        began, book = self._began_with, self._state.book.digest
        if began in (None, book) or not any(one.n or one.ahead for one in self.roster.reporters):
            return
        before = f"the book {began.hex()}" if began else "no book"
        now = f"the book {book.hex()}" if book else "none"
        raise SettingError(
            f"--book: {self.card.event} was begun with {before}, and reports are in: it cannot go"
            f" on with {now}"
        )

    def start(self, epoch: int, now: float, wall: int) -> None:
        """Begin to serve under a new epoch; this is a turn of its own: call `take` next.

        Args:
            epoch: above that of every start before.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self.begin_turn(now, wall)
        self._begin_epoch(epoch)
        self._wait_anew(now)

    def resume(self) -> None:
        """Go on under the same epoch after a time in which nothing was taken in; within a turn."""
        self._wait_anew(self._state.now)
        self._state.heartbeat_at = self._state.now

    def _wait_anew(self, now: float) -> None:
        self._state.recount = True
        self._presence.restart()
        # Claims wait for the reporters to come back.
        self.claims.postpone(now + self._ttl)
        self._look_again(now)
        self._contact.restart()
        self._ending.restart()
        self._statements.restart()
        self._scoreboard.restart()

    def _begin_epoch(self, epoch: int) -> None:
        options = self._state.options
        began = records.Began(
            epoch=epoch,
            verdict=options.policy.name,
            alone=options.alone,
            signed=options.require_signatures,
            edition=records.EDITION,
            book=self._state.book.digest,
            earliest=self._state.clock.earliest(
                self.card.starts, self.card.created or self._state.hosted
            ),
        )
        self._record(codec.encode(began))
        self._restore_began(began, b"")
        # The first heartbeat follows at once: it tells the new epoch.
        self._state.heartbeat_at = self._state.now

    def _look_again(self, now: float) -> None:
        """Look at every claim from now on, as after a restart of the host."""
        shared = self._state
        shared.looks.clear()
        for claim in (*self.claims.open.values(), *self.by_entry.values()):
            claim.look_at = 0
            if shared.policy.learns and claim.index.kind is not None and not claim.final:
                age = shared.clock.elapsed(claim.received, shared.wall) / SECOND
                shared.looks.resume(claim, age, now)

    def begin_turn(self, now: float, wall: int) -> None:
        """Set the time of all that follows up to `take`.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        self._workload.begin()
        self._state.now = now
        self._state.claims_until = now + self._ttl
        self._set_wall(wall)
        self._turn.begin(wall)

    def take(self) -> Output:
        """Return what the turn leads to, and begin to collect anew."""
        self._contact.note_life()
        if self._state.re_evaluate_all:
            self._state.re_evaluate_all = False
            for claim in self._decisions.in_reach():
                self._decide(claim)
        self._re_evaluate()
        self._judge_all()
        self._update_entries()
        self._entries.update_texts()
        self._heartbeats.show_claims()
        return self._turn.take(finished=self._state.finished)

    def next_timer(self) -> float:
        """Return when `handle_timer` is due (monotonic seconds)."""
        times = (
            self._state.now if self._recovery.reading else None,
            self._state.heartbeat_at,
            self._presence.next_timer(),
            self.claims.next_due(),
            self._state.finish_at,
            self._ending.next_timer(),
            self._statements.next_timer(),
            self._scoreboard.next_timer(),
            self._state.looks.next(),
            self._contact.next_timer(),
            self._signatures.next_timer(),
        )
        return min(time for time in times if time is not None)

    def handle_timer(self, now: float) -> None:
        """Do what is due; within a turn."""
        if self._contact.handle_timer(now):
            # They state the score of a reconstruction that is over.
            self._drop_confirmations()
            self._contact.raise_alarm()
        self._presence.handle_timer(now)
        self._signatures.handle_timer(now)
        self._look(now)
        for claim in self.claims.expired(now):
            self._decisions.expire(claim)
        if self.outage.state == "reconstructing":
            for claim in self._reconstruction.outvoted(now):
                self._decisions.expire(claim)
            over = self._reconstruction.handle_timer(now)
            for claim in self.claims.confirmations():
                self._decide(claim)
            if over and self.outage.state == "reconstructing":
                self._close_outage(None)
        for claim in (*self._ending.votes(now), *self._statements.waiting(now)):
            self._decide(claim)
        self._scoreboard.handle_timer(now)
        if self._ending.due(now):
            self._finish(None)
        self._heartbeats.handle_timer(now)
        if self._recovery.reading:
            self._recovery.read()

    def slept(self, seconds: float) -> None:
        """Note that this process was itself stopped: its reporters' silence meanwhile is none."""
        self._contact.forgive(seconds)

    # ── peers ────────────────────────────────────────────────────────────────────────────────

    def attach(
        self,
        grant: Grant,
        attach: messages.Attach,
        report_token: str,
        arrived: int | None = None,
    ) -> Participant:
        """Let a peer take part; see `Presence.attach`."""
        participant = self._presence.attach(grant, attach, report_token, arrived)
        self._heartbeats.hasten()
        return participant

    def ping(self, participant: Participant, announced: int | None = None) -> None:
        """Note that a peer is there; see `Presence.ping`."""
        self._presence.ping(participant, announced)

    def measure_clock(self, participant: Participant, ping: HostPing, connection: bytes) -> None:
        """Measure a reporter's clock by its ping; see `ClockSteps.measure`."""
        self._clock_steps.measure(participant, ping, connection)

    def detach(self, participant: Participant) -> None:
        """Note that a peer leaves in good order; within a turn."""
        self._presence.detach(participant)

    def revoke(self, peers: Iterable[str]) -> list[Participant]:
        """Exclude peers; see `Presence.revoke`."""
        return self._presence.revoke(peers)

    def hasten_heartbeat(self) -> None:
        """Let the next heartbeat follow in a moment, for peers that have just connected."""
        self._heartbeats.hasten()

    # ── the owners ────────────────────────────────────────────────────────────────────────────

    def permit(self, owners: list[str], hosts: list[str] | None = None) -> bool:
        """Set the peers that own and host the event besides its creator; return whether they were
        others before.

        Args:
            owners: their ids, as the broker says.
            hosts: likewise; None: it does not say.
        """
        card = replace(self.card, owners=owners, hosts=self.card.hosts if hosts is None else hosts)
        if card == self.card:
            return False
        self.card = self._state.card = card
        return True

    def ask_score(self, participant: Participant) -> None:
        """Ask all reporters for the score soon; within a turn.

        Args:
            participant: the peer that wants to know.

        Raises:
            NotAllowed: it is neither an owner of the event nor a present reporter.
            EventOver: no report counts any more.
        """
        reporter = self.roster.find(participant.peer, "reporter")
        is_owner = participant.peer in (self.card.owner, *self.card.owners)
        if not is_owner and (reporter is None or not reporter.present):
            raise NotAllowed("only the event's owner and its present reporters ask for the score")
        if self._state.closed:
            raise EventOver(f"{self.card.title} is finished")
        self._scoreboard.ask("request")

    def rule(self, ruling: messages.Ruling, frame: bytes) -> messages.Ruled:
        """Carry out a ruling of an owner of the event; within a turn.

        Args:
            ruling: the decoded frame, from any peer: its signature counts.
            frame: its bytes, which go into the journal as they are.

        Returns:
            The answer, the same as before where the ruling is on record already.

        Raises:
            PeerError: it is not the owner's, or cannot be made now.
        """
        made = self._rulings.repeated(ruling)
        if made is not None:
            return made
        self._rulings.check(ruling)
        if ruling.act == "award" and self.outage.state == "reconstructing":
            self._close_outage(None)
        self._begin_epoch(self.epoch + 1)
        entry = self._rulings.take_in(ruling, frame)
        if entry is None:
            self._ending.rule(ruling)
        else:
            self._entries.publish(entry)
        if self._state.finished:
            self._contact.stop()
        else:
            self._ending.consider()
        self._scoreboard.restart()  # what the ruling changes, nobody has to be asked about
        return self._rulings.answer(ruling)

    # ── a report ─────────────────────────────────────────────────────────────────────────────

    def report(self, reporter: Participant, message: Report | ReportBatch, frame: bytes) -> None:
        """Take a peer's report or batch in; within a turn.

        Args:
            reporter: the sender, by the report token.
            message: the decoded frame.
            frame: its bytes, which go into the journal with the digest of the report token.

        Raises:
            NotAllowed: the peer is no reporter. What is wrong with a single report is told by its
                receipt instead.
        """
        if reporter.role != "reporter":
            raise NotAllowed(f"a {reporter.role} cannot report; join as reporter")
        state = self._state
        # What `ping` does for a reporter that is present, without the call: most reports.
        if reporter.present and self.outage.state != "suspended":
            reporter.heard = state.now
            state.heard = True
        else:
            self._presence.ping(reporter)
        # The exact type, since it is faster to look at than isinstance; a batch is the other one.
        if type(message) is Report:
            if not self._take_in(reporter, message):
                return
        else:
            said = cast(ReportBatch, message).reports
            if not sum([self._take_in(reporter, one) for one in said]):
                return
        self._record(as_stored(reporter, message, frame))
        if self._recovery.begun:
            self._recovery.add_own(reporter, message)
        if state.needed <= 1:
            # Each is decided by itself: many open claims of one reporter would be refused.
            self._judge_all()

    # ── from another host of the event ───────────────────────────────────────────────────────

    def offered(self, by: Participant, carried: Sequence[Carried]) -> list[Carried]:
        """Check an offer of reports; return what is of reporters that are to be introduced first.

        Args:
            by: the peer that makes it.
            carried: the reports.

        Raises:
            BadMessage, NotAllowed, EventOver: it cannot be taken.
        """
        check_size(carried, limits.BATCH_REPORTS)
        self._recovery.check(by)
        return self._recovery.unknown(carried)

    def introduce(self, by: Participant, grant: Grant, carried: Carried) -> None:
        """Add a reporter of whom another host has reports; see `Recovery.introduce`."""
        self._recovery.introduce(by, grant, carried)

    def unknown_to_broker(self, carried: Carried) -> None:
        """Note that the broker knows no reporter of an offer by its token; see `Recovery`."""
        self._recovery.unknown_to_broker(carried)

    def action_of(self, number: int) -> Happening | None:
        """Return the action of a claim or entry by its number; None where there is none."""
        claim = self.claims.open.get(number) or self.by_entry.get(str(number))
        if claim is None or claim.index.kind is None:
            return None
        time, details = claim.agreed(self.roster.on_probation)
        return Happening(claim.title, claim.index.origin, time, details or None)

    def recover(
        self, by: Participant, carried: Sequence[Carried], turns: Callable[[], Iterable[bytes]]
    ) -> int:
        """Count the reports of an offer that are not here; within a turn. Return how many.

        Args:
            by: the peer that makes it.
            carried: the reports; those of reporters that are not here are left out.
            turns: returns the turns of this event from the journal; called for the
                first report that may count.

        Raises:
            NotAllowed, EventOver: it cannot be taken.
            Overloaded: this turn has enough to do, or what is here is still being read.
            StorageFault: the journal can't be read.
        """
        self._recovery.check(by)
        if self.laden:
            raise Overloaded("this host has enough to do at the moment; offer it again")
        self._workload.add_verified(sum(size_of(one) for one in carried))
        return self._recovery.take_in(by, carried, turns)

    def _judge(self, claim: Claim) -> None:
        """Carry out what the verdict says of a claim of an action."""
        self._workload.add_judged()
        if claim.entry_id:
            self._state.voted[claim.number] = claim
        found = self._decisions.judge(claim)
        if found is None:
            return
        judgement, case = found
        self._carry_out(claim, judgement.standing, case)
        if judgement.ask and claim.votes:
            self._questions.ask(claim, judgement.ask, self._state.active_bits())

    def _carry_out(self, claim: Claim, standing: Standing, case: Case) -> None:
        """Publish the version of an entry that a verdict leads to, if there is a new one."""
        if not standing or standing == claim.standing or self._withheld(claim, standing):
            return
        if standing == "DELETED" and claim.implied and not case.against:
            return
        displaced: list[Entry] | None = []
        if standing != "DELETED":
            displaced = self._exclusion.displaced(claim, standing, case)
        if displaced is None:
            claim.look_at = 0  # each further vote may be the one that it takes
            return
        if displaced:
            with self.timeline.without(displaced):
                entry, unheard = self._version(claim, standing, case)
        else:
            entry, unheard = self._version(claim, standing, case)
        if entry is None:
            return
        for gone in displaced:
            self._entries.publish(gone)
        if displaced:
            entry = replace(entry, reason=instead_of(displaced)[: limits.TEXT_CHARS])
        for one in unheard:
            self._entries.publish(one)
        self._publish(entry)

    def _version(
        self, claim: Claim, standing: EntryStatus, case: Case
    ) -> tuple[Entry | None, list[Entry]]:
        """Return the version of an entry that a verdict leads to, and the entries of what it needs
        and few reported, in match order."""
        why = evidence.of_case(case, claim, self._state.wall)
        if claim.entry_id:
            reason = self._reason(case, standing)
            return self._decisions.revise(claim, standing, why, reason), []
        if standing == "DELETED":
            return None, []
        entry = self._decisions.accept(claim, standing, why)
        if claim.held and self.sport.over(self.timeline.state):
            self._scoreboard.ask("over")  # what enough saw is not to be refused
        return entry, [] if entry is None else self._unheard(entry)

    def _unheard(self, entry: Entry) -> list[Entry]:
        """Return the entries of what few reported and a new entry needs, and of what these need, in
        match order."""
        found: list[Entry] = []
        while (before := self._decisions.imply(entry)) is not None:
            implied = self.claims.open[int(before.entry_id)]
            if self._exclusion.displaced(implied, "PROVISIONAL", self.case(implied)) != []:
                break
            found.insert(0, before)
            entry = before
        return found

    def _withheld(self, claim: Claim, standing: Standing) -> bool:
        return (
            standing == "PROVISIONAL"
            and not claim.entry_id
            and self._state.options.publish == "confirmed"
        )

    @staticmethod
    def _reason(case: Case, standing: EntryStatus) -> str:
        if standing != "DELETED":
            return ""
        if case.against:
            return f"{case.against} of {case.active} reporters say otherwise, {case.for_} say so"
        return f"only {case.for_} of {case.active} reporters say so"

    def _decide(self, claim: Claim) -> None:
        """Carry out what an open claim leads to, if enough reporters agree on it."""
        if claim.index.kind is not None:
            self._judge(claim)
            return
        if claim.index.title == "end" and len(claim.votes) > 1:
            self._scoreboard.ask("end")
        agreed = self._decisions.decide(claim)
        if agreed is None:
            return
        if claim.index.title == "end":
            self._vote_on_end(claim)
        elif claim.index.title in ("confirm", "state"):
            self._state_it(claim, agreed)
        else:
            entry = self._decisions.correct(claim, agreed)
            if entry is not None:
                self._publish(entry, by=claim)

    def _state_it(self, claim: Claim, agreed: Evidence) -> None:
        """Carry out a statement on which enough agree."""
        if self.outage.state == "reconstructing":
            # Not before everything is in: the score would be held against half of it.
            if self.outage.asked_at is not None:
                self._close_outage(claim)
            return
        if not self._statements.may_stand(claim):
            return
        is_review = self._statements.is_review(claim)
        entry = (
            self._statements.reviewed(claim) if is_review else self._statements.entry(claim, agreed)
        )
        if entry is None:
            self._reconstruction.settle(claim)
        else:
            self._publish(entry, by=claim if is_review else None)

    def _publish(self, entry: Entry, by: Claim | None = None) -> None:
        """Publish a version of an entry, and what it makes possible."""
        self._entries.publish(entry, by)
        decided = self._statements.decided(entry)
        if decided is not None:
            self._entries.publish(decided)
        for untold in self._statements.untold(entry):
            self._entries.publish(untold)
        self._decide_held()
        was_finished = self._state.finished
        self._ending.consider()
        self._scoreboard.watch()
        if was_finished and not self._state.finished:
            self._scoreboard.ask("over")

    def _decide_held(self) -> None:
        """Decide the held claims again that a change may let in, until none changes any more."""
        if self._deciding_held or not self._state.held:
            return  # there is none, or the loop below goes round once more
        self._deciding_held = True
        while due := self._held.due():
            for claim in due:
                self._workload.add_judged()
                if not self._decisions.is_forbidden(claim):
                    self._decide(claim)
        self._deciding_held = False

    def _judge_all(self) -> None:
        """Judge the claims that got votes in this turn, and those that exclude them.

        Once, at the end of the turn: a crowd's reports come together, and so leave as one entry.
        """
        to_judge = self._state.to_judge
        while to_judge:
            claim = to_judge.pop(next(iter(to_judge)))
            self._decide(claim)
            same_said = allies.deletions(self._state, claim) + allies.ends(self._state, claim)
            for same in same_said:
                self._decide(same)
            for rival in self.claims.rivals(claim):
                if rival.standing or rival.held or len(rival.votes) >= rival.look_at:
                    self._judge(rival)
            for waiting in claim.let_go():
                self._judge(waiting)
            self._re_evaluate()

    def _look(self, now: float) -> None:
        """Judge the claims on which silence has had its say."""
        looks, active = self._state.looks, self._state.active_bits()
        while not self._workload.full:
            due = looks.due(now, LOOKS)
            for claim in due:
                if claim.standing == "CONFIRMED" and not self._opposed(claim):
                    continue
                if not self._is_quiet(claim, active):
                    self._decide(claim)
                looks.go_on(claim)
            if len(due) < LOOKS:
                return

    def _is_quiet(self, claim: Claim, active: int) -> bool:
        """Return whether a claim that is due would be judged as it was before."""
        return (
            self._state.looks.age(claim) < claim.quiet_until
            and active == claim.quiet_with
            and not claim.held
            and not self._opposed(claim)
        )

    def _opposed(self, claim: Claim) -> bool:
        return bool(claim.no) or any(rival.spoken for rival in self.claims.rivals(claim))

    def _update_entries(self) -> None:
        """Publish the entries anew whose details later votes have turned."""
        for claim in self._updates.due():
            entry = self._updates.revise(claim)
            if entry is not None:
                self._publish(entry)

    def _re_evaluate(self) -> None:
        """Decide the claims again of which a vote, for or against, was taken out."""
        while self._to_re_evaluate:
            claims = self._to_re_evaluate.copy()
            self._to_re_evaluate.clear()
            for claim in claims:
                self._decide(claim)
                for waiting in claim.let_go():
                    self._decide(waiting)

    # ── after an outage, and the end ─────────────────────────────────────────────────────────

    def _close_outage(self, confirmed: Claim | None) -> None:
        """End a reconstruction: publish its entries anew where they are known to be wrong.

        Args:
            confirmed: the claim in which enough reporters state one score; None: there is none.
        """
        reason = self._reconstruction.inaccuracy(confirmed)
        self._drop_confirmations()
        entries = self._reconstruction.standing()
        if reason:
            for entry in entries:
                self._publish(doubted(entry, reason))
        self._entries.update_texts()
        self._reconstruction.close(
            entries=len(entries), confirmed=confirmed is not None, reason=reason
        )
        self._ending.consider()

    def _drop_confirmations(self) -> None:
        for claim in self.claims.confirmations():
            self._decisions.expire(claim)

    def _vote_on_end(self, claim: Claim) -> None:
        """Carry out what enough have voted: that the event is over, or that it is not."""
        against = bool(claim.index.key)
        if against and self._state.finished:
            self._ending.reopen(claim)
        elif not against and not self._state.finished and self._ending.may_end(claim):
            self._finish(claim)

    def _finish(self, claim: Claim | None) -> None:
        if self.outage.state == "reconstructing":
            self._close_outage(None)
        for untold in self._statements.untold():
            self._entries.publish(untold)
        self._entries.update_texts()
        self._ending.finish(claim)
        self._contact.stop()

    # ── from the journal ─────────────────────────────────────────────────────────────────────

    def _restore(self, record: records.Record, raw: bytes) -> None:
        self._restorers[type(record)](record, raw)

    def _restore_turn(self, record: records.TurnBegan, _raw: bytes) -> None:
        self._set_wall(record.received)

    def _restore_began(self, record: records.Began, _raw: bytes) -> None:
        self._began_with = record.book
        if record.verdict:
            self._state.policy = parse_verdict(record.verdict, alone=record.alone)
        self._note_history(record.epoch)
        self._state.epoch = record.epoch
        self._state.began = self._state.wall
        self._state.signatures_required = record.signed
        self._state.edition = self._state.thumbs.edition = record.edition
        self._state.names = names = names_of(self.card, record.edition)
        self._state.claims.compare_by(rules_of(names))
        self._state.contradiction = unchecked if names is None else check_of(self.card, names)
        if record.edition:
            self._state.claims.join_words(record.edition)
        self._state.earliest = record.earliest

    def _note_history(self, epoch: int) -> None:
        """Name the history anew where another host has had the event in between."""
        before = self._state.epoch
        if before and epoch == before + 1:
            return
        about = f"{self.history or self.card.event} {epoch} {self._state.hosted}"
        self.history = blake2b(about.encode(), digest_size=HISTORY_BYTES).hexdigest()

    def _set_wall(self, wall: int) -> None:
        shared = self._state
        shared.wall = wall
        shared.hosted = shared.hosted or wall
        shared.latest = shared.clock.latest(wall)
        shared.said_by = said_by(wall, shared.edition)
        if shared.roster.on_probation and self._presence.end_probations():
            shared.re_evaluate_all = True
