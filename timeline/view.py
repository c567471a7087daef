"""What a follower of an event sees: its lines in match order, its score and clock, its state."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .. import sports
from ..protocol.errors import TouchlineError
from ..protocol.messages import Alarm, Card, Entry, Finished, Heartbeat, Pending, Restored
from ..protocol.text import plain
from ..protocol.times import SECOND
from .feed import Item, Notice
from .timeline import Timeline, action_of

MARKS = {"PROVISIONAL": "one voice", "CONFIRMED": "", "UPDATED": "amended", "DELETED": "deleted"}
"""What people are told of an entry's status."""

DELAYS = {
    "": "",
    "DELAYED": "delayed",
    "RECONSTRUCTED": "reconstructed",
    "RECONSTRUCTION_INACCURATE": "inaccurate",
}
"""What people are told of an entry's delay status."""

CAUSES = frozenset(
    {"venue_lost", "reconstructing", "disagree", "host_trouble", "host_lost", "link_lost", "silent"}
)
"""Kinds of `silence.Cause` that are states of a board; `quiet` is `live`."""

SUSPENDED = (
    "Nobody at the venue is heard. What happens there now will be put together when they are back."
)
"""What people are told of an alarm; since when, the feed's line says."""

UNHEARD = frozenset({"connecting", "waiting", "stale", "silent", "host_lost", "link_lost"})
"""States in which the host has nothing to say."""

WAITING = frozenset({"connecting", "waiting", "stale", "live"})
"""States after which one only waits for the host; in others more is known."""

STATES = {
    "connecting": "connecting",
    "waiting": "waiting for the host",
    "live": "live",
    "disagree": "live, reporters disagree",
    "venue_lost": "suspended since {}",
    "reconstructing": "suspended, reconstructing since {}",
    "host_trouble": "host in trouble since {}",
    "stale": "stale since {}",
    "silent": "stale since {}",
    "host_lost": "host lost since {}",
    "link_lost": "link lost since {}",
    "finished": "finished",
}
"""The state of a feed in a few words; {} is when it began."""

DIGITS = 18
"""Digits of an entry id that still counts as a number."""


@dataclass(slots=True)
class Line:
    """One entry as it is shown.

    Args:
        entry: its newest version.
        late: it came after something that happened later.
        changed: monotonic; when this version came.
    """

    entry: Entry
    late: bool
    changed: float

    @property
    def mark(self) -> str:
        """What is to be said about the entry beside its text, in a word or two; may be empty."""
        entry = self.entry
        delay = DELAYS[entry.delay_status]
        # What is said to be inaccurate was published again for that, not amended.
        status = MARKS[entry.status] if delay != "inaccurate" or entry.status == "DELETED" else ""
        words = [status, delay or ("late" if self.late else "")]
        return ", ".join(word for word in words if word)

    @property
    def key(self) -> tuple[int, int, str]:
        """The place in match order."""
        return match_key(self.entry)


@dataclass(slots=True)
class Interruption:
    """The line that says that contact with the venue was lost, or is back.

    Args:
        time: where it belongs in the event, microseconds.
        clock: the match clock then, or the time of day.
        text: what is to be said.
        restored: contact is back, and what happened is put together.
    """

    time: int
    clock: str
    text: str
    restored: bool = False


