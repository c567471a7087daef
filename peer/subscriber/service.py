"""The subscriber: one event followed, from its host or from a stream.

with Subscriber(event, link) as feed:
    for item in feed:            # or: async for item in feed
        ...

The second argument says from where: a `Link` (to the broker, which names the host) or a
`StreamLink` (to NATS, where a relay puts the feed).
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from ...protocol.messages import Setup
from ...runtime import clock
from ...runtime.poll_loop import PollLoop, Source, descriptor
from ...runtime.timers import seconds_left
from ...timeline.feed import Item
from ..link import Link
from ..session import Session
from .core import SubscriberCore
from .host_source import HostSource
from .source import FeedSource

if TYPE_CHECKING:
    from ..stream_link import StreamLink

SAFETY_SECONDS = 1.0
"""The longest that an `async for` waits before it looks at its sockets by itself."""


class Subscriber:
    """One event followed from its start.

    Iterating gives entries in the order of their seq, `Finished`, heartbeats, and notices about the
    feed itself. It goes on over restarts of all that it depends on, and ends only by `close` or an
    error.

    Args:
        event: its id.
        link: to the broker, or to NATS; the caller closes it after the subscriber.
        wall: returns the wall clock, microseconds since 1970 UTC.
        withholds: the program shows no unconfirmed entry to a person who reports with the same key
            before that person may see it (`timeline.withheld`), or shows none at all.
        keeps_bodies: `core.tracker.bodies` keeps the messages as they were published.

    Raises (while iterating):
        TouchlineError: the event does not exist, broker, host or NATS refuse this peer, or the feed
            is longer than a feed may be.
    """

    def __init__(
        self,
        event: str,
        link: Link | StreamLink,
        wall: Callable[[], int] = clock.wall,
        *,
        withholds: bool = False,
        keeps_bodies: bool = False,
    ) -> None:
        self.core = SubscriberCore(random.random, keeps_bodies=keeps_bodies, event=event)
        self.source: FeedSource
        if isinstance(link, Link):
            self.source = HostSource(event, self.core, link, wall, withholds=withholds)
        else:
            from .stream_source import StreamSource  # brings asyncio, which takes 30 ms

            self.source = StreamSource(event, self.core, link, wall)
        self._loop = PollLoop()
        self._waiting = ""  # the text of the newest notice of this kind

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

    @property
    def session(self) -> Session:
        """The session with the host; only a subscriber of the host has one."""
        if not isinstance(self.source, HostSource):
            raise AssertionError("a subscriber of a stream has no session with a host")
        return self.source.session

    @property
    def setup(self) -> Setup | None:
        """What the feed is of; None before it is known."""
        return self.source.setup

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

    def sockets(self) -> list[Source]:
        """Return the sockets and descriptors that a poller has to watch; they change with each new
        connection.

        Call `next(0.0)` until it returns None when one of them can be read, and at `next_timer`.
        """
        return self.source.sockets()

    def next_timer(self) -> float | None:
        """Return when `next` is to be called at the latest (monotonic seconds)."""
        return self.source.next_timer()

    def close(self) -> None:
        """Leave the event and close the sockets."""
        self.source.close()

    def _turn(self) -> None:
        self.source.turn(clock.now())
        waiting = self.source.waiting
        if waiting and waiting != self._waiting:
            self.core.notice("waiting", waiting)
        self._waiting = waiting
        self.core.look_why(self.source.silence())
        failure = self.core.failure or self.source.failure
        if failure is not None and not self.core.items():
            raise failure

    async def _readable(self) -> None:
        """Wait for a socket or a timer, through the event loop's own selector."""
        import asyncio  # here: most subscribers have no such loop, and it takes 50 ms

        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        wait = seconds_left(clock.now(), self.next_timer(), longest=SAFETY_SECONDS)
        # A descriptor stays readable until its socket is looked at, which `_turn` does.
        descriptors = {descriptor(source) for source in self.sockets()}
        for each in descriptors:
            loop.add_reader(each, woken.set)
        try:
            await asyncio.wait_for(woken.wait(), wait)
        except TimeoutError:
            pass
        finally:
            for each in descriptors:
                loop.remove_reader(each)
