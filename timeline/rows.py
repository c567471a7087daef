"""The rows of a timeline as people see it: entries, and remarks between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..protocol.messages import Entry

MARKS = {"PROVISIONAL": "one voice", "CONFIRMED": "", "UPDATED": "amended", "DELETED": "deleted"}
"""What people are told of an entry's status."""

DELAYS = {
    "": "",
    "DELAYED": "delayed",
    "RECONSTRUCTED": "reconstructed",
    "RECONSTRUCTION_INACCURATE": "inaccurate",
}
"""What people are told of an entry's delay status."""

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
        key: its place in match order.
    """

    entry: Entry
    late: bool
    changed: float
    key: MatchKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = match_key(self.entry)

    def update(self, entry: Entry, changed: float) -> None:
        """Replace the entry with a newer version of it."""
        self.entry, self.changed, self.key = entry, changed, match_key(entry)

    @property
    def mark(self) -> str:
        """What is to be said about the entry beside its text, in a word or two; may be empty."""
        entry = self.entry
        delay = DELAYS[entry.delay_status]
        # An inaccurate entry was published again to say so, not because it was amended.
        status = MARKS[entry.status] if delay != "inaccurate" or entry.status == "DELETED" else ""
        words = [status, delay or ("late" if self.late else "")]
        return ", ".join(word for word in words if word)


@dataclass(slots=True)
class Remark:
    """A line between the entries, such as that contact with the venue is lost, or is back.

    Args:
        kind: the type of the message that it comes from, as in JSON: `alarm`, `restored`.
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
