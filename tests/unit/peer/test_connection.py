"""A host that says more than is taken in; all else of the connection is in
`tests/integration/test_peers.py`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import zmq

from touchline.peer.connection import A_TURN, RETRY_SECONDS, UNFOUND_SECONDS, HostConnection
from touchline.peer.follower.core import EventCopy
from touchline.peer.link import Link
from touchline.peer.session import Session
from touchline.protocol import codec, limits
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Block, Card, Endpoints, Invitation


@pytest.fixture
def link() -> Iterator[Link]:
    with Link("touchline://127.0.0.1:1?insecure", "ann", Identity(b"a" * 32)) as made:
        yield made


def _talking(link: Link, frame: bytes, count: int) -> HostConnection:
    """Return a connection to a host that has sent a frame so many times."""
    left = [count]

    def receive(_flags: int) -> list[bytes]:
        if not left[0]:
            raise zmq.Again
        left[0] -= 1
        return [frame]

    connection: Any = HostConnection(Session("e", "viewer"), link)
    connection.dealer = SimpleNamespace(recv_multipart=receive)
    connection._monitor = SimpleNamespace(recv_multipart=_nothing)
    return connection


def _nothing(_flags: int) -> list[bytes]:
    raise zmq.Again


def test_a_host_that_goes_on_talking(link: Link) -> None:
    """A turn ends however much the host says; the next is due at once, and takes what is left."""
    block = codec.encode(Block(id=0, event="e", first=1, frames=[]))
    connection = _talking(link, block, 2 * A_TURN + 1)
    found = []
    for _ in range(3):
        found.append(len(connection.pump(1.0, 1)))
        due = connection.next_timer()
        assert (due == 0.0) == (len(found) < 3)
    assert found == [A_TURN, A_TURN, 1]


def test_long_replies(link: Link) -> None:
    """Of long ones a turn takes fewer."""
    block = codec.encode(Block(id=0, event="e", first=1, frames=[b"x" * 60_000] * 10))
    connection = _talking(link, block, A_TURN)
    assert len(connection.pump(1.0, 1)) == limits.BLOCK_BYTES // len(block) + 1


def test_an_attempt_that_fails_at_once(link: Link) -> None:
    """Where nothing tells of its begin, as with a network that can't be reached, the next attempt
    comes as soon as after any other."""
    connection: Any = _talking(link, b"", 0)
    connection._again_at = 100.0 + UNFOUND_SECONDS
    told = [[struct.pack("=Hi", zmq.EVENT_CLOSED, 0), b""]]

    def next_event(_flags: int) -> list[bytes]:
        if not told:
            raise zmq.Again
        return told.pop()

    connection._monitor = SimpleNamespace(recv_multipart=next_event)
    connection.pump(100.0, 1)
    assert connection.next_timer() <= 100.0 + RETRY_SECONDS


@pytest.mark.parametrize("order", [("answer", "close"), ("close", "answer")])
def test_closed_within_a_turn(
    link: Link, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    """A connection that the answer to another request closes stays closed, though the broker names
    its host in the same turn: nobody would read the monitor of what it opened, for which libzmq
    waits."""
    asked: list[Callable[[Invitation, float], None]] = []
    monkeypatch.setattr(link, "request", lambda _, then, __: asked.append(then))
    connection = HostConnection(EventCopy("e"), link)
    connection.pump(0.0, 1)
    (then,) = asked
    card = Card(event="e", title="A v B", sport="football", origins=["A", "B"])
    where = Endpoints(router="tcp://[::1]:1", pull="tcp://[::1]:1", pub="tcp://[::1]:1")
    key = Identity(b"h" * 32).public
    invited = Invitation(id=1, card=card, token="t", expires=2, endpoints=where, key=key)

    def poll(now: float) -> int:
        for what in order:
            then(invited, now) if what == "answer" else connection.close()
        return 1

    monkeypatch.setattr(link, "poll", poll)
    try:
        assert connection.pump(1.0, 1) == []
        assert connection.dealer is None
        monkeypatch.undo()
        connection.pump(2.0, 1)
        assert connection.dealer is None
        assert connection.sockets == link.sockets
    finally:
        connection.close()  # else the context would wait for what was opened
