"""The reporter's sockets: PUSH for reports, a session for everything else.

A reporter does nothing by itself: its program calls `pump`, or a method that waits and pumps, as
often as it likes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import zmq
from msgspec.structs import replace

from ...protocol import codec, limits, messages
from ...protocol.errors import TooLarge, TouchlineError, Unreachable
from ...protocol.messages import Ask, Detail, Fate, Happening, Invitation, Said, Setup
from ...protocol.text import check_texts
from ...runtime import clock
from ...runtime.logs import note, report_id
from ...runtime.poll_loop import PollLoop
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..link import Link
from ..session import Session
from .core import ReporterCore, check_size
from .counters import ReporterCounters
from .outbox import Outbox
from .questions import OpenQuestions

_log = logging.getLogger(__name__)

KEPT_SECONDS = 0.5
"""How long the broker may take before the reporter follows the invitation of an earlier run."""


class Reporter:
    """One reporter of one event.

    Args:
        event: its id.
        link: the link to the broker; the caller closes it after the reporter.
        outbox: the file of the reporter's outbox for this event, or the outbox itself, which
            `close` closes.
        wall: returns the reporter's wall clock, microseconds since 1970 UTC.
        brief: the reporter stays for a report or two: the host does not watch over it.
        answers: a person is there whom the host may ask whether something happened (`asked_about`).
        counters: to count in, which may be shared with other reporters of the same thread.

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
        answers: bool = False,
        counters: ReporterCounters | None = None,
    ) -> None:
        self.session = Session(
            event, "reporter", last=lambda: self._outbox.last, brief=brief, answers=answers
        )
        self.asked: messages.Confirm | None = None
        """The host's open question for the score, with the reason; see `confirm`."""
        self.stepped = 0
        """Microseconds by which the clock was set, forward where it is positive, as the host has
        seen it; the caller reads it and sets it to 0."""
        self.core = ReporterCore(event, link.identity, counters)
        self._questions = OpenQuestions()
        self._link = link
        self._wall = wall
        self._brief = brief
        self._outbox = Outbox(outbox) if isinstance(outbox, Path) else outbox
        self.core.waits(self._outbox.count())
        self._connection = HostConnection(self.session, link)
        self._loop = PollLoop()
        self._push: zmq.Socket[bytes] | None = None
        self._setup: Setup | None = None
        self._moved: dict[int, int] = {}  # from the number that `say` returned to the present one
        self._kept = self._kept_invitation()
        self._use_kept_at = clock.now() + KEPT_SECONDS

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def setup(self) -> Setup | None:
        """The host's newest setup; None before the first."""
        return self._setup

    @property
    def asked_about(self) -> Mapping[int, Ask]:
        """The open questions whether something happened, by claim, oldest first; see `answer`."""
        return self._questions.by_claim

    @property
    def pending(self) -> int:
        """The number of reports that the host has not confirmed."""
        return self._outbox.count()

    def sockets(self) -> list[zmq.Socket[bytes]]:
        """Return the sockets that a poller has to watch; they change with each new connection.

        Call `pump` when one of them can be read, and at `next_timer`.
        """
        return self._connection.sockets

    def say(
        self,
        title: str,
        origin: str = "",
        time: int | None = None,
        details: Mapping[str, Detail] | None = None,
        *,
        seen: int = 0,
    ) -> int:
        """Report an action; the report is stored until the host has confirmed it.

        Args:
            title: the action.
            origin: the origin of the action, such as a team.
            time: when it happened, microseconds by this reporter's clock; None: now.
            details: the details of the action.
            seen: the number of the newest open claim that the reporter had been shown before.

        Returns:
            The report's number; `fate` gives its fate.

        Raises:
            BadReport: nothing in a detail's text can be seen; the report is not stored.
            TooLarge: the report does not fit into a frame; it is not stored.
            StorageFault: the report can't be stored.
        """
        check_texts(details or {})
        wall = self._wall()
        happening = Happening(title, origin, wall if time is None else time, dict(details or {}))
        size = check_size(Said(n=2**62, time=wall, event=happening, seen=seen))
        if size > limits.FRAME_BYTES:
            raise TooLarge(f"report of {size:,} bytes, at most {limits.FRAME_BYTES:,} allowed")
        said = self._outbox.add(happening, wall, seen)
        self.send([said])
        return said.n

    def send(self, said: Sequence[Said]) -> None:
        """Send reports that are new in the outbox, now or when the session opens."""
        for one in said:
            self._moved.pop(one.n, None)
            self._note("a report is kept", one.n)
        self.core.said(said, clock.now())
        if said and self.session.open:
            self._send(self.core.frames(said, clock.now()))

    def confirm(self, score: str, time: int | None = None) -> int:
        """Report the score, which the host asks for now and then (`asked`).

        Args:
            score: as it is written in this sport, such as `2-1`.
            time: when the score was this, microseconds by the event's clock as this reporter has
                it; None: now, by the wall clock.

        Returns:
            The number of this report; see `say`.
        """
        self.asked = None
        return self.say("confirm", time=time, details={"score": score})

    def answer(self, claim: int, yes: bool) -> int:
        """Answer the host's question about a claim (`asked_about`).

        Args:
            claim: its number.
            yes: whether it happened.

        Returns:
            The number of this report; see `say`.
        """
        self._questions.answered(claim)
        return self.say("answer", details={"claim": claim, "yes": yes})

    def drop_question(self, claim: object) -> None:
        """Forget the question about a claim: a report that answers it was made elsewhere."""
        self._questions.answered(claim)

    def fate(self, n: int) -> Fate | None:
        """Return the newest known fate of a report; None before the first."""
        number = self._moved.get(n, n)
        fate = self.core.fates.get(number)
        if fate is None and 0 < number <= self.core.stored:
            return Fate(n=n, outcome="stored")
        return fate

    def pump(self, seconds: float = 0.0) -> None:
        """Send and receive.

        Args:
            seconds: how long to wait at most for something to receive or send.

        Raises:
            TouchlineError: the event does not exist, or the broker or the host refuses this peer.
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
        """Wait until the session is open; return the host's setup.

        Raises:
            Unreachable: the session is not open after `seconds`; the sentence says why.
        """
        until = clock.now() + seconds
        while not self.session.open or self._setup is None:
            if clock.now() >= until:
                raise self._missing(seconds)
            self.pump(min(0.2, max(0.0, until - clock.now())))
        return self._setup

    def wait_fate(self, n: int, seconds: float, outcomes: tuple[str, ...] = ()) -> Fate | None:
        """Wait until the fate of a report is one of `outcomes`, or any where that is empty; return
        the newest fate, also when `seconds` have passed."""
        until = clock.now() + seconds
        while True:
            fate = self.fate(n)
            if fate is not None and (not outcomes or fate.outcome in outcomes):
                return fate
            if clock.now() >= until:
                return fate
            self.pump(min(0.2, max(0.001, until - clock.now())))

    def close(self, *, silent: bool = False) -> None:
        """Leave the event, and close the sockets and the outbox, which keeps the pending reports.

        Args:
            silent: leave without a detach, as a reporter whose connection breaks: to the host, the
                silence that follows is an outage.
        """
        if self.session.open and not self._brief and not silent:
            # After a detach, the silence that follows is no outage.
            detach = messages.Detach(id=self.session.request_id(), event=self.session.event)
            self._connection.send(codec.encode(detach))
        if self._push is not None:
            self._push.close(linger=200)
            self._push = None
        self._connection.close()
        self._outbox.close()
        self.core.waits(0)  # the outbox waits on disk; this reporter is gone

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
        return earliest(
            self._connection.next_timer(),
            self.core.next_timer(),
            self._questions.next_timer(),
            self._use_kept_at,
        )

    def _turn(self) -> None:
        now, wall = clock.now(), self._wall()
        was_open = self.session.open
        for reply in self._connection.pump(now, wall):
            match reply:
                case Setup() if self.session.open:
                    self._open(reply, now)
                case messages.Confirm():
                    self.asked = reply
                case Ask():
                    self._questions.take(reply, now)
                case messages.Receipt():
                    self.stepped += reply.stepped
                    for fate in reply.fates:
                        self._note("a report's fate is known", fate.n, fate)
                    if self.core.receipt(reply, now):
                        self._outbox.confirmed(self.core.stored)
        self._questions.drop_old(now)
        if now >= self._use_kept_at:
            self._use_kept(now, wall)
        if self._connection.connected:
            self._reconnect()
        if was_open and not self.session.open:
            self.core.closed()
        due = self.core.next_timer()
        if self.session.open and due is not None and now >= due:
            self._send(self.core.resend(self._outbox.pending(), now))

    def _kept_invitation(self) -> Invitation | None:
        """Return the stored invitation; None where there is none that this key can read."""
        kept = self._outbox.invitation
        if kept is None or kept.token:
            return kept
        token = self._link.identity.unseal(self._outbox.sealed_token)
        return None if token is None else replace(kept, token=token.decode())

    def _use_kept(self, now: float, wall: int) -> None:
        """Follow the stored invitation where the broker is slow: a reporter that has joined before
        does not need the broker."""
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
            sealed = self._link.identity.seal(invitation.token.encode())
            self._outbox.keep_invitation(invitation, sealed)
            self._kept = invitation
        moved = self._outbox.attached(setup.n, invitation.key, setup.journal)
        if moved:
            self.core.renumbered(moved)
            before = self._moved
            self._moved = {said: moved.get(number, number) for said, number in before.items()}
            self._moved |= {n: moved[n] for n in moved.keys() - set(before.values())}
        self._questions.set_time(setup.time, now)
        self.core.opened(setup.badge, setup.n, now, self._outbox.count())

    def _note(self, text: str, n: int, fate: Fate | None = None) -> None:
        note(
            _log,
            logging.DEBUG,
            text,
            event=self.session.event,
            peer=self._link.identity.peer,
            report=report_id(self._link.identity.peer, n),
            outcome=fate.outcome if fate else "",
            entry=fate.entry_id if fate else "",
            code=fate.code if fate else "",
        )

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
        """Push frames; a frame that can't be sent now is sent again with the pending reports."""
        for frame in frames:
            if self._push is None:
                return
            try:
                self._push.send(frame, zmq.NOBLOCK)
            except zmq.Again:
                return
