"""A feed from a stream of NATS, which a relay fills: past and present from the stream alone.

What comes is taken in on the connection's thread and handed to the core on the subscriber's own.
After each loss of the connection, and wherever something is missing, the stream is read on from the
last message that came.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...protocol import codec, relay
from ...protocol.digest import EMPTY
from ...protocol.errors import PeerError, TouchlineError
from ...protocol.messages import Block, Heartbeat, RelayBeat, Relayed, Setup
from ...runtime import clock
from ...runtime.poll_loop import Source
from ...runtime.waker import Waker
from ..stream_link import StreamLink, StreamRecord, card_of, last_record
from .core import SubscriberCore
from .relays import Relays
from .silence import Cause

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

IDLE_SECONDS = 5.0
"""The interval at which NATS shows that a consumer without messages is there."""

STALLED_SECONDS = 15.0
"""After so long without a sign of it, another consumer takes its place."""

UNUSED_SECONDS = 30.0
"""After so long NATS forgets a consumer that nobody reads."""

MISSING_SECONDS = 2.0
"""The interval at which an event is looked for that no relay has put into the stream yet."""


UNTAKEN = 2_000
"""The most messages of the stream that wait to be taken in; then it is read no further."""

UNTAKEN_BYTES = 4 << 20
"""The most bytes of these, the last one apart."""

UNTAKEN_BEATS = 100
"""The most words of relays among them: a further one is dropped, since each repeats the last."""

A_TURN = 500
"""The most that is taken in at one time."""

ROOM_SECONDS = 1.0
"""How often one who reads on looks by himself whether there is room."""

UNREAD_BYTES = 40 << 20
"""The most bytes that the package for NATS holds of one subscription. JetStream's own flow control
lets 32 MB be under way; what is beyond is dropped, and read again."""

BEATS_UNREAD = 1_000
"""The most words of relays, and cards, that it holds."""

BEATS_UNREAD_BYTES = 1 << 20
"""The most bytes of these."""


class StreamSource:
    """What one subscriber reads from NATS.

    Args:
        event: its id.
        core: takes what comes.
        link: to NATS; the caller closes it after the source.
        wall: returns the wall clock, microseconds since 1970 UTC.

    Raises:
        BadMessage: the id can't be part of a subject.
    """

    def __init__(
        self, event: str, core: SubscriberCore, link: StreamLink, wall: Callable[[], int]
    ) -> None:
        self.event = event
        self.setup: Setup | None = None
        self._topic = codec.topic(event)
        self._core = core
        self._client = link.client
        self._wall = wall
        self._waker = Waker()
        self._relays = Relays()
        self._card: Relayed | None = None
        self._missing = False  # no relay has put the event there
        self._lacking = ""  # what the stream does not have, in a sentence
        self._held: bytes | None = None  # a heartbeat that waits for what was there before it
        self._untaken = _Untaken()
        self._more = False  # there is more than one turn takes in
        self._reader = _StreamReader(event, link.stream, self._receive, self._untaken)
        self._client.attend(self._reader.run)

    @property
    def hosted(self) -> bool | None:
        """None: the stream does not say whether the event has a host."""
        return None

    @property
    def away(self) -> str:
        """Why the feed can't be had from NATS; empty where it can."""
        if not self._client.connected:
            return self._client.trouble or f"NATS at {self._client.shown} is being connected to"
        if self.setup is None and self._client.violation:
            return self._client.violation
        if self._missing:
            return f"no relay has put event {self.event} into the stream yet"
        return ""

    @property
    def waiting(self) -> str:
        """What the feed waits for; empty where it waits for nothing."""
        if not self._client.connected and not self._client.trouble:
            return ""
        return self.away or self._lacking

    @property
    def failure(self) -> TouchlineError | None:
        """Why NATS refuses this process; None while it does not."""
        return self._client.refusal

    def turn(self, now: float) -> None:
        """Hand over what has come, and read again what is missing."""
        self._waker.drain()
        self._more = self._take_some()
        self._take_held(now)
        self._core.handle_timer(now)
        open_ = self._client.connected and self.setup is not None
        wanted = self._core.tracker.wanted(now) if open_ and not self._lacking else None
        if wanted is not None:
            self._client.call(partial(self._reader.again, from_start=wanted[0] == 1), _ignore)

    def silence(self) -> Cause:
        """Return the cause of a silence: NATS, the relay or the host."""
        away = "" if self._client.connected else self.away
        return self._relays.silence(clock.now(), away=away)

    def sockets(self) -> list[Source]:
        """Return the descriptor that can be read when something has come."""
        return [self._waker.fileno()]

    def next_timer(self) -> float | None:
        """Return when `turn` is to be called at the latest (monotonic seconds)."""
        if self._more:
            return 0.0
        asking = self._client.connected and self.setup is not None and not self._lacking
        return self._core.next_timer(asking=asking)

    def close(self) -> None:
        """Read no further."""
        self._client.dismiss(self._reader.run)
        self._waker.close()

    # ── on the connection's thread ───────────────────────────────────────────────────────────

    def _receive(self, record: StreamRecord | None, kind: str) -> None:
        self._untaken.add(record, kind)
        self._waker.wake()

    # ── on the subscriber's thread ───────────────────────────────────────────────────────────

    def _take_some(self) -> bool:
        """Take in what has come, as much as a turn has time for; return whether there is more."""
        was_full = self._untaken.full
        for record, kind in self._untaken.some(A_TURN):
            match kind:
                case relay.CARDS:
                    self._take_card(record)
                case relay.BEATS:
                    self._take_beat(record)
                case relay.FEEDS:
                    self._take_message(record)
                case _ if kind == _LAST:
                    self._begin(record)
        if was_full and not self._untaken.full:
            self._client.call(self._reader.go_on, _ignore)
        return bool(self._untaken)

    def _take_card(self, record: StreamRecord | None) -> None:
        self._missing = record is None
        if record is None:
            return
        card = card_of(record, self.event)
        if card is None:
            self._core.refused += 1
            self._missing = self._card is None
            return
        self._card = card
        if self.setup is not None:
            self.setup = replace(
                self.setup, card=self._card.card, actions=self._card.actions, time=self._wall()
            )

    def _begin(self, record: StreamRecord | None) -> None:
        """Take the last message that was there when reading began."""
        if self.setup is not None or self._card is None:
            return
        at = relay.FeedPlace(0, 0, EMPTY, 0)
        if record is not None:
            with contextlib.suppress(PeerError):
                at = relay.place(record.headers)
        self.setup = Setup(
            id=0,
            card=self._card.card,
            actions=self._card.actions,
            peer="",
            role="viewer",
            epoch=at.host_epoch,
            seq=at.seq,
            digest=at.digest,
            time=self._wall(),
            heartbeat=self._card.heartbeat,
            badge="",
        )
        now = clock.now()
        self._core.joined(self.setup, now)
        if record is not None:
            self._core.tracker.wait(now)

    def _take_message(self, record: StreamRecord | None) -> None:
        core = self._core
        try:
            at = relay.place(record.headers if record is not None else None)
        except PeerError:
            core.refused += 1
            return
        if record is None or self.setup is None:
            raise AssertionError("a message came before the feed was begun")
        now = clock.now()
        if at.seq == 1 and core.tracker.seq:
            core.restarted("the stream has another feed of the event from here on")
        if not core.tracker.seq and at.seq > 1 and not core.tracker.ahead:
            self._lacking = f"the stream begins at message {at.seq}: the feed's start is gone"
        if at.seq <= self.setup.seq or not self._is_readable(record.content):
            block = Block(id=0, event=self.event, first=at.seq, frames=[record.content], more=True)
            core.replayed(block, now, self._wall())
        else:
            core.published(self._topic + record.content, now, self._wall())
        if core.tracker.seq == at.seq and core.tracker.digest != at.digest:
            self._lacking = f"the stream's digest of message {at.seq} is not that of its messages"

    def _is_readable(self, body: bytes) -> bool:
        try:
            codec.decode_published(body)
        except PeerError:
            return False
        return True

    def _take_beat(self, record: StreamRecord | None) -> None:
        try:
            message = codec.decode_relay(record.content if record is not None else b"")
            if not isinstance(message, RelayBeat):
                raise PeerError("not the word of a relay")
            beat = self._relays.take(message, clock.now())
            if beat is not None and isinstance(codec.decode_published(beat), Heartbeat):
                self._held = beat
        except PeerError:
            self._core.refused += 1

    def _take_held(self, now: float) -> None:
        """Take the newest heartbeat, once what was in the stream at the beginning is here."""
        beat = self._held
        if beat is not None and self.setup is not None and self._core.tracker.seq >= self.setup.seq:
            self._held = None
            self._core.published(self._topic + beat, now, self._wall())


