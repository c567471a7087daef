"""Reports in: decided, committed with full sync, confirmed.

All senders report the same fouls; 17 of 50 reports make an entry. The time runs from the first
byte sent to the confirmation of the last report. Signed reports come over CURVE, as by default.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from tempfile import TemporaryDirectory

import zmq

from touchline.protocol import codec, messages

from . import raw, servers
from .comparison import Comparison, Contestant, Round, Size
from .processes import PATIENCE, child, cpu, orders
from .venue import Member, Venue, venue

SENDERS = 50
REPORTS = 50_000
"""The reports of a round; a tenth of it where they are signed."""

A_SEND = 100
"""The messages of one sender in a send."""

BATCH = 100
"""The reports of a batch."""

FULL_SYNC = "SQLite, WAL, full sync"


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    senders = size.of(10 * SENDERS, 5) if size.share < 0.1 else SENDERS
    count = size.of(REPORTS, 2 * senders)
    signed = size.of(REPORTS // 10, 2 * senders)
    beside = [
        Contestant("bare pyzmq: receive, decode", "nothing stored", partial(_bare, count, senders)),
        Contestant(
            "ZeroMQ + SQLite", f"a count by foul; {FULL_SYNC}", partial(_plain, count, senders)
        ),
        Contestant("Redis, fed raw", servers.REDIS, partial(_redis, count, senders)),
        Contestant("JetStream, fed raw", servers.JETSTREAM, partial(_jetstream, count, senders)),
    ]
    found = [
        Comparison(
            "reports",
            f"{count:,} reports by {senders} senders",
            [
                Contestant(
                    "Touchline, plain", FULL_SYNC, partial(touchline, count, senders=senders)
                ),
                Contestant(
                    "Touchline, plain, batches",
                    f"{FULL_SYNC}; {BATCH} reports a frame",
                    partial(touchline, count, senders=senders, batches=True),
                ),
                Contestant(
                    "Touchline, CURVE",
                    FULL_SYNC,
                    partial(touchline, count, senders=senders, secure=True),
                ),
                Contestant(
                    "Touchline, CURVE, signed",
                    f"{FULL_SYNC}; {signed:,} reports",
                    partial(touchline, signed, senders=senders, secure=True, signed=True),
                ),
                *beside,
            ],
            "reports/s",
            beside=beside[0].name,
        ),
        Comparison(
            "reports",
            f"{count:,} reports by 1 sender and by 1,000",
            [
                Contestant(
                    "1 sender, each an entry",
                    FULL_SYNC,
                    partial(touchline, size.of(REPORTS // 10, 100), senders=1, alone=True),
                ),
                Contestant(
                    f"{size.of(1_000, 60):,} senders",
                    FULL_SYNC,
                    partial(touchline, count, senders=size.of(1_000, 60)),
                ),
            ],
            "reports/s",
            rounds=3,
        ),
    ]
    return found if size.share >= 0.1 else found[:1]


def figures(count: int, seconds: float, server: float, client: float) -> dict[str, float]:
    """Return the columns of a round.

    Args:
        count: of the messages.
        seconds: that they took.
        server, client: CPU seconds of both.
    """
    return {
        "reports/s": count / seconds,
        "CPU s a million": server / count * 1e6,
        "client, share of a core": client / seconds,
    }


# ── Touchline ────────────────────────────────────────────────────────────────────────────────


@contextmanager
def touchline(
    count: int,
    *,
    senders: int,
    secure: bool = False,
    signed: bool = False,
    batches: bool = False,
    alone: bool = False,
    scraped: bool = False,
) -> Iterator[Round]:
    """Yield a round of reports at a host; `scraped`: its metrics are read each second."""
    with venue(secure=secure, alone=alone, scraped=scraped) as place:
        members = place.members(senders)
        if secure:
            pushes = [one.connected(zmq.PUSH, one.endpoints.pull) for one in members]
            yield partial(_encrypted, place, members, pushes, count, signed=signed)
        else:
            light = [one.light() for one in members]
            to = [raw.zmtp(place.endpoints.pull, "PUSH") for _ in members]
            yield partial(_light, place, members, light, to, count, batches=batches)


def _light(
    place: Venue,
    members: list[Member],
    light: list[raw.Frames],
    to: list[socket.socket],
    count: int,
    *,
    batches: bool,
) -> dict[str, float]:
    times = place.fouls(count // len(members))
    blobs: list[bytes] = []
    for at in range(0, len(times), A_SEND):
        part = times[at : at + A_SEND]
        for one in members:
            frames = [one.batch(part)] if batches else one.reports(part)
            blobs.append(b"".join(map(raw.frame, frames)))
    sender = raw.Sender(to, blobs)
    count = len(times) * len(members)
    return _measured(place, count, sender.start, partial(_receipts, members, light))


def _receipts(members: list[Member], light: list[raw.Frames]) -> None:
    for one, frames in zip(members, light, strict=True):
        while True:
            reply = codec.decode_host_reply(frames.next())
            if isinstance(reply, messages.Receipt) and reply.n >= one.n:
                break


def _encrypted(
    place: Venue,
    members: list[Member],
    pushes: list[zmq.Socket[bytes]],
    count: int,
    *,
    signed: bool,
) -> dict[str, float]:
    times = place.fouls(count // len(members))
    frames = [one.reports(times, signed=signed) for one in members]

    def send() -> None:
        for at in range(0, len(times), A_SEND):
            for push, own in zip(pushes, frames, strict=True):
                for frame in own[at : at + A_SEND]:
                    push.send(frame)

    sender = threading.Thread(target=send, daemon=True)
    return _measured(place, len(times) * len(members), sender.start, lambda: _await(members))


def _await(members: list[Member]) -> None:
    poller = zmq.Poller()
    waiting = {one.dealer: one.n for one in members}
    for dealer in waiting:
        poller.register(dealer, zmq.POLLIN)
    until = time.monotonic() + PATIENCE
    while waiting:
        if time.monotonic() > until:
            raise RuntimeError(f"{len(waiting)} reporters without their last receipt")
        for dealer, _ in poller.poll(1_000):
            reply = codec.decode_host_reply(dealer.recv())
            if isinstance(reply, messages.Receipt) and reply.n >= waiting.get(dealer, 0):
                waiting.pop(dealer, None)


def _measured(
    place: Venue, count: int, start: Callable[[], None], finish: Callable[[], None]
) -> dict[str, float]:
    server, client, began = cpu(place.host.pid), time.process_time(), time.perf_counter()
    start()
    finish()
    seconds = time.perf_counter() - began
    return figures(count, seconds, cpu(place.host.pid) - server, time.process_time() - client)


# ── beside it ────────────────────────────────────────────────────────────────────────────────


def needed_of(senders: int) -> int:
    """Return how many votes make an entry elsewhere: as many as with Touchline."""
    return max(1, senders * 17 // 50)


def votes(fouls: int, senders: int) -> list[list[bytes]]:
    """Return encoded reports as long as those of Touchline, by sender."""
    at = 1_700_000_000_000_000
    return [
        [
            codec.encode(
                messages.Report(
                    token="0" * 36,
                    n=number + 1,
                    time=at + number * 60_000_000,
                    event=messages.Happening("foul", "AB"[number % 2], at + number * 60_000_000),
                )
            )
            for number in range(fouls)
        ]
        for _ in range(senders)
    ]


def by_turns(frames: list[list[bytes]]) -> list[bytes]:
    """Return blobs: so many messages of each sender, by turns."""
    count = len(frames[0])
    return [b"".join(own[at : at + A_SEND]) for at in range(0, count, A_SEND) for own in frames]


@contextmanager
def _bare(count: int, senders: int) -> Iterator[Round]:
    with child(_receive) as server:
        endpoint = server.answer()
        to = [raw.zmtp(endpoint, "PUSH") for _ in range(senders)]
        blobs = by_turns(
            [[raw.frame(one) for one in own] for own in votes(count // senders, senders)]
        )

        def round_() -> dict[str, float]:
            whole = count // senders * senders
            spent, client, began = cpu(server.pid), time.process_time(), time.perf_counter()
            server.pipe.send(whole)
            sender = raw.Sender(to, blobs)
            sender.start()
            server.answer()
            seconds = time.perf_counter() - began
            return figures(whole, seconds, cpu(server.pid) - spent, time.process_time() - client)

        yield round_


def _receive(parent: Connection) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    pull = context.socket(zmq.PULL)
    pull.setsockopt(zmq.RCVHWM, 10_000)
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    parent.send(f"tcp://127.0.0.1:{port}")
    for count in orders(parent):
        seen = 0
        while seen < count:
            pull.poll()
            try:
                while True:
                    codec.decode_report(pull.recv(zmq.NOBLOCK))
                    seen += 1
            except zmq.Again:
                pass
        parent.send("all")
    context.destroy()


@contextmanager
def _plain(count: int, senders: int) -> Iterator[Round]:
    with (
        TemporaryDirectory(prefix="touchline-bench-") as folder,
        child(store, folder, needed_of(senders)) as server,
    ):
        reports, _ = server.answer()
        to = [raw.Frames(raw.zmtp(reports, "DEALER", b"s%d" % n)) for n in range(senders)]
        blobs = by_turns(
            [[raw.frame(one) for one in own] for own in votes(count // senders, senders)]
        )

        def round_() -> dict[str, float]:
            whole = count // senders * senders
            spent, client, began = cpu(server.pid), time.process_time(), time.perf_counter()
            sender = raw.Sender([one.socket for one in to], blobs)
            sender.start()
            for one in to:
                confirmed = 0
                while confirmed < count // senders:
                    confirmed += int(one.next())
            seconds = time.perf_counter() - began
            return figures(whole, seconds, cpu(server.pid) - spent, time.process_time() - client)

        yield round_


def store(parent: Connection, folder: str, needed: int) -> None:
    """Serve as the least that does the same would: ROUTER, a dictionary, SQLite, PUB."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router, pub = context.socket(zmq.ROUTER), context.socket(zmq.PUB)
    router.setsockopt(zmq.RCVHWM, 10_000)
    pub.setsockopt(zmq.SNDHWM, 0)
    ports = [one.bind_to_random_port("tcp://127.0.0.1") for one in (router, pub)]
    database = sqlite3.connect(f"{folder}/reports.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE reports (number INTEGER PRIMARY KEY, report BLOB)")
    parent.send([f"tcp://127.0.0.1:{port}" for port in ports])
    voters: dict[int, set[bytes]] = {}
    poller = zmq.Poller()
    poller.register(router, zmq.POLLIN)
    poller.register(parent.fileno(), zmq.POLLIN)
    while not any(socket == parent.fileno() for socket, _ in poller.poll()):
        taken: dict[bytes, int] = {}
        rows, entries = [], []
        try:
            while len(rows) < 10_000:
                sender, body = router.recv_multipart(zmq.NOBLOCK)
                report = codec.decode_report(body)
                assert isinstance(report, messages.Report)
                taken[sender] = taken.get(sender, 0) + 1
                rows.append((body,))
                said = voters.setdefault(report.event.time, set())
                said.add(sender)
                if len(said) == needed:
                    entries.append(body)
        except zmq.Again:
            pass
        database.execute("BEGIN")
        database.executemany("INSERT INTO reports (report) VALUES (?)", rows)
        database.execute("COMMIT")
        for body in entries:
            pub.send(b"feed" + body)
        for sender, number in taken.items():
            router.send_multipart((sender, b"%d" % number))
    database.close()
    context.destroy(linger=0)


