"""A broker on real sockets and a database on disk."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.patience import PATIENCE, until
from touchline.broker import Broker, Options
from touchline.peer import Link
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import (
    AddressTaken,
    BadToken,
    Conflict,
    NotAllowed,
    Overloaded,
    StorageFault,
    Unreachable,
)

from .talk import dealer, identity, link, place, reply_to, running

ENDPOINTS = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")

PROCESS = """
import hashlib, sys, threading
from touchline.broker import Broker, Options
from touchline.protocol.keys import Identity
identity = Identity(hashlib.sha256(b"broker").digest())
broker = Broker(Options(bind=sys.argv[1], database=sys.argv[2], request_burst=100_000), identity)
thread = threading.Thread(target=broker.run)
thread.start()
broker.ready.wait()
print(broker.address, flush=True)
thread.join()
"""
"""A broker as a process of its own: tells its address, runs until it is killed."""


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(bind="127.0.0.1:0", database=f"sqlite:///{tmp_path / 'broker.sqlite3'}")


@pytest.fixture
def broker(options: Options) -> Iterator[Broker]:
    with running(options) as broker:
        yield broker


def create(title: str, **fields: Any) -> messages.Create:
    usual = {"sport": "tennis", "key": title, "origins": ["Ann", "Bob"]}
    return messages.Create(id=0, title=title, **{**usual, **fields})


def created(peer: Link, title: str, **fields: Any) -> str:
    """Let a peer create an event; return its id."""
    reply = peer.ask(create(title, **fields))
    assert isinstance(reply, messages.Event)
    return reply.card.event


def lease(event: str, instance: str, epoch: int = 0) -> messages.Lease:
    return messages.Lease(
        id=0, event=event, instance=instance, endpoints=ENDPOINTS, epoch=epoch, seq=0
    )


def test_life_of_an_event(broker: Broker) -> None:
    """Peers create, find, host, join, verify and finish an event over real sockets."""
    with link(broker.address, "host") as host, link(broker.address, "fan") as fan:
        event = created(host, "Ann against Bob")
        found = fan.ask(messages.Search(id=0, text="agianst"))
        assert isinstance(found, messages.EventList)
        assert [card.event for card in found.events] == [event]
        leased = host.ask(lease(event, "h"))
        assert isinstance(leased, messages.Leased)
        assert leased.epoch == 1
        invitation = fan.ask(messages.Join(id=0, event=event, role="viewer"))
        assert isinstance(invitation, messages.Invitation)
        assert invitation.endpoints == ENDPOINTS
        grant = host.ask(messages.Verify(id=0, token=invitation.token))
        assert isinstance(grant, messages.Grant)
        assert (grant.peer, grant.name, grant.role) == (fan.peer, "fan", "viewer")
        with pytest.raises(NotAllowed):
            fan.ask(messages.Verify(id=0, token=invitation.token))
        with pytest.raises(BadToken):
            host.ask(messages.Verify(id=0, token="nonsense"))
        host.ask(messages.Finish(id=0, event=event))
        shown = fan.ask(messages.Show(id=0, event=event))
        assert isinstance(shown, messages.Event)
        assert shown.card.status == "finished"
    assert broker.counters.requests["hello"] >= 2
    assert broker.counters.refusals == {"NOT_ALLOWED": 1, "BAD_TOKEN": 1}
    until(lambda: broker.counters.closed == broker.counters.accepted == 2)


def test_restart(options: Options) -> None:
    """A broker started again on its database knows peers, events, leases and tokens."""
    with running(options) as first:
        address = first.address
        host, fan = link(address, "host"), link(address, "fan")
        event = created(host, "Ann against Bob")
        host.ask(lease(event, "h", epoch=5))
        joined = fan.ask(messages.Join(id=0, event=event, role="viewer"))
        assert isinstance(joined, messages.Invitation)
        token = joined.token
    again = Options(bind=place(first), database=options.database)
    with running(again) as second:
        grant = host.ask(messages.Verify(id=0, token=token))
        assert isinstance(grant, messages.Grant)
        assert grant.name == "fan"
        invitation = fan.ask(messages.Join(id=0, event=event, role="viewer"))
        assert isinstance(invitation, messages.Invitation)
        assert (invitation.token, invitation.epoch) == (token, 5)
        renewed = host.ask(lease(event, "h", epoch=5))
        assert isinstance(renewed, messages.Leased)
        assert renewed.epoch == 5
        # Nobody had to say hello again: connections are remembered as well.
        assert second.counters.requests["hello"] == 0
        host.close()
        fan.close()


def test_forgotten_session(options: Options, tmp_path: Path) -> None:
    """A link to a broker that has lost its records says hello again by itself."""
    with running(options) as first:
        address = first.address
        fan = link(address, "fan")
        fan.ask(messages.Search(id=0))
    empty = Options(bind=place(first), database=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with running(empty) as second:
        assert isinstance(fan.ask(messages.Search(id=0)), messages.EventList)
        assert second.counters.refusals == {"UNKNOWN_PEER": 1}
        fan.close()


def test_killed_in_the_middle(options: Options) -> None:
    """Of a broker killed while peers create events, every answered event is there afterwards."""
    address = "127.0.0.1:0"
    answered: dict[str, str] = {}

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, address, options.database],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def create_many(name: str) -> None:
        with link(address, name) as peer:
            for number in range(10_000):
                title = f"{name} {number}"
                try:
                    reply = peer.ask(create(title), timeout=1.5)
                except Unreachable:
                    return
                assert isinstance(reply, messages.Event)
                answered[title] = reply.card.event

    process, address = start()
    peers = [threading.Thread(target=create_many, args=(name,)) for name in ("ann", "bob")]
    for peer in peers:
        peer.start()
    until(lambda: len(answered) > 50)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for peer in peers:
        peer.join()
    assert process.stdout is not None
    process.stdout.close()
    with running(options) as after:
        with link(after.address, "fan") as fan:
            for title, event in answered.items():
                shown = fan.ask(messages.Show(id=0, event=event))
                assert isinstance(shown, messages.Event)
                assert shown.card.title == title
        with link(after.address, "ann") as ann:
            # Asked again because the answer was lost, it is the same event.
            again = ann.ask(create("ann 0"))
            assert isinstance(again, messages.Event)
            assert again.card.event == answered["ann 0"]


def test_garbage(broker: Broker) -> None:
    """Garbage, oversized frames and many-frame messages get errors; others don't notice."""
    with link(broker.address, "fan") as fan, dealer(broker.address) as bare:
        fan.ask(messages.Search(id=0))
        bare.send(b"\xc1garbage")
        assert reply_to(bare).code == "BAD_MESSAGE"
        bare.send(b"x" * (limits.FRAME_BYTES + 1))
        assert reply_to(bare).code == "TOO_LARGE"
        bare.send(codec.encode(messages.Show(id=77, event="x")))
        error = reply_to(bare)
        assert (error.id, error.code) == (77, "UNKNOWN_PEER")
        bare.send_multipart([b"", codec.encode(messages.Search(id=1))])
        assert reply_to(bare).reason == "a message of 2 frames, 1 allowed; connect with DEALER"
        bare.send_multipart([b"x"] * 1_000)
        assert "1000 frames" in reply_to(bare).reason
        assert broker.counters.refusals == {"BAD_MESSAGE": 3, "TOO_LARGE": 1, "UNKNOWN_PEER": 1}
        assert isinstance(fan.ask(messages.Search(id=0)), messages.EventList)
    assert broker.counters.faults == 0


