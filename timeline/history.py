"""The versions of each entry, as a feed brought them: what was said of it, when, and by how many.
Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol.messages import Entry
from ..protocol.text import plain
from .feed import Notice
from .fold import Change
from .rows import EntryRow
from .texts import clock_of, sentence

VERSIONS = 50
"""The most versions of an entry that are kept: the first, and the newest."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an entry.

    Args:
        seq: of the message that brought it.
        sent: when the host published it, microseconds since 1970 UTC.
        mark: what is said of it beside its text, in a word or two; may be empty.
        clock, text: the match clock of the entry, and its sentence.
        for_, against, present: reporters for it, against it, and present.
        reason: why it is wrong, or was ruled so; may be empty.
    """

    seq: int
    sent: int
    mark: str
    clock: str
    text: str
    for_: int
    against: int
    present: int
    reason: str


class History:
    """The versions of the entries of one feed, each oldest first."""

    def __init__(self) -> None:
        self._versions: dict[str, list[Version]] = {}

    def take(self, change: Change) -> None:
        """Take what the fold made of the next item of the feed."""
        if isinstance(change.item, Notice) and change.item.voids:
            self._versions.clear()
        # Only an entry of the feed is a version; an item may have a row for another reason.
        if change.entry is None or not isinstance(change.item, Entry):
            return
        versions = self._versions.setdefault(change.entry.entry.entry_id, [])
        versions.append(_version(change.entry))
        if len(versions) > VERSIONS:
            del versions[1]

    def of(self, entry_id: str) -> list[Version]:
        """Return the versions of an entry, oldest first; none where it is not known."""
        return self._versions.get(entry_id, [])


def _version(row: EntryRow) -> Version:
    entry = row.entry
    evidence = entry.evidence
    return Version(
        entry.seq,
        entry.sent,
        row.mark,
        clock_of(entry),
        sentence(entry),
        evidence.for_,
        evidence.against,
        evidence.present,
        plain(entry.reason),
    )
