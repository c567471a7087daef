"""The canary's peers: three reporters, a subscriber, and a viewer of a gateway's page."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from ...protocol import times
from ...protocol.messages import Entry
from ...runtime import clock
from ...runtime.logs import note
from ...runtime.poll_loop import PollLoop
from ...runtime.timers import earliest
from ...runtime.waker import Waker
from ..link import Link
from ..reporter.service import Reporter
from ..subscriber.service import Subscriber
from .core import PARTS, CanaryCore

VOICES = 3
"""The reporters; the event's host asks for as many, `--verdict fixed:3`."""

TITLE = "beat"
"""The action that is reported; its detail `n` is the round's."""

ORIGIN = "canary"

DEFINITION = f"""
text = "Canary"

[[actions]]
title = "{TITLE}"
text = "Beat"
window = 60
details = [{{ name = "n", text = "the round", number = true }}]
identity = ["n"]
"""
"""The custom sport of a canary's event."""

MOST_PENDING = 100
"""The most unsent reports of a reporter: while its host is away it says no more."""

LONGEST_WAIT = 1.0
"""Seconds after which the loop looks at everything again."""

_log = logging.getLogger(__name__)


class Canary:
    """A canary of one event; call `run` in the thread that made it.

    Args:
        event: its id.
        links: to the broker, with a key each: one for each voice; the first follows the feed, too.
        folder: of the outboxes.
        every: seconds between rounds.
        page: URL of a gateway; empty: no page is looked at.
    """

    def __init__(
        self, event: str, links: Sequence[Link], folder: Path, every: float, page: str = ""
    ) -> None:
        parts = PARTS if page else PARTS[:-1]
        self.core = CanaryCore(every, parts, clock.now())
        self._stack = ExitStack()
        self._reporters = [
            self._stack.enter_context(Reporter(event, link, folder / f"{event}-{n}.db"))
            for n, link in enumerate(links, 1)
        ]
        self._feed = self._stack.enter_context(Subscriber(event, links[0]))
        self._waker = Waker()
        self._stack.callback(self._waker.close)
        self._said: list[int] = []  # the numbers of the reports of the round, by reporter
        self._refused = 0  # the round whose refusal was logged
        self._shown: deque[int] = deque()  # the rounds that the page has shown
        if page:
            self._stack.enter_context(PageViewer(page, event, self._on_page))

    def __enter__(self) -> Canary:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self, go_on: Callable[[], bool]) -> None:
        """Go on with rounds until `go_on` returns False; it is called about once a second.

        Raises:
            TouchlineError: there is no such event, or the broker or the host refuses a peer.
        """
        loop = PollLoop(waker=self._waker)
        while go_on():
            now = clock.now()
            # Microseconds, so that no round of another run has the same.
            if self.core.handle_timer(now, clock.wall()):
                self._say()
            for reporter in self._reporters:
                reporter.pump()
            self._look(clock.now())
            sockets = [
                *self._feed.sockets(),
                *(s for one in self._reporters for s in one.sockets()),
            ]
            loop.watch(list(dict.fromkeys(sockets)))
            timers = [self._feed.next_timer(), *(one.next_timer() for one in self._reporters)]
            loop.wait(earliest(*timers), self.core.next_timer(), clock.now() + LONGEST_WAIT)

    def _say(self) -> None:
        self._said = []
        if any(reporter.pending > MOST_PENDING for reporter in self._reporters):
            return
        mark = self.core.mark
        self._said = [
            reporter.say(TITLE, ORIGIN, time=mark, details={"n": mark})
            for reporter in self._reporters
        ]

    def _look(self, now: float) -> None:
        """Note how far the round has come."""
        mark = self.core.mark
        fates = [one.fate(n) for one, n in zip(self._reporters, self._said, strict=False)]
        refused = next((fate for fate in fates if fate and fate.outcome == "refused"), None)
        if refused is not None and mark != self._refused:
            self._refused = mark
            note(
                _log, logging.WARNING, f"a report was refused: {refused.reason}", code=refused.code
            )
        if fates and all(fate is not None for fate in fates):
            self.core.reach("report", mark, now)
            if all(fate is not None and fate.outcome == "accepted" for fate in fates):
                self.core.reach("entry", mark, now)
        while (item := self._feed.next(0.0)) is not None:
            if isinstance(item, Entry):
                self.core.reach("feed", _mark(item.details), now)
        while self._shown:
            self.core.reach("page", self._shown.popleft(), now)

    def _on_page(self, mark: int) -> None:
        self._shown.append(mark)
        self._waker.wake()


class PageViewer:
    """Follows an event as a page does, over a gateway's WebSocket, in a thread of its own.

    Args:
        url: of the gateway.
        event: its id.
        show: called with the mark of each entry that comes, in the thread.
    """

    def __init__(self, url: str, event: str, show: Callable[[int], None]) -> None:
        scheme, _, rest = url.rstrip("/").partition("://")
        scheme = {"https": "wss", "http": "ws"}[scheme]
        self._url = f"{scheme}://{rest}/ws/events/{event}?from=end"
        self._show = show
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page")

    def __enter__(self) -> PageViewer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        while not self._ended.is_set():
            try:
                with connect(self._url, open_timeout=5.0, close_timeout=1.0) as socket:
                    self._follow(socket)
            except (OSError, WebSocketException) as error:
                note(_log, logging.INFO, "the page can't be followed", reason=str(error))
            self._ended.wait(1.0)

    def _follow(self, socket: Any) -> None:
        while not self._ended.is_set():
            try:
                message = json.loads(socket.recv(timeout=0.5))
            except TimeoutError:
                continue
            if isinstance(message, dict) and message.get("title") == TITLE:
                self._show(_mark(message.get("details") or {}))


def _mark(details: object) -> int:
    n = details.get("n") if isinstance(details, dict) else None
    return n if isinstance(n, int) and n < times.LATEST else 0
