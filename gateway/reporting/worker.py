"""The people who report through this gateway, as peers: one thread runs them all.

Somebody is at the event while their page is connected, for a while after they have said something,
and until all they have said is with the host. Who leaves in good order is taken leave of; who is
lost falls silent, so that the host takes the silence for what it is: a page that is cut off is a
reporter who is cut off, however well the gateway itself may hear the host.
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
from ...protocol.errors import (
    Overloaded,
    Revoked,
    StorageFault,
    TouchlineError,
    Unreachable,
    Untrusted,
)
from ...protocol.messages import Confirm, Fate
from ...runtime import clock
from ...runtime.waker import Waker
from ...timeline import json as timeline_json
from ..feed.follower import Connect
from .outbox import Ledger
from .schema import Asked, Kept, Told, Unfit, told
from .web_sessions import PATIENCE, Person, WebSessions

logger = logging.getLogger(__name__)

Json = dict[str, object]

Tell = Callable[[str, Json], object]
"""Tells the pages of a person, by id, something; is called on the loop and may not wait."""

T = TypeVar("T")

FIRST_WORD = 1.5
"""Seconds that a page which has come is given to say what it has kept, before the host is told that
its reporter is there: an outage is put together once all who are back have told all they have."""

QUIET_SECONDS = 150.0
"""How long after their last word somebody without a connected page stays: claims live for 120."""

LEFT_SECONDS = 15.0
"""How long after a page was closed, which may only be loaded again."""

LOST_SECONDS = 5.0
"""How long after a page was lost, which may be back at once."""

AGAIN_SECONDS = 5.0
"""How long after a refusal or a fault it is tried again; doubles up to `AGAIN_MOST`."""

AGAIN_MOST = 300.0

LOOKS = 20
"""Outboxes that are looked into in one turn, for what an earlier run left there."""

IDLE_SECONDS = 5.0
"""The longest wait without looking."""

SWEEP_SECONDS = 60.0
"""How often those who are gone are looked for."""

SOCKETS_EACH = 8
"""Sockets that one reporter takes of ZeroMQ, those of its own monitors included."""


class _Desk:
    """One person's reporter, while it runs; of the thread alone."""

    def __init__(self, person: Person, people: WebSessions, link: Any) -> None:
        self._link = link
        try:
            self.ledger = Ledger(people.outbox(person))
        except StorageFault:
            link.close()
            raise
        self.reporter = Reporter(person.event, link, self.ledger)
        self.pending = bool(self.ledger.pending())
        self._undecided = self.ledger.undecided()
        self._renumbered = self.ledger.renumbered
        self._stored = -1
        self._asked: Confirm | None = None

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        return self.reporter.sockets()

    def next_timer(self) -> float | None:
        return self.reporter.next_timer()

    def keep(self, reports: Sequence[Asked | Unfit]) -> list[Told]:
        """Keep reports and send them; return what has become of each."""
        found, new = self.ledger.keep(reports)
        if any(said.event.title == "confirm" for said in new):
            self.reporter.asked = self._asked = None
        self.reporter.send(new)
        self.pending = self.pending or bool(new)
        self._undecided |= {said.n: "" for said in new}
        return [told(each) for each in found]

    def pump(self) -> list[Json]:
        """Let the reporter work; return what its person is to be told."""
        self.reporter.pump(0.0)
        if self.ledger.renumbered != self._renumbered:
            self._renumbered = self.ledger.renumbered
            self._undecided = self.ledger.undecided()
        core = self.reporter.core
        if core.stored != self._stored:
            self._stored = core.stored
            self.pending = bool(self.ledger.pending())
        news = {
            n: fate
            for n, outcome in self._undecided.items()
            if (fate := self._fate(n)) is not None and fate.outcome != outcome
        }
        kept = self.ledger.note(news) if news else []
        say: list[Json] = [msgspec.to_builtins(told(each)) for each in kept]
        for n, fate in news.items():
            if fate.outcome == "stored":
                self._undecided[n] = "stored"
            else:
                del self._undecided[n]
        if self.reporter.asked is not self._asked:
            self._asked = self.reporter.asked
            say += self.question()
        return say

    def question(self) -> list[Json]:
        """Return the host's question for the score, where it is open."""
        return [] if self._asked is None else [timeline_json.to_json(self._asked)]

    def _fate(self, n: int) -> Fate | None:
        core = self.reporter.core
        return core.fates.get(n) or (Fate(n=n, outcome="stored") if n <= core.stored else None)

    def close(self, *, silent: bool) -> None:
        self.reporter.close(silent=silent)
        self._link.close()


