"""Which peers are there: they attach, ping, leave, fall silent, are revoked. Pure.

The number of reporters present decides how many must agree, so that each change of it is on record.
"""

from __future__ import annotations

from collections.abc import Iterable

from ....protocol import codec, messages
from ....protocol.messages import Grant
from ....protocol.times import SECOND
from ....protocol.tokens import digest
from . import records
from .contact import VenueContact
from .participant import Participant
from .state import EventState
from .turn import Turn


class Presence:
    """Keeps the roster of an event.

    Args:
        state: its roster changes, and with it how many votes are needed.
        turn: what is put on record.
        contact: is told of every sign of life.
    """

    def __init__(self, state: EventState, turn: Turn, contact: VenueContact) -> None:
        self._state = state
        self._turn = turn
        self._contact = contact
        self._patience = state.options.patience
        self._unheard = round(self._patience * 1.25 * SECOND)  # microseconds, see the sweep
        self._probation = round(state.options.probation * SECOND)  # microseconds
        self._sweep_at = 0.0  # monotonic

    def attach(
        self,
        grant: Grant,
        attach: messages.Attach,
        report_token: str,
        arrived: int | None = None,
    ) -> Participant:
        """Let a peer take part whose token the broker has vouched for; within a turn.

        Args:
            grant: the broker's word, with the token's digest in its place.
            attach: the peer's request.
            report_token: a new one, which the peer gets where it has none under this token.
            arrived: when the request came, microseconds since 1970 UTC; None: in this turn. It may
                have waited for the broker's word, and the peer's clock has gone on since.

        Raises:
            BadMessage: its clock is off by more than times can span.
        """
        state = self._state
        known = state.roster.find(grant.peer, grant.role)
        arrived = state.wall if arrived is None else arrived
        offset, stays, answers = 0, False, attach.answers
        if grant.role == "reporter":
            offset = state.clock.offset(arrived - attach.time - attach.rtt // 2)
            stays = not attach.brief
            if attach.brief and known is not None and known.stays and known.present:
                # A single report beside a form that goes on: its person is still there.
                stays, answers = True, known.answers
        if known is not None and known.token == grant.token and known.stored_as != grant.token:
            # The same for as long as the token: reports that carry it are under way.
            report_token = known.report_token or report_token
        record = records.MemberAttached(
            peer=grant.peer,
            name=grant.name,
            token=grant.token,
            role=grant.role,
            expires=grant.expires,
            key=grant.key,
            badge=digest(report_token),
            shift=offset,
            stays=stays,
            invite=grant.invite,
            enrolled=grant.enrolled,
            network=grant.network,
            counts=grant.enrolled + self._probation if self._probation else 0,
            answers=answers,
            withholds=attach.withholds,
            hashed=True,
        )
        self._turn.record(codec.encode(record))
        participant = self._add(record)
        participant.report_token = report_token
        participant.attached = arrived
        participant.clock_agreed = False
        participant.announced = 0  # a peer whose outbox was lost begins anew
        self.ping(participant, attach.last)
        return participant

    def introduce(self, grant: Grant, shift: int) -> Participant:
        """Add a reporter that is not here, of whom another host has reports; within a turn.

        Args:
            grant: the broker's word, with the token's digest in its place.
            shift: what the other host added to its times, microseconds.

        Raises:
            BadMessage: the clock is off by more than times can span.
        """
        clock = self._state.clock
        record = records.MemberAttached(
            peer=grant.peer,
            name=grant.name,
            token=grant.token,
            role="reporter",
            expires=grant.expires,
            key=grant.key,
            badge=grant.token,  # nobody can show it: the reporter gets one when it attaches
            shift=clock.offset(clock.error(shift)),
            invite=grant.invite,
            enrolled=grant.enrolled,
            network=grant.network,
            counts=grant.enrolled + self._probation if self._probation else 0,
            hashed=True,
        )
        self._turn.record(codec.encode(record))
        return self._add(record)

    def ping(self, participant: Participant, announced: int | None = None) -> None:
        """Note that a peer is there; within a turn.

        Args:
            participant: the peer.
            announced: the number of its newest report, whether that has come or not; None: not
                said.
        """
        participant.heard = self._state.now
        if participant.role != "reporter":
            return
        self._contact.hear()
        if announced is not None:
            participant.announced = max(participant.announced, announced)
            participant.has_announced = True
        if not participant.present:
            self._change(participant, present=True)

    def detach(self, participant: Participant) -> None:
        """Note that a peer leaves in good order; within a turn."""
        if participant.role == "reporter":
            self._contact.hear()
            self._leave(participant)

    def revoke(self, peers: Iterable[str]) -> list[Participant]:
        """Exclude peers; within a turn. What they have said stays, nothing more is taken from them.

        Args:
            peers: their ids; those that are excluded already are passed over.

        Returns:
            what they were here.
        """
        roster = self._state.roster
        out = []
        for peer in peers:
            if peer in roster.revoked:
                continue
            found = roster.revoke(peer)
            if found:
                self._turn.record(codec.encode(records.PeerRevoked(peer=peer)))
            for participant in found:
                if participant.role != "reporter":
                    continue
                self._state.departures.forget(participant.bit)
                if participant.stays or participant.present:
                    self._leave(participant)
            out += found
        return out

    def restart(self) -> None:
        """Wait anew for every reporter, as after a restart of the host.

        They come back in a moment. Until then they count as present, or the first two would be
        quorum enough.
        """
        self._sweep_at = self._state.now + self._patience / 4
        self._state.roster.restart_waiting(self._state.now)

    def handle_timer(self, now: float) -> None:
        """Count reporters no longer as present that say nothing while others do.

        Where no reporter says anything it is contact that was lost, and all may still be there.
        """
        if now < self._sweep_at:
            return
        self._sweep_at = now + self._patience / 4
        if self._contact.silent or now < self._state.outage.back_at + self._patience:
            return
        heard_at = self._contact.heard_at
        since = (now if heard_at is None else heard_at) - self._patience
        for reporter in self._state.roster.silent(since):
            self._change(reporter, present=False)

    def next_timer(self) -> float:
        """Return when `handle_timer` is due (monotonic seconds)."""
        return self._sweep_at

    def end_probations(self) -> bool:
        """Let the votes of keys count whose probation is over; return whether there are any."""
        state = self._state
        ended = state.roster.update_eligible(state.wall)
        state.needed = state.policy.needed(state.roster.present)
        return ended

    def restore_attached(self, record: records.MemberAttached, _raw: bytes) -> None:
        """Let a peer take part as the journal says."""
        self._add(record)
        introduced = record.hashed and record.badge == record.token  # it has not been heard
        if record.role == "reporter" and not introduced:
            self._state.received = self._state.wall

    def restore_changed(self, record: records.PresenceChanged, _raw: bytes) -> None:
        """Count a reporter as present, or no longer, as the journal says."""
        reporter = self._state.roster.participants[record.peer, "reporter"]
        reporter.stays = reporter.stays and not record.left
        self._mark(reporter, present=record.present, left=record.left)
        if record.present or (record.left and not reporter.revoked):
            self._state.received = self._state.wall

    def restore_revoked(self, record: records.PeerRevoked, _raw: bytes) -> None:
        """Exclude a peer as the journal says."""
        for participant in self._state.roster.revoke(record.peer):
            self._state.departures.forget(participant.bit)

    def _add(self, record: records.MemberAttached) -> Participant:
        state = self._state
        first = state.roster.find(record.peer, record.role) is None
        participant = state.roster.add(record)
        participant.clock_error = state.clock.error(record.shift)
        if first and participant.voter >= 0:
            state.activity.arrive(participant.bit, state.wall)
        if participant.voter >= 0:
            state.reputations.look_up(participant.voter, participant.key)
        if (record.counts or state.roster.on_probation) and self.end_probations():
            state.re_evaluate_all = True
        return participant

    def _leave(self, reporter: Participant) -> None:
        """Count a reporter no longer, and do not miss it."""
        reporter.stays = False
        self._change(reporter, present=False, left=True)
        if not self._state.roster.staying:
            self._contact.stop()

    def _change(self, reporter: Participant, *, present: bool, left: bool = False) -> None:
        # On record, since verdicts and the evidence of entries depend on it.
        record = records.PresenceChanged(peer=reporter.peer, present=present, left=left)
        self._turn.record(codec.encode(record))
        self._mark(reporter, present=present, left=left)
        if not present:
            self._state.re_evaluate_all = True  # fewer must agree now

    def _mark(self, reporter: Participant, *, present: bool, left: bool) -> None:
        state = self._state
        if not present and not reporter.revoked:
            # Who fell silent was last heard some time before that was seen.
            last = state.wall if left else state.wall - self._unheard
            state.departures.add(reporter.bit & state.active_bits(), last)
        state.roster.mark(reporter, present)
        state.needed = state.policy.needed(state.roster.present)
