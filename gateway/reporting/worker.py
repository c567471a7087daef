"""The people who report through this gateway, as peers: one thread runs them all.

A person's peer runs while a page of the person is connected, for a while after the last report, and
until the host has all reports. When a page is closed, the peer leaves the event; when a page is
lost, the peer falls silent: a person who is cut off must look cut off to the host, however well the
gateway itself hears the host. Tested in `tests/integration/test_gateway_reports.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import zmq

from ...peer import Reporter
from ...peer.reporter.counters import ReporterCounters
from ...protocol.errors import (
    Overloaded,
    Revoked,
    StorageFault,
    TouchlineError,
    Unreachable,
    Untrusted,
)
from ...protocol.messages import Ask, Confirm, Fate
from ...runtime import clock
from ...runtime.poll_loop import PollLoop, Source
from ...runtime.thread_calls import ThreadCalls
from ...runtime.timers import seconds_left
from ...runtime.waker import Waker
from ...timeline import json as timeline_json
from ..feed.follower import STOPPING, Connect
from .devices import Devices
from .outbox import IdempotentOutbox
from .schema import Asked, KeptReport, ReportFate, Unfit, fate_of
from .web_sessions import PATIENCE, WebSession, WebSessions

logger = logging.getLogger(__name__)

Json = dict[str, object]

Tell = Callable[[str, Json], object]
"""Sends a message to the pages of a session, by id; called on the loop, must not wait."""

T = TypeVar("T")

FIRST_WORD = 1.5
"""Seconds that a page gets to send its kept reports, before its peer attaches to the host.

The host reconstructs an outage once all reporters that are back have sent all their reports.
"""

QUIET_SECONDS = 150.0
"""How long a peer stays after its last report without a page: claims live for 120 seconds."""

LEFT_SECONDS = 15.0
"""How long a peer stays after its page was closed: the page may only be reloading."""

LOST_SECONDS = 5.0
"""How long a peer stays after its page was lost: the page may be back at once."""

AGAIN_SECONDS = 5.0
"""The pause after a refusal or a fault; doubles up to `AGAIN_MOST`."""

AGAIN_MOST = 300.0

CHECKS = 20
"""The most outboxes of earlier runs that are checked in one turn."""

IDLE_SECONDS = 5.0
"""The longest wait of the thread."""

SWEEP_SECONDS = 60.0
"""How often ended sessions are checked."""

SOCKETS_EACH = 8
"""ZeroMQ sockets of one reporter, including its monitors."""


class _RunningReporter:
    """The reporter of one session, while it runs; used by the thread alone."""

    def __init__(
        self,
        session: WebSession,
        web_sessions: WebSessions,
        link: Any,
        counters: ReporterCounters,
    ) -> None:
        self._link = link
        try:
            self.outbox = IdempotentOutbox(web_sessions.outbox(session))
        except StorageFault:
            link.close()
            raise
        self.reporter = Reporter(
            session.event, link, self.outbox.outbox, answers=True, counters=counters
        )
        self.pending = bool(self.outbox.outbox.pending())
        self._undecided = self.outbox.undecided()
        self._renumbered = self.outbox.renumbered
        self._stored = -1
        self._asked: Confirm | None = None
        self._shown_claims: list[int] | None = None  # the open questions of which the pages know

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        return self.reporter.sockets()

    def next_timer(self) -> float | None:
        return self.reporter.next_timer()

    def keep(self, reports: Sequence[Asked | Unfit]) -> list[ReportFate]:
        """Keep reports and send them; return the fate of each."""
        found, new = self.outbox.keep(reports)
        if any(said.event.title == "confirm" for said in new):
            self.reporter.asked = self._asked = None
        for said in new:
            if said.event.title == "answer":
                self.reporter.drop_question((said.event.details or {}).get("claim"))
        self.reporter.send(new)
        self.pending = self.pending or bool(new)
        self._undecided |= {said.n: "" for said in new}
        return [fate_of(each) for each in found]

    def pump(self) -> list[Json]:
        """Let the reporter work; return the messages for the pages of its session."""
        self.reporter.pump(0.0)
        if self.outbox.renumbered != self._renumbered:
            self._renumbered = self.outbox.renumbered
            self._undecided = self.outbox.undecided()
        core = self.reporter.core
        if core.stored != self._stored:
            self._stored = core.stored
            self.pending = bool(self.outbox.outbox.pending())
        news = {
            n: fate
            for n, outcome in self._undecided.items()
            if (fate := self._fate(n)) is not None and fate.outcome != outcome
        }
        kept = self.outbox.record(news) if news else []
        say: list[Json] = [msgspec.to_builtins(fate_of(each)) for each in kept]
        for n, fate in news.items():
            if fate.outcome == "stored":
                self._undecided[n] = "stored"
            else:
                del self._undecided[n]
        if self.reporter.asked is not self._asked:
            self._asked = self.reporter.asked
            say += self.question()
        if self._shown_claims != list(self.reporter.asked_about):
            self._shown_claims = list(self.reporter.asked_about)
            say.append(self.questions())
        return say

    def question(self) -> list[Json]:
        """Return the host's question for the score, while it is open."""
        return [] if self._asked is None else [timeline_json.to_json(self._asked)]

    def questions(self) -> Json:
        """Return the host's open questions whether something happened, oldest first."""
        asks = [timeline_json.to_json(ask) for ask in self.reporter.asked_about.values()]
        return {"type": "questions", "event": self.reporter.session.event, "questions": asks}

    def _fate(self, n: int) -> Fate | None:
        core = self.reporter.core
        return core.fates.get(n) or (Fate(n=n, outcome="stored") if n <= core.stored else None)

    def close(self, *, silent: bool) -> None:
        self.reporter.close(silent=silent)
        self._link.close()


