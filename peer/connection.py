"""The sockets of a session: the DEALER to the host, a monitor of its connection, and the link to
the broker."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

import zmq

from ..protocol import codec, limits
from ..protocol.errors import PeerError, Untrusted
from ..protocol.messages import Endpoints, HostReply
from ..runtime.poll_loop import event_of, received, received_some
from ..runtime.timers import earliest
from .link import Link
from .link.core import Reply
from .link.service import HANDSHAKES, lock, own_routing_id
from .session import AskBroker, Command, ConnectToHost, SendToHost

HEARTBEAT_MS = 2_000
"""Interval of ZeroMQ's own heartbeats, which find a connection that broke without being closed."""

CONNECT_MS = 2_000
"""How long an attempt to connect may take before the next one begins. The pauses between the
system's own attempts grow: after a cut of 30 s it would take another 30 s to connect."""

A_TURN = 200
"""The most replies of the host that are taken in at one time; also for their bytes there is a
bound, `limits.BLOCK_BYTES`."""

MISMATCHES = 3
"""Handshakes in a row that fail without a reason before the session takes the other end for another
host than the broker named. A single one may come from a host that is just stopping."""

UNREAD = 64
"""The most frames, of up to two megabytes, that ZeroMQ holds until they are read; the host holds
10,000 more."""

AGAIN_SECONDS = 1.0
"""Pause before the next connection to a host that refused this peer: the broker may not have told
the host about it yet."""

RETRY_SECONDS = 0.1
"""Pause before the next attempt where nobody listens; it doubles up to the most."""

RETRY_MOST = 1.0
"""The longest such pause."""

UNFOUND_SECONDS = 5.0
"""After so long without a sign of an attempt the next one begins: ZeroMQ says nothing of a name
that has no address."""

NEVER_MS = 3_600_000
"""When ZeroMQ would connect a dealer again by itself: long after this connection has done so.
It would go on with a queue that the connection before had filled, and end the process when that is
read (libzmq issue 3937)."""

BEGUN = zmq.EVENT_CONNECT_DELAYED | zmq.EVENT_CONNECTED
"""The events of a monitor about an attempt that is under way."""

ENDED = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED
"""Those about a connection, or an attempt, that is over."""


class HostSession(Protocol):
    """What is said over the sockets to a host; see `Session`, whose methods these are."""

    def next_timer(self) -> float | None: ...

    def handle_timer(self, now: float, wall: int) -> None: ...

    def commands(self) -> list[Command]: ...

    def invited(self, reply: Reply, now: float, wall: int) -> None: ...

    def received(self, reply: HostReply, now: float, wall: int) -> None: ...

    def reconnected(self, now: float, wall: int) -> None: ...

    def shut_out(self, error: Untrusted, now: float, *, refused: bool) -> None: ...


