"""The server's decisions: which clients are registered, what is sent when, and the end. Pure.

A client sends `register`, gets a datagram for each action, and sends `unregister` when it leaves. A
late client gets the newest datagram at once, and with it the present count.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from math import inf

import msgspec

from .options import Options
from .texts import END

REGISTER, UNREGISTER = b"register", b"unregister"

END_TIMES = 3
"""How often the end is sent: a datagram may be lost, and none follows that would show it."""

END_SECONDS = 0.2
"""Seconds between two of these."""

MOST_QUEUED = 10_000
"""The most datagrams that wait to be sent; the oldest are dropped, which the count shows."""

Address = tuple[str, int] | tuple[str, int, int, int]
"""An address of IPv4 or IPv6, as sockets give it: the host comes first."""
Sent = tuple[Address, bytes]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the server's log."""

    what: str
    address: Address | None = None
    text: str = ""


class DatagramCore:
    """The core of one server.

    Args:
        options: its settings.
        waits: whether nothing is sent before the first client has registered.
    """

    def __init__(self, options: Options, *, waits: bool = False) -> None:
        self.clients: dict[Address, float] = {}
        """When each client last registered, monotonic seconds."""
        self.counters: Counter[str] = Counter()
        self.log: list[LogLine] = []
        """The lines of the server's log; the caller empties it."""
        self.over = False
        """Whether all datagrams and the end have been sent."""
        self.options = options
        self._waits = waits
        self._queue: deque[bytes] = deque()
        self._newest: bytes | None = None
        self._closed = False
        self._ends = 0  # how often the end was sent
        self._due = -inf  # nothing is sent before this, monotonic seconds

    def add(self, datagram: bytes) -> None:
        """Queue a datagram, which is sent in its turn."""
        if len(self._queue) >= MOST_QUEUED:
            self._queue.popleft()
            self.counters["dropped"] += 1
        self._queue.append(datagram)

    def past(self, datagram: bytes) -> None:
        """Take a datagram from before the server began, for new clients until there is a newer."""
        self._newest = datagram

    def close(self) -> None:
        """Send the end after the queued datagrams; no more may be added."""
        self._closed = True

    def received(self, address: Address, data: bytes, now: float) -> list[Sent]:
        """Take a datagram of a client; return the datagrams to send.

        Args:
            address: host and port.
            data: the datagram.
            now: monotonic seconds.
        """
        word = data.strip()
        if word == REGISTER:
            return self._register(address, now)
        if word == UNREGISTER:
            if self.clients.pop(address, None) is not None:
                self.counters["unregistered"] += 1
                self.log.append(LogLine("unregistered", address))
            return []
        # Without an answer: two servers that answered each other would never stop.
        self.counters["strange"] += 1
        return []

    def _register(self, address: Address, now: float) -> list[Sent]:
        if address in self.clients:
            self.clients[address] = now
            return []
        reason = self._full(address[0])
        if reason:
            self.counters["refused"] += 1
            self.log.append(LogLine("refused", address, reason))
            error = {"type": "error", "code": "OVERLOADED", "reason": reason}
            return [(address, msgspec.json.encode(error))]
        self.counters["registered"] += 1
        self.log.append(LogLine("registered", address))
        newest = [] if self._newest is None else [(address, self._newest)]
        if self.over:
            return [*newest, (address, END.encode())]
        if self._waits:
            self._waits = False
            self._due = now + self.options.interval
        self.clients[address] = now
        return self._count(newest)

    def _full(self, host: str) -> str:
        options = self.options
        if len(self.clients) >= options.clients:
            return f"{len(self.clients):,} clients, at most {options.clients:,} allowed"
        if len(self.clients) < options.per_address:
            return ""
        here = sum(known[0] == host for known in self.clients)
        if here >= options.per_address:
            return f"{here:,} clients at {host}, at most {options.per_address:,} allowed"
        return ""

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        due = []
        if not self._waits and not self.over and (self._queue or self._closed):
            due.append(self._due)
        if self.clients:
            due.append(min(self.clients.values()) + self.options.silent)
        return min(due, default=None)

    def handle_timer(self, now: float) -> list[Sent]:
        """Return the datagrams to send now."""
        self._drop_silent(now)
        if self._waits or self.over or now < self._due:
            return []
        if self._queue:
            datagram = self._newest = self._queue.popleft()
            self._due = now + self.options.interval
            self.log.append(LogLine("sent", None, datagram.decode()))
            return self._count([(address, datagram) for address in self.clients])
        return self._end(now) if self._closed else []

    def _end(self, now: float) -> list[Sent]:
        self._ends += 1
        self._due = now + END_SECONDS
        ends = [(address, END.encode()) for address in self.clients]
        if self._ends == 1:
            self.log.append(LogLine("ended"))
        if self._ends >= END_TIMES:
            self.over = True
            self.clients.clear()
        return ends

    def _drop_silent(self, now: float) -> None:
        for address, heard in list(self.clients.items()):
            if now - heard >= self.options.silent:
                del self.clients[address]
                self.counters["silent"] += 1
                self.log.append(LogLine("silent", address))

    def _count(self, sent: list[Sent]) -> list[Sent]:
        self.counters["sent"] += len(sent)
        return sent
