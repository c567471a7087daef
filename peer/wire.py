"""A session's sockets: the DEALER to the host, the link to the broker, and what tells of a
connection's coming back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..protocol import codec, limits
from ..protocol.errors import PeerError
from ..protocol.messages import Endpoints, HostReply
from .link import Link
from .session import Ask, Connect, Send, Session

HEARTBEAT_MS = 2_000
"""ZeroMQ's own heartbeats notice a connection that died without a word."""

CONNECT_MS = 2_000
"""After this long a new attempt at a connection is made. The system's own attempts grow apart:
after a cut of 30 s it would take as long again until somebody is back."""


class Wire:
    """The sockets of one session.

    Args:
        session: what is said over them.
        link: to the broker; its context is used.
    """

    def __init__(self, session: Session, link: Link) -> None:
        self._session = session
        self._link = link
        self._context = link.context
        self._asked = 0  # number of the request to the broker that is under way, 0 for none
        self._monitor: zmq.Socket[bytes] | None = None
        self._known = False  # the monitor has told of a first connection
        self.dealer: zmq.Socket[bytes] | None = None
        self.endpoints: Endpoints | None = None
        self.connected = False  # set when `endpoints` is new; the owner clears it

    @property
    def sockets(self) -> list[Any]:
        """What a poller has to watch."""
        return [s for s in (self._link.socket, self.dealer, self._monitor) if s is not None]

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called at the latest (monotonic seconds)."""
        times = [self._session.next_timer(), self._link.next_timer()]
        return min((time for time in times if time is not None), default=None)

    def pump(self, now: float, wall: int) -> list[HostReply]:
        """Hand over what has arrived, carry out what is wanted; return the host's replies."""
        answer = self._link.take(self._asked, now)
        if answer is not None:
            self._asked = 0
            self._session.invited(answer, now, wall)
        replies = self._receive(now, wall)
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
        if self._monitor is not None:
            self._watch_connection(self._monitor, now, wall)
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
        return replies

    def _watch_connection(self, monitor: zmq.Socket[bytes], now: float, wall: int) -> None:
        while True:
            try:
                message = parse_monitor_message(monitor.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return
            if message["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                if self._known:
                    self._session.reconnected(now, wall)
                self._known = True

    def _carry_out(self, now: float) -> None:
        for want in self._session.wants():
            match want:
                case Ask():
                    self._asked = self._link.send(want.request, now)
                case Connect():
                    self._connect(want.endpoints)
                case Send():
                    self.send(want.frame)

    def _connect(self, endpoints: Endpoints) -> None:
        self.close()
        self.dealer = open_socket(self._context, zmq.DEALER, endpoints.router)
        # Not the first byte: ZeroMQ keeps ids that begin with zero for itself.
        self.dealer.setsockopt(zmq.ROUTING_ID, b"p" + uuid4().bytes)
        self._known = False
        self._monitor = self.dealer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.dealer.connect(endpoints.router)
        self.endpoints = endpoints
        self.connected = True


def open_socket(context: Any, kind: int, endpoint: str) -> zmq.Socket[bytes]:
    """Return a socket of a peer, to be connected to an endpoint: quick to reconnect, with
    heartbeats, and bounded."""
    socket: zmq.Socket[bytes] = context.socket(kind)
    socket.setsockopt(zmq.IPV6, int("[" in endpoint))
    socket.setsockopt(zmq.LINGER, 200)
    socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1_000)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS)
    socket.setsockopt(zmq.MAXMSGSIZE, 2 * limits.BLOCK_BYTES)
    return socket
