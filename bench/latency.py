"""From report to entry: stored with full sync, then published to a subscriber.

At rest one report comes at a time, and each makes an entry. At 300 a second they come without
waiting for one another. At 10,000 a second 50 senders report each foul, and the time runs from the
first of these reports to the entry, which takes several of them.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import quantiles
from tempfile import TemporaryDirectory

from touchline.protocol import codec, messages

from . import raw, servers
from .comparison import Comparison, Contestant, Round, Size
from .processes import child, cpu
from .reports import FULL_SYNC, SENDERS, needed_of, store, votes
from .venue import APART, mark, venue

AT_REST, STEADY, CROWD = 100, 300, 200
"""Fouls of a round: at rest, at 300 a second, and of 50 reports each at 10,000 a second."""

PAUSE = 0.01
"""Seconds from an entry to the next report, at rest."""

LOST_SECONDS = 10.0


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    found = []
    for title, count, rate, senders in (
        ("at rest", AT_REST, 0.0, 1),
        ("300 reports a second", STEADY, 300.0, 1),
        (
            "10,000 reports a second, of 50 senders",
            CROWD,
            200.0,
            SENDERS if size.share >= 0.1 else 5,
        ),
    ):
        fouls = size.of(count, 10)
        pace = partial(_paced, rate=rate)
        contestants = [
            Contestant("Touchline, plain", FULL_SYNC, partial(_touchline, fouls, senders, pace)),
            Contestant(
                "ZeroMQ + SQLite", f"a count by foul; {FULL_SYNC}",
                partial(_plain, fouls, senders, pace),
            ),
            Contestant("Redis", servers.REDIS, partial(_redis, fouls, senders, pace)),
            Contestant("JetStream", servers.JETSTREAM, partial(_jetstream, fouls, senders, pace)),
        ]  # fmt: skip
        found.append(
            Comparison(
                "latency",
                f"Report to entry, {title}",
                contestants,
                "p50 ms",
                beside="ZeroMQ + SQLite",
            )
        )
    return found


Pace = Callable[[list[bytes], Callable[[int], None], socket.socket, bytes], list[float]]


def _paced(
    marks: list[bytes], say: Callable[[int], None], feed: socket.socket, _: bytes, *, rate: float
) -> list[float]:
    """Report so many fouls; return the seconds from report to entry of each.

    Args:
        marks: what the entry of each has, and no other message.
        say: say(number) sends the reports of a foul.
        feed: where the entries come.
        rate: fouls a second; 0: each when the one before has come, and a pause later.
    """
    said: list[float] = []
    found: dict[int, float] = {}
    waiting = dict(enumerate(marks))
    begin = time.perf_counter()
    buffer = b""
    while len(found) < len(marks):
        now = time.perf_counter()
        number = len(said)
        if rate:
            due = begin + number / rate
        else:
            due = max(found.values(), default=begin) + PAUSE if len(found) == number else now + 1
        if number < len(marks) and now >= due:
            said.append(now)
            say(number)
            continue
        if not select.select([feed], [], [], due - now if number < len(marks) else LOST_SECONDS)[0]:
            if number == len(marks) or now - max(said, default=begin) > LOST_SECONDS:
                break  # what has not come by now is counted as lost
            continue
        buffer = buffer[-4_096:] + feed.recv(raw.READ_BYTES)
        now = time.perf_counter()
        here = [one for one, its in waiting.items() if one < len(said) and its in buffer]
        for one in here:
            del waiting[one]
            found[one] = now
    return [found[one] - said[one] for one in sorted(found)]


def _figures(seconds: list[float], fouls: int, reports: int, spent: float) -> dict[str, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {
        "p50 ms": cuts[49] * 1e3,
        "p99 ms": cuts[98] * 1e3,
        "longest ms": max(seconds) * 1e3,
        "CPU µs a report": spent / reports * 1e6,
        "without an entry": fouls - len(seconds),
    }


@contextmanager
def _touchline(fouls: int, senders: int, pace: Pace) -> Iterator[Round]:
    with venue(alone=senders == 1) as place:
        members = place.members(senders)
        light = [one.light() for one in members]
        to = raw.zmtp(place.endpoints.pull, "PUSH")
        feed = raw.subscribed(place.endpoints.pub, codec.topic(place.event))
        time.sleep(0.5)

        def round_() -> dict[str, float]:
            times = place.fouls(fouls)
            own = [list(map(raw.frame, one.reports(times))) for one in members]
            blobs = [b"".join(part) for part in zip(*own, strict=True)]
            marks = [mark(at) for at in times]
            spent = cpu(place.host.pid)
            seconds = pace(marks, lambda number: to.sendall(blobs[number]), feed, b"")
            spent = cpu(place.host.pid) - spent
            for one in light:
                one.socket.setblocking(False)
                try:
                    while one.socket.recv(raw.READ_BYTES):
                        pass
                except BlockingIOError:
                    one.socket.setblocking(True)
            return _figures(seconds, fouls, fouls * senders, spent)

        yield round_


def _numbered(bodies: list[bytes], done: int) -> tuple[list[bytes], list[bytes]]:
    """Return bodies with a number at their end, and the numbers."""
    marks = [b"#%010d" % (done + number) for number in range(len(bodies))]
    return [body + mark for body, mark in zip(bodies, marks, strict=True)], marks


@contextmanager
def _plain(fouls: int, senders: int, pace: Pace) -> Iterator[Round]:
    with (
        TemporaryDirectory(prefix="touchline-bench-") as folder,
        child(store, folder, needed_of(senders)) as server,
    ):
        reports, entries = server.answer()
        to = [raw.zmtp(reports, "DEALER", b"s%d" % number) for number in range(senders)]
        feed = raw.subscribed(entries, b"feed")
        time.sleep(0.5)
        done = 0

        def round_() -> dict[str, float]:
            nonlocal done
            at = 1_600_000_000_000_000 // APART * APART + APART // 8
            frames, marks = [], []
            for number in range(done, done + fouls):
                time_ = at + number * APART
                happening = messages.Happening("foul", "A", time_)
                report = messages.Report(token="0" * 36, n=number + 1, time=time_, event=happening)
                frames.append(raw.frame(codec.encode(report)))
                marks.append(mark(time_))
            done += fouls
            spent = cpu(server.pid)

            def say(number: int) -> None:
                for one in to:
                    one.sendall(frames[number])

            seconds = pace(marks, say, feed, b"")
            return _figures(seconds, fouls, fouls * senders, cpu(server.pid) - spent)

        yield round_


@contextmanager
def _redis(fouls: int, senders: int, pace: Pace) -> Iterator[Round]:
    with servers.redis() as server:
        to = raw.tcp(server.port)
        feed = server.subscribed()
        done = 0

        def round_() -> dict[str, float]:
            nonlocal done
            bodies, marks = _numbered(votes(fouls, 1)[0], done)
            blobs = [
                b"".join(
                    server.vote(done + foul, voter, needed_of(senders), bodies[foul])
                    for voter in range(senders)
                )
                for foul in range(fouls)
            ]
            done += fouls
            spent = cpu(server.pid)
            seconds = pace(marks, lambda number: to.sendall(blobs[number]), feed, b"")
            spent = cpu(server.pid) - spent
            to.recv(raw.READ_BYTES)
            return _figures(seconds, fouls, fouls * senders, spent)

        yield round_


@contextmanager
def _jetstream(fouls: int, senders: int, pace: Pace) -> Iterator[Round]:
    with servers.nats() as server, child(_decide, server.port, needed_of(senders)) as worker:
        worker.answer()
        to, feed = server.connected(), server.subscribed(b"entries")
        done = 0

        def round_() -> dict[str, float]:
            nonlocal done
            bodies, marks = _numbered(votes(fouls, 1)[0], done)
            done += fouls
            blobs = [servers.published(b"reports", body) * senders for body in bodies]
            spent = cpu(server.pid, worker.pid)
            seconds = pace(marks, lambda number: to.sendall(blobs[number]), feed, b"")
            spent = cpu(server.pid, worker.pid) - spent
            return _figures(seconds, fouls, fouls * senders, spent)

        yield round_


def _decide(parent: object, port: int, needed: int) -> None:
    """Count what the stream has stored, and publish each foul that enough reported."""
    server = servers.Nats(port, 0)
    server.keep(b"REPORTS", b"reports")
    made = server.subscribed(b"stored")
    answer = server.ask(
        b"$JS.API.CONSUMER.CREATE.REPORTS",
        b'{"stream_name":"REPORTS","config":{"deliver_subject":"stored",'
        b'"deliver_policy":"all","ack_policy":"none","replay_policy":"instant"}}',
    )
    assert b'"error"' not in answer, answer
    parent.send("ready")  # type: ignore[attr-defined]  # a pipe
    counts: dict[bytes, int] = {}
    buffer = b""
    while True:
        ready, _, _ = select.select([made, parent], [], [])
        if parent in ready:
            return
        buffer += made.recv(raw.READ_BYTES)
        out = []
        while (end := buffer.find(b"\r\n")) >= 0:
            words = buffer[:end].split(b" ")
            if words[0] != b"MSG":
                buffer = buffer[end + 2 :]
                continue
            size = int(words[-1])
            if len(buffer) < end + 4 + size:
                break
            body = buffer[end + 2 : end + 2 + size]
            buffer = buffer[end + 4 + size :]
            counts[body] = counts.get(body, 0) + 1
            if counts[body] == needed:
                out.append(servers.published(b"entries", body))
        if out:
            made.sendall(b"".join(out))
