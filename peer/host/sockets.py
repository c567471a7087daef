"""The three sockets of a host: ROUTER for requests, PULL for reports, XPUB for feeds."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

import zmq
from msgspec.structs import replace

from ...protocol import limits
from ...protocol.addresses import parse as parse_address
from ...protocol.errors import AddressTaken
from ...protocol.keys import KEY_BYTES, Identity
from ...protocol.messages import Endpoints
from ...runtime import clock
from ...runtime.connection_guard import ConnectionGuard
from ...runtime.connections import network
from ...runtime.rate_limit import TokenBucket
from ...runtime.zap import guard
from .options import Options
from .subscriptions import TOPIC_BYTES, Subscriptions

log = logging.getLogger(__name__)

CUT_BYTES = 16 * limits.FRAME_BYTES
"""A larger frame ends its connection; one between the limit and this is refused and counted."""

FEED_CUT_BYTES = 600
"""The same for the feed, to which viewers send nothing but subscriptions. The handshake has to fit,
and a subscription that is too long but not by far is read, so that its key is known."""

FEED_UNREAD = 8
"""The most unread frames of one viewer. libzmq puts all that there are into its tree at once,
before the host sees the first: 10,000 would cost 500 MB and 17 s."""

FEED_BYTES = 4_096
"""The most unread bytes of one viewer, and what it may send besides its subscriptions at once."""

SUBSCRIPTION_BYTES = 2 + TOPIC_BYTES + 64
"""The most bytes of a subscription, encrypted."""

FEED_A_TURN = 500
"""The most frames of viewers that are read in one turn."""

LOG_RATE, LOG_BURST = 1 / 60, 10
"""Lines in the log about ended viewers, a second and at once."""

REBIND_SECONDS = 2.0
"""How long a port may take to become free after its socket was closed."""

USER_ID = b"User-Id"
"""The property of a frame that holds the CURVE key of its connection in hex; as bytes, which pyzmq
need not encode for each frame."""

NO_KEY = bytes(KEY_BYTES)
"""Stands for the key of a connection that has proved none; no routing id is bound to it."""

Request = tuple[bytes, bytes, bytes]
"""A routing id, the CURVE key of its connection (empty where nothing is encrypted), the body."""


class Sockets:
    """The sockets of one host, bound.

    Args:
        context: the process's ZeroMQ context, with an open `ZapAuthenticator` where an identity is
            given.
        options: name the address and the ports.
        identity: the host's key; None where nothing is encrypted.
        kept: the ports of the last run, by name.
        connections: counts the connections.
        subscriptions: counts those of viewers.

    Raises:
        AddressTaken: a socket can't be bound; the bound ones are closed with the context.
    """

    def __init__(
        self,
        context: zmq.Context[Any],
        options: Options,
        identity: Identity | None,
        kept: Mapping[str, int],
        connections: ConnectionGuard,
        subscriptions: Subscriptions,
    ) -> None:
        self._context = context
        self._options = options
        self._identity = identity
        self._connections = connections
        self._subscriptions = subscriptions
        self._log = TokenBucket(LOG_RATE, LOG_BURST)
        self._host, _ = parse_address(options.bind, what="--bind")
        self.router = self._bind(zmq.ROUTER, "router", options.router, kept.get("router", 0))
        self.pull = self._bind(zmq.PULL, "pull", options.pull, kept.get("pull", 0))
        self.pub = self._bind(zmq.XPUB, "pub", options.pub, kept.get("pub", 0))
        sockets = {"router": self.router, "pull": self.pull, "pub": self.pub}
        self.ports = {name: _port(socket) for name, socket in sockets.items()}
        """The ports of the sockets, by name."""
        self.endpoints = Endpoints(
            **{name: self._reach(socket) for name, socket in sockets.items()}
        )
        """The endpoints at which peers reach the sockets."""

    def requests(self, most: int) -> list[Request]:
        """Return the requests that have come on the ROUTER.

        Args:
            most: the most requests to take.
        """
        found: list[Request] = []
        try:
            while len(found) < most:
                found.append(self._request())
        except zmq.Again:
            pass
        return found

    def _request(self) -> Request:
        # A request is one frame. Several are joined, so that decoding refuses them with a reply.
        if self._identity is None:
            routing_id, *bodies = self.router.recv_multipart(zmq.NOBLOCK)
            return routing_id, b"", b"".join(bodies)
        first, *rest = self.router.recv_multipart(zmq.NOBLOCK, copy=False)
        try:
            curve = bytes.fromhex(str(rest[-1].get("User-Id")))
        except (IndexError, ValueError, zmq.ZMQError):
            curve = NO_KEY
        return first.bytes, curve or NO_KEY, b"".join(frame.bytes for frame in rest)

    def reports(self, most: int) -> tuple[list[bytes], list[str]]:
        """Return the frames that have come on the PULL, and the CURVE key in hex of the connection
        of each; no keys where nothing is encrypted, or every report has to be signed.

        Args:
            most: the most frames to take.
        """
        # The hot path: one call for each frame, without polls between them. `recv_multipart` would
        # ask libzmq after each frame whether the message has more; a report is a single frame, and
        # the parts of a longer message are refused one by one. A frame with its key takes four
        # times as long to receive as its bytes alone.
        if self._identity is not None and not self._options.require_signatures:
            return self._keyed_reports(most)
        receive = self.pull.recv
        frames: list[bytes] = []
        try:
            for _ in range(most):
                frames.append(receive(zmq.NOBLOCK))  # noqa: PERF401  # ends by zmq.Again
        except zmq.Again:
            pass
        return frames, []

    def _keyed_reports(self, most: int) -> tuple[list[bytes], list[str]]:
        receive = self.pull.recv
        frames: list[bytes] = []
        curves: list[str] = []
        try:
            for _ in range(most):
                frame = receive(zmq.NOBLOCK, copy=False)
                curves.append(frame.get(USER_ID))
                frames.append(frame.bytes)
        except zmq.Again:
            pass
        return frames, curves

    def watch_viewers(self, now: float) -> None:
        """Read what viewers have subscribed to; end connections that go too far.

        Args:
            now: monotonic seconds.
        """
        with contextlib.suppress(zmq.Again):
            for number in range(FEED_A_TURN):
                # Frame by frame: whatever comes until a connection is ended costs memory.
                frame = self.pub.recv(zmq.NOBLOCK, copy=False)
                if not number:
                    self._subscriptions.closed(self._connections.take_ended())
                self._watch_viewer(frame, now)

    def _watch_viewer(self, frame: zmq.Frame, now: float) -> None:
        try:
            descriptor = int(frame.get(zmq.SRCFD))
        except zmq.ZMQError:  # left by a connection that has ended
            return
        serial = self._connections.serial("pub", descriptor)
        if serial is None:
            return
        key = b"" if self._identity is None else bytes.fromhex(str(frame.get("User-Id")))
        address = network(str(frame.get("Peer-Address")))
        reason = self._subscriptions.receive(serial, key, address, frame.bytes, now)
        if reason:
            # Not for what a key has over all connections: a gateway whose old connections have not
            # ended yet comes back with as many.
            pause = key if reason == "connection" else b""
            self._connections.end("pub", descriptor, serial, pause=pause)
            if self._log.take(1, now):
                log.warning("a viewer at %s subscribes to too much; its connection ends", address)

    def publish(self, frame: bytes) -> None:
        """Publish a frame."""
        self.pub.send(frame)

    def send(self, routing_id: bytes, body: bytes) -> bool:
        """Send a frame to a peer; return whether the peer is still connected.

        A peer that does not read loses the frame and asks again: it never holds up other peers.
        """
        try:
            self.router.send_multipart((routing_id, body), zmq.NOBLOCK)
        except zmq.Again:
            return True
        except zmq.ZMQError:
            return False
        return True

    def renew_pub(self) -> None:
        """Drop every subscriber; those that are admitted connect again by themselves.

        A PUB socket can't drop a single subscriber: it has to be closed. Where another process
        takes the port meanwhile, the new socket gets another port, which subscribers learn from
        the broker; the caller finds it in `ports`.

        Raises:
            AddressTaken: there is no free port.
        """
        port = self.ports["pub"]
        self._connections.release("pub")
        self.pub.close(linger=0)
        deadline = clock.now() + REBIND_SECONDS
        while True:
            try:
                self.pub = self._bind(zmq.XPUB, "pub", port, 0)
                break
            except AddressTaken:
                # libzmq closes the old socket a moment later, in its own I/O thread.
                if not port:
                    raise
                if clock.now() >= deadline:
                    port = 0
                time.sleep(0.002)
        self.ports = {**self.ports, "pub": _port(self.pub)}
        self.endpoints = replace(self.endpoints, pub=self._reach(self.pub))

    def _bind(self, kind: int, name: str, port: int, kept: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        feed = kind == zmq.XPUB
        burst = FEED_BYTES + self._options.subscriptions * SUBSCRIPTION_BYTES
        self._connections.watch(name, socket, burst=burst if feed else 0)
        socket.setsockopt(zmq.LINGER, 0)  # until the host leaves, which sets it
        socket.setsockopt(zmq.MAXMSGSIZE, FEED_CUT_BYTES if feed else CUT_BYTES)
        socket.setsockopt(zmq.SNDHWM, 10_000)
        socket.setsockopt(zmq.RCVHWM, FEED_UNREAD if feed else 10_000)
        if feed:
            socket.setsockopt(zmq.RCVBUF, FEED_BYTES)  # not megabytes for what is to be ended
            socket.setsockopt(zmq.XPUB_VERBOSER, 1)  # also what others have subscribed to
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if self._identity is not None:
            guard(socket, self._identity, name)
        socket.setsockopt(zmq.IPV6, int(":" in self._host))
        # Where no port is set, the one of the last run is tried first: peers look for it there.
        ports = (port,) if port else (kept, 0) if kept else (0,)
        for number in ports:
            try:
                socket.bind(f"tcp://{self._host}:{number or '*'}")
            except zmq.ZMQError as error:
                reason = error
            else:
                return socket
        self._connections.release(name)
        socket.close(linger=0)
        raise AddressTaken(f"--{name}: can't listen on {self._host}:{port}: {reason}")

    def _reach(self, socket: zmq.Socket[bytes]) -> str:
        if not self._options.advertise:
            return socket.getsockopt_string(zmq.LAST_ENDPOINT)
        return f"tcp://{self._options.advertise}:{_port(socket)}"


def _port(socket: zmq.Socket[bytes]) -> int:
    return int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
