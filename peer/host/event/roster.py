"""The peers that take part in an event, and the reporters that are present. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from ....protocol.messages import Role
from ....protocol.tokens import digest
from . import records
from .enrolment_bursts import EnrolmentBursts
from .participant import Participant

FOLLOWED = 8
"""After so many reports of what was an entry already, three times as many as others, a reporter
follows what is published."""


class Roster:
    """The peers of one event."""

    def __init__(self) -> None:
        self.participants: dict[tuple[str, Role], Participant] = {}
        """By peer id and role; one person may report and follow."""
        self.by_report_token: dict[str, Participant] = {}
        """By the digests of all report tokens that were ever given, since the journal's reports
        still name the old ones; and by report tokens of the time before there were digests."""
        self.reporters: list[Participant] = []
        """By `voter`, the number of their bit in a claim's voters."""
        self.revoked: set[str] = set()
        """Ids of the peers that an operator has revoked, also of those that were never here."""
        self.present = 0
        """Reporters that are present and whose votes count."""
        self.present_bits = 0
        """The bits of the reporters that are present, whether their votes count or not."""
        self.unanswering = 0
        """The bits of the reporters that have left a question unanswered."""
        self.following = 0
        """The bits of the reporters that mostly repeat what is published."""
        self.on_probation = 0
        """The bits of the reporters whose votes do not count yet: their keys are on probation."""
        self.bursts = EnrolmentBursts()

    def add(self, record: records.MemberAttached) -> Participant:
        """Add a peer, or give the one that is known a new token."""
        clear = ""
        if not record.hashed:
            # Journals of the time before report tokens name the token itself.
            clear = record.badge or record.token
            record = replace(record, token=digest(record.token), badge=digest(clear), hashed=True)
        participant = self.participants.get((record.peer, record.role))
        if participant is None:
            reports = record.role == "reporter"  # viewers never vote, and need no bit
            participant = Participant(len(self.reporters) if reports else -1, record)
            self.participants[record.peer, record.role] = participant
            if reports:
                self.reporters.append(participant)
        else:
            participant.renew(record)
        if record.peer in self.revoked:
            participant.revoked, participant.expires = True, 0
        self.by_report_token[record.badge] = participant
        if clear:
            participant.report_token = clear
            self.by_report_token[clear] = participant
        if participant.voter >= 0:
            self.bursts.record(record)
        return participant

    def update_eligible(self, wall: int) -> bool:
        """Let the votes count of reporters whose probation is over, and of no others.

        Args:
            wall: microseconds since 1970 UTC.

        Returns:
            whether the probation of any reporter has ended.
        """
        ended = False
        for reporter in self.reporters:
            eligible = reporter.counts_from <= wall
            if reporter.eligible == eligible:
                continue
            ended = ended or eligible
            reporter.eligible = eligible
            self.on_probation ^= reporter.bit
            if reporter.present:
                self.present += 1 if eligible else -1
        return ended

    def revoke(self, peer: str) -> list[Participant]:
        """Exclude a peer for good; return what it was here."""
        self.revoked.add(peer)
        found = [one for one in self.participants.values() if one.peer == peer]
        for participant in found:
            participant.revoked = True
            participant.expires = 0
        return found

    def find(self, peer: str, role: Role) -> Participant | None:
        """Return a peer that takes part, or None."""
        return self.participants.get((peer, role))

    def mark(self, reporter: Participant, present: bool) -> None:
        """Count a reporter among those present, or no longer."""
        if reporter.present != present:
            reporter.present = present
            self.present_bits ^= reporter.bit
            if reporter.eligible:
                self.present += 1 if present else -1

    def note_followed(self, reporter: Participant) -> bool:
        """Note that a reporter told of what was an entry already; return whether it does little
        else: it may see what is published in a way that the host does not know of."""
        reporter.followed = followed = reporter.followed + 1
        taps = reporter.n - reporter.questions  # about: a question may be left open
        if followed >= FOLLOWED and 4 * followed > 3 * taps:
            self.following |= reporter.bit
            return True
        self.following &= ~reporter.bit
        return False

    @property
    def staying(self) -> list[Participant]:
        """The reporters that count as there until they say that they leave."""
        return [reporter for reporter in self.reporters if reporter.stays]

    def silent(self, since: float) -> list[Participant]:
        """Return the reporters that are present and were last heard before `since` (monotonic)."""
        return [one for one in self.reporters if one.present and one.heard < since]

    def restart_waiting(self, now: float) -> None:
        """Wait anew for every reporter that is present, as after a restart of the host."""
        for reporter in self.reporters:
            reporter.heard = now
