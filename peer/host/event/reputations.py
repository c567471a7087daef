"""What the book of records says of an event's reporters. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ...grades.book import Book
from .verdict.case import Record


class Reputations:
    """The records of the reporters that have come, by their numbers.

    Args:
        book: where they stand; one without a sheet says nothing of anybody.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._decisive: dict[int, Record] = {}
        self._other: dict[int, Record] = {}
        # The groups of the whole book, whoever is here: they do not change as reporters come.
        groups = book.together(book.reporters)
        self._group_of = {key: number for number, group in enumerate(groups) for key in group}
        self._groups = [0] * len(groups)  # bits

    def look_up(self, voter: int, key: bytes) -> None:
        """Look up the record of a reporter that has come.

        Args:
            voter: its number.
            key: its public key.
        """
        if not self._book.digest:
            return
        self._decisive[voter] = Record(*self._book.record(key, True))
        self._other[voter] = Record(*self._book.record(key, False))
        if key in self._group_of:
            self._groups[self._group_of[key]] |= 1 << voter

    def records(self, weight: str) -> Mapping[int, Record]:
        """Return the records that count for a claim of this weight, by reporter."""
        return self._other if weight == "action" else self._decisive

    def one_voice(self, bits: int) -> int:
        """Return the bits of reporters without those that were wrong together before: of each such
        group one is left."""
        for group in self._groups:
            shared = bits & group
            if shared & (shared - 1):
                bits &= ~shared | (shared & -shared)
        return bits
