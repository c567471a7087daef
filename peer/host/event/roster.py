"""Who takes part in an event: peers by their tokens, and the reporters who are present. Pure."""

from __future__ import annotations

from ....protocol.messages import Role
from . import records
from .enrolment_bursts import EnrolmentBursts
from .member import Member


class Roster:
    """The peers of one event."""

    def __init__(self) -> None:
        self.members: dict[tuple[str, Role], Member] = {}
        """By peer id and role; one person may report and follow."""
        self.by_badge: dict[str, Member] = {}
        """All badges that were ever given: the journal's reports still name the old ones."""
        self.reporters: list[Member] = []
        """By index, which is the number of their bit in a claim's voters."""
        self.revoked: set[str] = set()
        """Peers, by id, whom the broker has put out, also those who were never here."""
        self.present = 0
        """Reporters who are there, and whose votes count."""
        self.unripe = 0
        """The bits of those whose votes do not count yet: their keys are on probation."""
        self.bursts = EnrolmentBursts()

    def seat(self, record: records.Member) -> Member:
        """Give a peer its place, or the one that it had, under a new token."""
        member = self.members.get((record.peer, record.role))
        if member is None:
            reports = record.role == "reporter"  # only they need a bit
            member = Member(len(self.reporters) if reports else -1, record)
            self.members[record.peer, record.role] = member
            if reports:
                self.reporters.append(member)
        else:
            member.renew(record)
        if record.peer in self.revoked:
            member.revoked, member.expires = True, 0
        self.by_badge[member.badge] = member
        if member.index >= 0:
            self.bursts.note(record)
        return member

    def ripen(self, wall: int) -> bool:
        """Let the votes of those count whose probation is over, and not of those for whom it is
        not; tell whether that of anybody is.

        Args:
            wall: microseconds since 1970 UTC.
        """
        over = False
        for member in self.reporters:
            ripe = member.counts <= wall
            if member.ripe == ripe:
                continue
            over = over or ripe
            member.ripe = ripe
            self.unripe ^= member.bit
            if member.present:
                self.present += 1 if ripe else -1
        return over

    def revoke(self, peer: str) -> list[Member]:
        """Put a peer out for good; return what it was here."""
        self.revoked.add(peer)
        out = [member for member in self.members.values() if member.peer == peer]
        for member in out:
            member.revoked = True
            member.expires = 0
        return out

    def find(self, peer: str, role: Role) -> Member | None:
        """Return a peer that takes part, or None."""
        return self.members.get((peer, role))

    def mark(self, member: Member, present: bool) -> None:
        """Count a reporter among those present, or no longer."""
        if member.present != present:
            member.present = present
            if member.ripe:
                self.present += 1 if present else -1

    @property
    def staying(self) -> list[Member]:
        """The reporters who say that they are there until they say that they leave."""
        return [member for member in self.reporters if member.stays]

    def silent(self, since: float) -> list[Member]:
        """Return the reporters who are present and were last heard before `since` (monotonic)."""
        return [member for member in self.reporters if member.present and member.heard < since]

    def heard_all(self, now: float) -> None:
        """Begin to wait for everybody present anew, as after a restart of the host."""
        for member in self.reporters:
            member.heard = now
