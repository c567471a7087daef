"""A session's sockets: the DEALER to the host, the link to the broker, and what tells of a
connection's coming back."""

from __future__ import annotations

from functools import partial
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..protocol import codec, limits
from ..protocol.errors import PeerError, Untrusted
from ..protocol.messages import Endpoints, HostReply
from .link import Link
from .link.core import Reply
from .link.service import HANDSHAKES, lock, own_routing_id
from .session import AskBroker, ConnectToHost, SendToHost, Session

HEARTBEAT_MS = 2_000
"""ZeroMQ's own heartbeats notice a connection that died without a word."""

CONNECT_MS = 2_000
"""After this long a new attempt at a connection is made. The system's own attempts grow apart:
after a cut of 30 s it would take as long again until somebody is back."""

MISMATCHES = 3
"""Handshakes in a row that fail without a word: it is not the host that the broker named. One
alone may be a host that was just being stopped."""

AGAIN_SECONDS = 1.0
"""Pause before a host that does not let this peer in is tried again: it may not have heard from
the broker yet."""


class HostConnection:
    """The sockets of one session.

    Args:
        session: what is said over them.
        link: to the broker; its context is used.
    """

    def __init__(self, session: Session, link: Link) -> None:
        self._session = session
        self._link = link
        self._context = link.context
        self._asked = 0  # how often the broker has been asked; the newest answer counts
        self._answer: Reply | None = None  # of the broker; the next `pump` takes it
        self._monitor: zmq.Socket[bytes] | None = None
        self._known = False  # the monitor has told of a first connection
        self._made = False  # there is a connection, as far as the monitor has told
        self._mismatches = 0  # handshakes that failed in a row, without a word
        self._again_at: float | None = None  # monotonic; when to connect again after a refusal
        self._key = b""  # the host's; empty where nothing is encrypted
        self.dealer: zmq.Socket[bytes] | None = None
        self.endpoints: Endpoints | None = None
        self.connected = False  # set when `endpoints` is new; the owner clears it

    @property
    def sockets(self) -> list[Any]:
        """What a poller has to watch."""
        own = [s for s in (self.dealer, self._monitor) if s is not None]
        return [*self._link.sockets, *own]

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called at the latest (monotonic seconds)."""
        if self._answer is not None:  # another user of the link has polled it
            return 0.0
        times = [self._session.next_timer(), self._link.next_timer(), self._again_at]
        return min((time for time in times if time is not None), default=None)

    def pump(self, now: float, wall: int) -> list[HostReply]:
        """Hand over what has arrived, carry out what is wanted; return the host's replies."""
        self._link.poll(now)
        answer, self._answer = self._answer, None
        if answer is not None:
            self._session.invited(answer, now, wall)
        replies = self._receive(now, wall)
        if self._again_at is not None and now >= self._again_at and self.endpoints is not None:
            self._connect(self.endpoints)
        self._session.handle_timer(now, wall)
        self._carry_out(now)
        return replies

    def send(self, frame: bytes) -> bool:
        """Send a frame to the host; False where it can't be taken now."""
        if self.dealer is None:
            return False
        try:
            self.dealer.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def open(self, kind: int, endpoint: str) -> zmq.Socket[bytes]:
        """Return a socket of this peer, to be connected to an endpoint of the host: encrypted for
        it, quick to reconnect, with heartbeats, and bounded."""
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        if self._key:
            lock(socket, self._link.identity, self._key)
        socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        socket.setsockopt(zmq.LINGER, 200)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_MS)
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1_000)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS)
        socket.setsockopt(zmq.MAXMSGSIZE, 2 * limits.BLOCK_BYTES)
        return socket

    def close(self) -> None:
        """Close the sockets to the host; the link stays."""
        if self.dealer is not None:
            self.dealer.disable_monitor()
            self.dealer.close(linger=200)
            self.dealer = None
        if self._monitor is not None:
            self._monitor.close(linger=0)
            self._monitor = None

    def _receive(self, now: float, wall: int) -> list[HostReply]:
        lost = self._monitor is not None and self._watch_connection(self._monitor, now, wall)
        replies: list[HostReply] = []
        while self.dealer is not None:
            try:
                frame = self.dealer.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                reply = codec.decode_host_reply(frame)
            except PeerError:
                continue  # a newer host may say what we do not know
            replies.append(reply)
            self._session.received(reply, now, wall)
        if lost and self._again_at is None:
            # Only now: with a connection ZeroMQ drops what has come over it and is not yet read.
            self._renew()
        return replies

    def _watch_connection(self, monitor: zmq.Socket[bytes], now: float, wall: int) -> bool:
        """Take note of what became of the connection; tell whether it was lost."""
        lost = False
        while True:
            try:
                told = parse_monitor_message(monitor.recv_multipart(zmq.NOBLOCK))["event"]
            except zmq.Again:
                break
            if told == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._mismatches = 0
                if self._known:
                    self._session.reconnected(now, wall)
                self._known = self._made = True
            elif told == zmq.EVENT_DISCONNECTED:
                lost, self._made = lost or self._made, False
            else:
                self._note_failure(told, now)
        return lost

    def _note_failure(self, told: int, now: float) -> None:
        """Note that a connection could not be made although there was somebody."""
        refused = told == zmq.EVENT_HANDSHAKE_FAILED_AUTH
        final = refused or told == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        self._mismatches += 1
        if final:
            # ZeroMQ gives such a connection up, and makes no other.
            self._again_at = now + AGAIN_SECONDS
        elif self._mismatches < MISMATCHES:
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

    def _renew(self) -> None:
        """Connect again under a new routing id: the host may still hold the old one for the
        connection that broke, and would not listen to a second one of that id."""
        if self.dealer is not None and self.endpoints is not None:
            self.dealer.disconnect(self.endpoints.router)
            self.dealer.setsockopt(zmq.ROUTING_ID, own_routing_id(self._link.identity))
            self.dealer.connect(self.endpoints.router)

    def _carry_out(self, now: float) -> None:
        for command in self._session.commands():
            match command:
                case AskBroker():
                    self._asked += 1
                    self._link.request(command.request, partial(self._keep, self._asked), now)
                case ConnectToHost():
                    self._key = command.key
                    if self._link.secure and not command.key:
                        error = Untrusted("the broker named no key of the host's")
                        self._session.shut_out(error, now, refused=True)
                    else:
                        self._connect(command.endpoints)
                case SendToHost():
                    self.send(command.frame)

    def _keep(self, asked: int, reply: Reply, _: float) -> None:
        """Keep the broker's answer for `pump`, which knows the wall clock."""
        if asked == self._asked:
            self._answer = reply

    def _connect(self, endpoints: Endpoints) -> None:
        self.close()
        self.endpoints = endpoints
        self.dealer = self.open(zmq.DEALER, endpoints.router)
        self.dealer.setsockopt(zmq.ROUTING_ID, own_routing_id(self._link.identity))
        self._known = self._made = False
        self._again_at = None
        self._monitor = self.dealer.get_monitor_socket(HANDSHAKES | zmq.EVENT_DISCONNECTED)
        self.dealer.connect(endpoints.router)
        self.connected = True
