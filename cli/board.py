"""What a follower of an event sees: its lines in match order, its score and clock, its state."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from datetime import datetime

from .. import sports
from ..peer.host.timeline import Timeline, action_of
from ..peer.subscriber.core import Item, Notice
from ..protocol.errors import TouchlineError
from ..protocol.messages import Card, Entry, Finished, Heartbeat
from ..protocol.times import SECOND
from .shared import plain

MARKS = {"PROVISIONAL": "one voice", "CONFIRMED": "", "UPDATED": "amended", "DELETED": "deleted"}
"""What people are told of an entry's status."""

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
        words = [MARKS[self.entry.status], "late" if self.late else ""]
        return ", ".join(word for word in words if word)

    @property
    def key(self) -> tuple[int, int, str]:
        """The place in match order."""
        return match_key(self.entry)


class Board:
    """What a feed says, put together for people.

    Args:
        card: what the broker knows of the event.
    """

    def __init__(self, card: Card) -> None:
        self.card = card
        self.headline = ""
        self.lines: list[Line] = []
        """In match order."""
        self.state = "connecting"
        """One of connecting, waiting, live, stale, finished."""
        self.since = 0
        """Wall time at which the state began, microseconds."""
        self.told = ""
        """The newest notice's sentence; empty when all is well."""
        self.epoch = 0
        self.present = 0
        self.claims = 0
        self._by_id: dict[str, Line] = {}
        self._timeline: Timeline | None = None
        self._kinds: dict[str, sports.Kind] = {}
        self._clear()

    def _clear(self) -> None:
        """Begin as before the first entry."""
        card = self.card
        self.lines.clear()
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
            item: an entry, the end, a heartbeat or a notice.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        match item:
            case Entry():
                self._put(item, now)
                self._become("live", wall)
            case Finished():
                self.headline = plain(item.headline)
                self._become("finished", wall)
            case Heartbeat():
                self.present, self.claims = item.present, item.claims
                self._become("live", wall)
            case Notice():
                self._note(item, wall)
        if not isinstance(item, Notice):
            self.epoch = max(self.epoch, item.epoch)

    def line(self, entry: Entry) -> Line:
        """Return the line of an entry that was taken."""
        return self._by_id[entry.entry_id]

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

    def _note(self, notice: Notice, wall: int) -> None:
        self.told = plain(notice.text)
        if notice.kind == "diverged":  # what was shown is void; it is read again
            self._clear()
        elif notice.kind in {"stale", "waiting"} and self.state != "finished":
            self._become(notice.kind, wall)
        elif notice.kind == "live":
            self._become("live", wall)

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


def state_words(board: Board) -> str:
    """Return the state of a feed in a few words."""
    match board.state:
        case "stale":
            return f"stale since {time_of_day(board.since)}"
        case "waiting":
            return "waiting for the host"
        case other:
            return other


def line_text(line: Line) -> str:
    """Return an entry as one plain line."""
    entry = line.entry
    mark = f" ({line.mark})" if line.mark else ""
    text = plain(entry.text) or plain(f"{entry.title} {entry.origin}")
    return f"{clock_of(entry):>8}  {text}{mark}  [{evidence_of(entry)}]"
