"""A peer written from `docs/PROTOCOL.md` with `msgpack`, `zmq` and libsodium alone joins, reports,
follows.

`Bare` imports nothing of ours: it is what a stranger would write in another language.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
import zmq
from nacl import bindings as sodium

from tests.patience import PATIENCE, PATIENCE_MS
from touchline.broker import Broker
from touchline.broker import Options as BrokerOptions
from touchline.peer import Host, Journal
from touchline.peer.host.options import Options as HostOptions
from touchline.protocol.keys import Identity


class Refused(Exception):
    """An `error` came instead of the reply."""


class Bare:
    """A peer, section by section of the specification."""

    def __init__(self, broker: str, name: str) -> None:
        self.context = zmq.Context()
        self.number = 0
        self.receipts: list[dict[str, Any]] = []
        self.asked: dict[str, Any] = {}
        self.last = 0
        self.bodies: dict[int, bytes] = {}
        self.beat: dict[str, Any] = {}
        self.public, self.secret = sodium.crypto_sign_seed_keypair(os.urandom(32))
        self.curve = sodium.crypto_sign_ed25519_pk_to_curve25519(self.public)
        self.server = b""
        place, _, key = broker.partition("?key=")
        self.broker = self.socket(
            zmq.DEALER,
            place.replace("touchline://", "tcp://"),
            base64.urlsafe_b64decode(key + "="),
        )
        self.welcome = self.ask(self.broker, type="hello", name=name, key=self.public)

    def socket(self, kind: int, endpoint: str, server: bytes) -> zmq.Socket[bytes]:
        """4: CURVE with the X25519 forms of the keys of both sides; a routing id that begins with
        a hash of one's own, whose rest is random."""
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.curve_publickey = self.curve
        socket.curve_secretkey = sodium.crypto_sign_ed25519_sk_to_curve25519(self.secret)
        socket.curve_serverkey = sodium.crypto_sign_ed25519_pk_to_curve25519(server)
        prefix = hashlib.sha256(b"touchline route\0" + self.curve).digest()[:12]
        socket.routing_id = b"\1" + prefix + os.urandom(16)
        if kind == zmq.SUB:
            socket.subscribe(self.event.encode() + b"\0")
        socket.connect(endpoint)
        return socket

    def close(self) -> None:
        self.context.destroy(linger=0)

    def ask(self, socket: zmq.Socket[bytes], **fields: Any) -> dict[str, Any]:
        """6: one map a frame; the reply repeats the id. Receipts and `confirm` come in between."""
        self.number += 1
        socket.send(msgpack.packb({"id": self.number, **fields}))
        return self.reply(socket)

    def reply(self, socket: zmq.Socket[bytes]) -> dict[str, Any]:
        while socket.poll(PATIENCE_MS):
            message: dict[str, Any] = msgpack.unpackb(socket.recv())
            if not self.by_itself(message) and message["id"] == self.number:
                if message["type"] == "error":
                    raise Refused(message["code"])
                return message
        raise AssertionError("no reply")

    def by_itself(self, message: dict[str, Any]) -> bool:
        """6: keep what has no id."""
        if message["type"] == "receipt":
            self.receipts.append(message)
        elif message["type"] == "confirm":
            self.asked = message
        return message["type"] in {"receipt", "confirm"}

    def enter(self, event: str, role: str) -> dict[str, Any]:
        """9: join, connect, attach."""
        way = self.ask(self.broker, type="join", event=event, role=role)
        self.event, self.token = event, way["token"]
        at, key = way["endpoints"], way["key"]
        self.host = self.socket(zmq.DEALER, at["router"], key)
        if role == "reporter":
            self.push = self.socket(zmq.PUSH, at["pull"], key)
        else:
            self.sub = self.socket(zmq.SUB, at["pub"], key)
        with pytest.raises(Refused, match="UNKNOWN_PEER"):
            self.ask(self.host, type="replay", event=event, first=1)
        return self.attach()

    def attach(self) -> dict[str, Any]:
        """9: ping for the round trip, whatever the answer is, then show the token."""
        began = time.time_ns() // 1_000
        with contextlib.suppress(Refused):
            self.ask(self.host, type="ping", event=self.event, time=began, last=self.last)
        now = time.time_ns() // 1_000
        setup = self.ask(
            self.host,
            type="attach",
            token=self.token,
            time=now,
            rtt=now - began,
            last=self.last,
            version=1,
        )
        self.badge = setup["badge"]
        return setup

    def ping(self) -> None:
        """9: say that one is there; 12: and the number of the newest report."""
        now = time.time_ns() // 1_000
        self.ask(self.host, type="ping", event=self.event, time=now, last=self.last)

    def report(self, n: int, title: str, origin: str, at: int = 0, **details: Any) -> None:
        """10: on PUSH, numbered, with the badge."""
        self.last = max(self.last, n)
        now = time.time_ns() // 1_000
        happening = {"title": title, "origin": origin, "time": at or now, "details": details}
        self.push.send(
            msgpack.packb(
                {"type": "report", "token": self.badge, "n": n, "time": now, "event": happening}
            )
        )

    def fate(self, n: int) -> dict[str, Any]:
        """10: wait until a report's fate is told."""
        while True:
            for receipt in self.receipts:
                for fate in receipt.get("fates", []):
                    if fate["n"] == n:
                        assert receipt["n"] >= n
                        return dict(fate)
            assert self.host.poll(PATIENCE_MS), f"no fate of {n}"
            assert self.by_itself(msgpack.unpackb(self.host.recv()))

    def follow(self, until: Callable[[], bool]) -> None:
        """11: take what is published until something is so."""
        while not until():
            assert self.sub.poll(PATIENCE_MS), "the feed is silent"
            topic, _, body = self.sub.recv().partition(b"\0")
            assert topic == self.event.encode()
            message = msgpack.unpackb(body)
            if message["type"] == "heartbeat":
                self.beat = message
            else:
                self.bodies[message["seq"]] = body

    def replay(self, first: int, last: int = 0) -> list[bytes]:
        """11: blocks until one says that no more follow."""
        block = self.ask(self.host, type="replay", event=self.event, first=first, last=last)
        assert block["first"] == first
        bodies = list(block["frames"])
        while block.get("more"):
            block = self.reply(self.host)
            assert block["first"] == first + len(bodies)
            bodies += block["frames"]
        return bodies


