"""What was missed: a late joiner, 500 that lost the same message, and a host's restart."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import zmq

from touchline.peer import Journal, Link, Subscriber
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Grant

from . import raw, servers
from .comparison import Comparison, Contestant, Round, Size
from .fanout import ENTRY, MARK
from .processes import PATIENCE, child, cpu, memory, orders
from .reports import FULL_SYNC
from .venue import APART, Member, Venue, key, venue

ENTRIES = 10_000
LOSERS = 500
STORED = 1_000_000
SENDERS = 50


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    entries, losers, stored = size.of(ENTRIES), size.of(LOSERS, 5), size.of(STORED, 5_000)
    return [
        Comparison(
            "recovery",
            f"A late joiner of {entries:,} entries",
            [
                Contestant("Touchline, plain", "all bytes", partial(_late, entries)),
                Contestant("Touchline, CURVE", "all bytes", partial(_late, entries, secure=True)),
                Contestant(
                    "Touchline, CURVE, its Subscriber",
                    "joins, decodes, checks the digest",
                    partial(_follows, entries),
                ),
                Contestant("prepared snapshot", "ROUTER, plain", partial(_snapshot, entries)),
                Contestant("Redis XRANGE", "all bytes", partial(_xrange, entries)),
                Contestant("JetStream", "push consumer, all bytes", partial(_consumer, entries)),
            ],
            "ms",
            beside="prepared snapshot",
        ),
        Comparison(
            "recovery",
            f"{losers:,} that lost the same message",
            [Contestant("Touchline, plain", "a replay each", partial(_lost, losers))],
            "ms until all have it",
            rounds=3,
        ),
        Comparison(
            "recovery",
            f"Restart with {stored:,} reports",
            [Contestant("Touchline", FULL_SYNC, partial(_restart, stored))],
            "CPU s",
            rounds=3,
        ),
    ]


# ── a late joiner ────────────────────────────────────────────────────────────────────────────


@contextmanager
def _filled(entries: int, *, secure: bool = False) -> Iterator[Venue]:
    with venue(secure=secure, alone=True) as place:
        member = place.member("reporter")
        push = member.connected(zmq.PUSH, place.endpoints.pull)
        for at in range(0, entries, 100):
            push.send(member.batch(place.fouls(min(100, entries - at))))
        until = time.monotonic() + PATIENCE
        while place.host.ask("entries") < entries:
            if time.monotonic() > until:
                raise RuntimeError("the entries do not come")
            time.sleep(0.05)
        yield place


@contextmanager
def _late(entries: int, *, secure: bool = False) -> Iterator[Round]:
    with _filled(entries, secure=secure) as place:
        viewer = place.member("viewer", "viewer")

        def round_() -> dict[str, float]:
            spent, began = cpu(place.host.pid), time.perf_counter()
            count, size = replayed(viewer, place.event)
            taken = time.perf_counter() - began
            spent = cpu(place.host.pid) - spent
            assert count >= entries, count
            return {"ms": taken * 1e3, "CPU ms": spent * 1e3, "MB": size / 1e6}

        yield round_


def replayed(viewer: Member, event: str, first: int = 1, last: int = 0) -> tuple[int, int]:
    """Ask for a replay as clients of today do; return how many messages came, in how many bytes."""
    request: dict[str, object] = {
        "type": "replay", "id": 9, "event": event, "first": first, "last": last,
    }  # fmt: skip
    viewer.dealer.send(msgspec.msgpack.encode(request))
    count = size = 0
    while True:
        frame = viewer.dealer.recv()
        reply = codec.decode_host_reply(frame)
        if isinstance(reply, messages.Block):
            count += len(reply.frames)
            size += len(frame)
            if not reply.more:
                return count, size


@contextmanager
def _follows(entries: int) -> Iterator[Round]:
    with _filled(entries, secure=True) as place, Link(place.address, "fan", key("fan")) as link:
        # The first is not measured: it admits the key.
        def round_() -> dict[str, float]:
            began, client = time.perf_counter(), time.process_time()
            with Subscriber(place.event, link) as feed:
                seen = 0
                while seen < entries:
                    seen += isinstance(feed.next(PATIENCE), messages.Entry)
            taken = time.perf_counter() - began
            return {"ms": taken * 1e3, "client, CPU ms": (time.process_time() - client) * 1e3}

        round_()
        yield round_


@contextmanager
def _snapshot(entries: int) -> Iterator[Round]:
    with child(_answer, entries) as server:
        made = raw.Frames(raw.zmtp(server.answer(), "DEALER"))

        def round_() -> dict[str, float]:
            spent, began = cpu(server.pid), time.perf_counter()
            made.socket.sendall(raw.frame(b"all"))
            size = 0
            for _ in range(-(-entries // 256)):
                size += len(made.next())
            taken = time.perf_counter() - began
            spent = cpu(server.pid) - spent
            return {"ms": taken * 1e3, "CPU ms": spent * 1e3, "MB": size / 1e6}

        yield round_


def _answer(parent: Connection, entries: int) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    body = codec.encode(ENTRY)
    blocks = [codec.encode([body] * min(256, entries - at)) for at in range(0, entries, 256)]
    parent.send(f"tcp://127.0.0.1:{port}")
    poller = zmq.Poller()
    poller.register(router, zmq.POLLIN)
    poller.register(parent.fileno(), zmq.POLLIN)
    while not any(socket == parent.fileno() for socket, _ in poller.poll()):
        sender, _ = router.recv_multipart()
        for block in blocks:
            router.send_multipart((sender, block))
    context.destroy(linger=0)


@contextmanager
def _xrange(entries: int) -> Iterator[Round]:
    body = codec.encode(ENTRY)
    with servers.redis() as server:
        to = raw.tcp(server.port)
        for _ in range(entries):
            to.sendall(servers.resp(b"XADD", b"entries", b"*", b"entry", body))
            to.recv(1_000)
        to.setblocking(False)

        def round_() -> dict[str, float]:
            counter = raw.Counter([to], MARK)
            spent, began = cpu(server.pid), time.perf_counter()
            to.sendall(servers.resp(b"XRANGE", b"entries", b"-", b"+"))
            assert counter.until(entries, PATIENCE)
            taken = time.perf_counter() - began
            return {"ms": taken * 1e3, "CPU ms": (cpu(server.pid) - spent) * 1e3}

        yield round_


@contextmanager
def _consumer(entries: int) -> Iterator[Round]:
    body = codec.encode(ENTRY)
    with servers.nats() as server:
        server.keep(b"FEED", b"feed")
        to = server.connected()
        for at in range(0, entries, 1_000):
            to.sendall(servers.published(b"feed", body) * min(1_000, entries - at))
        while _stored(server) < entries:
            time.sleep(0.02)
        number = 0

        def round_() -> dict[str, float]:
            nonlocal number
            number += 1
            subject = b"late%d" % number
            fan = server.subscribed(subject)
            counter = raw.Counter([fan], MARK)
            config = (
                b'{"stream_name":"FEED","config":{"deliver_subject":"%s","deliver_policy":"all",'
                b'"ack_policy":"none","replay_policy":"instant"}}' % subject
            )
            spent, began = cpu(server.pid), time.perf_counter()
            to.sendall(servers.published(b"$JS.API.CONSUMER.CREATE.FEED", config, b"inbox"))
            assert counter.until(entries, PATIENCE)
            taken = time.perf_counter() - began
            fan.close()
            return {"ms": taken * 1e3, "CPU ms": (cpu(server.pid) - spent) * 1e3}

        yield round_


def _stored(server: servers.Nats) -> int:
    answer = server.ask(b"$JS.API.STREAM.INFO.FEED", b"")
    return int(json.loads(answer[answer.index(b"{") :].splitlines()[0])["state"]["messages"])


# ── the same message lost by many ────────────────────────────────────────────────────────────


@contextmanager
def _lost(losers: int) -> Iterator[Round]:
    with _filled(1_000) as place:
        fans = [one.light() for one in place.members(losers, "viewer")]
        seq = 500

        def round_() -> dict[str, float]:
            nonlocal seq
            seq += 1
            ask = raw.frame(
                codec.encode(messages.Replay(id=9, event=place.event, first=seq, last=seq))
            )
            spent, began = cpu(place.host.pid), time.perf_counter()
            for one in fans:
                one.socket.sendall(ask)
            for one in fans:
                one.next()
            taken = time.perf_counter() - began
            spent = cpu(place.host.pid) - spent
            return {"ms until all have it": taken * 1e3, "CPU µs each": spent / losers * 1e6}

        yield round_


# ── a restart ────────────────────────────────────────────────────────────────────────────────


CARD = Card(event="bench", title="Bench", sport="football", origins=["A", "B"], starts=1)


@contextmanager
def _restart(stored: int) -> Iterator[Round]:
    with TemporaryDirectory(prefix="touchline-bench-") as folder:
        file = f"{folder}/host.db"
        with child(_fill, file, stored) as filling:
            filling.answer()
        size = Path(file).stat().st_size / 1e6

        def round_() -> dict[str, float]:
            with child(_restore, file) as restarted:
                idle = restarted.answer()
                spent, began = cpu(restarted.pid), time.perf_counter()
                entries = restarted.ask("restore")
                taken = time.perf_counter() - began
                return {
                    "CPU s": cpu(restarted.pid) - spent,
                    "seconds": taken,
                    "MB more, at most": memory(restarted.pid, peak=True) - idle,
                    "MB on disk": size,
                    "entries": entries,
                }

        yield round_


def _fill(parent: Connection, file: str, stored: int) -> None:
    wall = 1_700_000_000_000_000
    event = HostedEvent(CARD, Options(report_rate=1e9))
    with closing(Journal(f"sqlite:///{file}")) as journal:
        event.start(1, 0.0, wall)
        reporters = []
        for number in range(SENDERS):
            one = key(f"r{number}")
            grant = Grant(
                id=0, token=f"t{number}", peer=one.peer, name=f"r{number}", role="reporter",
                event="bench", expires=wall + 2**50, key=one.public,
            )  # fmt: skip
            attach = messages.Attach(id=1, token=f"t{number}", time=wall)
            event.begin_turn(0.0, wall)
            reporters.append(event.attach(grant, attach, f"{number:036}"))
        journal.commit([("bench", event.take().commit)])
        fouls, now = stored // SENDERS, 0.0
        for first in range(0, fouls, 200):
            now += 0.1
            event.begin_turn(now, wall + first * APART)
            for foul in range(first, min(fouls, first + 200)):
                at = wall + (foul - 200) * APART
                happening = messages.Happening("foul", "AB"[foul % 2], at)
                for reporter in reporters:  # a frame each: they come singly as a rule
                    token = reporter.report_token
                    report = messages.Report(token=token, n=foul + 1, time=at, event=happening)
                    event.report(reporter, report, codec.encode(report))
            journal.commit([("bench", event.take().commit)])
    parent.send("stored")


def _restore(parent: Connection, file: str) -> None:
    parent.send(memory(os.getpid()))
    for _ in orders(parent):
        event = HostedEvent(CARD, Options(report_rate=1e9))
        with closing(Journal(f"sqlite:///{file}")) as journal:
            event.restore(journal.turns("bench"))
        parent.send(len(event.timeline.standing))
