"""A clock, machines, and the paths between them, which exist only in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import EADDRINUSE
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

import zmq

if TYPE_CHECKING:
    from .sockets import Connection, Socket

START = 1_000.0
"""What the monotonic clock says in the beginning."""

LAG = 0.0005
"""Seconds from the arrival of a frame to the turn that takes it in."""

DEAD_SECONDS = 6.0
"""A connection with heartbeats that carries nothing for this long is broken."""

UNNOTICED_SECONDS = 15.0
"""For as long, at most, the side that binds may believe in a connection that is broken."""

MOST_TURNS = 500
"""Turns of one process in one second; more of them are a loop that never rests."""


class Restless(AssertionError):
    """A process asks to be woken again and again without doing anything."""


@dataclass
class Weather:
    """What the network does to frames.

    Args:
        latency: seconds one way, typical.
        spikes: how often a frame takes up to two seconds.
        loss, repeat, disorder: how often a frame on PUB and PUSH is lost, comes twice, or is
            overtaken; ZeroMQ itself does none of it within a connection.
        drop: how often a request or reply is dropped, as at the high-water mark.
    """

    latency: float = 0.01
    spikes: float = 0.0
    loss: float = 0.0
    repeat: float = 0.0
    disorder: float = 0.0
    drop: float = 0.0


class Network:
    """Everything that happens, in the order of its time.

    Args:
        rng: decides what is chance.
    """

    def __init__(self, rng: Random) -> None:
        self.now = START
        self.rng = rng
        self.weather = Weather()
        self.acting: Node | None = None  # whose process runs
        self.bound: dict[str, Socket] = {}
        self.connections: list[Connection] = []
        self._queue: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0
        self._ports = 20_000
        self._cuts: dict[tuple[str, str], int] = {}

    # ── time ─────────────────────────────────────────────────────────────────────────────────

    def monotonic(self) -> float:
        """Stand in for `time.monotonic`."""
        return self.now

    def at(self, time: float, call: Callable[..., object], *args: Any) -> None:
        """Call something at a time (monotonic seconds)."""
        self._count += 1
        heappush(self._queue, (time, self._count, call, args))

    def run(self, until: float) -> None:
        """Let everything happen up to a time."""
        queue = self._queue
        while queue and queue[0][0] <= until:
            self.now, _, call, args = heappop(queue)
            call(*args)
        # A process that stopped in the middle of a turn has let time pass beyond it.
        self.now = max(self.now, until)

    # ── the paths ────────────────────────────────────────────────────────────────────────────

    def latency(self) -> float:
        """Return how long a frame takes, seconds."""
        weather, rng = self.weather, self.rng
        if weather.spikes and rng.random() < weather.spikes:
            return 2 * rng.random()
        return weather.latency * (0.5 + rng.random())

    def is_cut(self, one: Node, other: Node) -> bool:
        """Tell whether nothing gets through between two nodes."""
        return bool(self._cuts) and self._cuts.get(_pair(one, other), 0) > 0

    def cut(self, one: Node, other: Node) -> None:
        """Let nothing through between two nodes until `heal`; cuts may overlap."""
        pair = _pair(one, other)
        self._cuts[pair] = self._cuts.get(pair, 0) + 1
        for connection in self._between(one, other):
            if connection.up and connection.client.heartbeats:
                dead = self.now + DEAD_SECONDS + 2 * self.rng.random()
                self.at(dead, connection.time_out, connection.life)

    def heal(self, one: Node, other: Node) -> None:
        """Take back one `cut`."""
        pair = _pair(one, other)
        self._cuts[pair] -= 1
        if self._cuts[pair]:
            return
        del self._cuts[pair]
        for connection in self._between(one, other):
            if connection.up:
                connection.release()
            else:
                self.at(self.now + 0.05 + self.rng.random(), connection.establish)
        for socket in other.sockets + one.sockets:
            if socket.routes:
                self.at(self.now + UNNOTICED_SECONDS * self.rng.random(), socket.forget_broken)

    def _between(self, one: Node, other: Node) -> list[Connection]:
        return [
            connection
            for connection in self.connections
            if connection.client.node in (one, other) and connection.far_node in (one, other)
        ]

    def bind(self, socket: Socket, endpoint: str) -> str:
        """Give a socket its endpoint; those who wait for it connect."""
        if endpoint.endswith(":*"):
            self._ports += 1
            endpoint = f"{endpoint[:-1]}{self._ports}"
        if endpoint in self.bound:
            raise zmq.ZMQError(EADDRINUSE)
        self.bound[endpoint] = socket
        for connection in self.connections:
            if connection.endpoint == endpoint:
                self.at(self.now + 0.02 + self.rng.random(), connection.establish)
        return endpoint


def _pair(one: Node, other: Node) -> tuple[str, str]:
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)


class Node:
    """A machine with one process on it.

    Args:
        network: where it is.
        name: what it is called in traces.
    """

    def __init__(self, network: Network, name: str) -> None:
        self.network = network
        self.name = name
        self.sockets: list[Socket] = []
        self.room = 100_000  # frames that a SUB socket holds before more are dropped
        self.running = False
        self._pauses: set[object] = set()
        self._due: float | None = None
        self._turns = 0
        self._second = 0.0

    def start(self) -> None:
        """Start the process, where it does not run."""
        raise NotImplementedError

    def turn(self) -> float | None:
        """Let the process do what there is to do; return when it wants to be woken."""
        raise NotImplementedError

    def ready(self) -> None:
        """Wake the process: something has arrived."""
        self.wake(self.network.now + LAG)

    def wake(self, at: float) -> None:
        """Let the process have a turn at a time, or before."""
        if self._due is None or at < self._due:
            self._due = at
            self.network.at(at, self._ring, at)

    def _ring(self, at: float) -> None:
        if self._due != at:
            return
        self._due = None
        if self.paused or not self.running:
            return
        self._count()
        self.network.acting = self
        due = self.turn()
        self.network.acting = None
        if due is not None and self.running:
            self.wake(max(due, self.network.now + 0.001))

    def _count(self) -> None:
        if self.network.now >= self._second + 1:
            self._second, self._turns = self.network.now, 0
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise Restless(f"{self.name} took {self._turns:,} turns within a second")

    @property
    def paused(self) -> bool:
        """Whether the process is stopped."""
        return bool(self._pauses)

    @property
    def pauses(self) -> int:
        """How many have stopped the process, and not let it go on."""
        return len(self._pauses)

    def pause(self) -> Callable[[], None]:
        """Stop the process where it is, as SIGSTOP does.

        Returns:
            What lets it go on, where nothing else has stopped it meanwhile.
        """
        pause = object()
        self._pauses.add(pause)

        def resume() -> None:
            if pause not in self._pauses:
                return  # of a process that has ended since
            self._pauses.discard(pause)
            self._due = None
            if self.running and not self._pauses:
                self.ready()

        return resume

    def begin(self) -> None:
        """Be a process anew, which nothing has stopped."""
        self.running = True
        self._pauses.clear()

    def drop(self) -> None:
        """End the process: its sockets are gone, and what they held."""
        self.running = False
        self._due = None
        for socket in list(self.sockets):
            socket.close()
