"""Waiting for sockets and timers in one place.

A shell's loop is the same everywhere: wait until a socket can be read, a timer is over or another
thread wakes it; take in what came; let the cores' timers run; send what they want sent.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import zmq

from . import clock
from .timers import LONGEST_SECONDS, seconds_left
from .waker import Waker

Source = zmq.Socket[Any] | int
"""What can become readable: a socket of ZeroMQ's, or a file descriptor."""


def descriptor(source: Source) -> int:
    """Return the file descriptor of a source."""
    return source if isinstance(source, int) else int(source.fileno())


class PollLoop:
    """Waits for sources, timers and wake-ups.

    Args:
        sources: to watch; `watch` replaces them.
        waker: ends a wait from another thread; drained by the wait that it ends.
    """

    def __init__(self, *sources: Source, waker: Waker | None = None) -> None:
        self.late = 0.0
        """Seconds between the end that the last wait was given and its return; of some length only
        where this process was stopped meanwhile."""
        self._waker = waker
        self._sources: list[Source] = []
        self._poller = zmq.Poller()
        self._register(list(sources))

    def watch(self, sources: Sequence[Source]) -> None:
        """Watch these sources from now on; cheap where they are the same as before."""
        if sources != self._sources:
            self._register(list(sources))

    def wait(self, *timers: float | None, longest: float = LONGEST_SECONDS) -> set[Source]:
        """Wait until a source can be read, a timer is over or the waker is woken.

        Args:
            timers: what `next_timer()` of the loop's cores returns, monotonic seconds.
            longest: seconds to wait at most.

        Returns:
            The sources that can be read.
        """
        began = clock.now()
        # Rounded up: a wait that ended before its timer would be followed by empty turns until
        # the timer is over.
        timeout = ceil(seconds_left(began, *timers, longest=longest) * 1_000)
        ready = {source for source, _ in self._poller.poll(timeout)}
        self.late = max(0.0, clock.now() - began - timeout / 1_000)
        if self._waker is not None and self._waker.fileno() in ready:
            ready.discard(self._waker.fileno())
            self._waker.drain()
        return ready

    def _register(self, sources: list[Source]) -> None:
        self._sources = sources
        self._poller = zmq.Poller()
        for source in sources:
            self._poller.register(source, zmq.POLLIN)
        if self._waker is not None:
            self._poller.register(self._waker.fileno(), zmq.POLLIN)


def received(socket: zmq.Socket[bytes]) -> Iterator[list[bytes]]:
    """Yield the messages that a socket holds, until it is empty.

    Whatever waits on a socket's descriptor must take everything: it signals that something came,
    not that something is there, and does so once.
    """
    while True:
        try:
            message = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        yield message


def received_some(
    socket: zmq.Socket[bytes], most: int, size: int
) -> tuple[list[list[bytes]], bool]:
    """Return messages that a socket holds, oldest first, and whether there may be more: the other
    end may send faster than they are taken in, and a turn ends all the same.

    Where there may be more, the next turn is due at once, see `received`.

    Args:
        socket: to receive from.
        most: messages.
        size: bytes after which no further message is taken.
    """
    taken: list[list[bytes]] = []
    for message in received(socket):
        taken.append(message)
        size -= sum(map(len, message))
        if len(taken) >= most or size <= 0:
            return taken, True
    return taken, False


def event_of(message: Sequence[bytes]) -> int:
    """Return the event that a message of a connection's monitor tells, one of `zmq.EVENT_…`.

    pyzmq's own reader, `zmq.utils.monitor`, loads asyncio: a third of the time in which a report
    starts.

    Args:
        message: its frames: a 16-bit event and a 32-bit value, then the endpoint.
    """
    event: int
    event, _ = struct.unpack("=Hi", message[0])
    return event
