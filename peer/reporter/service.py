"""The reporter's sockets: PUSH for reports, a session for everything else.

A reporter does nothing by itself: the program that owns it calls `pump` (or one of the waiting
calls, which pump) as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import zmq

from ...protocol import codec, limits, messages
from ...protocol.errors import TooLarge, TouchlineError, Unreachable
from ...protocol.messages import Detail, Fate, Happening, Said, Setup
from ...runtime import clock
from ...runtime.poll_loop import PollLoop
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..link import Link
from ..session import Session
from .core import ReporterCore, check_size
from .outbox import Outbox

KEPT_SECONDS = 0.5
"""How long the broker may take before the invitation of an earlier run is used."""


class Reporter:
    """One person's reporting on one event.

    Args:
        event: its id.
        link: the link to the broker; the caller closes it after the reporter.
        outbox: the file of this person's outbox for this event, or the outbox itself, which is
            closed with the reporter.
        wall: the person's wall clock, microseconds since 1970 UTC.
        brief: for a report or two: the host does not watch over this reporter.

    Raises:
        StorageFault: the outbox can't be opened.
    """

    def __init__(
        self,
        event: str,
        link: Link,
        outbox: Path | Outbox,
        wall: Callable[[], int] = clock.wall,
        *,
        brief: bool = False,
    ) -> None:
        self.session = Session(event, "reporter", last=lambda: self._outbox.last, brief=brief)
        self.asked: messages.Confirm | None = None  # for the score, after an outage
        self.core = ReporterCore(event, link.identity)
        self._link = link
        self._wall = wall
        self._brief = brief
        self._outbox = Outbox(outbox) if isinstance(outbox, Path) else outbox
        self._connection = HostConnection(self.session, link)
        self._loop = PollLoop()
        self._push: zmq.Socket[bytes] | None = None
        self._setup: Setup | None = None
        self._moved: dict[int, int] = {}  # number that `say` returned: the one it has now
        self._kept = self._outbox.invitation
        self._use_kept_at = clock.now() + KEPT_SECONDS

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def setup(self) -> Setup | None:
        """What the host said on joining; None before that."""
        return self._setup

    @property
    def pending(self) -> int:
        """Reports that the host has not confirmed."""
        return len(self._outbox.pending())

    def sockets(self) -> list[zmq.Socket[bytes]]:
        """Return what a poller of several reporters has to watch now; a connection made anew
        changes it. When one can be read, or `next_timer` is over: `pump`."""
        return self._connection.sockets

    def say(
        self,
        title: str,
        origin: str = "",
        time: int | None = None,
        details: Mapping[str, Detail] | None = None,
    ) -> int:
        """Report an action; it is kept until the host has confirmed it.

        Args:
            title: the action.
            origin: what made it.
            time: when it happened, microseconds by this reporter's clock; None: now.
            details: what else is known of it.

        Returns:
            The report's number; `fate` tells what became of it.

        Raises:
            TooLarge: it would not fit into a frame; nothing was kept.
            StorageFault: the disk refused; nothing was kept.
        """
        wall = self._wall()
        happening = Happening(title, origin, wall if time is None else time, dict(details or {}))
        size = check_size(Said(n=2**62, time=wall, event=happening))
        if size > limits.FRAME_BYTES:
            raise TooLarge(f"report of {size:,} bytes, at most {limits.FRAME_BYTES:,} allowed")
        said = self._outbox.add(happening, wall)
        self.send([said])
        return said.n

    def send(self, said: Sequence[Said]) -> None:
        """Send what the caller has just put into the outbox, now or when the host is there."""
        for one in said:
            self._moved.pop(one.n, None)
        if said and self.session.open:
            self._send(self.core.frames(said, clock.now()))

    def confirm(self, score: str, time: int | None = None) -> int:
        """Tell the host what the score is, as it asks for after an outage (`asked`).

        Args:
            score: as people write it in this sport, such as `2-1`.
            time: when it stood so, microseconds on the event's clock as this reporter has it;
                None: now, by a wall clock.

        Returns:
            The number of this report; see `say`.
        """
        self.asked = None
        return self.say("confirm", time=time, details={"score": score})

    def fate(self, n: int) -> Fate | None:
        """Return the newest that is known of a report."""
        number = self._moved.get(n, n)
        fate = self.core.fates.get(number)
        if fate is None and 0 < number <= self.core.stored:
            return Fate(n=n, outcome="stored")
        return fate

    def pump(self, seconds: float = 0.0) -> None:
        """Send and receive for a while.

        Args:
            seconds: how long to wait for something to happen, at most.

        Raises:
            TouchlineError: the event does not exist, or the broker or host refuses this peer.
        """
        until = clock.now() + seconds
        while True:
            self._turn()
            if self.session.failure is not None:
                raise self.session.failure
            if clock.now() >= until:
                return
            self._loop.watch(self.sockets())
            if self._loop.wait(self.next_timer(), until):
                self._turn()
                return

    def wait_open(self, seconds: float) -> Setup:
        """Wait until the host has let this reporter in.

        Raises:
            Unreachable: it has not within `seconds`; the sentence says what was missing.
        """
        until = clock.now() + seconds
        while not self.session.open or self._setup is None:
            if clock.now() >= until:
                raise self._missing(seconds)
            self.pump(min(0.2, max(0.0, until - clock.now())))
        return self._setup

    def wait_fate(self, n: int, seconds: float, outcomes: tuple[str, ...] = ()) -> Fate | None:
        """Wait until a report's fate is one of `outcomes` (any, where empty) or time is up."""
        until = clock.now() + seconds
        while True:
            fate = self.fate(n)
            if fate is not None and (not outcomes or fate.outcome in outcomes):
                return fate
            if clock.now() >= until:
                return fate
            self.pump(min(0.2, max(0.001, until - clock.now())))

    def close(self, *, silent: bool = False) -> None:
        """Leave the event, and close the sockets and the outbox; what is pending stays in it.

        Args:
            silent: leave without a word, since the person was lost and did not leave: the host
                shall take the silence that follows for what it is.
        """
        if self.session.open and not self._brief and not silent:
            # In good order: the silence that follows is no outage.
            detach = messages.Detach(id=self.session.request_id(), event=self.session.event)
            self._connection.send(codec.encode(detach))
        if self._push is not None:
            self._push.close(linger=200)
            self._push = None
        self._connection.close()
        self._outbox.close()

    def _missing(self, seconds: float) -> TouchlineError:
        if self.session.hosted is False:
            return Unreachable(
                f"event {self.session.event} has no host yet;"
                f" the report is kept and is sent when there is one"
            )
        if self.session.shut is not None:
            return self.session.shut
        if self.session.away is not None:
            return self.session.away
        return Unreachable(
            f"the host of {self.session.event} did not answer within {seconds:.0f} s;"
            f" the report is kept and is sent when it is back"
        )

    def next_timer(self) -> float | None:
        """Return when `pump` is to be called at the latest (monotonic seconds)."""
        return earliest(self._connection.next_timer(), self.core.next_timer(), self._use_kept_at)

    def _turn(self) -> None:
        now, wall = clock.now(), self._wall()
        was_open = self.session.open
        for reply in self._connection.pump(now, wall):
            match reply:
                case Setup() if self.session.open:
                    self._open(reply, now)
                case messages.Confirm():
                    self.asked = reply
                case messages.Receipt():
                    if self.core.receipt(reply, now):
                        self._outbox.confirmed(self.core.stored)
        if now >= self._use_kept_at:
            self._use_kept(now, wall)
        if self._connection.connected:
            self._reconnect()
        if was_open and not self.session.open:
            self.core.closed()
        due = self.core.next_timer()
        if self.session.open and due is not None and now >= due:
            self._send(self.core.resend(self._outbox.pending(), now))

    def _use_kept(self, now: float, wall: int) -> None:
        """Go where the last invitation led, if the broker is slow to give a new one: it stops
        nobody who has joined before."""
        self._use_kept_at = float("inf")
        kept = self._kept
        if self.session.invitation is None and kept is not None and kept.expires > wall:
            self.session.invite(kept, now, wall)

    def _open(self, setup: Setup, now: float) -> None:
        self._setup = setup
        invitation = self.session.invitation
        if invitation is None:
            raise AssertionError("set up before there was an invitation")
        if invitation != self._kept:
            self._outbox.keep_invitation(invitation)
            self._kept = invitation
        moved = self._outbox.attached(setup.n)
        if moved:
            self.core.renumbered()
            before = self._moved
            self._moved = {said: moved.get(number, number) for said, number in before.items()}
            self._moved |= {n: moved[n] for n in moved.keys() - set(before.values())}
        self.core.opened(setup.badge, setup.n, now)

    def _reconnect(self) -> None:
        self._connection.connected = False
        if self._push is not None:
            self._push.close(linger=0)
        endpoints = self._connection.endpoints
        if endpoints is None:
            raise AssertionError("connected to nowhere")
        self._push = self._connection.open(zmq.PUSH, endpoints.pull)
        self._push.connect(endpoints.pull)

    def _send(self, frames: list[bytes]) -> None:
        """Push frames; one that can't go now is sent again with what is pending."""
        for frame in frames:
            if self._push is None:
                return
            try:
                self._push.send(frame, zmq.NOBLOCK)
            except zmq.Again:
                return