@dataclass(slots=True)
class _Attendance:
    """A session that takes part in its event; used by the thread alone, in monotonic seconds."""

    session: WebSession
    pages: int = 0
    until: float = 0.0  # it takes part until then, also without a page
    open_at: float = 0.0  # the reporter does not start before
    silent: bool = False  # the last page was lost, not closed
    running: _RunningReporter | None = None
    failure: TouchlineError | None = None  # why the reporter ended; None once the host answers
    pending: bool = False  # reports waited for the host when the reporter ended
    due: float = 0.0  # when it is served next
    pause: float = AGAIN_SECONDS  # after the next failure

    def wanted(self, now: float) -> bool:
        pending = self.running.pending if self.running is not None else self.pending
        return self.pages > 0 or now < self.until or pending


class ReportingWorker:
    """The reporters of all sessions of a gateway, in one thread.

    Args:
        web_sessions: all sessions.
        devices: the keys of most of them.
        connect: makes the link of a session's peer.
        tell: sends the fates of reports and the host's questions to pages.
        most: reporters that run at one time. Beyond it, sessions that only deliver kept reports
            wait, and reports of further sessions are refused with OVERLOADED.
        counters: for all reporters to count in.
    """

    def __init__(
        self,
        web_sessions: WebSessions,
        devices: Devices,
        connect: Connect,
        tell: Tell,
        *,
        most: int = 200,
        counters: ReporterCounters | None = None,
    ) -> None:
        self.open = 0
        """The number of reporters that run now."""
        self.reports = 0
        """The number of reports kept since the start."""
        self._web_sessions = web_sessions
        self._devices = devices
        self._connect = connect
        self._push = tell
        self._most = most
        self._counters = counters or ReporterCounters()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="reporters")
        self._waker = Waker()
        self._poll_loop = PollLoop(waker=self._waker)
        self._calls = ThreadCalls(self._waker.wake)
        self._stopping = False
        # Of the thread alone:
        self._context: zmq.Context[Any] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, min(65_535, SOCKETS_EACH * most + 64))
        self._attendances: dict[str, _Attendance] = {}
        self._sweep_at = 0.0
        self._look = deque(web_sessions.all())

    # ── on the loop ──────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the thread, and deliver the kept reports of earlier runs."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Leave all hosts and end the thread; undelivered reports stay on disk."""
        self._stopping = True
        if self._thread.is_alive():
            self._waker.wake()
            await asyncio.to_thread(self._thread.join)
        self._waker.close()
        self._context.destroy(linger=200)

    def arrive(self, session: WebSession) -> Callable[[bool], None]:
        """Take note that a page of a session is connected.

        Returns:
            A function to call once when the connection has ended; True: the page was closed on
            purpose, False: it was lost.
        """
        self._calls.put(lambda: self._arrive(session))
        return lambda left: self._calls.put(lambda: self._leave(session, in_good_order=left))

    async def keep(self, session: WebSession, reports: Sequence[Asked | Unfit]) -> list[ReportFate]:
        """Keep the reports of a session on disk and send them on; return the fate of each.

        Raises:
            TouchlineError: the reports can't be stored, too many people report, the gateway
                stops, or the session's peer is revoked.
        """
        return await self._do(lambda: self._keep(session, reports))

    async def kept(self, session: WebSession) -> list[ReportFate]:
        """Return the fates of all reports of a session, oldest first."""
        return await self._do(lambda: [fate_of(kept) for kept in self._kept(session)])

    async def is_here(self, session: WebSession) -> bool:
        """Return whether a page of a session is connected."""
        return await self._do(lambda: self._is_here(session))

    async def questions(self, session: WebSession) -> list[Ask]:
        """Return the host's open questions to a session whether something happened."""
        return await self._do(lambda: self._questions(session))

    def sign_out(self, session: WebSession) -> None:
        """End a session's part in its event, once its reports are delivered."""
        self._calls.put(lambda: self._sign_out(session))

    async def _do(self, step: Callable[[], T]) -> T:
        if self._stopping or not self._thread.is_alive():
            raise Unreachable(STOPPING)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def refuse(error: Exception) -> None:
            self._on_loop(lambda: None if future.done() else future.set_exception(error))

        def run() -> None:
            try:
                result = step()
            except TouchlineError as error:
                refuse(error)
            except Exception:  # it ends this thread, and whoever waits would wait for ever
                refuse(Unreachable(STOPPING))
                raise
            else:
                self._on_loop(lambda: None if future.done() else future.set_result(result))

        self._calls.put(run, lambda: refuse(Unreachable(STOPPING)))
        return await future

    def _tell(self, session: WebSession, messages: list[Json]) -> None:
        for message in messages:
            self._push(session.id, message)

    # ── on the thread ────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
            self._calls.run()  # what was said by then is kept
        except Exception:  # without this line in the log, the gateway would only fall silent
            logger.exception("reporting through this gateway has ended")
            raise
        finally:
            self._stopping = True
            self._calls.end()
            for attendance in self._attendances.values():
                self._close(attendance, silent=attendance.silent and not attendance.pages)

    def _turn(self) -> None:
        readable = self._wait()
        now = clock.now()
        self._calls.run()
        for attendance in list(self._attendances.values()):
            self._attend(attendance, readable, now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self._look.extend(self._web_sessions.left(clock.wall()))
        for _ in range(min(CHECKS, len(self._look))):
            self._look_after(self._look.popleft(), now)

    def _wait(self) -> set[Source]:
        """Wait until there is something to do; return the sockets that can be read."""
        attendances = self._attendances.values()
        running = [each.running for each in attendances if each.running is not None]
        self._poll_loop.watch([socket for each in running for socket in each.sockets])
        timers = [each.due for each in attendances]
        timers.append(0.0 if self._look else self._sweep_at)
        return self._poll_loop.wait(*timers, longest=IDLE_SECONDS)

    def _attend(self, attendance: _Attendance, readable: set[Source], now: float) -> None:
        """Start, serve or end the reporter of one session."""
        if not attendance.wanted(now):
            self._close(attendance, silent=attendance.silent)
            del self._attendances[attendance.session.id]
            return
        if attendance.running is None and now >= attendance.open_at and self._room(attendance):
            with contextlib.suppress(
                TouchlineError
            ):  # the pages know it already; it is tried again
                self._open(attendance)
        if attendance.running is not None and (
            attendance.due <= now or not readable.isdisjoint(attendance.running.sockets)
        ):
            self._serve(attendance)
        timers: list[float | None] = []
        if attendance.running is None:
            timers.append(attendance.open_at if attendance.open_at > now else now + 1.0)
        else:
            timers.append(attendance.running.next_timer())
        if now < attendance.until and not attendance.pages:
            timers.append(attendance.until)
        attendance.due = now + seconds_left(now, *timers, longest=IDLE_SECONDS)

    def _serve(self, attendance: _Attendance) -> None:
        if attendance.running is None:
            raise AssertionError("served without a reporter")
        try:
            say = attendance.running.pump()
        except TouchlineError as error:
            self._fail(attendance, error)
            return
        if attendance.running.reporter.session.open:
            attendance.pause, attendance.failure = AGAIN_SECONDS, None
        if say:
            self._on_loop(lambda: self._tell(attendance.session, say))

    def _fail(self, attendance: _Attendance, error: TouchlineError) -> None:
        if isinstance(attendance.failure, Revoked) and isinstance(error, Untrusted):
            error = attendance.failure  # a revoked peer gets no connection, and so no reason
        logger.warning(
            "%s of %s: %s", attendance.session.name, attendance.session.event, error.sentence
        )
        self._close(attendance, silent=False)
        attendance.failure = error
        attendance.open_at = clock.now() + attendance.pause
        attendance.pause = min(2 * attendance.pause, AGAIN_MOST)
        say: list[Json] = [{"type": "error", "code": error.code, "reason": error.sentence}]
        self._on_loop(lambda: self._tell(attendance.session, say))

    def _room(self, attendance: _Attendance) -> bool:
        """Return whether one more reporter may run; one that only delivers gives way to a page."""
        if self.open < self._most:
            return True
        now = clock.now()
        for other in self._attendances.values():
            if other.running is not None and not other.pages and now >= other.until:
                if attendance.pages or now < attendance.until:
                    self._close(other, silent=other.silent)
                    other.open_at = now + SWEEP_SECONDS
                    return True
                break
        return False

    def _open(self, attendance: _Attendance) -> None:
        session = attendance.session
        try:
            folder = self._web_sessions.folder(session.id)
            if session.key:
                folder = self._devices.folder(session.key)
            link = self._connect(session.name, ("reporter",), folder, self._context)
            attendance.running = _RunningReporter(session, self._web_sessions, link, self._counters)
        except TouchlineError as error:
            self._fail(attendance, error)
            raise
        self.open += 1
        attendance.due = 0.0

    def _close(self, attendance: _Attendance, *, silent: bool) -> None:
        if attendance.running is not None:
            attendance.pending = attendance.running.pending
            attendance.running.close(silent=silent)
            attendance.running = None
            self.open -= 1

    def _attendance(self, session: WebSession) -> _Attendance:
        return self._attendances.setdefault(session.id, _Attendance(session))

    def _arrive(self, session: WebSession) -> None:
        now = clock.now()
        attendance = self._attendance(session)
        attendance.pages += 1
        attendance.silent = False
        if attendance.running is None and attendance.pages == 1 and now >= attendance.until:
            attendance.open_at = max(attendance.open_at, now + FIRST_WORD)
        attendance.due = 0.0
        if attendance.running is not None:
            running = attendance.running
            say = [*running.question(), running.questions()]
            self._on_loop(lambda: self._tell(session, say))

    def _leave(self, session: WebSession, *, in_good_order: bool) -> None:
        attendance = self._attendance(session)
        attendance.pages = max(0, attendance.pages - 1)
        attendance.due = 0.0
        if not attendance.pages:
            attendance.silent = not in_good_order
            attendance.until = clock.now() + (LEFT_SECONDS if in_good_order else LOST_SECONDS)

    def _keep(self, session: WebSession, reports: Sequence[Asked | Unfit]) -> list[ReportFate]:
        now = clock.now()
        attendance = self._attendance(session)
        if isinstance(attendance.failure, Revoked):
            raise attendance.failure
        if not attendance.pages:
            attendance.until = now + QUIET_SECONDS
            attendance.silent = False
        attendance.due = 0.0
        if attendance.running is None:
            if not self._room(attendance):
                raise Overloaded(f"{self.open:,} people report, at most {self._most:,} at one time")
            self._open(attendance)
        if attendance.running is None:
            raise AssertionError("opened, and not there")
        found = attendance.running.keep(reports)
        self.reports += sum(each.outcome == "kept" for each in found)
        return found

    def _kept(self, session: WebSession) -> list[KeptReport]:
        attendance = self._attendances.get(session.id)
        if attendance is not None and attendance.running is not None:
            return attendance.running.outbox.kept()
        path = self._web_sessions.outbox(session)
        if not path.exists():
            return []
        outbox = IdempotentOutbox(path)
        try:
            return outbox.kept()
        finally:
            outbox.close()

    def _is_here(self, session: WebSession) -> bool:
        attendance = self._attendances.get(session.id)
        return attendance is not None and attendance.pages > 0

    def _questions(self, session: WebSession) -> list[Ask]:
        attendance = self._attendances.get(session.id)
        if attendance is None or attendance.running is None:
            return []
        return list(attendance.running.reporter.asked_about.values())

    def _sign_out(self, session: WebSession) -> None:
        attendance = self._attendances.get(session.id)
        if attendance is not None:
            attendance.pages = 0
            attendance.until = 0.0
            attendance.silent = False
            attendance.due = 0.0
        self._sweep_at = 0.0

    def _look_after(self, session: WebSession, now: float) -> None:
        """Deliver the kept reports of a session without a page; forget a session that has ended."""
        attendance = self._attendances.get(session.id)
        gone = clock.wall() > session.expires + PATIENCE
        if attendance is not None and not gone:
            return
        waiting = self._waiting(session)
        if gone or (not waiting and self._web_sessions.has_left(session, clock.wall())):
            if attendance is not None:
                self._close(attendance, silent=False)
                del self._attendances[session.id]
            self._web_sessions.forget(session)
        elif waiting:
            self._attendances[session.id] = _Attendance(session, pending=True, open_at=now)

    def _waiting(self, session: WebSession) -> bool:
        path = self._web_sessions.outbox(session)
        if not path.exists():
            return False
        try:
            outbox = IdempotentOutbox(path)
        except StorageFault:
            return False
        try:
            return bool(outbox.outbox.pending())
        except StorageFault:
            return False
        finally:
            outbox.close()

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is None:
            raise AssertionError("the thread runs before it was started")
        # The loop may be closed already where it did not wait for this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)