def test_enormous_frame(broker: Broker) -> None:
    """A frame of 10 MB cuts the connection that sent it, counted, and no other."""
    with link(broker.address, "fan") as fan, dealer(broker.address) as bare:
        fan.ask(messages.Search(id=0))
        before = broker.counters.closed
        bare.send(b"x" * 10_000_000)
        until(lambda: broker.counters.closed > before)
        assert isinstance(fan.ask(messages.Search(id=0)), messages.EventList)
        assert bare.poll(0) == 0
        # The connection comes back by itself, and is listened to again.
        bare.send(b"\xc1")
        assert reply_to(bare).code == "BAD_MESSAGE"
        assert broker.counters.closed == before + 1, "another connection was cut as well"


def test_stranger(broker: Broker) -> None:
    """A program that speaks something else than ZeroMQ is turned away and counted."""
    host, port = place(broker).split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: touchline\r\n\r\n" + b"\0" * 64)
        with suppress(ConnectionResetError):
            while stranger.recv(4_096):
                pass
    until(lambda: broker.counters.closed + broker.counters.strangers > 0)
    with link(broker.address, "fan") as fan:
        assert isinstance(fan.ask(messages.Search(id=0)), messages.EventList)


def test_address_taken(broker: Broker, tmp_path: Path) -> None:
    """A second broker on one address says so, and leaves nothing open."""
    bind = place(broker)
    options = Options(bind=bind, database=f"sqlite:///{tmp_path / 'second.sqlite3'}")
    second = Broker(options, identity("broker"))
    with pytest.raises(AddressTaken, match=f"tcp://{bind} is in use"):
        second.run()
    assert not second.ready.is_set()


