"""A stream in NATS that somebody has written to who is no relay: it harms nobody that reads it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.nats import NatsServer, running
from tests.patience import PATIENCE, until
from touchline.peer import Subscriber
from touchline.peer.stream_link import StreamLink
from touchline.peer.subscriber import stream_source
from touchline.protocol import codec, relay
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.errors import NotFound
from touchline.protocol.messages import Card, Entry, Evidence, Heartbeat, RelayBeat, Relayed

from .conftest import Scene

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


def entry(event: str, seq: int, details: Mapping[str, str] | None = None) -> bytes:
    return codec.encode(
        Entry(
            event=event, epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED", title="goal",
            origin="A", time=seq, first_reported=0, accepted=0, sent=0, evidence=Evidence(for_=2),
            details=dict(details or {}),
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


LONG = {f"d{number}": "x" * 900 for number in range(24)}
"""Details of an entry of 22 kB."""

MANY = 600
"""So many of them: three times what may wait to be taken in."""


def test_what_is_not_taken_in_is_not_read(nats: NatsServer) -> None:
    """A subscriber that takes nothing in for a while reads no more of the stream than may wait, and
    afterwards all of it, in order."""
    digest, messages = EMPTY, []
    for seq in range(1, MANY + 1):
        body = entry("long", seq, LONG)
        digest = chain(digest, body)
        headers = relay.headers("long", relay.FeedPlace(1, seq, digest, 1), 0)
        del headers[relay.EXPECTED]
        messages.append((headers, body))
    put(nats.url, "long", card("long"), messages)
    with StreamLink(nats.url) as link, Subscriber("long", link) as feed:
        source: Any = feed.source
        until(lambda: source._untaken.full, what="the beginning")
        asked = threading.Event()

        async def ask(client: Any) -> None:
            for _ in range(3):  # whatever was sent has come before the answers
                await client.flush()

        link.client.call(ask, lambda _: asked.set())
        assert asked.wait(PATIENCE)
        untaken = source._untaken
        waiting = sum(len(record.content) for record, _ in untaken._waiting if record is not None)
        assert waiting < stream_source.UNTAKEN_BYTES + 2 * len(messages[0][1])
        seen: list[int] = []

        def taken() -> bool:
            while (item := feed.next(0.0)) is not None:
                seen.extend([item.seq] if isinstance(item, Entry) else [])
            return len(seen) == MANY

        until(taken, what="all of it")
        assert seen == list(range(1, MANY + 1))
        assert feed.core.tracker.digest == digest


GROWTH_MB = 120
"""What a flooded subject may cost who reads it: less than what the package for NATS alone may
hold of it, at its own bounds."""


@pytest.mark.parametrize(("kind", "number"), [("feed", signal.SIGINT), ("beats", signal.SIGTERM)])
def test_a_subject_that_is_flooded(nats: NatsServer, scene: Scene, kind: str, number: int) -> None:
    """Somebody who may write to NATS publishes without end: who watches keeps its memory, and ends
    at the first Ctrl+C or SIGTERM."""
    event = f"flooded-{kind}-{number}"
    put(nats.url, event, card(event), [stored(event, entry(event, 1))])
    sent, ended = [0], threading.Event()
    subject = relay.subject(relay.FEEDS if kind == "feed" else relay.BEATS, event)

    async def flood() -> None:
        client = await nats_package.connect(nats.url)
        while not ended.is_set():
            for _ in range(100):
                await client.publish(subject, b"\xff" * 2_000)
            await client.flush(PATIENCE)
            sent[0] += 100
        await client.close()

    thread = threading.Thread(target=lambda: asyncio.run(flood()))
    watch = scene.start("watch", event, "--source", nats.url, "--json")
    try:
        watch.told("entry")
        thread.start()
        until(lambda: sent[0] > 2_000, what="a flood")
        before = watch.memory
        until(lambda: sent[0] > 40_000, what="more of it")
        grown = watch.memory - before
        watch.process.send_signal(number)
        assert watch.process.wait(PATIENCE) == 0, "".join(watch.log)
        assert grown < GROWTH_MB
    finally:
        ended.set()
        if thread.ident is not None:
            thread.join()
