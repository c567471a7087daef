"""The server's socket, and the source of its datagrams: a feed that it follows, or a match.

Tested over real sockets in tests/integration/test_datagrams.py.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial

from ..peer import Link, Subscriber
from ..peer.subscriber.core import SubscriberCore
from ..protocol.errors import AddressTaken, TouchlineError
from ..protocol.messages import Card, FeedMessage
from ..runtime import clock
from ..runtime.poll_loop import PollLoop
from ..runtime.waker import Waker
from .core import DatagramCore, LogLine, Sent
from .options import Options
from .packing import pack
from .snapshots import MatchSnapshots

MOST_READ = 2_048
"""The most bytes that are read of a client's datagram."""

RECEIVE_BYTES = 1_048_576
"""The size of the socket's buffer for received datagrams: a client sends `register` only once."""

TURN = 200
"""The most datagrams that are read before others are sent."""

LOOK_SECONDS = 1.0
"""The longest wait of the loop."""

FEED_SECONDS = 0.25
"""The longest wait for the feed before the thread looks whether the server stops."""

_log = logging.getLogger("touchline.datagrams")


class DatagramServer:
    """Serves the datagrams of one event: call `run()`, and `stop()` from any thread.

    Args:
        options: its settings.
        waits: whether nothing is sent before the first client has registered.
        on_log: called with each line of the log.

    Raises:
        AddressTaken: the port is taken or not allowed.
    """

    def __init__(
        self,
        options: Options,
        *,
        waits: bool = False,
        on_log: Callable[[LogLine], None] | None = None,
    ) -> None:
        self.core = DatagramCore(options, waits=waits)
        self.socket = _bound(options)
        self.address: tuple[str, int] = self.socket.getsockname()[:2]
        """The address on which it listens."""
        self.failure: TouchlineError | None = None
        """Why the feed can't be followed; None where it can."""
        self.played = False
        """Whether it sends a feed that it was given whole."""
        self.feed: SubscriberCore | None = None
        """The core of the feed that it follows; None before that, and where it was given one."""
        self._on_log = on_log
        self._waker = Waker()
        self._poll = PollLoop(self.socket.fileno(), waker=self._waker)
        self._coming: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End `run` soon; any thread or a signal may call this."""
        self._stopped.set()
        self._waker.wake()

    def play(self, card: Card, feed: Iterable[FeedMessage]) -> None:
        """Queue a whole feed, and the end after it; call it before `run`.

        Args:
            card: of the event.
            feed: its messages in order.
        """
        self.played = True
        snapshots = MatchSnapshots(card, self.core.options.language)
        for message in feed:
            snapshot = snapshots.take(message)
            if snapshot is not None:
                self.core.add(pack(snapshot))
        self.core.close()

    def follow(self, link: Link, card: Card, *, from_start: bool) -> None:
        """Follow an event and queue its datagrams, until it is finished or the server stops.

        It runs in a thread of its own, which alone uses the link.

        Args:
            link: to the broker.
            card: of the event.
            from_start: whether the actions so far are sent as well.
        """
        try:
            with Subscriber(card.event, link) as feed:
                self.feed = feed.core
                self._follow(feed, MatchSnapshots(card, self.core.options.language), from_start)
        except TouchlineError as error:
            self.failure = error
            self.stop()

    def _follow(self, feed: Subscriber, snapshots: MatchSnapshots, from_start: bool) -> None:
        joined: int | None = None
        while not self._stopped.is_set() and not snapshots.finished:
            item = feed.next(FEED_SECONDS)
            if joined is None and feed.setup is not None:
                joined = feed.setup.seq
            if not isinstance(item, FeedMessage):
                continue
            snapshot = snapshots.take(item)
            if snapshot is not None:
                past = not from_start and joined is not None and item.seq <= joined
                self._do(partial(self.core.past if past else self.core.add, pack(snapshot)))
        self._do(self.core.close)

    def _do(self, deed: Callable[[], None]) -> None:
        """Call something on the thread of `run`."""
        self._coming.put(deed)
        self._waker.wake()

    def run(self) -> None:
        """Serve until every client has been sent the end, or until `stop`.

        Raises:
            TouchlineError: the feed can't be followed.
        """
        try:
            while not (self._stopped.is_set() or self.core.over):
                self._turn()
            if self.failure is not None:
                raise self.failure
        finally:
            self._stopped.set()
            self.socket.close()
            self._waker.close()

    def _turn(self) -> None:
        readable = self._poll.wait(self.core.next_timer(), longest=LOOK_SECONDS)
        with contextlib.suppress(queue.Empty):
            while True:
                self._coming.get_nowait()()
        if self.socket.fileno() in readable:
            self._take()
        self._send(self.core.handle_timer(clock.now()))
        lines, self.core.log = self.core.log, []
        if self._on_log is not None:
            for line in lines:
                self._on_log(line)

    def _take(self) -> None:
        for _ in range(TURN):
            try:
                data, address = self.socket.recvfrom(MOST_READ)
            except BlockingIOError:
                return
            except OSError as error:
                # A client that is gone may cause an error of the next call.
                _log.info("a client can't be reached: %s", error)
                continue
            self._send(self.core.received(address, data, clock.now()))

    def _send(self, sent: Iterable[Sent]) -> None:
        for address, data in sent:
            try:
                self.socket.sendto(data, address)
            except OSError as error:  # the next count shows the loss to the client
                self.core.counters["unsent"] += 1
                _log.info("can't send to %s: %s", address[0], error)


def _bound(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        bound.bind((options.address, options.port))
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise AddressTaken(
            f"can't listen on UDP {options.host}:{options.port}: {reason}; choose another --port"
        ) from error
    bound.setblocking(False)
    return bound
