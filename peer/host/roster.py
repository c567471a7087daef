"""Who takes part in an event: peers by their tokens, and the reporters who are present. Pure."""

from __future__ import annotations

from ...protocol.messages import Role
from . import records
from .member import Member


class Roster:
    """The peers of one event."""

    def __init__(self) -> None:
        self.members: dict[tuple[str, Role], Member] = {}
        """By peer id and role; one person may report and follow."""
        self.by_token: dict[str, Member] = {}
        """All tokens that were ever accepted: the journal's reports still name the old ones."""
        self.reporters: list[Member] = []
        """By index, which is the number of their bit in a claim's voters."""
        self.present = 0
        """Reporters who are there."""

    def seat(self, record: records.Member) -> Member:
        """Give a peer its place, or the one that it had, under a new token."""
        member = self.members.get((record.peer, record.role))
        if member is None:
            reports = record.role == "reporter"  # only they need a bit
            member = Member(len(self.reporters) if reports else -1, record)
            self.members[record.peer, record.role] = member
            if reports:
                self.reporters.append(member)
        member.token, member.expires = record.token, record.expires
        member.name, member.shift, member.stays = record.name, record.shift, record.stays
        self.by_token[record.token] = member
        return member

    def find(self, peer: str, role: Role) -> Member | None:
        """Return a peer that takes part, or None."""
        return self.members.get((peer, role))

    def mark(self, member: Member, present: bool) -> None:
        """Count a reporter among those present, or no longer."""
        if member.present != present:
            member.present = present
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
