"""The rows of a timeline as people see it: entries, and remarks between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..protocol.messages import Entry
from ..protocol.text import plain
from ..runtime.languages import mark, tr

MARKS = {
    "PROVISIONAL": mark("unconfirmed"),
    "CONFIRMED": "",
    "UPDATED": mark("amended"),
    "DELETED": mark("deleted"),
}
"""What people are told of an entry's status."""

DELAYS = {
    "": "",
    "DELAYED": mark("delayed"),
    "RECONSTRUCTED": mark("reconstructed"),
    "RECONSTRUCTION_INACCURATE": mark("inaccurate"),
}
"""What people are told of an entry's delay status."""

RULED = {
    "CONFIRMED": mark("ruled by the owner"),
    "UPDATED": mark("amended by the owner"),
    "DELETED": mark("deleted by the owner"),
}
"""What the event's owner has done, by the status of the entry."""

UNDER = mark("under review")
"""What is said of a review whose reason is not known."""

REVIEWED = {
    "": "",
    "upheld": mark("stands after review"),
    "overturned": mark("overturned after review"),
    "untold": mark("outcome of the review not told"),
}
"""What people are told of the outcome of a review."""

DIGITS = 18
"""Digits of an entry id that still counts as a number."""

MatchKey: TypeAlias = tuple[int, int, str]
"""What sorts entries in match order."""


@dataclass(slots=True)
class EntryRow:
    """An entry of the timeline.

    Args:
        entry: its newest version.
        late: it came after something that happened later.
        changed: monotonic seconds; when this version came.
        reviewed: the outcome of its review, a key of `REVIEWED`; empty before, and without one.
        taken_back: another entry that stands takes it back.
        key: its place in match order.
    """

    entry: Entry
    late: bool
    changed: float
    reviewed: str = ""
    taken_back: bool = False
    key: MatchKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = match_key(self.entry)
        self.reviewed = self.reviewed or self.entry.reviewed

    def update(self, entry: Entry, changed: float) -> None:
        """Replace the entry with a newer version of it."""
        if entry.reviewed or entry.review or entry.status == "DELETED":
            self.reviewed = entry.reviewed
        if not entry.review and not entry.reviewed and self.entry.review:
            # A host of before does not say it.
            gone = self.taken_back or entry.status == "DELETED"
            self.reviewed = "overturned" if gone else "upheld"
        self.entry, self.changed, self.key = entry, changed, match_key(entry)

    @property
    def mark(self) -> str:
        """What is to be said about the entry beside its text, in a word or two; may be empty."""
        return ", ".join(word for _, word in self.marks)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """What is to be said about the entry beside its text: each its kind, which is a status or
        delay status, `REVIEW`, `REVIEWED` or `LATE`, and a word or two."""
        entry = self.entry
        marks: list[tuple[str, str]] = []
        # An inaccurate entry was published again to say so, one that is reviewed for its review:
        # neither was amended.
        inaccurate = entry.delay_status == "RECONSTRUCTION_INACCURATE"
        explained = inaccurate or entry.review or self.reviewed
        if entry.by and entry.status in RULED:
            marks.append((entry.status, tr(RULED[entry.status])))
        elif entry.status != "UPDATED" or not explained:
            marks.append((entry.status, tr(MARKS[entry.status])))
        if entry.review:
            why = "" if entry.review == UNDER else f": {plain(entry.review)}"
            marks.append(("REVIEW", f"{tr(UNDER)}{why}"))
        marks.append(("REVIEWED", tr(REVIEWED[self.reviewed])))
        if entry.delay_status:
            marks.append((entry.delay_status, tr(DELAYS[entry.delay_status])))
        elif self.late:
            marks.append(("LATE", tr("late")))
        return [(kind, word) for kind, word in marks if word]


@dataclass(slots=True)
class Remark:
    """A line between the entries, such as that contact with the venue is lost, or is back.

    Args:
        kind: the type of the message that it comes from, as in JSON: `alarm`, `restored`,
            `finished`.
        time: where it belongs in the event, microseconds.
        clock: the match clock then, or the time of day.
        text: what is to be said.
    """

    kind: str
    time: int
    clock: str
    text: str


def is_number(entry_id: str) -> bool:
    """Return whether an entry id is the number of a claim."""
    return entry_id.isascii() and entry_id.isdecimal() and len(entry_id) <= DIGITS


def match_key(entry: Entry) -> MatchKey:
    """Return what sorts entries in match order: by time, then by number."""
    number = int(entry.entry_id) if is_number(entry.entry_id) else 0
    return entry.time, number, entry.entry_id
