"""The one fold over a feed: what its messages come to. Pure.

`KINDS` is the table of what can come. A new message on the feed needs its struct, in
`protocol/messages/feed.py`, and its row here: the terminal, the gateway, recordings, exports,
datagrams and packets read the feed through this fold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from .. import sports
from ..protocol.errors import TouchlineError
from ..protocol.messages import Alarm, Card, Entry, Finished, Heartbeat, Recount, Restored
from ..protocol.text import plain
from ..sports import statements
from . import texts
from .condition import Condition
from .feed import Item, Notice
from .play import Play
from .rows import EntryRow, Remark

REMARKS = 1_000
"""The newest remarks that are kept."""

_key = attrgetter("key")


@dataclass(slots=True)  # not frozen, which takes three times as long to make
class Change:
    """What an item of a feed came to.

    Args:
        item: as it came.
        entry: the row of the entry that is new, or has a new version.
        remark: the remark that is new, or has a new text.
        added: whether that row is another one than before.
        aside: what it says to people, where it is neither of these; may be empty.
    """

    item: Item
    entry: EntryRow | None = None
    remark: Remark | None = None
    added: bool = False
    aside: str = ""

    @property
    def line(self) -> str:
        """The change as one plain line, without a line end; empty where it deserves none."""
        if self.entry is not None:
            return texts.entry_text(self.entry)
        if self.remark is not None:
            return texts.remark_text(self.remark)
        return texts.aside_text(self.aside) if self.aside else ""


class FeedFold:
    """What a feed has come to so far.

    Args:
        card: the event.
        play: keeps the sport's own state, where it is needed.
    """

    def __init__(self, card: Card, play: Play | None = None) -> None:
        self.card = card
        self.play = play
        self.condition = Condition()
        self.ending: Finished | None = None
        """How the event ended; None as long as it is not over."""
        self.epoch = 0
        self.present = 0
        self.claims = 0
        self._clear()

    def _clear(self) -> None:
        self.headline = ""
        """As the feed says; empty before it says one."""
        self.score: dict[str, object] = {}
        self.rows: list[EntryRow] = []
        """All entries, deleted ones as well, in match order."""
        self.standing: list[EntryRow] = []
        """Those that are not deleted, in match order."""
        self.remarks: list[Remark] = []
        """The newest `REMARKS`, in the order in which they came."""
        self._outage: Remark | None = None  # the remark of an outage that is not over
        self._by_id: dict[str, EntryRow] = {}
        self._of_play: dict[str, EntryRow] = {}  # what says that play is interrupted, or goes on
        # The titles of what shows that it does; of a sport that is not installed none is known.
        self._in_play = _in_play(self.card)

    def take(self, item: Item, now: float = 0.0, wall: int = 0) -> Change:
        """Take the next item of the feed.

        Args:
            item: each once, in order.
            now: monotonic seconds; left out where it does not matter when an entry changed.
            wall: microseconds since 1970 UTC; left out where it does not matter since when the
                feed is in its state.

        Raises:
            TouchlineError: it does not fit the sport, and `play` is strict.
        """
        if not isinstance(item, Notice):
            self.epoch = max(self.epoch, item.epoch)
        return KINDS[type(item)](self, item, now, wall)

    @property
    def finished(self) -> bool:
        """Whether the event is over; corrections may follow."""
        return self.ending is not None

    @property
    def interrupted(self) -> Entry | None:
        """The entry that says that play is interrupted; None while it is not, or is over, or an
        action of play shows that it went on."""
        said = [row for row in self._of_play.values() if row.entry.status != "DELETED"]
        last = max(said, key=_key, default=None)
        if last is None or last.entry.details[statements.PLAY.name] != "interrupted":
            return None
        if self.finished or self._goes_on_after(last):
            return None
        return last.entry

    def _goes_on_after(self, stop: EntryRow) -> bool:
        later = self.standing[bisect_right(self.standing, stop.key, key=_key) :]
        return any(
            row.entry.title in self._in_play and statements.resumes(stop.entry.time, row.entry.time)
            for row in later
        )

    def event_time(self, wall: int) -> int:
        """Return what the event's clock shows at a wall time; where it has no relation to it, the
        time of the last entry. All are microseconds."""
        timing = self.card.timing
        if timing is None:
            return wall
        if not timing.speed:
            return self.rows[-1].entry.time if self.rows else timing.starts
        return timing.starts + round((wall - timing.began) * timing.speed)

    def _entry(self, entry: Entry, now: float, wall: int) -> Change:
        if self.play is not None:
            self.play.put(entry)
        self._note_score(entry)
        if entry.relates_to in self._by_id:
            self._by_id[entry.relates_to].taken_back = entry.status != "DELETED"
        row = self._by_id.get(entry.entry_id)
        added = row is None
        if row is None:
            row = self._by_id[entry.entry_id] = EntryRow(entry, late=False, changed=now)
            row.late = bool(self.rows) and row.key < self.rows[-1].key
        else:
            self._remove(row)
            row.update(entry, now)
        _insert(self.rows, row)
        if entry.status != "DELETED":
            _insert(self.standing, row)
        if entry.title == statements.TITLE and statements.PLAY.name in entry.details:
            self._of_play[entry.entry_id] = row
        self.condition.move("heard", wall)
        return Change(entry, entry=row, added=added)

    def _remove(self, row: EntryRow) -> None:
        del self.rows[bisect_left(self.rows, row.key, key=_key)]
        if row.entry.status != "DELETED":
            del self.standing[bisect_left(self.standing, row.key, key=_key)]

    def _alarm(self, alarm: Alarm, _now: float, _wall: int) -> Change:
        self.condition.move("alarm", alarm.last_received)
        text = texts.alarm_text(alarm)
        if self._outage is not None and alarm.number > 1:
            # An outage is one line, however often its alarm is repeated.
            self._outage.text = text
            return Change(alarm, remark=self._outage)
        change = self._remark(alarm, self.event_time(alarm.last_received), text)
        self._outage = change.remark
        return change

    def _restored(self, restored: Restored, _now: float, wall: int) -> Change:
        if self.play is not None:
            self.play.adopt(restored)
        self._note_score(restored)
        self.condition.move("restored", wall)
        self._outage = None
        return self._remark(restored, restored.until, texts.restored_text(restored))

    def _finished(self, finished: Finished, _now: float, wall: int) -> Change:
        self._note_score(finished)
        self.ending = finished if finished.over else None
        self.condition.move("finished" if finished.over else "reopened", wall)
        if finished.how or finished.reason:
            self._remark(finished, self.event_time(finished.sent), texts.finished_text(finished))
        return Change(finished, aside=texts.finished_text(finished))

    def _heartbeat(self, beat: Heartbeat, _now: float, wall: int) -> Change:
        self.present, self.claims = beat.present, beat.claims
        self.condition.move("heard", wall)
        for one in beat.recounts:
            self.recount(one)
        return Change(beat)

    def recount(self, counted: Recount) -> Entry | None:
        """Bring the votes of an entry up to date.

        Args:
            counted: by the host.

        Returns:
            the entry where that changed it, else None.
        """
        row = self._by_id.get(counted.entry_id)
        if row is None or row.entry.seq != counted.seq or row.entry.evidence == counted.evidence:
            return None
        row.entry = replace(row.entry, evidence=counted.evidence)
        return row.entry

    def _notice(self, notice: Notice, _now: float, wall: int) -> Change:
        if notice.voids:
            self._clear()
            if self.play is not None:
                self.play.restart()
        self.condition.note(notice, wall)
        return Change(notice, aside=f"-- {notice.text}")

    def _note_score(self, message: Entry | Restored | Finished) -> None:
        self.headline = message.headline or self.headline
        self.score = message.score or self.score

    def _remark(self, item: Item, time: int, text: str) -> Change:
        clock = plain(self.play.clock(time)) if self.play is not None else ""
        kind = str(item.__struct_config__.tag)
        remark = Remark(kind, time, clock or texts.time_of_day(time), text)
        self.remarks.append(remark)
        del self.remarks[:-REMARKS]
        return Change(item, remark=remark, added=True)


def _insert(rows: list[EntryRow], row: EntryRow) -> None:
    # Nearly every entry comes after those that are there.
    if rows and row.key < rows[-1].key:
        insort(rows, row, key=_key)
    else:
        rows.append(row)


KINDS: Mapping[type[Item], Callable[[FeedFold, Any, float, int], Change]] = {
    Entry: FeedFold._entry,
    Alarm: FeedFold._alarm,
    Restored: FeedFold._restored,
    Finished: FeedFold._finished,
    Heartbeat: FeedFold._heartbeat,
    Notice: FeedFold._notice,
}
"""What takes each kind of item: at a monotonic time, seconds, and a wall time, microseconds."""


def _in_play(card: Card) -> frozenset[str]:
    try:
        kinds = sports.get(card.sport).kinds(card.rules)
    except TouchlineError:
        return frozenset()
    return frozenset(kind.title for kind in kinds if kind.in_play)
