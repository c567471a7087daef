"""What the broker keeps on record, and the interface through which its core reads and writes it.

The core decides; whoever implements `Registry` only stores. All times are wall-clock times in
microseconds since 1970, because records outlive the process and its monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ..protocol.messages import Card, Endpoints, EventStatus, Role

MOST_SESSIONS = 100
"""Connections of one peer that are remembered at one time."""


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """A key that is enrolled.

    Args:
        peer: its id, which follows from the key.
        key: the public key, 32 bytes.
        curve: the key's CURVE form, which its connections prove to hold, 32 bytes.
        name: what people know it by; nobody else's, see `names.fold`.
        role: the highest that it came in by.
        enrolled: when it came into that role.
        invite: the invitation by which it did; empty where there was none.
        revoked: when it was put out; 0 while it was not.
    """

    peer: str
    key: bytes
    curve: bytes
    name: str
    role: Role
    enrolled: int
    invite: str = ""
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class InviteRecord:
    """A code that lets keys in; the code itself is nowhere on record.

    Args:
        invite: what it is called, which is no secret.
        digest: the hash of the code, see `enrolment.digest`.
        role: what it makes of whoever comes by it.
        uses: how many more may.
        creator: the peer that asked for it.
    """

    invite: str
    digest: bytes
    role: Role
    uses: int
    expires: int
    creator: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as it is kept: its card and the peer that created it."""

    card: Card
    creator: str


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """One host's hold on an event; of an event's leases the one of the highest epoch counts.

    Args:
        instance: random for each start of a host.
        expires: when it ends unless it is renewed; 0 once it was left or taken over.
    """

    event: str
    instance: str
    peer: str
    epoch: int
    seq: int
    endpoints: Endpoints
    expires: int


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token and what it permits."""

    token: str
    peer: str
    event: str
    role: Role
    expires: int


@dataclass(frozen=True, slots=True)
class Census:
    """How much there is on record.

    Args:
        events: events by status; a status that none has is left out.
        hosted: events that a host holds now.
        members: enrolled keys by role, those that were revoked left out.
        revoked: keys that were put out.
    """

    events: dict[str, int]
    hosted: int
    members: dict[str, int] = field(default_factory=dict)
    revoked: int = 0


class Repository(Protocol):
    """The records within one transaction."""

    def member(self, peer: str) -> PeerRecord | None:
        """Return a peer that is enrolled, revoked or not."""

    def member_on(self, routing_id: bytes) -> PeerRecord | None:
        """Return the peer that said `hello` on a connection."""

    def member_by_curve(self, curve: bytes) -> PeerRecord | None:
        """Return the peer whose connections prove to hold this CURVE key."""

    def owner_of(self, name: str) -> str | None:
        """Return the peer that a name belongs to; names that fold alike are the same."""

    def members(self, after: str, limit: int) -> list[PeerRecord]:
        """Return peers in the order of their ids, those after one of them, `limit` at most."""

    def count_members(self) -> int:
        """Return how many keys are enrolled, revoked or not."""

    def put_member(self, member: PeerRecord) -> None:
        """Record a peer, or its new state; its keys and name never change."""

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        """Record that the connection is this peer's, seen now.

        Of more than `MOST_SESSIONS` connections of a peer the longest unseen are forgotten.
        """

    def invite(self, digest: bytes) -> InviteRecord | None:
        """Return the invitation whose code has this hash, used up and expired or not."""

    def put_invite(self, invite: InviteRecord) -> None:
        """Record an invitation, or how often it may yet be used."""

    def count_invites(self, wall: int) -> int:
        """Return how many invitations may be used now."""

    def void(self, peer: str) -> None:
        """End all leases that a peer holds and all invitations that it asked for."""

    def revoked(self, event: str, limit: int) -> list[str]:
        """Return the revoked peers with a token for the event, those put out last first."""

    def event(self, event: str) -> EventRecord | None:
        """Return an event; its card's `hosted` is not set."""

    def created(self, peer: str, key: str) -> EventRecord | None:
        """Return the event that the peer created under this key."""

    def add_event(self, card: Card, peer: str, key: str) -> None:
        """Record a new event."""

    def count_events(self, creator: str) -> int:
        """Return how many events a peer created."""

    def set_status(self, event: str, status: EventStatus) -> None:
        """Change an event's status."""

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        """Return the cards of events by id, `hosted` set; unknown ones are left out."""

    def changes(self, since: int) -> Iterable[tuple[int, Card]]:
        """Return (revision, card) of the events that changed after a revision, oldest first.

        Revisions grow in the order in which the changes became visible, so that whoever has
        followed to one of them has missed nothing before it.
        """

    def lease(self, event: str, instance: str = "") -> LeaseRecord | None:
        """Return the event's lease of the highest epoch, or that of one instance."""

    def put_lease(self, lease: LeaseRecord) -> None:
        """Record a lease, or its new state."""

    def ticket(self, token: str) -> TokenRecord | None:
        """Return what a token permits, expired or not."""

    def ticket_of(self, peer: str, event: str, role: Role, wall: int) -> TokenRecord | None:
        """Return the ticket of this peer, event and role that is still valid, longest first."""

    def add_ticket(self, ticket: TokenRecord) -> None:
        """Record a ticket."""

    def count_tickets(self, peer: str, wall: int) -> int:
        """Return how many of a peer's tickets are valid."""

    def expected(self, host: str, peer: str, wall: int) -> bool:
        """Tell whether a peer has a valid ticket to any event that a host holds now."""

    def hosts(self, peer: str, wall: int) -> bool:
        """Tell whether a peer holds the lease of any event now."""

    def census(self, wall: int) -> Census:
        """Return how many events there are, and how many are held at this time."""

    def forget(self, *, sessions_before: int, expired_before: int) -> None:
        """Drop connections last seen, tickets and invitations expired, before these times."""


class Registry(Protocol):
    """Where the broker keeps its records."""

    def begin(self, *, write: bool) -> AbstractContextManager[Repository]:
        """Open a transaction: on disk when it is left without an error, undone otherwise.

        Transactions that write take place one after the other.

        Raises:
            StorageFault: on the way in, within, or on the way out; nothing was changed then.
        """
