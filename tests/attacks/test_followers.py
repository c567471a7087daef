"""Commands that follow a feed without end: they stay small, and end when they are told to."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.patience import PATIENCE, until
from touchline.protocol import codec
from touchline.protocol.messages import Block, Heartbeat, Pong

from .conftest import Scene
from .test_evil_host import EvilHost, hosting

GROWTH_MB = 150
"""What a feed that is read as fast as it comes may need: far less than is sent."""

FLOOD = 50_000
"""Messages after which it is looked at."""


def entries(evil: EvilHost) -> None:
    """Publish entries, each with the time of another century than the one before."""
    for _ in range(200):
        evil.tell_all(codec.encode(evil.entry(evil.published + 1)))


def beats(evil: EvilHost) -> None:
    """Publish heartbeats."""
    beat = Heartbeat(event=evil.card.event, epoch=1, seq=0, digest=bytes(16), sent=0)
    for _ in range(200):
        evil.tell_all(codec.encode(beat))


def noise(evil: EvilHost) -> None:
    """Publish what is no message."""
    for _ in range(200):
        evil.tell_all(b"\xff" * 300)


def replies(evil: EvilHost) -> None:
    """Answer what nobody has asked."""
    pong = codec.encode(Pong(id=0, event=evil.card.event, time=0, host_time=0))
    for _ in range(200):
        evil.tell_each(pong)


def blocks(evil: EvilHost) -> None:
    """Replay what nobody has asked for: it takes longer to read than to send."""
    block = codec.encode(Block(id=0, event=evil.card.event, first=1, frames=[b"x"] * 5_000))
    for _ in range(200):
        evil.tell_each(block)


@pytest.mark.parametrize(
    ("flood", "number"),
    [
        (entries, signal.SIGINT),
        (beats, signal.SIGTERM),
        (noise, signal.SIGINT),
        (replies, signal.SIGTERM),
        (blocks, signal.SIGINT),
    ],
)
def test_a_recording_of_a_feed_without_end(
    scene: Scene, flood: Callable[[EvilHost], None], number: int
) -> None:
    """However much a host says, and of whatever kind: `record` keeps its memory and ends at the
    first Ctrl+C or SIGTERM."""
    scene.broker()
    with hosting(scene, flood=flood) as evil:
        record = scene.start(
            "record", evil.card.event, "-o", str(scene.home / "feed.mpk"),
            "--broker", scene.address, "--json",
        )  # fmt: skip
        until(lambda: evil.published and evil.attached, what="a follower")
        before = record.memory
        until(lambda: evil.published > FLOOD or record.process.poll() is not None, what="a flood")
        assert record.process.poll() is None, "".join(record.log)
        grown = record.memory - before
        record.process.send_signal(number)
        assert record.process.wait(PATIENCE) == 0, "".join(record.log)
        print(f"{evil.published:,} sent, {grown} MB grown")
        assert grown < GROWTH_MB
