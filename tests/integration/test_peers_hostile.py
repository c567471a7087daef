"""Peers that are stopped, networks that lose, disks that are full, and strangers' garbage."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from tests.patience import PATIENCE, PATIENCE_MS, spend
from touchline.peer import Journal, Link
from touchline.peer.link.core import Then
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Entry, Happening, Report
from touchline.protocol.times import SECOND

# ── stopped, lossy, hostile ──────────────────────────────────────────────────────────────────


def test_subscriber_stopped(world: Any) -> None:
    """A subscriber that was stopped for some seconds ends where the host is."""
    host = world.with_broker().host(verdict="fixed:1")
    ann = world.reporter("ann")
    count = 300
    fan = world.subscriber_process(count)
    assert world.line(fan) == "open"
    fan.send_signal(signal.SIGSTOP)
    for number in range(count):
        ann.say("foul", "A", time=world.began - number * 60 * SECOND)
    spend(5.0, ann)
    world.until(lambda: not ann.pending, ann)
    core = host.events[world.event]
    assert core.feed.seq == count
    fan.send_signal(signal.SIGCONT)
    result = world.told(fan)
    assert result["digest"] == core.feed.digest.hex()
    assert result["received"] == result["seq"] == core.feed.seq
    assert result["lost"] == result["repaired"]
    assert result["diverged"] == 0


class Detour(Link):
    """A link that sends its subscriber to another publisher than the host's."""

    pub = ""

    def request(self, message: Any, then: Then, now: float, timeout: float | None = None) -> None:
        def detoured(reply: Any, now: float) -> None:
            if isinstance(reply, messages.Invitation) and reply.endpoints is not None:
                endpoints = msgspec.structs.replace(reply.endpoints, pub=self.pub)
                reply = msgspec.structs.replace(reply, endpoints=endpoints)
            then(reply, now)

        super().request(message, detoured, now, timeout)


def _lossy(world: Any, publisher: str, seed: int, stop: threading.Event) -> str:
    """Forward what a host publishes, with losses, doubles and out of order; return where."""
    sub = world.context.socket(zmq.SUB)
    sub.setsockopt(zmq.SUBSCRIBE, b"")
    sub.connect(publisher)
    pub = world.context.socket(zmq.PUB)
    port = pub.bind_to_random_port("tcp://127.0.0.1")

    def forward() -> None:
        chance = random.Random(seed)
        held: list[bytes] = []
        while not stop.is_set():
            if sub.poll(20):
                frame = sub.recv()
                kind = chance.random()
                if kind < 0.2:
                    continue
                if kind < 0.3:
                    held.append(frame)
                    continue
                pub.send(frame)
                if kind < 0.4:
                    pub.send(frame)
            while held and chance.random() < 0.5:
                pub.send(held.pop())
        sub.close(linger=0)
        pub.close(linger=0)

    thread = threading.Thread(target=forward)
    thread.start()
    world.stack.callback(lambda: (stop.set(), thread.join(PATIENCE)))
    return f"tcp://127.0.0.1:{port}"


def test_lossy_network(world: Any) -> None:
    """A subscriber whose network loses, doubles and reorders ends where the host is, and its
    counters say what happened."""
    world.plain = True  # nobody could do this to an encrypted connection
    host = world.with_broker().host(verdict="fixed:1", heartbeat=1.0)
    seed, stop = 11, threading.Event()
    Detour.pub = _lossy(world, host.endpoints.pub, seed, stop)
    ann, feed = world.reporter("ann"), world.feed(kind=Detour)
    world.until(lambda: feed.beats and feed.open and ann.session.open, ann, feed)
    for number in range(150):
        ann.say("foul", "A", time=world.began - number * 60 * SECOND)
        ann.pump()
        feed.pump()
    world.until(lambda: not ann.pending and feed.has(host, world.event), ann, feed)
    assert feed.seqs == list(range(1, 151)), f"seed {seed}"
    counters = feed.tracker.counters
    assert counters.received == 150
    assert counters.lost == counters.repaired > 0
    assert counters.duplicate > 0
    assert counters.out_of_order > 0
    assert counters.diverged == 0


