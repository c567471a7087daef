"""The channels of a gateway by event, their viewers, and the rounds in which viewers get news.

Tested in `tests/integration/test_gateway.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Protocol

from ...peer.stream_link import StreamLink
from ...protocol.errors import NotFound, Overloaded, TouchlineError, Unreachable
from ...protocol.messages import BrokerReply, BrokerRequest, Card, Event, EventList, Search, Show
from ...runtime import clock
from ...runtime.languages import SOURCE, speaking
from ..archives import ArchiveFolder
from ..counters import GatewayCounters
from ..options import MEGABYTE, Options
from .channel import Channel, FeedTurn
from .follower import Connect, Follower

logger = logging.getLogger(__name__)

REST = 1.0
"""The rest between two rounds, as a multiple of the last round's time: with many viewers, the
messages that come in a rest are sent together, and the loop has time for everything else."""

LONGEST_REST = 0.25
"""The longest such rest, seconds."""

BEAT_SECONDS = 0.1
"""The interval of the check for due heartbeats and stalled viewers."""

PROBE_SECONDS = 5.0
"""The pause between two requests that only find out whether the broker answers."""

CARD_SECONDS = 2.0
"""The age after which the broker is asked for a card again."""

CARDS = 1_000
"""The most cards that are cached."""


class FeedListener(Protocol):
    """A receiver of a channel's messages. All methods are called on the loop and must not wait."""

    def notify(self) -> None:
        """Take note that the channel has new messages."""

    def status(self, payload: bytes) -> None:
        """Take a new status; `payload` is its JSON."""

    def tick(self, now: float) -> None:
        """Send a heartbeat that is due at `now` (monotonic seconds), or close a stalled viewer."""

    def failed(self, error: TouchlineError) -> None:
        """Take note that the event can't be followed any longer."""


class _FollowedChannel:
    """A channel and its listeners."""

    def __init__(self, channel: Channel, now: float) -> None:
        self.channel = channel
        self.listeners: set[FeedListener] = set()
        self.changed = asyncio.Event()
        self.waiting = 0  # requests that wait for its feed
        self.left_at = now  # when the last listener left, or a request last asked for it

    @property
    def idle(self) -> bool:
        """Whether nothing needs the channel now."""
        return not self.listeners and not self.waiting


