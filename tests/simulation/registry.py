"""The broker's records in memory; what a transaction changed before an error is not undone, so
that only brokers that check before they write may be tried on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from touchline.broker.books import Census, Record, Tenure, Ticket
from touchline.protocol.messages import Card, EventStatus, Role


class MemoryBooks:
    """See `touchline.broker.books.Books`; it is its own registry."""

    def __init__(self) -> None:
        self._peers: dict[str, str] = {}
        self._sessions: dict[bytes, str] = {}
        self._events: dict[str, Record] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._changes: list[tuple[int, Card]] = []
        self._tenures: dict[tuple[str, str], Tenure] = {}
        self._tickets: dict[str, Ticket] = {}

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[MemoryBooks]:
        """Open a transaction."""
        yield self

    def peer_of(self, routing_id: bytes) -> str | None:
        return self._sessions.get(routing_id)

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        self._sessions[routing_id] = peer

    def put_peer(self, peer: str, name: str) -> None:
        self._peers[peer] = name

    def peer_name(self, peer: str) -> str:
        return self._peers[peer]

    def event(self, event: str) -> Record | None:
        return self._events.get(event)

    def created(self, peer: str, key: str) -> Record | None:
        event = self._keys.get((peer, key))
        return None if event is None else self._events[event]

    def add_event(self, card: Card, peer: str, key: str) -> None:
        self._keys[peer, key] = card.event
        self._put(card, peer)

    def set_status(self, event: str, status: EventStatus) -> None:
        record = self._events[event]
        self._put(msgspec.structs.replace(record.card, status=status), record.creator)

    def _put(self, card: Card, creator: str) -> None:
        self._events[card.event] = Record(card, creator)
        self._changes.append((len(self._changes) + 1, card))

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        return {event: self._events[event].card for event in events if event in self._events}

    def changes(self, since: int) -> list[tuple[int, Card]]:
        return self._changes[since:]

    def tenure(self, event: str, instance: str = "") -> Tenure | None:
        if instance:
            return self._tenures.get((event, instance))
        held = [tenure for (of, _), tenure in self._tenures.items() if of == event]
        return max(held, key=lambda tenure: tenure.epoch, default=None)

    def put_tenure(self, tenure: Tenure) -> None:
        self._tenures[tenure.event, tenure.instance] = tenure

    def ticket(self, token: str) -> Ticket | None:
        return self._tickets.get(token)

    def ticket_of(self, peer: str, event: str, role: Role, wall: int) -> Ticket | None:
        valid = [
            ticket
            for ticket in self._tickets.values()
            if (ticket.peer, ticket.event, ticket.role) == (peer, event, role)
            and ticket.expires > wall
        ]
        return max(valid, key=lambda ticket: ticket.expires, default=None)

    def add_ticket(self, ticket: Ticket) -> None:
        self._tickets[ticket.token] = ticket

    def census(self, wall: int) -> Census:
        return Census(events={}, hosted=len(self._tenures))

    def forget(self, *, sessions_before: int, tickets_before: int) -> None:
        """Nothing is kept long enough for it to matter."""
