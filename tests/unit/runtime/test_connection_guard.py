"""The guard on sockets of this process: who is let in, and exactly which connection is ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import zmq

from tests.patience import PATIENCE_MS, until
from touchline.protocol.keys import Identity
from touchline.runtime.connection_guard import ConnectionGuard
from touchline.runtime.zap import ZapAuthenticator, guard

Socket = zmq.Socket[bytes]


def identity(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


class Server:
    """Two guarded sockets, and callers from a context of their own."""

    def __init__(self, stack: ExitStack, *, key: int, address: int) -> None:
        self.inside: zmq.Context[Any] = zmq.Context()
        self.outside: zmq.Context[Any] = zmq.Context()
        self.callers: list[Socket] = []  # held, so that they stay open
        self.guard = ConnectionGuard(key=key, address=address)
        self.zap = ZapAuthenticator(self.inside, lambda _: True, self.guard.proved)
        self.router: Socket = self.inside.socket(zmq.ROUTER)
        self.feed: Socket = self.inside.socket(zmq.XPUB)
        self.feed.setsockopt(zmq.XPUB_VERBOSER, 1)
        for name, socket in (("router", self.router), ("feed", self.feed)):
            self.guard.watch(name, socket)
            guard(socket, identity("server"), name)
            socket.bind("tcp://127.0.0.1:*")
        stack.callback(self.close)

    def close(self) -> None:
        self.outside.destroy(linger=0)
        self.guard.stop()
        self.zap.stop()
        self.inside.destroy(linger=0)

    def call(self, kind: int, socket: Socket, name: str) -> Socket:
        """Connect somebody to a socket."""
        caller: Socket = self.outside.socket(kind)
        caller.linger = 0
        self.callers.append(caller)
        caller.setsockopt(zmq.RECONNECT_IVL, 100)
        caller.setsockopt(zmq.CURVE_SERVERKEY, identity("server").curve_public)
        caller.setsockopt(zmq.CURVE_PUBLICKEY, identity(name).curve_public)
        caller.setsockopt(zmq.CURVE_SECRETKEY, identity(name).curve_secret)
        caller.connect(socket.last_endpoint.decode().rstrip("\0"))
        return caller

    def hears(self, caller: Socket) -> None:
        """Wait until the ROUTER has heard a caller."""
        caller.send(b"hello")
        assert self.router.poll(PATIENCE_MS)
        self.router.recv_multipart()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_key_is_bounded_over_all_sockets(stack: ExitStack) -> None:
    """The connection beyond the limit waits until another of its key has ended; other keys from
    the same address come in meanwhile."""
    server = Server(stack, key=4, address=100)
    callers = [server.call(zmq.DEALER, server.router, "ann") for _ in range(4)]
    for caller in callers:
        server.hears(caller)
    late = server.call(zmq.DEALER, server.router, "ann")
    until(lambda: server.guard.refused == {"key": 1})
    server.hears(server.call(zmq.DEALER, server.router, "bob"))
    callers[0].close()
    server.hears(late)


def test_an_address_is_bounded_over_all_sockets(stack: ExitStack) -> None:
    """A connection beyond the limit is ended, and comes in once there is room."""
    server = Server(stack, key=100, address=4)
    callers = [server.call(zmq.DEALER, server.router, f"caller {n}") for n in range(4)]
    for caller in callers:
        server.hears(caller)
    late = server.call(zmq.DEALER, server.router, "late")
    until(lambda: server.guard.refused.get("address"))
    callers[0].close()
    server.hears(late)
    assert server.guard.open <= 5


def test_exactly_one_connection_is_ended(stack: ExitStack) -> None:
    """A frame tells the descriptor of its connection, by which that one ends and no other: a
    release of libzmq or pyzmq without it would leave a feed's host without defence."""
    server = Server(stack, key=100, address=100)
    viewers = {}
    for name in ("ann", "bob"):
        viewer = server.call(zmq.SUB, server.feed, name)
        viewer.subscribe(name.encode())
        assert server.feed.poll(PATIENCE_MS)
        frame = server.feed.recv(copy=False)
        assert frame.bytes == b"\1" + name.encode()
        assert bytes.fromhex(str(frame.get("User-Id"))) == identity(name).curve_public
        assert frame.get("Peer-Address") == "127.0.0.1"
        descriptor = int(frame.get(zmq.SRCFD))
        assert server.guard.serial("feed", descriptor) is not None
        viewers[name] = descriptor, server.guard.serial("feed", descriptor)
    descriptor, serial = viewers["ann"]
    server.guard.end("feed", descriptor, (serial or 0) + 1_000)  # it has ended long ago
    server.guard.end("feed", descriptor, serial or 0)
    ended: list[int] = []
    until(lambda: ended.extend(server.guard.take_ended()) or ended)
    assert ended == [serial]
    descriptor, serial = viewers["bob"]
    assert server.guard.serial("feed", descriptor) == serial


def test_a_released_socket_has_no_connections(stack: ExitStack) -> None:
    """It can be closed; the next of its name is counted anew."""
    server = Server(stack, key=100, address=100)
    server.hears(server.call(zmq.DEALER, server.router, "ann"))
    assert server.guard.open == 1
    server.guard.release("router")
    assert server.guard.open == 0


def test_vanished_ends_are_found(stack: ExitStack) -> None:
    """The system probes the connections of a guarded socket."""
    server = Server(stack, key=100, address=100)
    assert server.router.getsockopt(zmq.TCP_KEEPALIVE) == 1
    assert server.router.getsockopt(zmq.TCP_KEEPALIVE_IDLE) == 60


def test_the_log_tells_of_refused_connections(
    stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, with the limits."""
    server = Server(stack, key=1, address=100)
    first = server.call(zmq.DEALER, server.router, "ann")
    server.hears(first)
    server.call(zmq.DEALER, server.router, "ann")
    until(lambda: "1 connections refused: at most 1 a key, 100 an address" in caplog.text)


def test_a_connection_that_sends_too_much(stack: ExitStack) -> None:
    """It is ended also where nobody reads what it sends, and its key waits; others stay."""
    server = Server(stack, key=100, address=100)
    narrow: Socket = server.inside.socket(zmq.XPUB)
    server.callers.append(narrow)
    server.guard.watch("narrow", narrow, burst=4_096)
    guard(narrow, identity("server"), "narrow")
    narrow.bind("tcp://127.0.0.1:*")
    quiet = server.call(zmq.SUB, narrow, "bob")
    quiet.subscribe(b"a")
    loud = server.call(zmq.XSUB, narrow, "ann")
    for _ in range(100):
        loud.send(b"\1" + bytes(200))
    until(lambda: server.guard.refused.get("bytes"))
    ended: list[int] = []
    until(lambda: ended.extend(server.guard.take_ended()) or ended)
    assert not server.guard.proved("narrow", identity("ann").curve_public, "127.0.0.1")
    assert server.guard.proved("narrow", identity("bob").curve_public, "127.0.0.1")