class Hub:
    """All channels of one gateway.

    Args:
        options: the gateway's.
        connect: returns a link to the broker.
        counters: where it counts.
        stream: where feeds are read, not started; None: at each event's host.
    """

    def __init__(
        self,
        options: Options,
        connect: Connect,
        counters: GatewayCounters,
        stream: StreamLink | None = None,
    ) -> None:
        self.options = options
        self.counters = counters
        self.follower = Follower(
            connect, self._arrived, stream, most_bytes=options.feeds_mb * MEGABYTE
        )
        self._archives = ArchiveFolder(options.archives)
        self._followed: dict[str, _FollowedChannel] = {}
        self._opening: dict[str, asyncio.Task[_FollowedChannel]] = {}
        self._cards: dict[str, tuple[float, Card]] = {}
        self._dirty: set[str] = set()  # events with new messages
        self._changed: set[str] = set()  # events whose status has changed
        self._round: asyncio.TimerHandle | None = None
        self._rest_until = 0.0
        self._ticker: asyncio.Task[None] | None = None
        self._prober: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call it on the loop that serves."""
        self.follower.start()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())
        self._prober = asyncio.get_running_loop().create_task(self._probe())

    async def stop(self) -> None:
        """Leave all events."""
        for task in (self._ticker, self._prober, *self._opening.values()):
            if task is not None:
                task.cancel()
        if self._round is not None:
            self._round.cancel()
        await self.follower.stop()

    @property
    def events(self) -> dict[str, int]:
        """The number of listeners of each followed event."""
        return {event: len(followed.listeners) for event, followed in self._followed.items()}

    def peek(self, event: str) -> Channel | None:
        """Return the channel of an event, None where it is not followed."""
        followed = self._followed.get(event)
        return followed.channel if followed else None

    # ── the broker ───────────────────────────────────────────────────────────────────────────

    async def search(self, request: Search) -> EventList:
        """Search the broker's events.

        Raises:
            TouchlineError: the broker refuses, or does not answer.
        """
        reply = await self._ask(request)
        if not isinstance(reply, EventList):
            raise AssertionError(f"the broker answered search with {type(reply).__name__}")
        return reply

    async def card(self, event: str) -> Card:
        """Return the broker's card of an event, at most `CARD_SECONDS` old.

        While the broker does not answer, the card of a followed event may be older, and a stream
        tells those that its relays have put there. Of an event that the broker does not know or
        tell, an archive has the card.

        Raises:
            TouchlineError: there is no such event, or the broker does not answer.
        """
        now = clock.now()
        known = self._cards.get(event)
        if known is not None and now - known[0] < CARD_SECONDS:
            return known[1]
        try:
            reply = await self._ask(Show(id=0, event=event))
        except (NotFound, Unreachable, Overloaded) as error:
            archived = await asyncio.to_thread(self._archives.card, event)
            if archived is not None:
                return archived
            if isinstance(error, NotFound):
                raise
            channel = self.peek(event)
            if channel is not None:
                return channel.card
            if self.follower.stream is None:
                raise
            ask = self.follower.stream.card
            return (await asyncio.to_thread(ask, event, self.options.patience)).card
        if not isinstance(reply, Event):
            raise AssertionError(f"the broker answered show with {type(reply).__name__}")
        self._cards[event] = now, reply.card
        while len(self._cards) > CARDS:
            del self._cards[next(iter(self._cards))]
        return reply.card

    async def _ask(self, request: BrokerRequest) -> BrokerReply:
        return await self.follower.ask(request, self.options.patience)

    # ── channels ─────────────────────────────────────────────────────────────────────────────

    async def channel(self, event: str) -> Channel:
        """Return an event's channel, which is followed from now on.

        Waits until the feed, or why it is not known, is known, but no longer than `patience`.

        Raises:
            TouchlineError: there is no such event, it can't be followed, or too many are followed.
        """
        followed = await self._open(event)
        followed.waiting += 1
        try:
            async with asyncio.timeout(self.options.patience):
                while not followed.channel.known:
                    followed.changed.clear()
                    await followed.changed.wait()
        except TimeoutError:
            pass  # the viewer gets the part that is known so far
        finally:
            followed.waiting -= 1
        followed.left_at = clock.now()
        if followed.channel.failure is not None:
            raise followed.channel.failure
        return followed.channel

    def listen(self, event: str, listener: FeedListener) -> None:
        """Add a listener to an event whose channel was just returned, until `leave`.

        Raises:
            Overloaded: the event has just been dropped for another event.
        """
        followed = self._followed.get(event)
        if followed is None:
            raise Overloaded(f"{event} has just been dropped for another event; ask again")
        followed.listeners.add(listener)

    def leave(self, event: str, listener: FeedListener) -> None:
        """Remove a listener."""
        followed = self._followed.get(event)
        if followed is not None:
            followed.listeners.discard(listener)
            followed.left_at = clock.now()

    async def _open(self, event: str) -> _FollowedChannel:
        known = self._followed.get(event)
        if known is not None and known.channel.failure is None:
            return known
        task = self._opening.get(event)
        if task is None:
            with speaking(SOURCE):  # whoever asked first: the channel is everybody's
                task = asyncio.get_running_loop().create_task(self._begin(event))
            self._opening[event] = task
            task.add_done_callback(partial(self._opened, event))
        return await asyncio.shield(task)

    def _opened(self, event: str, task: asyncio.Task[_FollowedChannel]) -> None:
        self._opening.pop(event, None)
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not log it where the caller is gone

    async def _begin(self, event: str) -> _FollowedChannel:
        card = await self.card(event)
        if len(self._followed) >= self.options.max_events and not self._drop_idle():
            raise Overloaded(
                f"{len(self._followed):,} events are followed, at most "
                f"{self.options.max_events:,} allowed"
            )
        archived = await asyncio.to_thread(self._archives.turns, event)
        channel = Channel(card, self.options.history_mb * MEGABYTE)
        followed = self._followed[event] = _FollowedChannel(channel, clock.now())
        if not archived:
            self.follower.follow(event)
        for turn in archived:
            self._arrived(event, turn)
            await asyncio.sleep(0)
        return followed

    def _drop_idle(self) -> bool:
        """Drop the event that has been idle longest; return whether there was an idle event."""
        idle = [(one.left_at, event) for event, one in self._followed.items() if one.idle]
        if not idle:
            return False
        self._drop(min(idle)[1])
        return True

    def _drop(self, event: str) -> None:
        del self._followed[event]
        self.follower.drop(event)

    # ── news ─────────────────────────────────────────────────────────────────────────────────

    def _arrived(self, event: str, turn: FeedTurn | TouchlineError) -> None:
        followed = self._followed.get(event)
        if followed is None:
            return
        if isinstance(turn, TouchlineError):
            self._fail(followed, event, turn)
            return
        self.counters.messages += len(turn.messages)
        news, status = followed.channel.take(turn)
        followed.changed.set()
        if news:
            self._dirty.add(event)
        if status:
            self._changed.add(event)
        if news or status:
            self._notify_soon()

    def _fail(self, followed: _FollowedChannel, event: str, error: TouchlineError) -> None:
        logger.warning("event %s: %s", event, error.sentence)
        followed.channel.failure = error
        followed.changed.set()
        del self._followed[event]
        if isinstance(error, NotFound):
            self._cards.pop(event, None)
        for listener in list(followed.listeners):
            listener.failed(error)

    def _notify_soon(self) -> None:
        if self._round is None:
            loop = asyncio.get_running_loop()
            self._round = loop.call_at(max(loop.time(), self._rest_until), self._notify)

    def _notify(self) -> None:
        self._round = None
        loop = asyncio.get_running_loop()
        began = loop.time()
        changed, self._changed = self._changed, set()
        for event in changed:
            followed = self._followed.get(event)
            if followed and followed.listeners:
                payload = followed.channel.status(clock.wall())
                for listener in list(followed.listeners):
                    listener.status(payload)
        dirty, self._dirty = self._dirty, set()
        for event in dirty:
            followed = self._followed.get(event)
            for listener in list(followed.listeners) if followed else ():
                listener.notify()
        took = loop.time() - began
        self.counters.slow = max(self.counters.slow, took)
        self._rest_until = began + took + min(took * REST, LONGEST_REST)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = clock.now()
            for event, followed in list(self._followed.items()):
                for listener in list(followed.listeners):
                    listener.tick(now)
                if followed.idle and now - followed.left_at > self.options.linger:
                    self._drop(event)

    async def _probe(self) -> None:
        """Ask the broker for little, again and again: it goes away, and comes back, while no viewer
        asks for anything, and a gateway that is not ready may be sent no viewer."""
        while True:
            with contextlib.suppress(TouchlineError):
                await self._ask(Search(id=0, limit=1))
            await asyncio.sleep(PROBE_SECONDS)
