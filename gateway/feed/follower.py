"""The gateway's peer: one thread with the link to the broker and a subscriber for each event.

It hands the news of each event to the asyncio loop, turn by turn. Tested in
`tests/integration/test_gateway.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import zmq

from ...peer import Link, Notice, Subscriber
from ...peer.stream_link import StreamLink
from ...peer.subscriber.core import SubscriberCore
from ...protocol.digest import DIGEST_BYTES
from ...protocol.errors import (
    NameTaken,
    NotAllowed,
    Overloaded,
    Revoked,
    Slow,
    TouchlineError,
    UnknownKey,
    Unreachable,
    Untrusted,
    WrongKey,
)
from ...protocol.messages import BrokerReply, BrokerRequest, Heartbeat, Role
from ...runtime import clock
from ...runtime.logs import note
from ...runtime.poll_loop import PollLoop, Source
from ...runtime.thread_calls import ThreadCalls
from ...runtime.timers import seconds_left
from ...runtime.waker import Waker
from .channel import FeedTurn, Standing

logger = logging.getLogger(__name__)

OnTurn = Callable[[str, FeedTurn | TouchlineError], None]
"""Takes the news of an event, or why it can't be followed any longer; called on the asyncio
loop."""

MOST_MESSAGES = 500
"""The most messages of a turn, so that the loop can serve other events between turns."""

MOST_ASKED = 1_000
"""The most requests to the broker that are unanswered."""

IDLE_SECONDS = 5.0
"""The longest wait of the thread."""

SHUT_OUT = (NameTaken, NotAllowed, Revoked, UnknownKey, Untrusted, WrongKey)
"""The errors with which a broker refuses a peer."""

STOPPING = "the gateway is about to stop"
"""Why nothing more is asked."""


class Connect(Protocol):
    """Makes links to the broker; the gateway makes links only by it."""

    def __call__(
        self,
        name: str = "",
        roles: Sequence[Role] = (),
        folder: Path | None = None,
        context: zmq.Context[Any] | None = None,
        *,
        invite: str = "",
        behind: str = "",
    ) -> Link:
        """Return a link that the caller closes.

        Args:
            name: of the person; empty: the gateway itself.
            roles: the roles that the peer asks for.
            folder: of the person's identity; the first use makes it.
            context: the ZeroMQ context of the link; its own unless given.
            invite: the code to enrol with, where the broker requires one.
            behind: a digest of the person's address.
        """


class _FollowedEvent:
    """One followed event."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.seq = 0  # of the newest message that was handed to the loop
        self.setup: object = None
        self.standing: Standing | None = None
        self.due = 0.0
        self.sockets: list[Any] = []