class FullJournal(Journal):
    """A journal whose disk has room or not."""

    full = False

    def commit(self, turns: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        if self.full:
            raise StorageFault("journal: database or disk is full")
        return super().commit(turns) if turns else frozenset()

    def keep_card(self, card: messages.Card) -> None:
        self.commit(())
        super().keep_card(card)

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        self.commit(())
        super().keep_ports(ports)


def test_full_disk(world: Any) -> None:
    """While the disk is full nothing is confirmed and nothing published; when there is room again
    all that was said comes through, once."""
    journal = FullJournal(world.journal())
    host = world.with_broker().host(journal=journal)
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    world.until(lambda: feed.open and ann.session.open and bob.session.open, ann, bob, feed)
    journal.full = True
    for number in range(3):
        world.goal(number, ann, bob)
    world.until(lambda: bool(host.trouble), ann, bob, feed)
    spend(1.0, ann, bob, feed)
    assert (ann.core.stored, bob.core.stored, feed.messages) == (0, 0, [])
    journal.full = False
    world.until(lambda: feed.seqs == [1, 2, 3] and not ann.pending, ann, bob, feed)
    assert host.trouble == ""
    assert host.events[world.event].counters.stored == 6


def test_a_start_on_a_full_disk(world: Any) -> None:
    """A host serves what it has: those who followed get the whole feed, also in a new run. What is
    reported stays with its reporters until there is room."""
    host = world.with_broker().host(verdict="fixed:1")
    ann, feed = world.reporter("ann"), world.feed()
    world.goal(0, ann)
    world.until(lambda: feed.seqs == [1] and not ann.pending, ann, feed)
    feed.subscriber.close()
    world.end(host)
    journal = FullJournal(world.journal())
    journal.full = True
    host = world.host(journal=journal, verdict="fixed:1")
    assert "full" in host.trouble
    again = world.feed()
    world.until(lambda: again.seqs == [1], ann, again)
    n = ann.say("goal", "B", time=world.at(5))
    spend(1.0, ann, again)
    assert (ann.fate(n), ann.pending, again.seqs) == (None, 1, [1])
    assert host.trouble
    journal.full = False
    world.until(lambda: again.seqs == [1, 2] and not ann.pending, ann, again)
    assert host.trouble == ""


def test_in_asyncio(world: Any) -> None:
    """The same feed comes by `async for`."""
    world.with_broker().host(verdict="fixed:1")
    ann, subscriber = world.reporter("ann"), world.subscriber()
    for number in range(3):
        world.goal(number, ann)
    world.until(lambda: not ann.pending, ann)

    async def follow() -> list[int]:
        seqs: list[int] = []
        async for item in subscriber:
            if isinstance(item, Entry):
                seqs.append(item.seq)
                if len(seqs) == 3:
                    ann.say("goal", "A", time=world.at(9))
                    ann.pump()
                if len(seqs) == 4:
                    break
        return seqs

    assert asyncio.run(asyncio.wait_for(follow(), PATIENCE)) == [1, 2, 3, 4]


def _hostile() -> list[list[bytes]]:
    report = Report(token="t", n=1, time=0, event=Happening("goal", "A", 0))
    return [
        [b""],
        [b"\xc1"],
        [os.urandom(500)],
        [b"x" * (limits.FRAME_BYTES + 1)],
        [b"a", b"b", b"c"],
        [codec.encode(report), b"more"],
        [codec.encode(messages.HostPing(id=1, event="no", time=0))],
        [b"\x91" * 60_000],
    ]


def test_garbage(world: Any) -> None:
    """Garbage, messages of several parts and frames of 10 MB on each socket disturb nobody, and
    what could be read is counted."""
    host = world.with_broker().host()
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    world.until(lambda: feed.open and ann.session.open and bob.session.open, ann, bob, feed)
    endpoints = host.endpoints
    for round_, (kind, endpoint) in enumerate(
        ((zmq.DEALER, endpoints.router), (zmq.PUSH, endpoints.pull), (zmq.XSUB, endpoints.pub))
    ):
        with world.raw(kind, endpoint) as bare:
            for frames in [*_hostile(), [b"y" * 10_000_000]]:
                bare.send_multipart(frames)
        port = int(endpoint.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n" + os.urandom(1_000))
        world.goal(round_, ann, bob)
        world.until(lambda n=round_: len(feed.messages) == n + 1, ann, bob, feed)
    assert feed.seqs == [1, 2, 3]
    assert feed.tracker.counters.lost == 0
    refusals = host.attached.refusals
    assert refusals["BAD_MESSAGE"] >= 10
    assert refusals["TOO_LARGE"] == 2
    assert host.events[world.event].epoch == 1


def test_bad_token(world: Any) -> None:
    """A token that the broker never gave is refused, with words."""
    host = world.with_broker().host()
    world.token("ann")
    with world.raw(zmq.DEALER, host.endpoints.router) as bare:
        bare.send(codec.encode(messages.Attach(id=7, token="made up", time=0)))
        assert bare.poll(PATIENCE_MS), "no reply"
        reply = codec.decode_host_reply(bare.recv())
    assert (reply.id, reply.code, reply.reason) == (7, "BAD_TOKEN", "the token is unknown")


@pytest.mark.parametrize("kind", ["feed", "replies"])
def test_a_peer_that_reads_nothing_for_a_while(kind: str) -> None:
    """More has come than is held, and heartbeats have ended the connection meanwhile: the peer goes
    on where it reads again. libzmq would end the process (its issue 3937)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.unread", kind],
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")
