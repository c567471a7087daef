"""One simulated reporter of a crowd, reporting to a real host over a real network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import zmq

from ...peer import Link, Reporter
from ...peer.link.service import lock
from ...peer.reporter.counters import ReporterCounters
from ...protocol import codec
from ...protocol.errors import EventOver, SettingError, Unreachable
from ...protocol.messages import Fate, Happening, Report, Timing
from ...protocol.times import SECOND
from ...runtime import clock
from ...sports import Sport, State
from ...sports.simulate.crowd import Member, Saying

LIVE = Timing(starts=0, began=0, speed=1.0)
"""The clock of an event that has none of its own: event time is wall time."""


GLANCE = 60 * SECOND
"""How much older than the question a confirmed score is, microseconds of event time: later actions
may not be on the timeline yet."""

ScoreAt = Callable[[int], str]
"""Returns the score that a reporter sees at an event time, as it is typed; empty where there is
none to type."""


def score_text(sport: Sport, state: State, origins: Sequence[str]) -> str:
    """Return a score as people type it when they confirm it; empty where it can't be typed.

    Args:
        sport: of the event.
        state: of the event.
        origins: in order; the names of two origins are left out of the headline.
    """
    text = sport.headline(state)
    for origin in origins if len(origins) == 2 else ():
        text = text.replace(origin, "", 1)
    text = " ".join(text.split())
    try:
        sport.read_score(state, text)
    except SettingError:
        return ""
    return text


@dataclass(slots=True)
class Counts:
    """The counts of one reporter's reports and their fates.

    Args:
        said: reports made.
        repeats: copies of reports that were sent again on the wire under their old numbers.
        unsent: reports that the host has not confirmed as stored.
        accepted, expired, refused: fates that the host sent before the reporter left; any other
            report was stored, and is still open or was decided later.
    """

    said: int = 0
    repeats: int = 0
    unsent: int = 0
    accepted: int = 0
    expired: int = 0
    refused: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            *(getattr(self, name) + getattr(other, name) for name in Counts.__dataclass_fields__)
        )


def wall_of(at: int, timing: Timing) -> int:
    """Return the wall time at which an event's clock shows `at`; 0 (long ago) at speed 0.

    Args:
        at: event time, microseconds.
        timing: the event's clock.
    """
    if not timing.speed:
        return 0
    return timing.began + round((at - timing.starts) / timing.speed)


def run_member(
    member: Member,
    event_id: str,
    link: Link,
    outbox_path: Path,
    timing: Timing | None,
    *,
    pace: Timing | None = None,
    shift: int = 0,
    stop: threading.Event | None = None,
    opened: Callable[[], None] = lambda: None,
    on_saying: Callable[[Saying], None] = lambda _saying: None,
    wall: Callable[[], int] = clock.wall,
    patience: float = 30.0,
    linger: float = 0.0,
    score: ScoreAt | None = None,
    stay: Callable[[], bool] = lambda: False,
    counters: ReporterCounters | None = None,
) -> Counts:
    """Report the sayings of one member of a crowd at their times, and return when all are stored.

    While the member's link is down, nothing is sent or received, and reports stay in the outbox;
    afterwards the member greets the host anew and sends the pending reports.

    Args:
        member: its name, and its sayings with their times.
        event_id: the event, which need not be hosted yet.
        link: this member's own link to the broker; the caller closes it.
        outbox_path: the member's own outbox.
        timing: the event's clock; None: the event is live.
        pace: the clock by which sayings and drops are due; None: `timing`. At speed 0 all are due
            at once, in order.
        shift: microseconds added to every reported time.
        stop: set it to make the member leave early.
        opened: called when the session is open; may wait for other members.
        on_saying: called after each saying, from this thread.
        wall: the true wall clock, microseconds; the member's own differs by its offset.
        patience: seconds to wait for the host at the start and for the last receipt at the end.
        linger: seconds to wait, when all is stored, for the fates of undecided reports.
        score: the member's answer when the host asks for the score after an outage.
        stay: called again and again after the last saying; the member stays while it returns True.
        counters: for the member's reporter to count in.

    Raises:
        TouchlineError: the host could not be reached within `patience`, or refused the member.
            The end of the event is not an error: the member leaves.
    """
    timing = timing or LIVE
    skew = round(member.clock_offset * SECOND / (timing.speed or 1.0))
    with Reporter(
        event_id, link, outbox_path, lambda: wall() + skew, counters=counters
    ) as reporter:
        answer = None if score is None else Answer(score, timing, member.clock_offset)
        reporting = _CrowdReporter(
            reporter, link, wall, skew, shift, stop or threading.Event(), answer
        )
        try:
            reporting.join(patience)
            opened()
            try:
                for at, do in _agenda(member, reporting, on_saying):
                    if not reporting.wait_until(wall_of(at, pace or timing)):
                        break
                    do()
                reporting.come_back()
                reporting.settle(patience, linger)
                reporting.stay(stay)
            except EventOver:
                pass  # the event ended before the member's last saying: the earlier ones count
            return reporting.counts()
        finally:
            reporting.close()


Deed = Callable[[], None]


def _agenda(
    member: Member, reporting: _CrowdReporter, on_saying: Callable[[Saying], None]
) -> list[tuple[int, Deed]]:
    """Return the deeds of a member with their event times, in order."""

    def speak(saying: Saying) -> Deed:
        def do() -> None:
            reporting.speak(saying)
            on_saying(saying)

        return do

    deeds: list[tuple[int, Deed]] = []
    for begin, end in member.drops:
        deeds += [(begin, reporting.drop_out), (end, reporting.come_back)]
    deeds += [(saying.at, speak(saying)) for saying in member.sayings]
    deeds.sort(key=lambda deed: deed[0])
    return deeds


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a reporter when the host asks for the score.

    Args:
        score: returns the score at an event time.
        timing: the event's clock.
        ahead: seconds by which the reporter's clock is ahead of the event's.
    """

    score: ScoreAt
    timing: Timing
    ahead: float

    def give(self, reporter: Reporter, wall: int, shift: int) -> None:
        """Answer, if there is a score to type.

        Args:
            reporter: the reporter that the host asks.
            wall: the true wall time, microseconds.
            shift: microseconds added to every reported time.
        """
        reporter.asked = None
        at = self.timing.starts + round((wall - self.timing.began) * self.timing.speed) - GLANCE
        text = self.score(at)
        if text:
            reporter.confirm(text, at + round(self.ahead * SECOND) + shift)