def test_no_database(tmp_path: Path) -> None:
    """A broker whose database can't be opened does not start."""
    (tmp_path / "file").touch()
    options = Options(bind="127.0.0.1:0", database=f"sqlite:///{tmp_path}/file/x")
    broker = Broker(options, identity("broker"))
    with pytest.raises(StorageFault):
        broker.run()


def test_stop_before_run(options: Options) -> None:
    """A broker that was asked to stop before it ran ends at once; to stop it again is no error."""
    broker = Broker(options, identity("broker"))
    broker.stop()
    broker.run()
    broker.stop()


def test_database_fails_while_running(broker: Broker, options: Options) -> None:
    """A database that refuses is an error with code STORAGE, and the broker goes on."""
    with link(broker.address, "fan") as fan:
        fan.ask(messages.Search(id=0))
        engine = sa.create_engine(options.database)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE events RENAME TO gone")
        with pytest.raises(StorageFault, match="database refuses"):
            fan.ask(messages.Show(id=0, event="x"))
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO events")
        engine.dispose()
        assert isinstance(fan.ask(messages.Search(id=0)), messages.EventList)
    assert broker.counters.refusals == {"STORAGE": 1}


def test_fault_of_ours(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in one request is counted and logged, and leaves the worker at work."""
    monkeypatch.setattr("touchline.broker.checks.lease", lambda request: 1 / 0)
    with link(broker.address, "host") as host:
        event = created(host, "Ann against Bob")
        for _ in range(4):
            with pytest.raises(Unreachable):
                host.ask(lease(event, "h"), timeout=0.2)
        assert isinstance(host.ask(messages.Search(id=0)), messages.EventList)
    until(lambda: broker.counters.faults == 4)


def test_overloaded(tmp_path: Path) -> None:
    """When the queue is full further requests are refused at once, and later answered."""
    options = Options(
        bind="127.0.0.1:0",
        database=f"sqlite:///{tmp_path / 'broker.sqlite3'}",
        workers=1,
        queue=1,
    )
    with running(options) as broker, dealer(broker.address) as bare:
        writer = sa.create_engine(options.database).connect()
        with link(broker.address, "fan") as fan:
            fan.ask(messages.Search(id=0))
            writer.exec_driver_sql("BEGIN IMMEDIATE")  # the one worker waits for this
            answers: list[Any] = []
            fan.request(
                create("Ann against Bob"),
                lambda reply, _now: answers.append(reply),
                time.monotonic(),
                timeout=PATIENCE,
            )
            until(lambda: broker.counters.waiting == 1)
            bare.send(codec.encode(messages.Search(id=5)))
            error = reply_to(bare)
            assert (error.id, error.code) == (5, Overloaded.code)
            writer.rollback()
            writer.close()
            writer.engine.dispose()
            fan.flush(PATIENCE)
            fan.poll(time.monotonic())
            (answer,) = answers
            assert isinstance(answer, messages.Event)


def test_many_peers_at_once(broker: Broker) -> None:
    """Peers that create with one key at the same time get one event each, and one host wins."""
    events: list[str] = []
    outcomes: list[str] = []
    with link(broker.address, "ann") as ann:
        final = created(ann, "Final", hosts=["any"])

    def take_part(number: int) -> None:
        with link(broker.address, f"peer {number % 2}") as peer:
            events.extend(created(peer, "Mine") for _ in range(5))
            peer.ask(messages.Join(id=0, event=final, role="host"))
            try:
                peer.ask(lease(final, f"instance {number % 2}"))
            except Conflict:
                outcomes.append("conflict")
            else:
                outcomes.append("leased")

    peers = [threading.Thread(target=take_part, args=(number,)) for number in range(4)]
    for peer in peers:
        peer.start()
    for peer in peers:
        peer.join()
    assert len(events) == 20
    assert len(set(events)) == 2
    assert sorted(outcomes) == ["conflict", "conflict", "leased", "leased"]
