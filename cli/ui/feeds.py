"""Several feeds over one link, item by item: for lines, and for a screen with a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from ...peer import Subscriber
from ...protocol.errors import TouchlineError
from ...runtime import clock
from ...runtime.poll_loop import PollLoop, Source, descriptor
from ...runtime.timers import earliest, seconds_left
from ...timeline.feed import Item

TURN_ITEMS = 200
"""The most items of one feed before the others, and the screen, have their turn."""

LONGEST_SECONDS = 0.25
"""The longest wait for a feed: the clock of a screen goes on, and Ctrl+C is looked for."""


class FeedItem(NamedTuple):
    """What a feed brought.

    Args:
        place: of the feed among those followed, from 0.
        item: the item, or why this feed can't be followed any longer.
    """

    place: int
    item: Item | TouchlineError


class Feeds:
    """Feeds that are followed together.

    Args:
        feeds: the subscribers; the caller closes them.
    """

    def __init__(self, feeds: Sequence[Subscriber]) -> None:
        self._feeds: dict[int, Subscriber] = dict(enumerate(feeds))
        self._loop = PollLoop()

    def next(self) -> Iterator[FeedItem]:
        """Wait up to `LONGEST_SECONDS`, and yield what the feeds have; maybe nothing."""
        ready = list(self._ready())
        if not ready:
            self._loop.watch(self._sockets())
            self._loop.wait(self._next_timer(), longest=LONGEST_SECONDS)
            ready = list(self._ready())
        yield from ready

    async def follow(self) -> AsyncIterator[list[FeedItem]]:
        """Yield what the feeds have, again and again, in the running loop; an empty list where
        nothing came for `LONGEST_SECONDS`."""
        while True:
            ready = list(self._ready())
            yield ready
            if ready:
                await asyncio.sleep(0)  # others in this loop, such as the keyboard, have their turn
            else:
                await self._readable()

    def _ready(self) -> Iterator[FeedItem]:
        for place, feed in list(self._feeds.items()):
            try:
                for _ in range(TURN_ITEMS):
                    item = feed.next(0.0)
                    if item is None:
                        break
                    yield FeedItem(place, item)
            except TouchlineError as error:
                del self._feeds[place]
                yield FeedItem(place, error)

    def _sockets(self) -> list[Source]:
        # The link's sockets are those of each feed: a poller takes a socket once.
        return list(dict.fromkeys(each for feed in self._feeds.values() for each in feed.sockets()))

    def _next_timer(self) -> float | None:
        return earliest(*(feed.next_timer() for feed in self._feeds.values()))

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        wait = seconds_left(clock.now(), self._next_timer(), longest=LONGEST_SECONDS)
        descriptors = {descriptor(source) for source in self._sockets()}
        for each in descriptors:
            loop.add_reader(each, woken.set)
        try:
            await asyncio.wait_for(woken.wait(), wait)
        except TimeoutError:
            pass
        finally:
            for each in descriptors:
                loop.remove_reader(each)
