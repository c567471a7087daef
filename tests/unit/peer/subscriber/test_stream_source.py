"""What a subscriber makes of what it reads from a stream; the stream itself is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.stream_link import StreamRecord
from touchline.peer.subscriber.core import SubscriberCore
from touchline.peer.subscriber.stream_source import (
    A_TURN,
    UNTAKEN,
    UNTAKEN_BEATS,
    UNTAKEN_BYTES,
    StreamSource,
)
from touchline.protocol import codec, messages, relay
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.errors import NotAllowed
from touchline.protocol.messages import Card, Finished, Heartbeat, RelayBeat, Relayed
from touchline.runtime import clock

CARD = Card(event="e", title="A v B", sport="football", origins=["A", "B"])


class Stream:
    """A stream, as its reader hands it to a source."""

    def __init__(self) -> None:
        self.calls: list[Callable[..., Any]] = []
        self.client: Any = SimpleNamespace(
            connected=True,
            trouble="",
            violation="",
            refusal=None,
            shown="nats://x",
            attend=lambda _: None,
            dismiss=lambda _: None,
            call=lambda make, _: self.calls.append(make),
        )
        link: Any = SimpleNamespace(client=self.client, stream="TOUCHLINE")
        self.core = SubscriberCore(lambda: 0.0)
        self.source = StreamSource("e", self.core, link, lambda: 0)
        self.digest = EMPTY
        self.seq = 0
        self.number = 0

    def record(self, epoch: int = 1, body: bytes = b"") -> StreamRecord:
        """The next message of the feed."""
        self.seq += 1
        self.number += 1
        content = body or codec.encode(Finished(event="e", epoch=epoch, seq=self.seq, sent=0))
        self.digest = chain(self.digest, content)
        at = relay.FeedPlace(epoch, self.seq, self.digest, epoch)
        return StreamRecord(self.number, relay.headers("e", at, 0), content)

    def anew(self) -> None:
        """Let another feed follow."""
        self.seq, self.digest = 0, EMPTY

    def give(self, kind: str, *records: StreamRecord | None) -> None:
        """Hand records to the source, and let it work."""
        for record in records:
            self.source._receive(record, kind)
        self.source.turn(clock.now())

    def begin(self, last: StreamRecord | None = None) -> None:
        """Let the card and the last message be known."""
        card = Relayed(event="e", sent=0, card=CARD, actions=[], heartbeat=2.0)
        self.give(relay.CARDS, StreamRecord(1, {}, codec.encode(card)))
        self.give("last", last)

    def say(self, beat: Heartbeat) -> None:
        """Let a relay pass a heartbeat on."""
        word = RelayBeat(event="e", relay="r", sent=0, interval=2.0, beat=codec.encode(beat))
        self.give(relay.BEATS, StreamRecord(0, {}, codec.encode(word)))

    def kinds(self) -> list[str]:
        """The items so far, notices by their kind."""
        items = [getattr(item, "kind", type(item).__name__) for item in self.core.items()]
        self.core.items().clear()
        return items


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.source.close()


def test_past_and_present(stream: Stream) -> None:
    """What was there is history, what comes is received; the digest is the feed's."""
    past = [stream.record() for _ in range(3)]
    stream.begin(past[-1])
    stream.give(relay.FEEDS, *past)
    stream.give(relay.FEEDS, stream.record())
    tracker = stream.core.tracker
    assert (tracker.seq, tracker.digest) == (4, stream.digest)
    assert (tracker.counters.history, tracker.counters.received, tracker.counters.lost) == (3, 4, 0)
    assert stream.source.setup is not None
    assert (stream.source.setup.seq, stream.source.setup.heartbeat) == (3, 2.0)


def test_a_heartbeat_waits_for_the_past(stream: Stream) -> None:
    """A heartbeat that comes before what was in the stream does not make that a gap."""
    past = [stream.record() for _ in range(3)]
    stream.begin(past[-1])
    stream.say(Heartbeat(event="e", epoch=1, seq=3, digest=stream.digest, sent=0, present=5))
    assert stream.kinds() == []
    stream.give(relay.FEEDS, *past)
    assert stream.kinds() == ["Finished", "Finished", "Finished", "Heartbeat"]
    assert stream.core.present == 5
    assert stream.calls == []


def test_another_feed_voids_the_first(stream: Stream) -> None:
    """A message of seq 1 after others begins the feed anew."""
    stream.begin()
    stream.give(relay.FEEDS, stream.record(), stream.record())
    stream.anew()
    stream.give(relay.FEEDS, stream.record(2))
    assert stream.kinds() == ["Finished", "Finished", "diverged", "epoch", "Finished"]
    assert (stream.core.tracker.seq, stream.core.tracker.digest) == (1, stream.digest)


def test_the_start_is_gone(stream: Stream) -> None:
    """A stream that has lost the start of a feed is told of, and not asked again and again."""
    stream.record()
    second = stream.record()
    stream.begin(second)
    stream.give(relay.FEEDS, second)
    assert stream.source.waiting == "the stream begins at message 2: the feed's start is gone"
    assert stream.kinds() == []
    stream.source.turn(clock.now() + 100.0)
    assert stream.calls == []