@contextmanager
def _redis(count: int, senders: int) -> Iterator[Round]:
    fouls = count // senders
    with servers.redis() as server:
        to = [raw.tcp(server.port) for _ in range(senders)]
        frames = votes(fouls, senders)
        done = 0

        def round_() -> dict[str, float]:
            nonlocal done
            commands = [
                [
                    server.vote(done + foul, voter, needed_of(senders), own[foul])
                    for foul in range(fouls)
                ]
                for voter, own in enumerate(frames)
            ]
            done += fouls
            blobs = by_turns(commands)
            spent, client, began = cpu(server.pid), time.process_time(), time.perf_counter()
            sender = raw.Sender(to, blobs)
            sender.start()
            _count_lines(to, fouls)
            seconds = time.perf_counter() - began
            whole = fouls * senders
            return figures(whole, seconds, cpu(server.pid) - spent, time.process_time() - client)

        yield round_


def _count_lines(to: list[socket.socket], each: int) -> None:
    for one in to:
        lines = 0
        while lines < each:
            lines += one.recv(raw.READ_BYTES).count(b"\n")


@contextmanager
def _jetstream(count: int, senders: int) -> Iterator[Round]:
    fouls = count // senders
    with servers.nats() as server:
        server.keep(b"REPORTS", b"reports")
        to = [server.subscribed(b"acks%d" % number) for number in range(senders)]
        frames = [
            [servers.published(b"reports", one, b"acks%d" % number) for one in own]
            for number, own in enumerate(votes(fouls, senders))
        ]
        blobs = by_turns(frames)

        def round_() -> dict[str, float]:
            spent, client, began = cpu(server.pid), time.process_time(), time.perf_counter()
            sender = raw.Sender(to, blobs)
            sender.start()
            for one in to:
                acks, rest = 0, b""
                while acks < fouls:
                    data = rest + one.recv(raw.READ_BYTES)
                    acks += data.count(b'"seq":')
                    rest = data[-5:]
            seconds = time.perf_counter() - began
            whole = fouls * senders
            return figures(whole, seconds, cpu(server.pid) - spent, time.process_time() - client)

        yield round_