@dataclass(slots=True)
class _Stay:
    """Somebody who is at an event; of the thread alone. Times are monotonic seconds."""

    person: Person
    pages: int = 0
    until: float = 0.0  # stays till then, whoever else there is
    open_at: float = 0.0  # the desk is not opened before
    silent: bool = False  # was lost, and did not leave
    desk: _Desk | None = None
    failure: TouchlineError | None = None  # why the desk was closed, since the host was last there
    pending: bool = False  # something waited for the host when the desk was closed
    due: float = 0.0
    pause: float = AGAIN_SECONDS  # after the next failure

    def wanted(self, now: float) -> bool:
        pending = self.desk.pending if self.desk is not None else self.pending
        return self.pages > 0 or now < self.until or pending


class ReportingWorker:
    """Everybody who reports through this gateway.

    Args:
        people: who they are.
        connect: makes the link of one of them.
        tell: tells their pages what becomes of reports, and what the host asks.
        most: reporters that run at one time. Of more, those who are only to deliver what is kept
            wait; further ones who have come are refused with OVERLOADED.
    """

    def __init__(
        self, people: WebSessions, connect: Connect, tell: Tell, *, most: int = 200
    ) -> None:
        self.open = 0
        """Reporters that run now."""
        self.reports = 0
        """Reports that were kept since the start."""
        self._people = people
        self._connect = connect
        self._push = tell
        self._most = most
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="reporters")
        self._waker = Waker()
        self._wishes: deque[Callable[[], None]] = deque()
        self._stopping = False
        # Of the thread alone:
        self._context: zmq.Context[Any] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, min(65_535, SOCKETS_EACH * most + 64))
        self._stays: dict[str, _Stay] = {}
        self._sweep_at = 0.0
        self._look = deque(people.everybody())

    # ── on the loop ──────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the thread; what is kept from before is delivered."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Take leave of all hosts and end the thread; what is not delivered stays on disk."""
        self._stopping = True
        if self._thread.is_alive():
            self._waker.wake()
            await asyncio.to_thread(self._thread.join)
        self._waker.close()
        self._context.destroy(linger=200)

    def arrive(self, person: Person) -> Callable[[bool], None]:
        """Note that a page of somebody's is connected.

        Returns:
            What is to be called once when the connection has ended, with whether the page left
            (it was closed on purpose) and was not lost.
        """
        self._wish(lambda: self._arrive(person))
        return lambda left: self._wish(lambda: self._leave(person, in_good_order=left))

    async def keep(self, person: Person, reports: Sequence[Asked | Unfit]) -> list[Told]:
        """Keep somebody's reports on disk and send them on; return what has become of each.

        Raises:
            TouchlineError: the disk refuses, too many people report, the gateway stops, or the
                person was revoked.
        """
        return await self._do(lambda: self._keep(person, reports))

    async def kept(self, person: Person) -> list[Told]:
        """Return what has become of all that somebody has reported, oldest first."""
        return await self._do(lambda: [told(kept) for kept in self._kept(person)])

    def sign_out(self, person: Person) -> None:
        """Let somebody go, once what they have said is delivered."""
        self._wish(lambda: self._sign_out(person))

    async def _do(self, step: Callable[[], T]) -> T:
        if self._stopping or not self._thread.is_alive():
            raise Unreachable("the gateway is about to stop")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = step()
            except TouchlineError as error:
                fault: TouchlineError = error
                self._on_loop(lambda: None if future.done() else future.set_exception(fault))
            else:
                self._on_loop(lambda: None if future.done() else future.set_result(result))

        self._wish(run)
        return await future

    def _wish(self, wish: Callable[[], None]) -> None:
        self._wishes.append(wish)
        self._waker.wake()

    def _tell(self, person: Person, messages: list[Json]) -> None:
        for message in messages:
            self._push(person.id, message)

    # ── on the thread ────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        except Exception:  # the thread's last word: without it the gateway would only fall silent
            logger.exception("nobody can report through this gateway any more")
            raise
        finally:
            self._stopping = True
            while self._wishes:
                self._wishes.popleft()()
            for stay in self._stays.values():
                self._close(stay, silent=stay.silent and not stay.pages)

    def _turn(self) -> None:
        readable = self._poll()
        now = clock.now()
        while self._wishes:
            self._wishes.popleft()()
        for stay in list(self._stays.values()):
            self._attend(stay, readable, now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self._look.extend(self._people.left(clock.wall()))
        for _ in range(min(LOOKS, len(self._look))):
            self._look_after(self._look.popleft(), now)

    def _poll(self) -> set[int]:
        poller = zmq.Poller()
        poller.register(self._waker.fileno(), zmq.POLLIN)
        now = clock.now()
        due = now if self._look else min(now + IDLE_SECONDS, self._sweep_at)
        for stay in self._stays.values():
            due = min(due, stay.due)
            for each in stay.desk.sockets if stay.desk else ():
                poller.register(each, zmq.POLLIN)
        readable = {id(each) for each, _ in poller.poll(max(0, round((due - now) * 1_000 + 0.5)))}
        self._waker.drain()
        return readable

    def _attend(self, stay: _Stay, readable: set[int], now: float) -> None:
        """Open, serve or close one person's desk."""
        if not stay.wanted(now):
            self._close(stay, silent=stay.silent)
            del self._stays[stay.person.id]
            return
        if stay.desk is None and now >= stay.open_at and self._room(stay):
            with contextlib.suppress(TouchlineError):  # told already, and tried again
                self._open(stay)
        if stay.desk is not None and (
            stay.due <= now or any(id(each) in readable for each in stay.desk.sockets)
        ):
            self._serve(stay)
        timers = [now + IDLE_SECONDS]
        if stay.desk is None:
            timers.append(stay.open_at if stay.open_at > now else now + 1.0)
        elif (timer := stay.desk.next_timer()) is not None:
            timers.append(timer)
        if now < stay.until and not stay.pages:
            timers.append(stay.until)
        stay.due = min(timers)

    def _serve(self, stay: _Stay) -> None:
        if stay.desk is None:
            raise AssertionError("served without a desk")
        try:
            say = stay.desk.pump()
        except TouchlineError as error:
            self._fail(stay, error)
            return
        if stay.desk.reporter.session.open:
            stay.pause, stay.failure = AGAIN_SECONDS, None
        if say:
            self._on_loop(lambda: self._tell(stay.person, say))

    def _fail(self, stay: _Stay, error: TouchlineError) -> None:
        if isinstance(stay.failure, Revoked) and isinstance(error, Untrusted):
            error = stay.failure  # who was revoked is not let in even to be told so
        logger.warning("%s of %s: %s", stay.person.name, stay.person.event, error.sentence)
        self._close(stay, silent=False)
        stay.failure = error
        stay.open_at = clock.now() + stay.pause
        stay.pause = min(2 * stay.pause, AGAIN_MOST)
        say: list[Json] = [{"type": "error", "code": error.code, "reason": error.sentence}]
        self._on_loop(lambda: self._tell(stay.person, say))

    def _room(self, stay: _Stay) -> bool:
        """Make room for one more; those who only deliver make room for those who are there."""
        if self.open < self._most:
            return True
        now = clock.now()
        for other in self._stays.values():
            if other.desk is not None and not other.pages and now >= other.until:
                if stay.pages or now < stay.until:
                    self._close(other, silent=other.silent)
                    other.open_at = now + SWEEP_SECONDS
                    return True
                break
        return False

    def _open(self, stay: _Stay) -> None:
        person = stay.person
        try:
            folder = self._people.folder(person.id)
            link = self._connect(person.name, ("reporter",), folder, self._context)
            stay.desk = _Desk(person, self._people, link)
        except TouchlineError as error:
            self._fail(stay, error)
            raise
        self.open += 1
        stay.due = 0.0

    def _close(self, stay: _Stay, *, silent: bool) -> None:
        if stay.desk is not None:
            stay.pending = stay.desk.pending
            stay.desk.close(silent=silent)
            stay.desk = None
            self.open -= 1

    def _stay(self, person: Person) -> _Stay:
        return self._stays.setdefault(person.id, _Stay(person))

    def _arrive(self, person: Person) -> None:
        now = clock.now()
        stay = self._stay(person)
        stay.pages += 1
        stay.silent = False
        if stay.desk is None and stay.pages == 1 and now >= stay.until:
            stay.open_at = max(stay.open_at, now + FIRST_WORD)
        stay.due = 0.0
        open_question = stay.desk.question() if stay.desk else []
        if open_question:
            self._on_loop(lambda: self._tell(person, open_question))

    def _leave(self, person: Person, *, in_good_order: bool) -> None:
        stay = self._stay(person)
        stay.pages = max(0, stay.pages - 1)
        stay.due = 0.0
        if not stay.pages:
            stay.silent = not in_good_order
            stay.until = clock.now() + (LEFT_SECONDS if in_good_order else LOST_SECONDS)

    def _keep(self, person: Person, reports: Sequence[Asked | Unfit]) -> list[Told]:
        now = clock.now()
        stay = self._stay(person)
        if isinstance(stay.failure, Revoked):
            raise stay.failure
        if not stay.pages:
            stay.until = now + QUIET_SECONDS
            stay.silent = False
        stay.due = 0.0
        if stay.desk is None:
            if not self._room(stay):
                raise Overloaded(f"{self.open:,} people report, at most {self._most:,} at one time")
            self._open(stay)
        if stay.desk is None:
            raise AssertionError("opened, and not there")
        found = stay.desk.keep(reports)
        self.reports += sum(each.outcome == "kept" for each in found)
        return found

    def _kept(self, person: Person) -> list[Kept]:
        stay = self._stays.get(person.id)
        if stay is not None and stay.desk is not None:
            return stay.desk.ledger.kept()
        path = self._people.outbox(person)
        if not path.exists():
            return []
        ledger = Ledger(path)
        try:
            return ledger.kept()
        finally:
            ledger.close()

    def _sign_out(self, person: Person) -> None:
        stay = self._stays.get(person.id)
        if stay is not None:
            stay.pages = 0
            stay.until = 0.0
            stay.silent = False
            stay.due = 0.0
        self._sweep_at = 0.0

    def _look_after(self, person: Person, now: float) -> None:
        """Deliver what is still kept of somebody who is not here, and forget who has gone."""
        stay = self._stays.get(person.id)
        gone = clock.wall() > person.expires + PATIENCE
        if stay is not None and not gone:
            return
        waiting = self._waiting(person)
        if gone or (not waiting and self._people.has_left(person, clock.wall())):
            if stay is not None:
                self._close(stay, silent=False)
                del self._stays[person.id]
            self._people.forget(person)
        elif waiting:
            self._stays[person.id] = _Stay(person, pending=True, open_at=now)

    def _waiting(self, person: Person) -> bool:
        path = self._people.outbox(person)
        if not path.exists():
            return False
        try:
            ledger = Ledger(path)
        except StorageFault:
            return False
        try:
            return bool(ledger.pending())
        except StorageFault:
            return False
        finally:
            ledger.close()

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is None:
            raise AssertionError("the thread runs before it was started")
        # The loop may be closed already where it did not wait for this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)
