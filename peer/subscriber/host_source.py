"""A feed from its host: SUB for what is published, a session for replays and clocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import zmq

from ...protocol import codec, limits, messages
from ...protocol.errors import TouchlineError
from ...protocol.messages import Setup
from ...runtime.poll_loop import Source
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..link import Link
from ..session import Session
from .core import SubscriberCore
from .silence import Cause, of_host

DRAIN = 1_000
"""The most frames that are read before the ready items are handed out."""


UNREAD = 2_000
"""The most frames that ZeroMQ holds until they are read; the host holds 10,000 more."""

PUBLISHED_BYTES = limits.FRAME_BYTES + 4_096
"""The most bytes of such a frame, with its topic and what encryption adds."""


class HostSource:
    """The sockets of one subscriber to the event's host.

    Args:
        event: its id.
        core: takes what comes.
        link: the link to the broker; the caller closes it after the source.
        wall: returns the wall clock, microseconds since 1970 UTC.
        withholds: see `Subscriber`.
    """

    def __init__(
        self,
        event: str,
        core: SubscriberCore,
        link: Link,
        wall: Callable[[], int],
        *,
        withholds: bool,
    ) -> None:
        self.session = Session(event, "viewer", self._counts, withholds=withholds)
        self.setup: Setup | None = None
        self._core = core
        self._wall = wall
        self._connection = HostConnection(self.session, link)
        self._sub: zmq.Socket[bytes] | None = None
        self._more = False  # the host has published more than a turn takes in
        self._renew_at = 0.0  # when the SUB may be made anew once more, monotonic

    @property
    def event(self) -> str:
        """The event's id."""
        return self.session.event

    @property
    def hosted(self) -> bool | None:
        """Whether the event has a host; None before the broker has said."""
        return self.session.hosted

    @property
    def away(self) -> str:
        """Why the broker did not answer; empty where it did."""
        return self.session.away.sentence if self.session.away is not None else ""

    @property
    def waiting(self) -> str:
        """What the feed waits for; empty where it waits for nothing."""
        if self.session.hosted is False:
            return f"event {self.session.event} has no host yet"
        if self.session.shut is not None:
            return self.session.shut.sentence
        return self.away

    @property
    def failure(self) -> TouchlineError | None:
        """Why broker or host refuse this peer; None while they do not."""
        return self.session.failure

    def turn(self, now: float) -> None:
        """Receive, and ask for what is missing."""
        core, session, wall = self._core, self.session, self._wall()
        for reply in self._connection.pump(now, wall):
            match reply:
                case Setup():
                    self.setup = reply
                    core.joined(reply, now, asked=session.asked_seq or 0)
                    session.asked_seq = None
                case messages.Block():
                    core.replayed(reply, now, wall + session.offset)
        if self._connection.connected:
            self._resubscribe()
        self._drain(now, wall + session.offset)
        if core.handle_timer(now) or core.moved:
            core.moved = False
            session.rejoin(now)
        if core.stale and session.open and now >= self._renew_at:
            # ZeroMQ gives up the connection of a SUB for good where the host refuses it once.
            self._renew_at = now + 2 * core.interval
            self._resubscribe()
        wanted = core.tracker.wanted(now) if session.open else None
        if wanted is not None:
            first, last = wanted
            replay = messages.Replay(
                id=session.request_id(), event=session.event, first=first, last=last
            )
            self._connection.send(codec.encode(replay))

    def silence(self) -> Cause:
        """Return the cause of the host's silence, by whether the broker answers."""
        return of_host(broker=self.session.broker)

    def sockets(self) -> list[Source]:
        """Return the sockets to watch; they change with each new connection."""
        return self._connection.sockets + ([self._sub] if self._sub is not None else [])

    def next_timer(self) -> float | None:
        """Return when `turn` is to be called at the latest (monotonic seconds)."""
        if self._more:
            return 0.0
        return earliest(
            self._connection.next_timer(), self._core.next_timer(asking=self.session.open)
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

    def _counts(self) -> tuple[int, int, int, int, int]:
        of = self._core.tracker.counters
        return self._core.tracker.seq, of.received, of.lost, of.repaired, of.duplicate

    def _drain(self, now: float, host_wall: int) -> None:
        if self._sub is None:
            return
        self._more = False
        with contextlib.suppress(zmq.Again):
            for _ in range(DRAIN):
                self._core.published(self._sub.recv(zmq.NOBLOCK), now, host_wall)
            self._more = True

    def _resubscribe(self) -> None:
        self._connection.connected = False
        if self._sub is not None:
            self._sub.close(linger=0)
        endpoints = self._connection.endpoints
        if endpoints is None:
            raise AssertionError("connected to nowhere")
        self._sub = self._connection.open(zmq.SUB, endpoints.pub)
        # With both, a host that publishes faster than is read here fills no memory.
        self._sub.setsockopt(zmq.RCVHWM, UNREAD)
        self._sub.setsockopt(zmq.MAXMSGSIZE, PUBLISHED_BYTES)
        self._sub.setsockopt(zmq.SUBSCRIBE, codec.topic(self.session.event))
        self._sub.connect(endpoints.pub)
