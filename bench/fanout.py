"""Entries out to 10, 100 and 1,000 subscribers, one at a time and in bursts of 100.

With journal and decision each entry begins as a report, and is stored with full sync before it is
published. Publishing alone is what the host does from the entry on: encode, chain, send.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from socket import socket

import zmq
from msgspec.structs import replace

from touchline.peer.host.event.feed import Feed
from touchline.protocol import codec, messages

from . import raw, servers
from .comparison import Comparison, Contestant, Round, Size
from .processes import PATIENCE, Child, child, cpu, orders
from .reports import FULL_SYNC
from .venue import venue

SUBSCRIBERS = 10, 100, 1_000
BURST = 100
DELIVERIES = {1: 10_000, BURST: 300_000}
"""The deliveries of a round, by the entries that come at once."""

PAUSE = 0.002
"""Seconds between two entries, or two bursts."""

TOPIC = codec.topic("bench")
MARK = b"\xa5entry"
"""Is in each entry once: its type."""

ENTRY = messages.Entry(
    event="bench",
    epoch=1,
    seq=1,
    entry_id="1",
    status="CONFIRMED",
    title="foul",
    origin="Argentina",
    details={"player": "Lionel Messi"},
    time=1_671_376_980_000_000,
    first_reported=1_671_376_982_000_000,
    accepted=1_671_376_983_000_000,
    sent=1_671_376_983_000_000,
    text="Foul by Argentina: Lionel Messi",
    clock="23'",
    evidence=messages.Evidence(for_=7, present=12, latency_ms=812.0),
    score={"goals": {"Argentina": 1, "France": 0}, "period": "first_half"},
    headline="Argentina 1–0 France",
)

Publish = Callable[[int], None]
"""publish(count) makes the server publish so many entries at once."""


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    found = []
    for number in [min(one, size.of(one, 10)) for one in SUBSCRIBERS]:
        for burst in (1, BURST):
            entries = max(10, size.of(DELIVERIES[burst]) // number // burst) * burst
            with_ = partial(_with, number, burst, entries)
            contestants = [
                Contestant(name, settings, partial(with_, server))
                for name, settings, server in (
                    ("Touchline, journal and decision", FULL_SYNC, _touchline),
                    ("Touchline, publishing alone", "nothing stored", partial(_pub, feed=True)),
                    ("bare PUB", "nothing stored", partial(_pub, feed=False)),
                    ("Redis", servers.REDIS, _redis),
                    ("NATS", servers.NATS, partial(_nats, keep=False)),
                    ("JetStream", servers.JETSTREAM, partial(_nats, keep=True)),
                )
            ]
            what = "one at a time" if burst == 1 else f"in bursts of {burst}"
            found.append(
                Comparison(
                    "fan-out",
                    f"{entries:,} entries {what} to {number:,} subscribers",
                    contestants,
                    "CPU µs a delivery",
                    beside="bare PUB",
                )
            )
    return list({one.title: one for one in found}.values())


Server = Callable[[], "contextmanager[tuple[int, Publish, Callable[[], socket], bytes]]"]


@contextmanager
def _with(number: int, burst: int, entries: int, server: Server) -> Iterator[Round]:
    with (
        server() as (pid, publish, subscribed, mark),
        child(_subscribe, [subscribed() for _ in range(number)], mark) as client,
    ):
        client.answer()
        time.sleep(0.5)

        def round_() -> dict[str, float]:
            before, spent, began = cpu(client.pid), cpu(pid), time.perf_counter()
            client.pipe.send(entries * number)
            for at in range(0, entries, burst):
                due = began + at / burst * PAUSE
                time.sleep(max(0.0, due - time.perf_counter()))
                publish(burst)
            come = client.answer()
            seconds = time.perf_counter() - began
            if come != entries * number:
                raise RuntimeError(f"{come:,} of {entries * number:,} deliveries came")
            return {
                "CPU µs a delivery": (cpu(pid) - spent) / come * 1e6,
                "deliveries/s": come / seconds,
                "CPU µs an entry": (cpu(pid) - spent) / entries * 1e6,
                "client, share of a core": (cpu(client.pid) - before) / seconds,
            }

        yield round_


def _subscribe(parent: Connection, sockets: list[socket], mark: bytes) -> None:
    counter = raw.Counter(sockets, mark)
    parent.send("ready")
    for count in orders(parent):
        counter.count = 0
        counter.until(count, PATIENCE / 2)
        parent.send(counter.count)


@contextmanager
def _touchline() -> Iterator[tuple[int, Publish, Callable[[], socket], bytes]]:
    with venue(alone=True) as place:
        member = place.member("reporter")
        to = raw.zmtp(place.endpoints.pull, "PUSH")

        def publish(count: int) -> None:
            times = place.fouls(count)
            to.sendall(raw.frame(member.reports(times)[0] if count == 1 else member.batch(times)))

        topic = codec.topic(place.event)
        yield place.host.pid, publish, lambda: raw.subscribed(place.endpoints.pub, topic), MARK


@contextmanager
def _pub(*, feed: bool) -> Iterator[tuple[int, Publish, Callable[[], socket], bytes]]:
    with child(_publish, feed) as server:
        endpoint = server.answer()
        yield server.pid, partial(_order, server), lambda: raw.subscribed(endpoint, TOPIC), MARK


def _order(server: Child, count: int) -> None:
    server.pipe.send(count)


def _publish(parent: Connection, through_feed: bool) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    pub = context.socket(zmq.XPUB)
    pub.setsockopt(zmq.SNDHWM, 0)
    port = pub.bind_to_random_port("tcp://127.0.0.1")
    parent.send(f"tcp://127.0.0.1:{port}")
    ready_made = [TOPIC + codec.encode(replace(ENTRY, seq=seq)) for seq in range(1, BURST + 1)]
    feed, seq = Feed(ENTRY.event), 0
    for count in orders(parent):
        if not through_feed:
            for body in ready_made[:count]:
                pub.send(body)
            continue
        for _ in range(count):
            seq += 1
            body = codec.encode(replace(ENTRY, seq=seq))
            feed.append(body)
            pub.send(TOPIC + body)
    context.destroy(linger=0)


@contextmanager
def _redis() -> Iterator[tuple[int, Publish, Callable[[], socket], bytes]]:
    body = codec.encode(ENTRY)
    with servers.redis() as server:
        to = raw.tcp(server.port)
        done = 0

        def publish(count: int) -> None:
            nonlocal done
            to.sendall(b"".join(server.vote(done + foul, 0, 1, body) for foul in range(count)))
            done += count
            for _ in range(count):
                to.recv(4)

        yield server.pid, publish, server.subscribed, MARK


@contextmanager
def _nats(*, keep: bool) -> Iterator[tuple[int, Publish, Callable[[], socket], bytes]]:
    message = servers.published(b"feed", codec.encode(ENTRY))
    with servers.nats() as server:
        if keep:
            server.keep(b"FEED", b"feed")
        to = server.connected()
        publish = partial(_send, to, message)
        yield server.pid, publish, lambda: server.subscribed(b"feed"), MARK


def _send(to: socket, message: bytes, count: int) -> None:
    to.sendall(message * count)