class Follower:
    """Follows events, at their hosts or in a stream, and asks the broker.

    Args:
        connect: returns the link.
        on_turn: called on the loop on which `start` was called.
        stream: where feeds are read, not started; None: at each event's host.
        most_bytes: the most of all feeds together, as `limits.FEED_BYTES` counts them.
    """

    def __init__(
        self,
        connect: Connect,
        on_turn: OnTurn,
        stream: StreamLink | None = None,
        *,
        most_bytes: int,
    ) -> None:
        self.stream = stream
        """Where feeds are read; None: at each event's host."""
        self.cores: dict[str, SubscriberCore] = {}
        """The cores of followed events, for metrics; it may grow while it is read."""
        self.broker: bool | None = None
        """Whether the broker answered the newest request and lets the gateway in; None before the
        first."""
        self.broker_trouble = "the broker has not answered yet"
        """Why it did not, or does not; empty where it did."""
        self.metrics = ""
        """HOST:PORT at which the gateway is scraped for metrics; empty: nowhere. Set it before
        `start`, which tells the broker."""
        self._connect = connect
        self._on_turn = on_turn
        self._most_bytes = most_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="follower")
        self._waker = Waker()
        self._calls = ThreadCalls(self._waker.wake)
        self._stopping = False
        # Of the thread alone:
        self._link: Link | None = None
        self._followed: dict[str, _FollowedEvent] = {}
        self._poll_loop = PollLoop(waker=self._waker)
        self._asked: set[asyncio.Future[BrokerReply]] = set()

    # ── on the loop ──────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Open the link and start the thread.

        Raises:
            TouchlineError: the address or the identity is not valid.
        """
        self._loop = asyncio.get_running_loop()
        self._link = self._connect(roles=["viewer"])
        if self.metrics:
            self._link.announce("gateway", self.metrics)
        if self.stream is not None:
            self.stream.start()
        self._thread.start()

    async def stop(self) -> None:
        """Leave all events and end the thread."""
        if self._thread.is_alive():
            self._stopping = True
            self._waker.wake()
            await asyncio.to_thread(self._thread.join)
        if self.stream is not None:
            await asyncio.to_thread(self.stream.close)
        self._waker.close()

    @property
    def follows(self) -> bool:
        """Whether the thread runs that follows events."""
        return self._thread.is_alive()

    def follow(self, event: str) -> None:
        """Follow an event, if it is not followed already."""
        self._calls.put(lambda: self._begin(event))

    def drop(self, event: str) -> None:
        """Stop following an event."""
        self._calls.put(lambda: self._end(event))

    async def ask(self, request: BrokerRequest, timeout: float) -> BrokerReply:
        """Ask the broker.

        Args:
            request: any but hello.
            timeout: seconds to wait.

        Raises:
            TouchlineError: the broker's refusal, or Unreachable.
        """
        if not self._thread.is_alive() or self._stopping:
            raise Unreachable(STOPPING)
        if len(self._asked) >= MOST_ASKED:
            raise Overloaded(
                f"{len(self._asked):,} requests to the broker are unanswered, at most "
                f"{MOST_ASKED:,} allowed"
            )
        future: asyncio.Future[BrokerReply] = asyncio.get_running_loop().create_future()
        self._calls.put(
            lambda: self._ask(request, timeout, future),
            lambda: self._answer(future, Unreachable(STOPPING)),
        )
        return await future

    # ── on the thread ────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        link = self._link
        if link is None:
            raise AssertionError("the thread runs before there is a link")
        try:
            with link:
                while not self._stopping:
                    self._turn(link)
                for event in list(self._followed):
                    self._end(event)
        except Exception:  # without this line in the log, the gateway would only fall silent
            logger.exception("the gateway has stopped following events")
        finally:
            self.broker, self.broker_trouble = False, "the gateway has stopped following events"
            self._calls.end()
            for future in self._asked:
                self._answer(future, Unreachable(STOPPING))

    def _turn(self, link: Link) -> None:
        readable = self._wait(link)
        now = clock.now()
        self._calls.run()
        link.poll(now)
        # An answer of the broker may be for any event.
        all_of_them = not readable.isdisjoint(link.sockets)
        for event, followed in list(self._followed.items()):
            if all_of_them or followed.due <= now or not readable.isdisjoint(followed.sockets):
                self._serve(event, followed)
                self._check_size()

    def _check_size(self) -> None:
        """Drop the longest feed where all of them together are too long."""
        sizes = {event: core.tracker.size for event, core in self.cores.items()}
        size = sum(sizes.values())
        if size > self._most_bytes:
            longest = max(sizes, key=sizes.__getitem__)
            self._end(longest)
            sentence = (
                f"the feeds of all events have {size:,} bytes, at most {self._most_bytes:,}"
                " allowed: the longest is dropped"
            )
            self._hand_over(longest, Overloaded(sentence))

    def _wait(self, link: Link) -> set[Source]:
        """Wait until there is something to do; return the sockets that can be read."""
        events = self._followed.values()
        own = [socket for followed in events for socket in followed.sockets]
        self._poll_loop.watch([*link.sockets, *own])
        timers = [followed.due for followed in events]
        return self._poll_loop.wait(*timers, link.next_timer(), longest=IDLE_SECONDS)

    def _ask(
        self, request: BrokerRequest, timeout: float, future: asyncio.Future[BrokerReply]
    ) -> None:
        if self._link is None:
            raise AssertionError("asked before there was a link")

        def then(answer: BrokerReply | TouchlineError, _: float) -> None:
            if isinstance(answer, SHUT_OUT):
                # It refuses the gateway, not the client: to the client it is unreachable.
                answer = Unreachable(f"the broker refuses the gateway: {answer.sentence}")
            # One that is slow has answered other requests.
            away = isinstance(answer, Unreachable) and not isinstance(answer, Slow)
            self.broker_trouble = (
                answer.sentence if isinstance(answer, Unreachable) and away else ""
            )
            self.broker = not away
            self._asked.discard(future)
            self._answer(future, answer)

        self._asked.add(future)
        try:
            self._link.request(request, then, clock.now(), timeout)
        except TouchlineError as error:
            self._asked.discard(future)
            self._answer(future, error)

    def _answer(
        self, future: asyncio.Future[BrokerReply], answer: BrokerReply | TouchlineError
    ) -> None:
        def settle() -> None:
            if future.done():
                return
            if isinstance(answer, TouchlineError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

        self._on_loop(settle)

    def _begin(self, event: str) -> None:
        if event not in self._followed and self._link is not None:
            subscriber = Subscriber(event, self.stream or self._link)
            self._followed[event] = _FollowedEvent(subscriber)
            self.cores[event] = subscriber.core

    def _end(self, event: str) -> None:
        followed = self._followed.pop(event, None)
        self.cores.pop(event, None)
        if followed is not None:
            followed.subscriber.close()

    def _serve(self, event: str, followed: _FollowedEvent) -> None:
        try:
            more = True
            while more:
                turn, more = _turn_of(followed)
                if turn is not None:
                    self._hand_over(event, turn)
        except TouchlineError as error:
            self._end(event)
            self._hand_over(event, error)
            return
        followed.sockets = followed.subscriber.sockets()
        now, timer = clock.now(), followed.subscriber.next_timer()
        followed.due = now + seconds_left(now, timer, longest=IDLE_SECONDS)

    def _hand_over(self, event: str, turn: FeedTurn | TouchlineError) -> None:
        self._on_loop(lambda: self._on_turn(event, turn))

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is None:
            raise AssertionError("the thread runs before it was started")
        # The loop may be closed already if it did not wait for this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)


def _turn_of(followed: _FollowedEvent) -> tuple[FeedTurn | None, bool]:
    """Let a subscriber work; return its turn, None without news, and whether there is more."""
    feed = followed.subscriber
    messages: list[Any] = []
    restarted = False
    first = feed.next(0.0)
    items = feed.core.items()
    if first is not None:
        items.appendleft(first)
    while items and len(messages) < MOST_MESSAGES:
        match items.popleft():
            case Heartbeat():
                pass
            case Notice(kind="diverged"):
                messages.clear()
                restarted = True
                followed.seq = 0
            case Notice() as notice:
                note(logger, logging.INFO, notice.text, event=feed.source.event)
            case message:
                messages.append(message)
    more = bool(items)
    seq = messages[-1].seq if more and messages else feed.core.tracker.seq
    standing = _standing(feed, seq, whole=not more)
    setup = feed.setup if feed.setup is not followed.setup else None
    if not messages and setup is None and not restarted and standing == followed.standing:
        return None, more
    trail = feed.core.tracker.trail[followed.seq * DIGEST_BYTES : seq * DIGEST_BYTES]
    followed.seq, followed.setup, followed.standing = seq, feed.setup, standing
    return FeedTurn(standing, messages, bytes(trail), restarted, setup), more


def _standing(feed: Subscriber, seq: int, *, whole: bool) -> Standing:
    core = feed.core
    at = (seq - 1) * DIGEST_BYTES
    return Standing(
        epoch=core.tracker.epoch,
        seq=seq,
        digest=bytes(core.tracker.trail[at : at + DIGEST_BYTES]) if seq else bytes(DIGEST_BYTES),
        state=core.state,
        cause=core.cause,
        present=core.present,
        claims=core.claims,
        disputed=core.disputed,
        pending=core.pending,
        recounts=core.recounts,
        whole=whole and core.tracker.whole and feed.setup is not None,
        hosted=feed.source.hosted,
        away=feed.source.away,
        last_received=core.last_received,
    )