class HostConnection:
    """The sockets of one session.

    Args:
        session: what is said over them.
        link: to the broker; its context is used.
    """

    def __init__(self, session: HostSession, link: Link) -> None:
        self._session = session
        self._link = link
        self._context = link.context
        self._asked = 0  # requests to the broker; only the answer to the newest counts
        self._answer: Reply | None = None  # the broker's; the next `pump` takes it
        self._monitor: zmq.Socket[bytes] | None = None
        self._known = False  # the monitor has reported a first connection
        self._made = False  # the monitor has reported a connection, and not its end
        self._more = False  # the host has sent more than a turn takes in
        self._mismatches = 0  # handshakes that failed in a row, without a reason
        self._again_at: float | None = None  # monotonic; when to connect again
        self._refused = False  # the host did not let this peer in, at none of its sockets
        self._pause = RETRY_SECONDS  # before the next attempt
        self._key = b""  # the host's; empty where nothing is encrypted
        self._closed = False  # for good
        self.dealer: zmq.Socket[bytes] | None = None
        self.endpoints: Endpoints | None = None
        self.connected = False  # set when `endpoints` is new; the owner clears it

    @property
    def sockets(self) -> list[Any]:
        """The sockets that a poller has to watch."""
        own = [s for s in (self.dealer, self._monitor) if s is not None]
        return [*self._link.sockets, *own]

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called at the latest (monotonic seconds)."""
        if self._answer is not None or self._more:  # another user of the link has polled it
            return 0.0
        return earliest(self._session.next_timer(), self._link.next_timer(), self._again_at)

    def pump(self, now: float, wall: int) -> list[HostReply]:
        """Receive, carry out the session's commands, and return the host's replies."""
        self._link.poll(now)
        if self._closed:  # by the callback of an answer to another user of the link
            return []
        answer, self._answer = self._answer, None
        if answer is not None:
            self._session.invited(answer, now, wall)
        replies = self._receive(now, wall)
        if self._again_at is not None and now >= self._again_at and self.endpoints is not None:
            if self._refused:
                self._connect(self.endpoints, now)
            else:
                self._open_dealer(self.endpoints, now)
        self._session.handle_timer(now, wall)
        self._carry_out(now)
        return replies

    def send(self, frame: bytes) -> bool:
        """Send a frame to the host; return False where the socket can't take it now."""
        if self.dealer is None:
            return False
        try:
            self.dealer.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def open(self, kind: int, endpoint: str) -> zmq.Socket[bytes]:
        """Return a new socket for an endpoint of the host, not yet connected: encrypted, quick to
        reconnect, with heartbeats, and bounded."""
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        if self._key:
            lock(socket, self._link.identity, self._key)
        socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        socket.setsockopt(zmq.LINGER, 200)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_MS)
        if kind == zmq.DEALER:
            socket.setsockopt(zmq.RECONNECT_IVL, NEVER_MS)
        else:
            # A feed gets a new queue with each connection, for the same reason as a dealer does.
            socket.setsockopt(zmq.IMMEDIATE, int(kind == zmq.SUB))
            socket.setsockopt(zmq.RECONNECT_IVL, round(1_000 * RETRY_SECONDS))
            socket.setsockopt(zmq.RECONNECT_IVL_MAX, round(1_000 * RETRY_MOST))
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS)
        socket.setsockopt(zmq.MAXMSGSIZE, 2 * limits.BLOCK_BYTES)
        socket.setsockopt(zmq.RCVHWM, UNREAD)
        return socket

    def close(self) -> None:
        """Close the sockets to the host for good; the link stays.

        None is opened after it, whatever the session still asks for: nobody would read its monitor,
        and libzmq's thread waits for a monitor that is not read, with all connections of this
        process.
        """
        self._closed = True
        self._answer = self._again_at = None
        self._more = False
        self._disconnect()

    def _disconnect(self) -> None:
        if self.dealer is not None:
            self.dealer.disable_monitor()
            self.dealer.close(linger=200)
            self.dealer = None
        if self._monitor is not None:
            self._monitor.close(linger=0)
            self._monitor = None

    def _receive(self, now: float, wall: int) -> list[HostReply]:
        self._more = False
        if self.dealer is None or self._monitor is None:
            return []
        lost = self._watch_connection(self._monitor, now, wall)
        replies: list[HostReply] = []
        taken, self._more = received_some(self.dealer, A_TURN, limits.BLOCK_BYTES)
        for frames in taken:
            try:
                reply = codec.decode_host_reply(frames[0] if len(frames) == 1 else b"")
            except PeerError:
                continue  # a newer host may say what we do not know
            replies.append(reply)
            self._session.received(reply, now, wall)
        if lost and self._again_at is None and self.endpoints is not None:
            # After reading: what is not read yet goes with the socket.
            self._open_dealer(self.endpoints, now)
        return replies

    def _watch_connection(self, monitor: zmq.Socket[bytes], now: float, wall: int) -> bool:
        """Read the events of the connection; return whether it was lost."""
        lost = False
        for message in received(monitor):
            event = event_of(message)
            if event & BEGUN:
                self._again_at = None
            elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._mismatches = 0
                self._pause = RETRY_SECONDS
                if self._known:
                    self._session.reconnected(now, wall)
                self._known = self._made = True
            elif event & ENDED:
                if self._made:
                    lost, self._made = True, False
                elif not lost:
                    self._retry(now)
            else:
                self._count_failure(event, now)
        return lost

    def _count_failure(self, event: int, now: float) -> None:
        """Count a failed handshake; tell the session where the other end refuses this peer or is
        not the host."""
        refused = event == zmq.EVENT_HANDSHAKE_FAILED_AUTH
        final = refused or event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        self._mismatches += 1
        if final:
            # ZeroMQ gives the other sockets' connections up as well.
            self._again_at, self._refused = now + AGAIN_SECONDS, True
        else:
            self._retry(now)
            if self._mismatches < MISMATCHES:
                return
        self._mismatches = 0
        where = self.endpoints.router if self.endpoints is not None else "nowhere"
        self._session.shut_out(
            Untrusted(
                f"the host at {where} does not let this key in"
                if refused
                else f"the host at {where} does not hold the key that the broker names"
            ),
            now,
            refused=refused,
        )

    def _retry(self, now: float) -> None:
        """Let the next attempt begin after a pause, unless it does so before, or has to wait."""
        at = now + self._pause
        if self._again_at is None or (at < self._again_at and not self._refused):
            self._again_at = at
            self._pause = min(2 * self._pause, RETRY_MOST)

    def _carry_out(self, now: float) -> None:
        for command in self._session.commands():
            match command:
                case AskBroker():
                    self._asked += 1
                    self._link.request(command.request, partial(self._keep, self._asked), now)
                case ConnectToHost():
                    self._key = command.key
                    if self._link.secure and not command.key:
                        error = Untrusted("the broker named no key for the host")
                        self._session.shut_out(error, now, refused=True)
                    else:
                        self._connect(command.endpoints, now)
                case SendToHost():
                    self.send(command.frame)

    def _keep(self, asked: int, reply: Reply, _: float) -> None:
        """Keep the broker's answer for `pump`, which knows the wall clock."""
        if asked == self._asked and not self._closed:
            self._answer = reply

    def _connect(self, endpoints: Endpoints, now: float) -> None:
        """Connect to a host, of which nothing is known; the owner connects the other sockets."""
        self.endpoints = endpoints
        self._known = self._refused = False
        self._pause = RETRY_SECONDS
        self._open_dealer(endpoints, now)
        self.connected = True

    def _open_dealer(self, endpoints: Endpoints, now: float) -> None:
        """Connect under a new routing id: the host may still hold the old id for the broken
        connection, and a ROUTER ignores a second connection with the same id."""
        self._disconnect()
        self.dealer = self.open(zmq.DEALER, endpoints.router)
        self.dealer.setsockopt(zmq.ROUTING_ID, own_routing_id(self._link.identity))
        self._made = False
        self._again_at = now + UNFOUND_SECONDS
        self._monitor = self.dealer.get_monitor_socket(HANDSHAKES | BEGUN | ENDED)
        self.dealer.connect(endpoints.router)