def test_what_is_missing_is_read_again(stream: Stream) -> None:
    """A heartbeat that knows more than came has the stream read on."""
    stream.begin()
    stream.give(relay.FEEDS, stream.record())
    stream.say(Heartbeat(event="e", epoch=1, seq=2, digest=bytes(16), sent=0))
    stream.source.turn(clock.now() + 1.0)
    assert len(stream.calls) == 1


def test_what_is_not_valid_harms_nothing(stream: Stream) -> None:
    """A message of a newer host is counted over, and what is no relay's is refused."""
    stream.begin()
    newer = stream.record(body=b"\x81\xa4type\xa5later")
    stream.give(relay.FEEDS, newer, StreamRecord(9, {}, b"x"), stream.record())
    assert stream.core.tracker.seq == 2
    stream.give(relay.BEATS, StreamRecord(0, {}, b"x"), StreamRecord(0, {}, newer.content))
    stream.say(Finished(event="e", epoch=1, seq=9, sent=0))  # type: ignore[arg-type]  # a lie
    assert stream.core.tracker.newest == 2
    assert stream.core.refused == 4


def test_a_wrong_digest_is_told(stream: Stream) -> None:
    """Headers that do not fit the messages are not passed over."""
    stream.begin()
    record = stream.record()
    stream.give(relay.FEEDS, record._replace(content=record.content + b""))
    assert stream.source.waiting == ""
    forged = codec.encode(Finished(event="e", epoch=1, seq=2, sent=0, reason="forged"))
    stream.give(relay.FEEDS, stream.record()._replace(content=forged))
    assert "digest of message 2" in stream.source.waiting


def test_what_is_waited_for(stream: Stream) -> None:
    """The reason is NATS, a permission or an event that no relay knows."""
    assert stream.source.waiting == ""
    stream.give(relay.CARDS, None)
    assert "no relay" in stream.source.waiting
    stream.client.violation = "not permitted"
    assert stream.source.waiting == "not permitted"
    stream.client.connected = False
    assert stream.source.waiting == ""
    stream.client.trouble = "refused"
    assert stream.source.waiting == stream.source.away == "refused"
    stream.client.refusal = NotAllowed("who are you")
    assert isinstance(stream.source.failure, NotAllowed)


def test_a_new_card_is_taken(stream: Stream) -> None:
    """The setup has the card that was stored last."""
    stream.begin()
    changed = messages.Card(event="e", title="A v C", sport="football", origins=["A", "C"])
    card = Relayed(event="e", sent=0, card=changed, actions=[])
    stream.give(relay.CARDS, StreamRecord(2, {}, codec.encode(card)))
    assert stream.source.setup is not None
    assert stream.source.setup.card.title == "A v C"


def test_numbers_of_any_size(stream: Stream) -> None:
    """A message or heartbeat of whatever number costs nothing, and a card of another event is
    none."""
    other = Relayed(event="e", sent=0, card=replace(CARD, event="x"), actions=[], heartbeat=2.0)
    stream.give(relay.CARDS, StreamRecord(1, {}, codec.encode(other)))
    assert (stream.source._card, stream.core.refused) == (None, 1)
    stream.begin()
    stream.give(relay.FEEDS, stream.record())
    for seq in (2**62, 10**40):
        at = relay.FeedPlace(1, seq, bytes(16), 1)
        body = codec.encode(Finished(event="e", epoch=1, seq=2**62, sent=0))
        stream.give(relay.FEEDS, StreamRecord(9, relay.headers("e", at, 0), body))
        stream.say(Heartbeat(event="e", epoch=1, seq=2**62, digest=bytes(16), sent=0))
    stream.source.turn(clock.now() + 100.0)
    assert stream.core.tracker.seq == 1
    assert stream.core.tracker.ahead <= 2


def test_what_waits_is_bounded(stream: Stream) -> None:
    """A turn takes in so much and the next is due at once; the stream is read no further where too
    much waits, and read on when it is taken in. A relay's words that are too many are dropped."""
    stream.begin()
    untaken, source = stream.source._untaken, stream.source
    for _ in range(UNTAKEN):
        assert not untaken.full
        source._receive(stream.record(), relay.FEEDS)
    assert untaken.full
    source.turn(clock.now())
    assert (stream.core.tracker.seq, source.next_timer()) == (A_TURN, 0.0)
    assert len(stream.calls) == 1
    for _ in range(UNTAKEN // A_TURN):
        source.turn(clock.now())
    assert stream.core.tracker.seq == UNTAKEN
    assert source.next_timer() != 0.0
    assert len(stream.calls) == 1
    for _ in range(10 * UNTAKEN_BEATS):
        source._receive(StreamRecord(0, {}, b"\xff"), relay.BEATS)
    assert len(untaken) == UNTAKEN_BEATS
    source.turn(clock.now())
    assert (len(untaken), stream.core.refused) == (0, UNTAKEN_BEATS)
    source._receive(StreamRecord(1, {}, bytes(UNTAKEN_BYTES)), relay.FEEDS)
    assert untaken.full
