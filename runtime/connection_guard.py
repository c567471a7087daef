"""The guard of the sockets that listen: it counts their connections and ends those over a limit.

One thread reads the monitors of all sockets. The authenticator asks from its own thread about each
key, and the guard reads the monitors before it answers: libzmq tells of a connection before it asks
about its key, but over another socket.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket as system
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from . import clock
from .connections import ConnectionBounds, Connections
from .descriptors import raise_limit
from .poll_loop import PollLoop, received
from .rate_limit import TokenBucket
from .waker import Waker

IDLE_SECONDS, PROBE_SECONDS, PROBES = 60, 15, 4
"""When the system asks an idle connection's other end for a sign of life, how long it waits between
two such questions, and after how many without an answer the connection ends: within two minutes."""

LOOK_SECONDS, LOOKS = 0.1, 500
"""How often it is looked how much connections have sent, and at how many of them each time."""

RATE = 1_024
"""Bytes a second that a connection may send where that is bounded: heartbeats need 30."""

BYTES_RECEIVED = 128
"""Where Linux tells in its `tcp_info` how many bytes have come, as 64 bits; since 4.1."""

PAUSE_SECONDS = 10.0
"""How long the key of a connection that was ended for what it sent has to wait for its next: with
none of it, it would be back at once with the same."""

MOST_PAUSED = 1_000
"""The most keys that wait at one time; the oldest may come back."""

LOG_SECONDS = 60.0
"""The least seconds between two lines in the log about refused connections."""

Event = Mapping[str, Any]
"""What a monitor tells: `event`, `value`."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sender:
    """What a connection has sent, bytes, and may still send."""

    bucket: TokenBucket
    received: int = 0


@dataclass(frozen=True, slots=True)
class _Watched:
    """A socket, its monitor, what is called with every event, and what a connection may send."""

    socket: zmq.Socket[bytes]
    monitor: zmq.Socket[bytes]
    note: Callable[[Event], object] | None
    burst: int  # bytes at once; 0: no bound
    senders: dict[int, _Sender] = field(default_factory=dict)  # by descriptor, last seen first