class LiveView:
    """What a feed says, put together for people.

    Args:
        card: what the broker knows of the event.
    """

    def __init__(self, card: Card) -> None:
        self.card = card
        self.headline = ""
        self.lines: list[Line] = []
        """In match order."""
        self.interruptions: list[Interruption] = []
        """In the order in which they came."""
        self.state = "connecting"
        """One of `STATES`."""
        self.since = 0
        """Wall time at which the state began, microseconds."""
        self.told = ""
        """The newest notice's sentence; empty when all is well."""
        self.epoch = 0
        self.present = 0
        self.claims = 0
        self.pending: tuple[Pending, ...] = ()
        """The newest open claims, newest first, as whoever follows the feed has them."""
        self._by_id: dict[str, Line] = {}
        self._timeline: Timeline | None = None
        self._kinds: dict[str, sports.Kind] = {}
        self._clear()

    def _clear(self) -> None:
        """Begin as before the first entry."""
        card = self.card
        self.lines.clear()
        self.interruptions.clear()
        self._by_id.clear()
        try:
            sport = sports.get(card.sport)
            self._kinds = {kind.title: kind for kind in sport.kinds(card.rules)}
            self._timeline = Timeline(sport, sport.start(card.origins, card.rules, card.lineups))
        except TouchlineError:
            self._timeline = None  # a sport that is not installed here: the entries say enough
            return
        self._sport = sport
        self.headline = plain(sport.headline(self._timeline.state))

    def take(self, item: Item, now: float, wall: int) -> None:
        """Take what the feed gives.

        Args:
            item: what a subscriber gets.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        match item:
            case Entry():
                self._put(item, now)
                self._heard(wall)
            case Alarm():
                self._lose(item)
                self._become("venue_lost", item.last_received)
            case Restored():
                self.headline = plain(item.headline) or self.headline
                self._restore(item)
                self._become("live", wall)
            case Finished():
                self.headline = plain(item.headline)
                self._become("finished", wall)
            case Heartbeat():
                self.present, self.claims = item.present, item.claims
                self._heard(wall)
            case Notice():
                self._note(item, wall)
        if not isinstance(item, Notice):
            self.epoch = max(self.epoch, item.epoch)

    @property
    def play(self) -> sports.State | None:
        """The sport's own state after everything that stands; None where it is not known here."""
        return self._timeline.state if self._timeline is not None else None

    def line(self, entry: Entry) -> Line:
        """Return the line of an entry that was taken."""
        return self._by_id[entry.entry_id]

    def rows(self) -> Iterator[Line | Interruption]:
        """Yield the lines and the interruptions between them, the latest in match order first."""
        between = sorted(self.interruptions, key=lambda one: one.time)
        for line in reversed(self.lines):
            while between and between[-1].time >= line.entry.time:
                yield between.pop()
            yield line
        yield from reversed(between)

    @property
    def undecided(self) -> tuple[Pending, ...]:
        """The newest open claims of which somebody speaks; none where their host is not heard."""
        if self.state in UNHEARD or self.state == "finished":
            return ()
        return tuple(one for one in self.pending if one.for_)

    def words(self, claim: Pending) -> str:
        """Return what a claim is about."""
        kind = self._kinds.get(claim.title)
        text = kind.text if kind else claim.title.replace("_", " ")
        return plain(f"{text}, {claim.origin}" if claim.origin else text)

    def clock(self, wall: int) -> str:
        """Return the match clock now; the newest entry's where the sport is not known here."""
        if self.state == "finished" or not self.lines:
            return ""
        timing = self.card.timing
        if self._timeline is None or (timing is not None and not timing.speed):
            return plain(self.lines[-1].entry.clock)
        time = wall
        if timing is not None:
            time = timing.starts + round((wall - timing.began) * timing.speed)
        # The event's own clock may lag behind what hasty people reported.
        return plain(self._sport.clock(self._timeline.state, max(time, self.lines[-1].entry.time)))

    def _put(self, entry: Entry, now: float) -> None:
        self.headline = plain(entry.headline)
        self._fold(entry)
        line = self._by_id.get(entry.entry_id)
        if line is None:
            late = bool(self.lines) and match_key(entry) < self.lines[-1].key
            line = self._by_id[entry.entry_id] = Line(entry, late, now)
        else:
            del self.lines[bisect_left(self.lines, line.key, key=lambda other: other.key)]
            line.entry, line.changed = entry, now
        insort(self.lines, line, key=lambda other: other.key)

    def _fold(self, entry: Entry) -> None:
        """Keep the sport's state, for the clock; a feed that does not fit ends that."""
        if self._timeline is None:
            return
        fits = not sports.misfit(self._kinds, self.card.origins, action_of(entry))
        if fits and _is_number(entry.entry_id):
            self._timeline.put(entry)
        else:
            self._timeline = None

    def _lose(self, alarm: Alarm) -> None:
        """Say that contact is lost: once an outage, however often the alarm is repeated."""
        since = time_of_day(alarm.last_received)
        alarms = "" if alarm.number == 1 else f", {alarm.number} alarms"
        text = f"Contact with the venue lost: nothing heard since {since}{alarms}"
        last = self.interruptions[-1] if self.interruptions else None
        if last is not None and not last.restored and alarm.number > 1:
            last.text = text
            return
        time = self._event_time(alarm.last_received)
        self.interruptions.append(Interruption(time, self._clock_at(time), text))

    def _restore(self, restored: Restored) -> None:
        self.interruptions.append(
            Interruption(
                restored.until, self._clock_at(restored.until), restored_words(restored), True
            )
        )

    def _event_time(self, wall: int) -> int:
        """Return what the event's clock shows at a wall time; where it has no relation to it, the
        time of the last entry."""
        timing = self.card.timing
        if timing is None:
            return wall
        if not timing.speed:
            return self.lines[-1].entry.time if self.lines else timing.starts
        return timing.starts + round((wall - timing.began) * timing.speed)

    def _clock_at(self, time: int) -> str:
        shown = self._sport.clock(self._timeline.state, time) if self._timeline else ""
        return plain(shown) or time_of_day(time)

    def _note(self, notice: Notice, wall: int) -> None:
        kind = notice.kind
        if kind == "waiting" and self.state not in UNHEARD | {"live"}:
            return  # the broker is away, but the host has more to say
        if kind == "diverged":  # what was shown is void; it is read again
            self._clear()
        elif kind in {"live", "quiet"}:
            self._become("live", wall)
        elif kind in CAUSES and self.state in {"stale", "silent"}:
            self._become(kind, self.since)  # the same silence, of which more is known now
        elif kind == "venue_lost" and self.state == kind:
            pass  # the alarm has said since when
        elif kind == "stale" or kind in CAUSES or (kind == "waiting" and self.state in WAITING):
            self._become(kind, wall)
        if kind == "venue_lost":
            self.told = SUSPENDED
        elif kind not in {"live", "quiet"}:
            self.told = plain(notice.text)

    def _heard(self, wall: int) -> None:
        """Note a sign of the host's life; what else there is to say, notices tell."""
        if self.state in {"connecting", "waiting", "stale"}:
            self._become("live", wall)
        elif self.state == "live":
            self.told = ""

    def _become(self, state: str, wall: int) -> None:
        if self.state == "finished":
            return
        if state == "live":
            self.told = ""
        if state != self.state:
            self.state, self.since = state, wall


