"""The peers that take part in an event, and the reporters that are present. Pure."""

from __future__ import annotations

from ....protocol.messages import Role
from . import records
from .enrolment_bursts import EnrolmentBursts
from .participant import Participant


class Roster:
    """The peers of one event."""

    def __init__(self) -> None:
        self.participants: dict[tuple[str, Role], Participant] = {}
        """By peer id and role; one person may report and follow."""
        self.by_report_token: dict[str, Participant] = {}
        """All report tokens that were ever given: the journal's reports still name the old ones."""
        self.reporters: list[Participant] = []
        """By `voter`, the number of their bit in a claim's voters."""
        self.revoked: set[str] = set()
        """Ids of the peers that an operator has revoked, also of those that were never here."""
        self.present = 0
        """Reporters that are present and whose votes count."""
        self.on_probation = 0
        """The bits of the reporters whose votes do not count yet: their keys are on probation."""
        self.bursts = EnrolmentBursts()

    def add(self, record: records.MemberAttached) -> Participant:
        """Add a peer, or give the one that is known a new token."""
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
        self.by_report_token[participant.report_token] = participant
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
            if reporter.eligible:
                self.present += 1 if present else -1

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