class ConnectionGuard:
    """Counts and bounds the connections to sockets that listen; safe for threads.

    The process may have as many files open as the system permits from then on.

    Args:
        key, address: how many connections of one key and of one address may be open at one time;
            fewer where the system permits few open files.
    """

    def __init__(self, *, key: int, address: int) -> None:
        limits = ConnectionBounds.within(raise_limit(), key=key, address=address)
        self._connections = Connections(limits)
        self._lock = threading.Lock()  # of `_connections` and the monitors
        self._watched: dict[str, _Watched] = {}
        self._paused: dict[bytes, float] = {}  # by key, the oldest first: until when
        self._logged, self._log_at = 0, 0.0
        self._stopping = False
        self._waker = Waker()
        self._thread = threading.Thread(target=self._run, name="connections", daemon=True)
        self._thread.start()

    @property
    def refused(self) -> dict[str, int]:
        """Connections refused or ended, by the limit that they were over: `key`, `address`,
        `total`, `bytes`."""
        return dict(self._connections.refused)

    @property
    def open(self) -> int:
        """The connections that are open."""
        return len(self._connections)

    def watch(
        self,
        name: str,
        socket: zmq.Socket[bytes],
        events: int = 0,
        note: Callable[[Event], object] | None = None,
        burst: int = 0,
    ) -> None:
        """Watch a socket that is not bound yet, and let the system find vanished other ends.

        Args:
            name: of the socket; with an authenticator, its ZAP domain.
            socket: to watch; call `release` or `stop` before it is closed.
            events: further events of its monitor.
            note: called with every event, in the thread of the guard or the authenticator.
            burst: the bytes that a connection may send at once, `RATE` a second from then on; one
                that sends more is ended, also while the socket's own thread is kept busy by it.
                0: no bound.
        """
        socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, IDLE_SECONDS)
        socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, PROBE_SECONDS)
        socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, PROBES)
        with self._lock:
            monitor = socket.get_monitor_socket(
                zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | events
            )
            self._watched[name] = _Watched(socket, monitor, note, burst)
        self._waker.wake()

    def release(self, name: str) -> None:
        """Watch a socket no longer, since it will be closed, and its connections with it."""
        with self._lock:
            watched = self._watched.pop(name)
            # In this order: libzmq waits for a monitor that does not read.
            watched.socket.disable_monitor()
            watched.monitor.close(linger=0)
            self._connections.forget(name)
        self._waker.wake()

    def proved(self, name: str, key: bytes, address: str) -> bool:
        """Take the key that a connection to a socket has proved; return False where the key has too
        many connections or has to wait, so that it may try again later."""
        with self._lock:
            self._drain()
            admitted = self._connections.proved(name, key, address)
            return admitted and self._paused.get(key, 0.0) <= clock.now()

    def serial(self, name: str, descriptor: int) -> int | None:
        """Return the number of an open connection to a socket, which no other has; None where the
        connection has ended."""
        with self._lock:
            self._drain()
            return self._connections.serial(name, descriptor)

    def take_ended(self) -> list[int]:
        """Return the serial numbers of the connections that have ended since the last call."""
        with self._lock:
            self._drain()
            ended = list(self._connections.ended)
            self._connections.ended.clear()
        return ended

    def end(self, name: str, descriptor: int, serial: int, *, pause: bytes = b"") -> None:
        """End a connection, unless it has ended by itself.

        Args:
            pause: the key that has to wait for its next connection.
        """
        with self._lock:
            self._drain()
            if self._connections.serial(name, descriptor) == serial:
                _shut(descriptor)
            if pause:
                self._pause(pause, clock.now())

    def _pause(self, key: bytes, now: float) -> None:
        self._paused.pop(key, None)
        self._paused[key] = now + PAUSE_SECONDS
        if len(self._paused) > MOST_PAUSED:
            del self._paused[next(iter(self._paused))]

    def stop(self) -> None:
        """Release all sockets and end the thread; call it before the sockets are closed, and in
        their thread."""
        for name in list(self._watched):
            self.release(name)
        self._stopping = True
        self._waker.wake()
        self._thread.join()
        self._waker.close()

    def _run(self) -> None:
        loop = PollLoop(waker=self._waker)
        while not self._stopping:
            with self._lock:
                self._drain()
                # Their descriptors, since other threads read the monitors as well: the poller
                # would look into the sockets themselves without the lock.
                loop.watch([each.monitor.fileno() for each in self._watched.values()])
                now = clock.now()
                senders = sum([self._bound_bytes(*each, now) for each in self._watched.items()])
                log_at = self._log_refused(now)
            loop.wait(log_at, now + LOOK_SECONDS if senders else None)

    def _bound_bytes(self, name: str, watched: _Watched, now: float) -> int:
        """End connections that have sent too much; return how many are looked at in turn."""
        for descriptor in list(itertools.islice(watched.senders, LOOKS)):
            sender = watched.senders[descriptor] = watched.senders.pop(descriptor)
            received = _received(descriptor)
            if not sender.bucket.take(max(0, received - sender.received), now):
                self._connections.refused["bytes"] += 1
                key = self._connections.key(name, descriptor)
                if key is not None:
                    self._pause(key, now)
                del watched.senders[descriptor]
                _shut(descriptor)
            sender.received = received
        return len(watched.senders)

    def _drain(self) -> None:
        """Read the monitors; end what is over a limit."""
        over: dict[tuple[str, int], None] = {}
        for name, watched in self._watched.items():
            for message in received(watched.monitor):
                event = parse_monitor_message(message)
                descriptor = int(event["value"])
                if event["event"] == zmq.EVENT_ACCEPTED:
                    if not self._connections.opened(name, descriptor, _address(descriptor)):
                        over[name, descriptor] = None
                    if watched.burst:
                        bucket = TokenBucket(RATE, watched.burst)
                        watched.senders[descriptor] = _Sender(bucket)
                elif event["event"] == zmq.EVENT_DISCONNECTED:
                    self._connections.closed(name, descriptor)
                    over.pop((name, descriptor), None)
                    watched.senders.pop(descriptor, None)
                if watched.note is not None:
                    watched.note(event)
        for _, descriptor in over:
            _shut(descriptor)

    def _log_refused(self, now: float) -> float | None:
        """Log the refused connections, not too often; return when to look again."""
        total = self._connections.refused.total()
        if total == self._logged:
            return None
        if now < self._log_at:
            return self._log_at
        limits = self._connections.limits
        _log.warning(
            "%s connections refused: at most %s a key, %s an address and %s in all may be open",
            f"{total - self._logged:,}",
            f"{limits.key:,}",
            f"{limits.address:,}",
            f"{limits.total:,}",
        )
        self._logged, self._log_at = total, now + LOG_SECONDS
        return None


@contextlib.contextmanager
def _borrowed(descriptor: int) -> Iterator[system.socket]:
    """Yield the connection behind a descriptor, which stays libzmq's to close.

    Not a duplicate of it: the process may have no descriptor left.

    Raises:
        OSError: there is no connection behind it any more.
    """
    found = system.socket(fileno=descriptor)
    try:
        yield found
    finally:
        found.detach()


def _shut(descriptor: int) -> None:
    """End the connection behind a descriptor; libzmq closes it when it reads the end."""
    with contextlib.suppress(OSError), _borrowed(descriptor) as connection:
        connection.shutdown(system.SHUT_RDWR)


def _received(descriptor: int) -> int:
    """Return the bytes that have come over a connection; 0 where the system does not tell."""
    if not hasattr(system, "TCP_INFO"):
        return 0
    try:
        with _borrowed(descriptor) as connection:
            tcp_info = connection.getsockopt(
                system.IPPROTO_TCP, system.TCP_INFO, BYTES_RECEIVED + 8
            )
        return int(struct.unpack_from("=Q", tcp_info, BYTES_RECEIVED)[0])
    except (OSError, struct.error):
        return 0


def _address(descriptor: int) -> str:
    """Return the address of the other end; empty where the connection has ended already."""
    try:
        with _borrowed(descriptor) as connection:
            return str(connection.getpeername()[0])
    except OSError:
        return ""