_LAST = "last"
_ENDED = "ended"
"""What the reader tells besides: the last message as it begins, and that its connection is lost."""


def _ignore(_: object) -> None:
    """Do nothing: what is missing is asked for again."""


class _Untaken:
    """What was read from the stream and waits to be taken in; one thread adds, another takes."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[StreamRecord | None, str]] = deque()
        self._added = self._taken = 0  # bytes, each counted by one of the threads
        self._beats_added = self._beats_taken = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether the stream is to be read no further for now."""
        return len(self._waiting) >= UNTAKEN or self._added - self._taken >= UNTAKEN_BYTES

    def add(self, record: StreamRecord | None, kind: str) -> None:
        """Add a record, None for none; a relay's word only where there is room for it."""
        if kind == relay.BEATS:
            if self._beats_added - self._beats_taken >= UNTAKEN_BEATS:
                return
            self._beats_added += 1
        self._added += _size(record)
        self._waiting.append((record, kind))

    def some(self, most: int) -> Iterator[tuple[StreamRecord | None, str]]:
        """Take out the oldest, at most so many, and no more than there are now."""
        for _ in range(min(most, len(self._waiting))):
            record, kind = self._waiting.popleft()
            self._taken += _size(record)
            self._beats_taken += kind == relay.BEATS
            yield record, kind


def _size(record: StreamRecord | None) -> int:
    return 0 if record is None else len(record.content)


