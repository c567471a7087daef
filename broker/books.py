"""What the broker keeps on record, and the interface through which its core reads and writes it.

The core decides; whoever implements `Registry` only stores. All times are wall-clock times in
microseconds since 1970, because records outlive the process and its monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..protocol.messages import Card, Endpoints, EventStatus, Role


@dataclass(frozen=True, slots=True)
class Record:
    """An event as it is kept: its card and the peer that created it."""

    card: Card
    creator: str


@dataclass(frozen=True, slots=True)
class Tenure:
    """One host's hold on an event; of an event's tenures the one of the highest epoch counts.

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
class Ticket:
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
    """

    events: dict[str, int]
    hosted: int


class Books(Protocol):
    """The records within one transaction."""

    def peer_of(self, routing_id: bytes) -> str | None:
        """Return the peer that said `hello` on a connection."""

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        """Record that the connection is this peer's, seen now."""

    def put_peer(self, peer: str, name: str) -> None:
        """Record a peer, or its new name."""

    def peer_name(self, peer: str) -> str:
        """Return the name of a recorded peer."""

    def event(self, event: str) -> Record | None:
        """Return an event; its card's `hosted` is not set."""

    def created(self, peer: str, key: str) -> Record | None:
        """Return the event that the peer created under this key."""

    def add_event(self, card: Card, peer: str, key: str) -> None:
        """Record a new event."""

    def set_status(self, event: str, status: EventStatus) -> None:
        """Change an event's status."""

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        """Return the cards of events by id, `hosted` set; unknown ones are left out."""

    def changes(self, since: int) -> Iterable[tuple[int, Card]]:
        """Return (revision, card) of the events that changed after a revision, oldest first.

        Revisions grow in the order in which the changes became visible, so that whoever has
        followed to one of them has missed nothing before it.
        """

    def tenure(self, event: str, instance: str = "") -> Tenure | None:
        """Return the event's tenure of the highest epoch, or that of one instance."""

    def put_tenure(self, tenure: Tenure) -> None:
        """Record a tenure, or its new state."""

    def ticket(self, token: str) -> Ticket | None:
        """Return what a token permits, expired or not."""

    def ticket_of(self, peer: str, event: str, role: Role, wall: int) -> Ticket | None:
        """Return the ticket of this peer, event and role that is still valid, longest first."""

    def add_ticket(self, ticket: Ticket) -> None:
        """Record a ticket."""

    def census(self, wall: int) -> Census:
        """Return how many events there are, and how many are held at this time."""

    def forget(self, *, sessions_before: int, tickets_before: int) -> None:
        """Drop connections last seen, and tickets expired, before these times."""


class Registry(Protocol):
    """Where the broker keeps its records."""

    def begin(self, *, write: bool) -> AbstractContextManager[Books]:
        """Open a transaction: on disk when it is left without an error, undone otherwise.

        Transactions that write take place one after the other.

        Raises:
            StorageFault: on the way in, within, or on the way out; nothing was changed then.
        """
