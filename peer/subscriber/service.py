"""The subscriber's sockets: SUB for the feed, a session for replays and clocks.

with Subscriber(event, link) as feed:
    for item in feed:            # or: async for item in feed
        ...
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator

import zmq

from ...protocol import codec, messages
from ...protocol.messages import Setup
from ...runtime import clock
from ...runtime.poll_loop import PollLoop
from ...runtime.timers import earliest, seconds_left
from ...timeline.feed import Item
from ..connection import HostConnection
from ..link import Link
from ..session import Session
from .core import SubscriberCore

DRAIN = 1_000
"""The most frames that are read before the ready items are handed out."""

SAFETY_SECONDS = 1.0
"""The longest that an `async for` waits before it looks at its sockets by itself."""


class Subscriber:
    """One event followed from its start.

    Iterating gives entries in the order of their seq, `Finished`, heartbeats, and notices about the
    feed itself. It goes on over restarts of the host and broker, and ends only by `close` or an
    error.

    Args:
        event: its id.
        link: the link to the broker; the caller closes it after the subscriber.
        wall: returns the wall clock, microseconds since 1970 UTC.
        withholds: the program shows no unconfirmed entry to a person who reports with the same key
            before that person may see it (`timeline.withheld`), or shows none at all.

    Raises (while iterating):
        TouchlineError: the event does not exist, or the broker or the host refuses this peer.
    """

    def __init__(
        self,
        event: str,
        link: Link,
        wall: Callable[[], int] = clock.wall,
        *,
        withholds: bool = False,
    ) -> None:
        self.core = SubscriberCore(random.random)
        self.session = Session(event, "viewer", self._counts, withholds=withholds)
        self._link = link
        self._wall = wall
        self._connection = HostConnection(self.session, link)
        self._loop = PollLoop()
        self._sub: zmq.Socket[bytes] | None = None
        self._renew_at = 0.0  # when the SUB may be made anew once more, monotonic
        self._waiting = ""  # the text of the newest notice of this kind
        self.setup: Setup | None = None

    def __enter__(self) -> Subscriber:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self.next(3_600.0)
            if item is not None:
                yield item

    async def __aiter__(self) -> AsyncIterator[Item]:
        items = self.core.items()
        while True:
            self._turn()
            while items:
                yield items.popleft()
            await self._readable()

    def next(self, seconds: float) -> Item | None:
        """Return the next item, or None after `seconds` without an item."""
        items = self.core.items()
        until = clock.now() + seconds
        while not items:
            self._turn()
            if items or clock.now() >= until:
                break
            self._loop.watch(self.sockets())
            self._loop.wait(self.next_timer(), until)
        return items.popleft() if items else None

    def sockets(self) -> list[zmq.Socket[bytes]]:
        """Return the sockets that a poller has to watch; they change with each new connection.

        Call `next(0.0)` until it returns None when one of them can be read, and at `next_timer`.
        """
        return self._connection.sockets + ([self._sub] if self._sub is not None else [])

    def next_timer(self) -> float | None:
        """Return when `next` is to be called at the latest (monotonic seconds)."""
        return earliest(
            self._connection.next_timer(), self.core.next_timer(asking=self.session.open)
        )

    def close(self) -> None:
        """Leave the event and close the sockets."""
        if self.session.open:
            detach = messages.Detach(id=self.session.request_id(), event=self.session.event)
            self._connection.send(codec.encode(detach))
        if self._sub is not None:
            self._sub.close(linger=0)
            self._sub = None
        self._connection.close()

    def _counts(self) -> tuple[int, int, int]:
        tracker = self.core.tracker
        return tracker.seq, tracker.counters.received, tracker.counters.lost

    def _turn(self) -> None:
        now, wall = clock.now(), self._wall()
        for reply in self._connection.pump(now, wall):
            match reply:
                case Setup():
                    self.setup = reply
                    self.core.joined(reply, now, asked=self.session.asked_seq or 0)
                    self.session.asked_seq = None
                case messages.Block():
                    self.core.replayed(reply, now)
        if self._connection.connected:
            self._resubscribe()
        self._drain(now, wall + self.session.offset)
        if self.core.handle_timer(now):
            self.session.rejoin(now)
        if self.core.stale and self.session.open and now >= self._renew_at:
            # ZeroMQ gives up the connection of a SUB for good where the host refuses it once.
            self._renew_at = now + 2 * self.core.interval
            self._resubscribe()
        wanted = self.core.tracker.wanted(now) if self.session.open else None
        if wanted is not None:
            first, last = wanted
            replay = messages.Replay(
                id=self.session.request_id(), event=self.session.event, first=first, last=last
            )
            self._connection.send(codec.encode(replay))
        self._notify_waiting()
        self.core.look_why(broker=self.session.broker)
        if self.session.failure is not None and not self.core.items():
            raise self.session.failure

    def _drain(self, now: float, host_wall: int) -> None:
        if self._sub is None:
            return
        with contextlib.suppress(zmq.Again):
            for _ in range(DRAIN):
                self.core.published(self._sub.recv(zmq.NOBLOCK), now, host_wall)

    def _resubscribe(self) -> None:
        self._connection.connected = False
        if self._sub is not None:
            self._sub.close(linger=0)
        endpoints = self._connection.endpoints
        if endpoints is None:
            raise AssertionError("connected to nowhere")
        self._sub = self._connection.open(zmq.SUB, endpoints.pub)
        self._sub.setsockopt(zmq.RCVHWM, 100_000)
        self._sub.setsockopt(zmq.SUBSCRIBE, codec.topic(self.session.event))
        self._sub.connect(endpoints.pub)

    def _notify_waiting(self) -> None:
        text = ""
        if self.session.hosted is False:
            text = f"event {self.session.event} has no host yet"
        elif self.session.shut is not None:
            text = self.session.shut.sentence
        elif self.session.away is not None:
            text = self.session.away.sentence
        if text and text != self._waiting:
            self.core.notice("waiting", text)
        self._waiting = text

    async def _readable(self) -> None:
        """Wait for a socket or a timer, through the event loop's own selector."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        wait = seconds_left(clock.now(), self.next_timer(), longest=SAFETY_SECONDS)
        # A descriptor stays readable until its socket is looked at, which `_turn` does.
        descriptors = {socket.fileno() for socket in self.sockets()}
        for descriptor in descriptors:
            loop.add_reader(descriptor, woken.set)
        try:
            await asyncio.wait_for(woken.wait(), wait)
        except TimeoutError:
            pass
        finally:
            for descriptor in descriptors:
                loop.remove_reader(descriptor)