class _StreamReader:
    """Reads an event's subjects for as long as a connection lives; on its thread alone.

    Args:
        event: its id.
        stream: the name of the stream.
        receive: takes each record, None for none, and what it is.
        untaken: what waits of it.
    """

    def __init__(
        self,
        event: str,
        stream: str,
        receive: Callable[[StreamRecord | None, str], None],
        untaken: _Untaken,
    ) -> None:
        self._event = event
        self._stream = stream
        self._receive = receive
        self._feed = relay.subject(relay.FEEDS, event)
        self._card = relay.subject(relay.CARDS, event)
        self._beat = relay.subject(relay.BEATS, event)
        self._number = 0  # in the stream, of the newest message that came
        self._inbox = ""  # of the present consumer
        self._expected = 0  # of the consumer's next message, by its own count
        self._heard = 0.0  # monotonic
        self._untaken = untaken
        self._woken = asyncio.Event()
        self._room = asyncio.Event()  # there may be some again
        self._held_up = False  # it waits for that
        self._anew = False  # another consumer is wanted
        self._card_changed = False

    async def again(self, _client: Client, *, from_start: bool) -> None:
        """Read again from the last message that came, or from the start."""
        if from_start:
            self._number = 0
        self._anew = True
        self._woken.set()

    async def go_on(self, _client: Client) -> None:
        """Read on: there is room for more."""
        self._room.set()

    async def run(self, client: Client) -> None:
        """Read until cancelled."""
        try:
            await self._read(client)
        finally:
            self._receive(None, _ENDED)

    async def _read(self, client: Client) -> None:
        self._woken.clear()
        self._held_up = False
        for subject, take in ((self._beat, self._on_beat), (self._card, self._on_card)):
            await client.subscribe(
                subject,
                cb=take,
                pending_msgs_limit=BEATS_UNREAD,
                pending_bytes_limit=BEATS_UNREAD_BYTES,
            )
        while not await self._look_for_card(client):
            await self._wait(MISSING_SECONDS)
        last = await last_record(client, self._stream, self._feed)
        if last is None or last.number < self._number:
            self._number = 0  # the stream was made anew
        self._receive(last, _LAST)
        while True:
            self._anew = False
            inbox = client.new_inbox()
            consumer = await client.subscribe(
                inbox,
                cb=partial(self._on_message, client, inbox),
                pending_bytes_limit=UNREAD_BYTES,
            )
            try:
                await self._consume(client, inbox)
                while not self._anew:
                    await self._wait(IDLE_SECONDS)
                    if self._card_changed:
                        await self._look_for_card(client)
                    if not self._held_up and clock.now() - self._heard > STALLED_SECONDS:
                        break
            finally:
                with contextlib.suppress(Exception):  # of a connection that has ended
                    await consumer.unsubscribe()

    async def _look_for_card(self, client: Client) -> bool:
        self._card_changed = False
        found = await last_record(client, self._stream, self._card)
        await self._wait_for_room()
        self._receive(found, relay.CARDS)
        # A feed is not begun with a card that is none: another may come.
        return card_of(found, self._event) is not None

    async def _consume(self, client: Client, inbox: str) -> None:
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        self._inbox, self._expected, self._heard = inbox, 1, clock.now()
        await client.jsm().add_consumer(
            self._stream,
            ConsumerConfig(
                name=f"touchline-{secrets.token_hex(8)}",
                deliver_subject=inbox,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._number + 1,
                filter_subject=self._feed,
                ack_policy=AckPolicy.NONE,
                flow_control=True,
                idle_heartbeat=IDLE_SECONDS,
                inactive_threshold=UNUSED_SECONDS,
                num_replicas=1,
                mem_storage=True,
            ),
        )

    async def _wait_for_room(self) -> None:
        """Read no further until what was read is taken in. NATS is not answered meanwhile, and
        stops."""
        while self._untaken.full:
            self._held_up = True
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROOM_SECONDS):
                    await self._room.wait()
        self._held_up = False

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    async def _on_beat(self, message: Msg) -> None:
        self._receive(StreamRecord(0, {}, message.data), relay.BEATS)

    async def _on_card(self, _message: Msg) -> None:
        # It may be refused after all: what is in the stream counts.
        self._card_changed = True
        self._woken.set()

    async def _on_message(self, client: Client, inbox: str, message: Msg) -> None:
        await self._wait_for_room()
        if inbox != self._inbox:
            return
        self._heard = clock.now()
        headers = dict(message.headers or {})
        if "Status" in headers:
            if headers["Status"] != "100":  # the consumer is gone
                self._renew()
                return
            answer = message.reply or headers.get("Nats-Consumer-Stalled")
            if answer:  # it waits until what it has sent is taken
                await client.publish(answer, b"")
            return
        sequence = message.metadata.sequence
        if sequence.consumer != self._expected:
            self._renew()
            return
        self._expected += 1
        self._number = sequence.stream
        self._receive(StreamRecord(sequence.stream, headers, message.data), relay.FEEDS)

    def _renew(self) -> None:
        self._inbox = ""
        self._anew = True
        self._woken.set()
