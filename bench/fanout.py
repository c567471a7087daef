"""One publisher and 10 subscribers: encode entries, chain them into the digest and publish them.

The bare loop sends the same frames, encoded before. All subscribers run in one process; the time
runs until each of them has received every entry.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from resource import RUSAGE_SELF, getrusage

import zmq
from msgspec.structs import replace

from touchline.peer.host.event.feed import Feed
from touchline.protocol import codec, messages

SUBSCRIBERS = 10

ENTRY = messages.Entry(
    event="bench",
    epoch=1,
    seq=1,
    entry_id="1",
    status="CONFIRMED",
    title="goal",
    origin="Argentina",
    details={"player": "Lionel Messi", "how": "penalty"},
    time=1_671_376_980_000_000,
    first_reported=1_671_376_982_000_000,
    accepted=1_671_376_983_000_000,
    sent=1_671_376_983_000_000,
    text="GOAL for Argentina: Lionel Messi (penalty). Argentina 1–0 France",
    clock="23'",
    evidence=messages.Evidence(for_=7, present=12, latency_ms=812.0),
    score={"goals": {"Argentina": 1, "France": 0}, "period": "first_half"},
    headline="Argentina 1–0 France",
)


def round_(count: int) -> dict[str, float]:
    """Return one round's figures.

    Args:
        count: the number of entries to publish.
    """
    topic = codec.topic(ENTRY.event)
    ready_made = [topic + codec.encode(replace(ENTRY, seq=seq)) for seq in range(1, 1_001)]
    bare, bare_cpu = _publish(
        lambda: (ready_made[number % 1_000] for number in range(count)), count
    )
    ours, our_cpu = _publish(lambda: _through_feed(count), count)
    return {
        "bare PUB, deliveries/s": bare * SUBSCRIBERS,
        "entries through the feed, deliveries/s": ours * SUBSCRIBERS,
        "ratio": ours / bare,
        "bare, CPU seconds per million entries": bare_cpu,
        "feed, CPU seconds per million entries": our_cpu,
    }


def _through_feed(count: int) -> Iterable[bytes]:
    feed = Feed(ENTRY.event)
    topic = codec.topic(ENTRY.event)
    for seq in range(1, count + 1):
        body = codec.encode(replace(ENTRY, seq=seq))
        feed.append(body)
        yield topic + body


def _publish(frames: Callable[[], Iterable[bytes]], count: int) -> tuple[float, float]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    pub = context.socket(zmq.XPUB)
    pub.setsockopt(zmq.XPUB_VERBOSE, 1)  # report each subscription, so that this waits for all
    pub.setsockopt(zmq.SNDHWM, 0)  # drop nothing: every delivery counts
    port = pub.bind_to_random_port("tcp://127.0.0.1")
    ours, theirs = multiprocessing.Pipe()
    receiver = multiprocessing.get_context("spawn").Process(
        target=_subscribe, args=(theirs, port, count)
    )
    receiver.start()
    for _ in range(SUBSCRIBERS):
        pub.recv()
    started, cpu = time.perf_counter(), _cpu()
    for frame in frames():
        pub.send(frame)
    spent = _cpu() - cpu
    ours.recv()
    seconds = time.perf_counter() - started
    receiver.join()
    context.destroy(linger=0)
    return count / seconds, spent / count * 1e6


def _subscribe(parent: Connection, port: int, count: int) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    poller = zmq.Poller()
    for _ in range(SUBSCRIBERS):
        sub = context.socket(zmq.SUB)
        sub.setsockopt(zmq.RCVHWM, 0)
        sub.setsockopt(zmq.SUBSCRIBE, codec.topic(ENTRY.event))
        sub.connect(f"tcp://127.0.0.1:{port}")
        poller.register(sub, zmq.POLLIN)
    missing = count * SUBSCRIBERS
    while missing:
        for sub, _ in poller.poll():
            try:
                while True:
                    sub.recv(zmq.NOBLOCK)
                    missing -= 1
            except zmq.Again:
                pass
    parent.send("all")
    context.destroy(linger=0)


def _cpu() -> float:
    usage = getrusage(RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
