"""An event as it comes to a gateway, made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from touchline.gateway.feed.channel import Channel, FeedTurn, Standing
from touchline.protocol import codec
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.messages import ActionSpec, Alarm, Card, Entry, Evidence, FeedMessage, Setup

WALL = 1_700_000_000_000_000
SECOND = 1_000_000

CARD = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])


def entry(seq: int, at: float = 0.0, **fields: Any) -> Entry:
    """Return a goal of A's, `at` seconds into the match."""
    time = WALL + round(at * SECOND)
    usual: dict[str, Any] = {
        "event": CARD.event,
        "epoch": 1,
        "seq": seq,
        "entry_id": str(seq),
        "status": "CONFIRMED",
        "title": "goal",
        "origin": "A",
        "time": time,
        "first_reported": time,
        "accepted": time,
        "sent": time,
        "evidence": Evidence(for_=2, present=3, latency_ms=800.0),
        "place": seq,
        "score": {"goals": {"A": seq, "B": 0}},
        "headline": f"A {seq}–0 B",
    }
    return Entry(**(usual | fields))


def alarm(seq: int) -> Alarm:
    return Alarm(event=CARD.event, epoch=1, seq=seq, sent=WALL, last_received=WALL - SECOND)


SETUP = Setup(
    id=1,
    card=CARD,
    actions=[ActionSpec(title="goal", text="Goal")],
    peer="p",
    badge="b",
    role="viewer",
    epoch=1,
    seq=0,
    digest=EMPTY,
    time=WALL,
    heartbeat=10.0,
)


class Source:
    """Feeds a channel as a follower does."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.digest = EMPTY
        self.seq = 0
        self.epoch = 1

    def give(
        self, *messages: FeedMessage, upto: int | None = None, **standing: Any
    ) -> tuple[bool, bool]:
        """Hand over messages in one turn; `upto`: seqs after them that could not be read."""
        trail = b""
        for message in messages:
            trail += self._chained(codec.encode(message))
            self.seq = message.seq
        while upto is not None and self.seq < upto:
            trail += self._chained(b"strange")
            self.seq += 1
        usual: dict[str, Any] = {
            "epoch": self.epoch,
            "seq": self.seq,
            "digest": self.digest,
            "whole": True,
            "hosted": True,
        }
        first = SETUP if not self.channel.joined else None
        return self.channel.take(
            FeedTurn(Standing(**(usual | standing)), messages, trail, setup=first)
        )

    def goals(self, count: int) -> None:
        """Hand over goals that follow, a turn each."""
        for _ in range(count):
            self.give(entry(self.seq + 1, at=self.seq))

    def restart(self, messages: Sequence[FeedMessage]) -> None:
        """The host has another feed under the same name."""
        self.digest, self.seq = EMPTY, 0
        self.epoch += 1
        trail = b""
        for message in messages:
            trail += self._chained(codec.encode(message))
            self.seq = message.seq
        standing = Standing(
            epoch=self.epoch, seq=self.seq, digest=self.digest, whole=True, hosted=True
        )
        self.channel.take(FeedTurn(standing, messages, trail, restarted=True))

    def _chained(self, body: bytes) -> bytes:
        self.digest = chain(self.digest, body)
        return self.digest


@pytest.fixture
def channel() -> Channel:
    return Channel(CARD, 1 << 20)


@pytest.fixture
def source(channel: Channel) -> Source:
    return Source(channel)