def chained(bodies: list[bytes]) -> bytes:
    """11: the digest over a feed."""
    digest = bytes(16)
    for body in bodies:
        digest = hashlib.blake2b(body, digest_size=16, key=digest).digest()
    return digest


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    database = f"sqlite:///{tmp_path / 'broker.sqlite3'}"
    broker = Broker(BrokerOptions(bind="127.0.0.1:0", database=database), Identity(b"b" * 32))
    thread = threading.Thread(target=broker.run)
    thread.start()
    assert broker.ready.wait(PATIENCE)
    yield broker
    broker.stop()
    thread.join(PATIENCE)


@pytest.fixture
def event(broker: Broker, tmp_path: Path) -> Iterator[str]:
    """An event that a host of ours serves, created by a bare client."""
    creator = Bare(broker.address, "creator")
    card = creator.ask(
        creator.broker,
        type="create",
        title="Ann against Bob",
        sport="tennis",
        key="1",
        origins=["Ann", "Bob"],
        hosts=["any"],
    )["card"]
    found = creator.ask(creator.broker, type="search", text="anne agianst bob")
    assert [one["event"] for one in found["events"]] == [card["event"]]
    creator.close()
    journal = Journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}")
    # Points follow each other within moments here: a verdict that weighs would take them for one.
    options = HostOptions(broker=broker.address, heartbeat=0.5, verdict="quorum")
    host = Host(options, Identity(b"h" * 32), journal, (card["event"],))
    thread = threading.Thread(target=host.run)
    thread.start()
    assert host.ready.wait(PATIENCE)
    yield card["event"]
    host.stop()
    thread.join(PATIENCE)
    journal.close()


@pytest.fixture
def peer(broker: Broker) -> Iterator[Callable[[str], Bare]]:
    """Make bare peers; all are closed afterwards."""
    peers: list[Bare] = []

    def make(name: str) -> Bare:
        peers.append(Bare(broker.address, name))
        return peers[-1]

    yield make
    for one in peers:
        one.close()


def test_join_report_follow(event: str, peer: Callable[[str], Bare]) -> None:
    """Two bare reporters make an entry, learn of it, and a bare subscriber proves it has all."""
    fan = peer("fan")
    setup = fan.enter(event, "viewer")
    assert setup["seq"] == 0
    assert setup["digest"] == bytes(16)
    assert "point" in [action["title"] for action in setup["actions"]]

    carl, dora = peer("carl"), peer("dora")
    assert carl.enter(event, "reporter").get("n", 0) == 0
    dora.enter(event, "reporter")
    carl.report(1, "point", "Ann")
    dora.report(1, "point", "Ann")
    assert carl.fate(1)["outcome"] == "accepted"
    assert dora.fate(1)["seq"] == 1
    carl.report(2, "point", "Zoe")
    refused = carl.fate(2)
    assert (refused["outcome"], refused["code"]) == ("refused", "BAD_REPORT")
    assert "Zoe" in refused["reason"]

    fan.follow(lambda: 1 in fan.bodies and fan.beat.get("seq") == 1)
    entry = msgpack.unpackb(fan.bodies[1])
    assert (entry["title"], entry["origin"], entry["status"]) == ("point", "Ann", "CONFIRMED")
    assert entry["evidence"]["for"] == 2
    assert chained([fan.bodies[1]]) == fan.beat["digest"]
    assert fan.beat["present"] == 2


