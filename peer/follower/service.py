"""The copies of another host's events on this machine: which there are, their sockets, the disk.

It is a part of a host's loop. The events are those that the broker names, those of which the
journal has a copy already, and none that this host has itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Container
from typing import Any

from ...protocol import messages
from ...protocol.errors import StorageFault, TouchlineError, UnknownType
from ...protocol.messages import Card
from ...runtime.logs import note
from ...runtime.poll_loop import Source
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..host.journal import CopiedEvent, Journal
from ..link import Link
from ..link.core import Reply, Then
from .core import CopyState, EventCopy

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the broker is asked which events the other host has."""

GONE_SECONDS = 5.0
"""So long an event must have no host before it goes on from its copy: a host that is started again
takes it back first."""


class FollowedHost:
    """The copies of the events of one host.

    Args:
        host: its name, id or key.
        link: the link to the broker.
        journal: where turns are stored.
        ask: sends a request to the broker, with the callback for the answer.
        mine: returns the events that this host has, or is about to.
        peer: the id of this host's key.
    """

    def __init__(
        self,
        host: str,
        link: Link,
        journal: Journal,
        ask: Callable[[messages.BrokerRequest, Then], None],
        mine: Callable[[], Collection[str]],
        peer: str,
    ) -> None:
        self.copies: dict[str, EventCopy] = {}
        """The copies by event."""
        self.complete: dict[str, EventCopy] = {}
        """Those that had all at some time in this run."""
        self.trouble = ""
        """Why the newest turns could not be stored; empty when all is well."""
        self.refused: TouchlineError | None = None
        """Why the broker does not say what the other host has."""
        self.stored = 0
        """Turns stored in this run."""
        self._host = host
        self._link = link
        self._journal = journal
        self._ask = ask
        self._mine = mine
        self._peer = peer
        self._connections: dict[str, HostConnection] = {}
        self._failed: set[str] = set()  # events whose failure was told
        self._cards: dict[str, Card] = {}  # as they are stored
        self._look_at = 0.0  # monotonic; when the broker is asked next
        for event, copy in journal.copies().items():
            self._add(event, copy.turns)

    @property
    def sockets(self) -> list[Any]:
        """The sockets that a poller has to watch."""
        return [socket for one in self._connections.values() for socket in one.sockets]

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called next (monotonic seconds)."""
        return earliest(self._look_at, *(one.next_timer() for one in self._connections.values()))

    def pump(self, now: float, wall: int, ready: Container[Source] | None = None) -> None:
        """Send, receive and store.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
            ready: the sockets that can be read; None: any may be.
        """
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look("", now)
        for event, copy in list(self.copies.items()):
            connection = self._connections.get(event)
            if connection is not None and _has_work(connection, now, ready):
                self._pump(event, copy, now, wall)

    def _pump(self, event: str, copy: EventCopy, now: float, wall: int) -> None:
        # An answer of the broker that came with another copy may have ended this one.
        if self.copies.get(event) is not copy:
            return
        connection = self._connections[event]
        connection.pump(now, wall)
        if self.copies.get(event) is not copy:
            return
        if copy.state is CopyState.STORING:
            self._store(copy, now, wall)
            connection.pump(now, wall)  # acknowledges
        if copy.current and event not in self.complete:
            self.complete[event] = copy
        if copy.failure is not None and event not in self._failed:
            self._failed.add(event)
            log.error("%s is not copied: %s", event, copy.failure.sentence)
            connection.close()

    def gone(self, now: float) -> list[str]:
        """Return the events that have had no host for a while, and of which there is a copy."""
        return [
            event
            for event, copy in self.copies.items()
            if copy.turn
            and copy.failure is None
            and copy.gone_since is not None
            and now - copy.gone_since >= GONE_SECONDS
        ]

    def drop(self, event: str) -> None:
        """Copy an event no more: this host has it."""
        self.complete.pop(event, None)
        if self.copies.pop(event, None) is not None:
            self._connections.pop(event).close()

    def close(self) -> None:
        """Close the sockets."""
        for connection in self._connections.values():
            connection.close()

    def _add(self, event: str, turns: int) -> None:
        copy = EventCopy(event, turns, self._journal.last_checksum(event))
        self.copies[event] = copy
        self._connections[event] = HostConnection(copy, self._link)

    def _look(self, cursor: str, now: float) -> None:
        request = messages.ShowHeld(id=0, peer=self._host, cursor=cursor)
        self._ask(request, self._take_holdings)

    def _take_holdings(self, reply: Reply, now: float) -> None:
        if isinstance(reply, messages.Holdings):
            self.refused = None
            mine = self._mine()
            for event in reply.events:
                if event not in self.copies and event not in mine and reply.peer != self._peer:
                    self._begin(event)
            if reply.cursor:
                self._look(reply.cursor, now)
        elif isinstance(reply, TouchlineError):
            if self.refused is None:
                why = "it is of a release before" if isinstance(reply, UnknownType) else ""
                log.warning(
                    "the broker does not say which events %s has: %s", self._host, why or reply
                )
            self.refused = reply

    def _begin(self, event: str) -> None:
        try:
            self._add(event, self._journal.count(event))
        except StorageFault as fault:
            self.trouble = fault.sentence

    def _store(self, copy: EventCopy, now: float, wall: int) -> None:
        event = copy.event
        turns = copy.turn + len(copy.turns)
        try:
            if copy.card is not None and copy.card != self._cards.get(event):
                self._journal.keep_card(copy.card)
                self._cards[event] = copy.card
            self._journal.store_copy(
                CopiedEvent(event, copy.host, copy.epoch, turns, wall), copy.turns
            )
        except StorageFault as fault:
            if fault.sentence != self.trouble:
                note(log, logging.ERROR, f"a copy is not stored: {fault.sentence}", event=event)
            self.trouble = fault.sentence
            copy.stored(now, done=False)
            return
        if copy.turn == 0:
            about = {"event": event, "host": copy.host}
            note(log, logging.INFO, "an event is copied from its first turn", **about)
        self.trouble = ""
        self.stored += len(copy.turns)
        copy.stored(now, done=True)


def _has_work(connection: HostConnection, now: float, ready: Container[Source] | None) -> bool:
    if ready is None or any(socket in ready for socket in connection.sockets):
        return True
    timer = connection.next_timer()
    return timer is not None and timer <= now
