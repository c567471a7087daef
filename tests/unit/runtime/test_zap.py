"""The authenticator, on sockets of this process: connections admitted, pending, refused."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from tests.patience import PATIENCE, PATIENCE_MS
from touchline.protocol.keys import Identity
from touchline.runtime import zap
from touchline.runtime.zap import ZapAuthenticator, guard

Socket = zmq.Socket[bytes]


def identity(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


class Server:
    """A guarded socket, and callers from a context of their own."""

    def __init__(self, decide: Callable[[bytes], bool | None] | None) -> None:
        self.inside: zmq.Context[Any] = zmq.Context()
        self.outside: zmq.Context[Any] = zmq.Context()
        self.zap = ZapAuthenticator(self.inside, decide) if decide else None
        self.socket: Socket = self.inside.socket(zmq.ROUTER)
        self.socket.linger = 0
        guard(self.socket, identity("server"))
        self.socket.bind("tcp://127.0.0.1:*")
        self.monitors: dict[Socket, Socket] = {}
        """By caller, what tells that it is refused."""

    def call(self, name: str) -> Socket:
        """Connect a caller, which sends its name."""
        caller: Socket = self.outside.socket(zmq.DEALER)
        caller.linger = 0
        caller.setsockopt(zmq.CURVE_SERVERKEY, identity("server").curve_public)
        caller.setsockopt(zmq.CURVE_PUBLICKEY, identity(name).curve_public)
        caller.setsockopt(zmq.CURVE_SECRETKEY, identity(name).curve_secret)
        self.monitors[caller] = caller.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        caller.connect(self.socket.last_endpoint.decode().rstrip("\0"))
        caller.send(name.encode())
        return caller

    def heard(self, milliseconds: int = PATIENCE_MS) -> tuple[bytes, str] | None:
        """Return what came, and the key in hex that ZeroMQ says it came from."""
        if not self.socket.poll(milliseconds):
            return None
        _, frame = self.socket.recv_multipart(copy=False)
        return frame.bytes, str(frame.get("User-Id"))

    def status(self, caller: Socket) -> int:
        """Return the status that a caller is refused with."""
        assert self.monitors[caller].poll(PATIENCE_MS), "it was not refused"
        return int(parse_monitor_message(self.monitors[caller].recv_multipart())["value"])

    def close(self) -> None:
        for caller, monitor in self.monitors.items():
            caller.disable_monitor()
            monitor.close()
            caller.close()
        self.socket.close()
        if self.zap:
            self.zap.stop()
        self.inside.term()
        self.outside.term()


@contextmanager
def serving(decide: Callable[[bytes], bool | None] | None) -> Iterator[Server]:
    made = Server(decide)
    try:
        yield made
    finally:
        made.close()


def test_frames_of_an_admitted_connection_carry_its_key() -> None:
    """An admitted caller is heard, and each frame says whose key it came by."""
    with serving(lambda key: True) as here:
        here.call("ann")
        assert here.heard() == (b"ann", identity("ann").curve_public.hex())
        assert here.zap is not None
        assert (here.zap.admitted, here.zap.refused) == (1, 0)


def test_a_refused_key_hears_status_400() -> None:
    """A refused caller is told so and is not heard; others are."""
    with serving(lambda key: key != identity("eve").curve_public) as here:
        assert here.status(here.call("eve")) == 400
        here.call("ann")
        heard = here.heard()
        assert heard is not None
        assert heard[0] == b"ann"
        assert here.heard(100) is None
        assert here.zap is not None
        assert here.zap.admitted == 1
        assert here.zap.refused >= 1


@pytest.mark.parametrize("admitted", [True, False])
def test_a_pending_connection_waits_until_it_is_resolved(admitted: bool) -> None:
    """It is resolved from another thread, either way; the word on another key does not count."""
    asked = threading.Event()

    def decide(key: bytes) -> bool | None:
        asked.set()
        return None

    with serving(decide) as here:
        caller = here.call("ann")
        assert asked.wait(PATIENCE)
        assert here.heard(100) is None
        assert here.zap is not None
        here.zap.resolve(identity("eve").curve_public, not admitted)
        here.zap.resolve(identity("ann").curve_public, admitted)
        if admitted:
            assert here.heard() is not None
        else:
            assert here.status(caller) == 400
            assert here.heard(50) is None


def test_pending_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection beyond the bound is turned away at once, and not refused for good."""
    monkeypatch.setattr(zap, "MOST_PENDING", 1)
    asked: list[bytes] = []
    two = threading.Event()

    def decide(key: bytes) -> bool | None:
        asked.append(key)
        if len(set(asked)) == 2:
            two.set()
        return None

    with serving(decide) as here:
        here.call("ann")
        here.call("bob")
        assert two.wait(PATIENCE)
        assert here.zap is not None
        for name in ("ann", "bob"):
            here.zap.resolve(identity(name).curve_public, True)
        heard = here.heard()
        assert heard is not None
        assert heard[1] == asked[0].hex()
        assert here.heard(200) is None
        assert here.zap.refused == 0


def test_a_connection_is_not_pending_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was pending for too long makes room, and is heard when it tries again."""
    monkeypatch.setattr(zap, "MOST_PENDING", 1)
    monkeypatch.setattr(zap, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(zap, "HANDSHAKE_MS", 300)
    asked = threading.Event()
    verdicts = iter([None])

    def decide(key: bytes) -> bool | None:
        if key != identity("ann").curve_public:
            return None
        asked.set()
        return next(verdicts, True)

    with serving(decide) as here:
        here.call("ann")
        assert asked.wait(PATIENCE)
        here.call("bob")
        assert here.zap is not None
        heard = set()
        for _ in range(200):
            here.zap.resolve(identity("bob").curve_public, True)
            found = here.heard(50)
            heard |= {found[0]} if found else set()
            if heard == {b"ann", b"bob"}:
                return
        raise AssertionError(f"only {heard} came in")


def test_a_fault_with_one_key_refuses_that_key(caplog: pytest.LogCaptureFixture) -> None:
    """The thread goes on after its decision has failed, and the log says why."""

    def decide(key: bytes) -> bool | None:
        if key == identity("eve").curve_public:
            raise ValueError("what is this?")
        return True

    with serving(decide) as here:
        assert here.status(here.call("eve")) == 400
        here.call("ann")
        assert here.heard() is not None
    assert "what is this?" in caplog.text


def test_without_an_authenticator_every_connection_is_refused() -> None:
    """Neither before there is one nor after it has stopped is a connection admitted."""
    with serving(None) as here:
        here.call("ann")
        assert here.heard(300) is None
    with serving(lambda key: True) as here:
        assert here.zap is not None
        here.zap.stop()
        here.zap = None
        here.call("ann")
        assert here.heard(300) is None


def test_a_key_may_be_resolved_after_the_end() -> None:
    """A word that comes too late is no error."""
    context: zmq.Context[Any] = zmq.Context()
    late = ZapAuthenticator(context, lambda key: True)
    late.stop()
    late.resolve(b"k" * 32, True)
    context.term()