def test_outage(event: str, peer: Callable[[str], Bare]) -> None:
    """12: when bare reporters fall silent an alarm says so; what they report on return is marked,
    they are asked for the score, and what they say closes the outage."""
    fan, carl, dora = peer("fan"), peer("carl"), peer("dora")
    fan.enter(event, "viewer")
    for one in (carl, dora):
        one.enter(event, "reporter")
        one.report(1, "point", "Ann")
    carl.fate(1)
    fan.follow(lambda: fan.beat.get("state") == "suspended")
    lost = [msgpack.unpackb(body) for _, body in sorted(fan.bodies.items())]
    assert [message["type"] for message in lost][:2] == ["entry", "alarm"]
    at = lost[1]["last_received"] + 100_000

    for one in (carl, dora):
        one.last = 2
        one.ping()
    for one in (carl, dora):
        one.report(2, "point", "Bob", at=at)
    assert dora.fate(2)["outcome"] == "accepted"
    while not (carl.asked and dora.asked):
        for one in (carl, dora):
            one.ping()
    assert carl.asked["since"] < at < carl.asked["until"]
    for one in (carl, dora):
        one.report(3, "confirm", "", score="15-15")
    assert dora.fate(3)["outcome"] == "accepted"

    fan.follow(lambda: b"restored" in fan.bodies[max(fan.bodies)])
    messages = [msgpack.unpackb(body) for _, body in sorted(fan.bodies.items())]
    entries = [message for message in messages if message["type"] == "entry"]
    assert [entry.get("delay_status", "") for entry in entries] == ["", "RECONSTRUCTED"]
    restored = msgpack.unpackb(fan.bodies[max(fan.bodies)])
    assert (restored["entries"], restored["confirmed"]) == (1, True)
    assert restored.get("reason", "") == ""
    assert sorted(fan.bodies) == list(range(1, len(fan.bodies) + 1))


def test_correct_and_replay(event: str, peer: Callable[[str], Bare]) -> None:
    """A deletion that two ask for is published under the same entry id; a latecomer gets all."""
    carl, dora = peer("carl"), peer("dora")
    for one in (carl, dora):
        one.enter(event, "reporter")
        one.report(1, "point", "Bob")
    entry_id = carl.fate(1)["entry_id"]
    for one in (carl, dora):
        one.report(2, "delete", "", entry=entry_id)
    assert dora.fate(2)["outcome"] == "accepted"

    late = peer("late")
    setup = late.enter(event, "viewer")
    bodies = late.replay(1)
    assert [msgpack.unpackb(body)["status"] for body in bodies] == ["CONFIRMED", "DELETED"]
    assert {msgpack.unpackb(body)["entry_id"] for body in bodies} == {entry_id}
    assert chained(bodies) == setup["digest"]
    assert late.replay(2, 2) == bodies[1:]
    assert late.replay(3) == []


def test_sent_again(event: str, peer: Callable[[str], Bare]) -> None:
    """What is sent again is confirmed and counted once; a new attach tells the host's number."""
    carl = peer("carl")
    carl.enter(event, "reporter")
    for _ in range(3):
        carl.report(1, "point", "Ann")
    carl.report(2, "point", "?")
    carl.fate(2)
    assert carl.receipts[-1]["n"] == 2
    assert carl.attach()["n"] == 2
    done = carl.ask(carl.host, type="detach", event=event)
    assert done["type"] == "done"
    with pytest.raises(Refused, match="UNKNOWN_PEER"):
        carl.ask(carl.host, type="replay", event=event, first=1)


def test_refusals(event: str, broker: Broker, peer: Callable[[str], Bare]) -> None:
    """Each way to get it wrong has the code that the page names, and the connection lives on."""
    eve, mallory = peer("eve"), peer("mallory")
    mallory.enter(event, "viewer")
    eve.enter(event, "viewer")
    for code, socket, fields in [
        ("NOT_FOUND", eve.broker, {"type": "show", "event": "none"}),
        ("UNKNOWN_TYPE", eve.broker, {"type": "attach", "token": "x"}),
        ("NOT_ALLOWED", eve.broker, {"type": "finish", "event": event}),
        ("NOT_ALLOWED", eve.broker, {"type": "verify", "token": eve.token}),
        ("BAD_TOKEN", eve.host, {"type": "attach", "token": "forged", "time": 0}),
        ("WRONG_KEY", eve.host, {"type": "attach", "token": mallory.token, "time": 0}),
        ("WRONG_VERSION", eve.host, {"type": "attach", "token": "x", "time": 0, "version": 2}),
        (
            "WRONG_VERSION",
            eve.broker,
            {"type": "hello", "name": "eve", "key": eve.public, "version": 2},
        ),
        ("WRONG_KEY", eve.broker, {"type": "hello", "name": "eve", "key": mallory.public}),
        ("NOT_ALLOWED", eve.broker, {"type": "members"}),
    ]:
        with pytest.raises(Refused, match=code):
            eve.ask(socket, **fields)
    for socket in (eve.broker, eve.host):
        for frame in (b"\xc1", b"x" * 70_000):
            socket.send(frame)
            error = msgpack.unpackb(socket.recv())
            assert error["code"] == ("BAD_MESSAGE" if len(frame) == 1 else "TOO_LARGE")
            assert error["id"] == 0
    shown = eve.ask(eve.broker, type="show", event=event, unknown={"field": [1]})
    assert shown["card"]["status"] == "live"
    assert eve.replay(1) == []
