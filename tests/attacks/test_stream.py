"""A stream in NATS that somebody has written to who is no relay: it harms nobody that reads it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping

import pytest

from tests.nats import NatsServer, running
from tests.patience import until
from touchline.peer import Subscriber
from touchline.peer.stream_link import StreamLink
from touchline.protocol import codec, relay
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.errors import NotFound
from touchline.protocol.messages import Card, Entry, Evidence, Heartbeat, RelayBeat, Relayed

nats_package = pytest.importorskip("nats", reason="no package nats-py")

Stored = tuple[Mapping[str, str], bytes]

HUGE = 10**30


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with running(tmp_path_factory.mktemp("nats")) as server:
        yield server


def card(event: str) -> bytes:
    about = Card(event=event, title="A v B", sport="football", origins=["A", "B"])
    return codec.encode(Relayed(event=event, sent=0, card=about, actions=[]))


def entry(event: str, seq: int) -> bytes:
    return codec.encode(
        Entry(
            event=event, epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED", title="goal",
            origin="A", time=seq, first_reported=0, accepted=0, sent=0, evidence=Evidence(for_=2),
        )
    )  # fmt: skip


def stored(event: str, body: bytes, *, epoch: int = 1, seq: int = 1, host: int = 1) -> Stored:
    place = relay.FeedPlace(epoch, seq, chain(EMPTY, body), host)
    headers = relay.headers(event, place, 0)
    del headers[relay.EXPECTED]
    return headers, body


def put(url: str, event: str, about: bytes, messages: list[Stored]) -> None:
    """Publish a card, messages, and the word of a relay that is none."""

    async def publish() -> None:
        from nats.js.api import StreamConfig

        client = await nats_package.connect(url)
        subjects = [f"{relay.FEEDS}.*", f"{relay.CARDS}.*"]
        with contextlib.suppress(nats_package.js.errors.BadRequestError):
            await client.jetstream().add_stream(StreamConfig(name=relay.STREAM, subjects=subjects))
        await client.jetstream().publish(relay.subject(relay.CARDS, event), about)
        for headers, body in messages:
            await client.publish(relay.subject(relay.FEEDS, event), body, headers=dict(headers))
        beat = Heartbeat(event=event, epoch=1, seq=2**62, digest=bytes(16), sent=0)
        word = RelayBeat(
            event=event, relay="r", sent=0, interval=1, seq=2**62, beat=codec.encode(beat)
        )
        for content in (codec.encode(word), b"\xff" * 60_000):
            await client.publish(relay.subject(relay.BEATS, event), content)
        await client.flush()
        await client.close()

    asyncio.run(publish())


POISON: dict[str, tuple[bytes | None, list[Stored]]] = {
    "card-of-another": (card("another"), [stored("card-of-another", entry("card-of-another", 1))]),
    "no-card": (b"\x80", [stored("no-card", entry("no-card", 1))]),
    "huge-epoch": (None, [stored("huge-epoch", entry("huge-epoch", 1), epoch=HUGE, host=HUGE)]),
    "huge-seq": (None, [stored("huge-seq", entry("huge-seq", 1), seq=HUGE)]),
    "of-another": (None, [stored("of-another", entry("another", 1))]),
    "no-message": (None, [stored("no-message", b"\xff" * 900_000)]),
    "no-headers": (None, [({}, entry("no-headers", 1)), ({relay.MESSAGE_ID: "x"}, b"")]),
    "a-beat": (
        None,
        [
            stored(
                "a-beat",
                codec.encode(Heartbeat(event="a-beat", epoch=1, seq=1, digest=bytes(16), sent=0)),
            )
        ],
    ),
}
"""A card, None for a true one, and messages, by the event under which they are in the stream."""


def test_a_poisoned_stream(nats: NatsServer) -> None:
    """Subscribers refuse what is no relay's, count it, and go on: one of a feed that is whole has
    it, and one whose event had no card begins when a true one comes."""
    for event, (about, messages) in POISON.items():
        put(nats.url, event, about or card(event), messages)
    put(nats.url, "whole", card("whole"), [stored("whole", entry("whole", 1))])
    with contextlib.ExitStack() as stack:
        link = stack.enter_context(StreamLink(nats.url))
        feeds = {
            event: stack.enter_context(Subscriber(event, link)) for event in [*POISON, "whole"]
        }

        def pump() -> None:
            for feed in feeds.values():
                while (item := feed.next(0.0)) is not None:
                    assert not isinstance(item, Entry) or item.event == feed.source.event

        def has_refused() -> bool:
            pump()
            return all(feeds[event].core.refused for event in POISON)

        until(has_refused, what="refusals")
        until(lambda: pump() or feeds["whole"].core.tracker.seq == 1, what="the whole feed")
        for event in ("card-of-another", "no-card"):
            with pytest.raises(NotFound, match="in the stream"):
                link.card(event)
            put(nats.url, event, card(event), [])
            until(lambda event=event: pump() or feeds[event].core.tracker.seq == 1, what=event)
        assert max(feed.core.tracker.epoch for feed in feeds.values()) == 1