class _CrowdReporter:
    """A reporter whose link goes down, and which sends reports twice."""

    def __init__(
        self,
        reporter: Reporter,
        link: Link,
        wall: Callable[[], int],
        skew: int,
        shift: int,
        stop: threading.Event,
        answer: Answer | None,
    ) -> None:
        self._answer = answer
        self._reporter = reporter
        self._link = link
        self._wall = wall
        self._skew = skew
        self._shift = shift
        self._stop = stop
        self._cut = False
        self._numbers: dict[int, tuple[int, int]] = {}  # saying's n: (report's n, when made)
        self._held: list[Saying] = []  # repeats that wait until their reports are stored
        self._push: zmq.Socket[bytes] | None = None
        self._repeats = 0

    def join(self, patience: float) -> None:
        """Wait until the session is open, or the member is stopped."""
        until = clock.now() + patience
        while not self._stop.is_set():
            try:
                self._reporter.wait_open(min(0.5, max(0.0, until - clock.now())))
                return
            except Unreachable:
                if clock.now() >= until:
                    raise

    def wait_until(self, wall: int) -> bool:
        """Take part until a wall time, microseconds; return False where the member is stopped
        before."""
        while not self._stop.is_set():
            left = (wall - self._wall()) / SECOND
            if not self._cut:
                self._pump(max(0.0, min(left, 0.2)))
            elif left > 0:
                self._stop.wait(left)
            if left <= 0:
                return True
        return False

    def speak(self, saying: Saying) -> None:
        """Report a saying; a repeat sends the same report again."""
        if saying.kind == "repeat":
            if self._cut:
                self._held.append(saying)
            else:
                self._repeat(saying)
            return
        action = saying.action
        stated = action.time + self._shift
        said_at = self._wall() + self._skew
        n = self._reporter.say(action.title, action.origin, stated, action.details)
        self._numbers[saying.n] = (n, said_at)

    def _repeat(self, saying: Saying) -> None:
        known = self._numbers.get(saying.n)
        session = self._reporter.session
        invitation, setup = session.invitation, session.setup
        if known is None or setup is None or invitation is None or invitation.endpoints is None:
            return
        if self._push is None:
            # A socket of its own: the reporter does not know of this copy.
            self._push = self._link.context.socket(zmq.PUSH)
            if invitation.key:
                lock(self._push, self._link.identity, invitation.key)
            self._push.ipv6 = "[" in invitation.endpoints.pull
            self._push.connect(invitation.endpoints.pull)
        action = saying.action
        stated = action.time + self._shift
        happening = Happening(action.title, action.origin, stated, dict(action.details))
        n, said_at = known
        self._push.send(codec.encode(Report(token=setup.badge, n=n, time=said_at, event=happening)))
        self._repeats += 1

    def drop_out(self) -> None:
        """Lose the link: the session is closed, so that reports stay in the outbox."""
        if not self._cut:
            self._cut = True
            self._greet()

    def come_back(self) -> None:
        """Get the link back, and greet the host as after any reconnection."""
        if self._cut:
            self._cut = False
            self._greet()

    def _pump(self, seconds: float) -> None:
        self._reporter.pump(seconds)
        if self._reporter.asked is not None and self._answer is not None:
            self._answer.give(self._reporter, self._wall(), self._shift)
        if self._held and not self._reporter.pending:
            held, self._held = self._held, []
            for saying in held:
                self._repeat(saying)

    def _greet(self) -> None:
        self._reporter.session.reconnected(clock.now(), self._wall() + self._skew)

    def settle(self, patience: float, linger: float) -> None:
        """Wait until all reports are stored, then up to `linger` seconds for their fates."""
        until = clock.now() + patience
        while self._unsaid() and clock.now() < until and not self._stop.is_set():
            self._pump(0.1)
        until = clock.now() + linger
        while self._undecided() and clock.now() < until and not self._stop.is_set():
            self._pump(0.1)

    def stay(self, wanted: Callable[[], bool]) -> None:
        """Take part without further reports while `wanted` returns True."""
        while not self._stop.is_set() and wanted():
            self._pump(0.2)

    def _unsaid(self) -> bool:
        return bool(self._held) or self._reporter.pending > 0

    def _undecided(self) -> bool:
        return any(
            fate is None or fate.outcome == "stored" for fate in map(self._fate, self._numbers)
        )

    def _fate(self, saying_n: int) -> Fate | None:
        return self._reporter.fate(self._numbers[saying_n][0])

    def counts(self) -> Counts:
        """Return the counts of the reports and their known fates."""
        counts = Counts(
            said=len(self._numbers), repeats=self._repeats, unsent=self._reporter.pending
        )
        for fate in map(self._fate, self._numbers):
            match fate.outcome if fate is not None else "":
                case "accepted":
                    counts.accepted += 1
                case "expired":
                    counts.expired += 1
                case "refused":
                    counts.refused += 1
        return counts

    def close(self) -> None:
        """Close the socket of the repeats."""
        if self._push is not None:
            self._push.close(linger=200)