def _is_number(entry_id: str) -> bool:
    return entry_id.isascii() and entry_id.isdecimal() and len(entry_id) <= DIGITS


def match_key(entry: Entry) -> tuple[int, int, str]:
    """Return what sorts entries in match order: by time, then by number."""
    number = int(entry.entry_id) if _is_number(entry.entry_id) else 0
    return entry.time, number, entry.entry_id


def clock_of(entry: Entry) -> str:
    """Return the match clock of an entry; where the sport has none, the time of day."""
    return plain(entry.clock) or time_of_day(entry.time)


def time_of_day(wall: int) -> str:
    """Return a wall-clock time as clocks on the wall here show it; empty if no calendar has it.

    Args:
        wall: microseconds since 1970 UTC.
    """
    try:
        return datetime.fromtimestamp(wall / SECOND).astimezone().strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


def evidence_of(entry: Entry) -> str:
    """Return the evidence in a few words: `5 of 12, 0.8 s`."""
    evidence = entry.evidence
    against = f", {evidence.against} against" if evidence.against else ""
    return f"{evidence.for_} of {evidence.present}{against}, {span(evidence.latency_ms / 1000)}"


def tally_of(claim: Pending) -> str:
    """Return how far a claim has come: `2 of 3`, `2 of 3, 1 against`."""
    against = f", {claim.against} against" if claim.against else ""
    return f"{claim.for_} of {claim.needed}{against}"


def span(seconds: float) -> str:
    """Return a length of time in at most six characters: `12 ms`, `0.8 s`, `42 s`, `3 min`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def state_words(board: LiveView) -> str:
    """Return the state of a feed in a few words."""
    return STATES[board.state].format(time_of_day(board.since))


def restored_words(restored: Restored) -> str:
    """Return what an outage came to, in a sentence or two."""
    plural = "entry" if restored.entries == 1 else "entries"
    text = f"Contact is back: {restored.entries} {plural} reconstructed"
    if restored.inaccurate:
        text += f", {restored.inaccurate} inaccurate"
    text += ", the score confirmed" if restored.confirmed else ", the score not confirmed"
    return text + (f": {plain(restored.reason)}" if restored.reason else "")


def interruption_text(one: Interruption) -> str:
    """Return an interruption as one plain line."""
    return f"{one.clock:>8}  == {one.text}"


def line_text(line: Line) -> str:
    """Return an entry as one plain line."""
    entry = line.entry
    reason = f": {plain(entry.reason)}" if entry.reason else ""
    mark = f" ({line.mark}{reason})" if line.mark else ""
    text = plain(entry.text) or plain(f"{entry.title} {entry.origin}")
    return f"{clock_of(entry):>8}  {text}{mark}  [{evidence_of(entry)}]"
