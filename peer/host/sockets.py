"""A host's three sockets: ROUTER for requests, PULL for reports, PUB for feeds."""

from __future__ import annotations

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
from ...runtime.zap import guard
from .options import Options

CUT_BYTES = 16 * limits.FRAME_BYTES
"""A frame above this ends its connection; below it, one over the limit is refused and counted."""

REBIND_SECONDS = 2.0
"""How long a port may take to be free again after its socket was closed."""

NOBODY = bytes(KEY_BYTES)
"""The key of a connection that proved none although it had to: it fits no routing id."""

Request = tuple[bytes, bytes, bytes]
"""A routing id, the CURVE key of its connection (empty where nothing is encrypted), the body."""


class Sockets:
    """The sockets of one host, bound.

    Args:
        context: the process's; a `ZapAuthenticator` is open in it where an identity is given.
        options: says where they listen.
        identity: the host's key; None where nothing is encrypted.
        kept: the ports of the last run, by name.

    Raises:
        AddressTaken: a socket could not be bound; what is bound is closed with the context.
    """

    def __init__(
        self,
        context: zmq.Context[Any],
        options: Options,
        identity: Identity | None,
        kept: Mapping[str, int],
    ) -> None:
        self._context = context
        self._options = options
        self._identity = identity
        self._host, _ = parse_address(options.bind, what="--bind")
        self.router = self._bind(zmq.ROUTER, "router", options.router, kept.get("router", 0))
        self.pull = self._bind(zmq.PULL, "pull", options.pull, kept.get("pull", 0))
        self.pub = self._bind(zmq.PUB, "pub", options.pub, kept.get("pub", 0))
        sockets = {"router": self.router, "pull": self.pull, "pub": self.pub}
        self.ports = {name: _port(socket) for name, socket in sockets.items()}
        """The ports that they listen on, by name."""
        self.endpoints = Endpoints(
            **{name: self._reach(socket) for name, socket in sockets.items()}
        )
        """Where they can be reached."""

    def requests(self, most: int) -> list[Request]:
        """Return the requests that have come on the ROUTER.

        Args:
            most: requests to take.
        """
        found: list[Request] = []
        try:
            while len(found) < most:
                found.append(self._request())
        except zmq.Again:
            pass
        return found

    def _request(self) -> Request:
        # A request is one frame. More are joined, so that decoding refuses them with a reply.
        if self._identity is None:
            routing_id, *bodies = self.router.recv_multipart(zmq.NOBLOCK)
            return routing_id, b"", b"".join(bodies)
        first, *rest = self.router.recv_multipart(zmq.NOBLOCK, copy=False)
        try:
            curve = bytes.fromhex(str(rest[-1].get("User-Id")))
        except (IndexError, ValueError, zmq.ZMQError):
            curve = NOBODY
        return first.bytes, curve or NOBODY, b"".join(frame.bytes for frame in rest)

    def reports(self, most: int) -> list[bytes]:
        """Return the frames that have come on the PULL.

        Args:
            most: frames to take.
        """
        # The hot path: one call a frame, and no poll in between. `recv_multipart` would ask libzmq
        # after each frame whether more belong to it; a report is a single frame, and the parts of a
        # longer message are refused one by one.
        receive = self.pull.recv
        frames = []
        try:
            for _ in range(most):
                frames.append(receive(zmq.NOBLOCK))  # noqa: PERF401  # ends by zmq.Again
        except zmq.Again:
            pass
        return frames

    def publish(self, frame: bytes) -> None:
        """Publish a frame."""
        self.pub.send(frame)

    def send(self, routing_id: bytes, body: bytes) -> bool:
        """Send to a peer; return whether it is still connected.

        A peer that does not read loses the frame and asks again: it never holds up the others.
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

        A PUB socket has no way to drop a single subscriber: it has to be closed. Where another
        process takes the port meanwhile it goes to another port, which subscribers learn from the
        broker; the caller looks at `ports` after it.

        Raises:
            AddressTaken: there is no port at all.
        """
        port = self.ports["pub"]
        self.pub.close(linger=0)
        deadline = clock.now() + REBIND_SECONDS
        while True:
            try:
                self.pub = self._bind(zmq.PUB, "pub", port, 0)
                break
            except AddressTaken:
                # libzmq closes it in its own I/O thread, a moment later.
                if not port:
                    raise
                if clock.now() >= deadline:
                    port = 0
                time.sleep(0.002)
        self.ports = {**self.ports, "pub": _port(self.pub)}
        self.endpoints = replace(self.endpoints, pub=self._reach(self.pub))

    def _bind(self, kind: int, name: str, port: int, kept: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 500)
        socket.setsockopt(zmq.MAXMSGSIZE, CUT_BYTES)
        socket.setsockopt(zmq.SNDHWM, 10_000)
        socket.setsockopt(zmq.RCVHWM, 10_000)
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if self._identity is not None:
            guard(socket, self._identity)
        socket.setsockopt(zmq.IPV6, int(":" in self._host))
        # Without a port of its own it takes that of its last run, where peers look for it first.
        ports = (port,) if port else (kept, 0) if kept else (0,)
        for number in ports:
            try:
                socket.bind(f"tcp://{self._host}:{number or '*'}")
            except zmq.ZMQError as error:
                reason = error
            else:
                return socket
        socket.close(linger=0)
        raise AddressTaken(f"--{name}: cannot listen on {self._host}:{port}: {reason}")

    def _reach(self, socket: zmq.Socket[bytes]) -> str:
        if not self._options.advertise:
            return socket.getsockopt_string(zmq.LAST_ENDPOINT)
        return f"tcp://{self._options.advertise}:{_port(socket)}"


def _port(socket: zmq.Socket[bytes]) -> int:
    return int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
