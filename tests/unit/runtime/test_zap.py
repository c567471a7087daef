"""The door, on sockets of this process: who is let in, held, refused."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from touchline.protocol.keys import Identity
from touchline.runtime import zap
from touchline.runtime.zap import ZapAuthenticator, guard

Socket = zmq.Socket[bytes]


def identity(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


class House:
    """A socket behind a door, and callers from a context of their own."""

    def __init__(self, judge: Callable[[bytes], bool | None] | None) -> None:
        self.inside: zmq.Context[Any] = zmq.Context()
        self.outside: zmq.Context[Any] = zmq.Context()
        self.door = ZapAuthenticator(self.inside, judge) if judge else None
        self.socket: Socket = self.inside.socket(zmq.ROUTER)
        self.socket.linger = 0
        guard(self.socket, identity("house"))
        self.socket.bind("tcp://127.0.0.1:*")
        self.monitors: dict[Socket, Socket] = {}
        """By caller, what tells that it is refused."""

    def call(self, name: str) -> Socket:
        """Have somebody connect, and say their name."""
        caller: Socket = self.outside.socket(zmq.DEALER)
        caller.linger = 0
        caller.setsockopt(zmq.CURVE_SERVERKEY, identity("house").curve_public)
        caller.setsockopt(zmq.CURVE_PUBLICKEY, identity(name).curve_public)
        caller.setsockopt(zmq.CURVE_SECRETKEY, identity(name).curve_secret)
        self.monitors[caller] = caller.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        caller.connect(self.socket.last_endpoint.decode().rstrip("\0"))
        caller.send(name.encode())
        return caller

    def heard(self, milliseconds: int = 5_000) -> tuple[bytes, str] | None:
        """Return what came, and the key in hex that ZeroMQ says it came from."""
        if not self.socket.poll(milliseconds):
            return None
        _, frame = self.socket.recv_multipart(copy=False)
        return frame.bytes, str(frame.get("User-Id"))

    def status(self, caller: Socket) -> int:
        """Return the status that a caller is refused with."""
        assert self.monitors[caller].poll(5_000), "it was not refused"
        return int(parse_monitor_message(self.monitors[caller].recv_multipart())["value"])

    def close(self) -> None:
        for caller, monitor in self.monitors.items():
            caller.disable_monitor()
            monitor.close()
            caller.close()
        self.socket.close()
        if self.door:
            self.door.stop()
        self.inside.term()
        self.outside.term()


@contextmanager
def house(judge: Callable[[bytes], bool | None] | None) -> Iterator[House]:
    house = House(judge)
    try:
        yield house
    finally:
        house.close()


def test_let_in() -> None:
    """Who is let in is heard, and each frame says whose key it came by."""
    with house(lambda key: True) as here:
        here.call("ann")
        assert here.heard() == (b"ann", identity("ann").curve_public.hex())
        assert here.door is not None
        assert (here.door.admitted, here.door.refused) == (1, 0)


def test_refused() -> None:
    """Who is refused learns it by the status 400 and is not heard; others are."""
    with house(lambda key: key != identity("eve").curve_public) as here:
        assert here.status(here.call("eve")) == 400
        here.call("ann")
        heard = here.heard()
        assert heard is not None
        assert heard[0] == b"ann"
        assert here.heard(100) is None
        assert here.door is not None
        assert here.door.admitted == 1
        assert here.door.refused >= 1


@pytest.mark.parametrize("admitted", [True, False])
def test_held(admitted: bool) -> None:
    """Who is asked about is held until it is settled, by whatever thread, either way."""
    asked = threading.Event()

    def judge(key: bytes) -> bool | None:
        asked.set()
        return None

    with house(judge) as here:
        caller = here.call("ann")
        assert asked.wait(5)
        assert here.heard(100) is None
        assert here.door is not None
        here.door.settle(identity("eve").curve_public, not admitted)
        here.door.settle(identity("ann").curve_public, admitted)
        if admitted:
            assert here.heard() is not None
        else:
            assert here.status(caller) == 400
            assert here.heard(50) is None


def test_the_waiting_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more that wait than there is room for, one is sent off at once, not refused for good."""
    monkeypatch.setattr(zap, "MOST_WAITING", 1)
    asked: list[bytes] = []
    two = threading.Event()

    def judge(key: bytes) -> bool | None:
        asked.append(key)
        if len(set(asked)) == 2:
            two.set()
        return None

    with house(judge) as here:
        here.call("ann")
        here.call("bob")
        assert two.wait(5)
        assert here.door is not None
        for name in ("ann", "bob"):
            here.door.settle(identity(name).curve_public, True)
        heard = here.heard()
        assert heard is not None
        assert heard[1] == asked[0].hex()
        assert here.heard(200) is None
        assert here.door.refused == 0


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was held for too long makes room for another, and is heard when it comes again."""
    monkeypatch.setattr(zap, "MOST_WAITING", 1)
    monkeypatch.setattr(zap, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(zap, "HANDSHAKE_MS", 300)
    asked = threading.Event()
    verdicts = iter([None])

    def judge(key: bytes) -> bool | None:
        if key != identity("ann").curve_public:
            return None
        asked.set()
        return next(verdicts, True)

    with house(judge) as here:
        here.call("ann")
        assert asked.wait(5)
        here.call("bob")
        assert here.door is not None
        heard = set()
        for _ in range(200):
            here.door.settle(identity("bob").curve_public, True)
            found = here.heard(50)
            heard |= {found[0]} if found else set()
            if heard == {b"ann", b"bob"}:
                return
        raise AssertionError(f"only {heard} came in")


def test_a_fault_of_the_judge(caplog: pytest.LogCaptureFixture) -> None:
    """A judge that stumbles over one key refuses that one, and goes on."""

    def judge(key: bytes) -> bool | None:
        if key == identity("eve").curve_public:
            raise ValueError("what is this?")
        return True

    with house(judge) as here:
        assert here.status(here.call("eve")) == 400
        here.call("ann")
        assert here.heard() is not None
    assert "what is this?" in caplog.text


def test_no_door() -> None:
    """Where there is no door, or none any more, nobody gets in."""
    with house(None) as here:
        here.call("ann")
        assert here.heard(300) is None
    with house(lambda key: True) as here:
        assert here.door is not None
        here.door.stop()
        here.door = None
        here.call("ann")
        assert here.heard(300) is None


def test_to_settle_after_the_end() -> None:
    """A word that comes too late is no error."""
    context: zmq.Context[Any] = zmq.Context()
    late = ZapAuthenticator(context, lambda key: True)
    late.stop()
    late.settle(b"k" * 32, True)
    context.term()
