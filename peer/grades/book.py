"""The book of records: sheets folded into what is known of each reporter. Pure, integers only.

A book holds its sheets whole, so that it can be checked back to each grader's signature, and that
it is the same in whatever order they came. An older sheet counts less: its weight is halved every
20 graded matches of the same reporter. Matches and not days, since a person's way changes by
reporting, since a bad record is then not lived down by staying away, and since nothing depends on
a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import combinations

import msgspec
from msgspec import Struct

from ...protocol import keys
from ...protocol.errors import BadMessage, NotAllowed, WrongVersion
from ...protocol.messages import Key
from . import sheet as sheets_
from .sheet import GradeCounts, GradeSheet, SharedError

VERSION = 1
"""The version of the format, in the header."""

WHOLE = 1_000_000
"""The weight of a reporter's newest match."""

FADE = 965_936
"""The weight of a match beside that of the next one, in millionths: 20 of them make a half."""

CLAIM, FALSE = 750, 100
"""Thousandths: how likely an average reporter reports what happened, and joins a false claim."""

NEWCOMER_FALSE = 200
"""Thousandths: likewise a reporter that is not in the book. Having no record must not be better
than having a bad one, which a new key would otherwise mend."""

MOST_CLAIM = 950
LEAST_FALSE, MOST_FALSE = 30, 900
"""Bounds, thousandths: however long the record, no voice decides alone, and none is mute."""

OFTEN = 2_500_000
"""Millionths of a false claim: reporters that share fewer are never taken for one voice. Two false
claims in common happen among the honest; three are what one plot makes in a match."""

SURPRISE = 9
"""Square of the standard deviations by which what two share exceeds what they would by chance."""

Counts = tuple[int, int, int, int]
"""Hits, what happened, false claims, and false claims raised; each times its weight."""

NOTHING: Counts = (0, 0, 0, 0)


class BookHeader(Struct, frozen=True, tag="book"):
    """The first line of a book.

    Args:
        graders: the public keys whose sheets the book's owner takes, in order.
    """

    graders: tuple[Key, ...]
    version: int = VERSION


class Book:
    """What is known of reporters.

    Args:
        sheets: what it is folded from, in any order, of each event one; they are believed.
        graders: keys whose sheets are taken besides.
    """

    def __init__(self, sheets: Iterable[GradeSheet] = (), graders: Iterable[bytes] = ()) -> None:
        self.sheets: tuple[GradeSheet, ...] = tuple(
            sorted(sheets, key=lambda one: (one.header.time, one.digest))
        )
        """Oldest first."""
        self.graders: tuple[bytes, ...] = tuple(
            sorted({*graders, *(one.header.grader for one in self.sheets)})
        )
        self.digest: bytes = sha256(encode(self)).digest() if self.sheets else b""
        """SHA-256 of the file, 32 bytes; empty where there is no sheet."""
        self._weights = _weights(self.sheets)
        self._records = {key: self._fold(key) for key in self._weights}
        self._voices = self._pairs()

    def __contains__(self, key: bytes) -> bool:
        """Return whether a reporter has a record."""
        return key in self._records

    @property
    def reporters(self) -> tuple[bytes, ...]:
        """The reporters that have a record."""
        return tuple(sorted(self._records))

    def record(self, key: bytes, decides: bool) -> tuple[int, int]:
        """Return how likely a reporter reports what happened, and joins a false claim; thousandths.

        Args:
            key: the reporter's public key.
            decides: of what decides the score, or of the rest.
        """
        found = self._records.get(key)
        if found is None:
            return CLAIM, NEWCOMER_FALSE if self._records else FALSE
        own, other = found if decides else found[::-1]
        claim = _rate(own[0], own[1], other[0], other[1], CLAIM)
        false = _rate(own[2], own[3], other[2], other[3], FALSE)
        return max(1, min(claim, MOST_CLAIM)), max(LEAST_FALSE, min(false, MOST_FALSE))

    def together(self, reporters: Iterable[bytes]) -> tuple[tuple[bytes, ...], ...]:
        """Return the groups of these reporters that were wrong together: each is one voice.

        A reporter that was wrong together with one of a group is in it. Groups of one are left out.

        Args:
            reporters: public keys.
        """
        waiting = sorted(set(reporters) & self._voices.keys())
        groups = []
        while waiting:
            group, at = [waiting.pop(0)], 0
            while at < len(group):
                near = [key for key in waiting if key in self._voices[group[at]]]
                waiting = [key for key in waiting if key not in near]
                group += near
                at += 1
            if len(group) > 1:
                groups.append(tuple(sorted(group)))
        return tuple(groups)

    def matches(self, key: bytes) -> int:
        """Return in how many sheets a reporter is graded."""
        return len(self._weights.get(key, {}))

    def counts(self, key: bytes, decides: bool) -> GradeCounts:
        """Return a reporter's counts over all sheets, old ones in full."""
        found = [
            grade.decides if decides else grade.rest
            for sheet in self.sheets
            for grade in sheet.grades
            if grade.key == key
        ]
        return GradeCounts(
            sum(one.hits for one in found),
            sum(one.misses for one in found),
            sum(one.false_claims for one in found),
            sum(one.declined for one in found),
        )

    def _fold(self, key: bytes) -> tuple[Counts, Counts]:
        """Return a reporter's weighted counts, of what decides the score and of the rest."""
        decides, rest = NOTHING, NOTHING
        for place, weight in self._weights[key].items():
            grade = next(one for one in self.sheets[place].grades if one.key == key)
            decides = _add(decides, grade.decides, weight)
            rest = _add(rest, grade.rest, weight)
        return decides, rest

    def _pairs(self) -> dict[bytes, set[bytes]]:
        """Return, for each reporter, those with which it was wrong more often than by chance."""
        lines: list[tuple[int, SharedError, frozenset[bytes]]] = []
        seen: dict[bytes, list[int]] = {}
        together: dict[tuple[bytes, bytes], int] = {}
        for place, sheet in enumerate(self.sheets):
            known = [grade.key for grade in sheet.grades]
            for shared in sheet.shared:
                there = frozenset(known[index] for index in shared.there)
                for key in there:
                    seen.setdefault(key, []).append(len(lines))
                lines.append((place, shared, there))
                for pair in combinations([known[index] for index in shared.said], 2):
                    together[pair] = together.get(pair, 0) + self._weight(place, *pair)
        careless = _careless(self.sheets)
        found: dict[bytes, set[bytes]] = {}
        for (one, other), count in together.items():
            if count < OFTEN:
                continue
            chance = 0
            for place, shared, there in (lines[number] for number in seen[one]):
                if other in there:
                    odds = _odds(shared, careless[one], careless[other])
                    chance += odds * self._weight(place, one, other) // WHOLE
            over = count - chance
            if over > 0 and over * over >= SURPRISE * chance * WHOLE:
                found.setdefault(one, set()).add(other)
                found.setdefault(other, set()).add(one)
        return found

    def _weight(self, place: int, one: bytes, other: bytes) -> int:
        """Return the weight of a sheet for two reporters: the lesser of theirs."""
        return min(self._weights[one][place], self._weights[other][place])


def _weights(sheets: Sequence[GradeSheet]) -> dict[bytes, dict[int, int]]:
    """Return, by reporter, the weight of each sheet that grades it, by its place."""
    found: dict[bytes, dict[int, int]] = {}
    newest: dict[bytes, int] = {}
    for place in reversed(range(len(sheets))):
        for grade in sheets[place].grades:
            weight = newest.get(grade.key, WHOLE)
            found.setdefault(grade.key, {})[place] = weight
            newest[grade.key] = weight * FADE // WHOLE
    return found


def _careless(sheets: Sequence[GradeSheet]) -> dict[bytes, int]:
    """Return, in thousandths, how many times more false claims a reporter made alone than others.

    Two more are added on both sides, so that a first one says little; never under 1,000.
    """
    own: dict[bytes, int] = {}
    usual: dict[bytes, int] = {}
    for sheet in sheets:
        alone = [grade.decides.false_claims + grade.rest.false_claims for grade in sheet.grades]
        for shared in sheet.shared:
            for place in shared.said:
                alone[place] -= 1
        mean = sum(alone) * WHOLE // max(1, len(alone))
        for grade, count in zip(sheet.grades, alone, strict=True):
            own[grade.key] = own.get(grade.key, 0) + count * WHOLE
            usual[grade.key] = usual.get(grade.key, 0) + mean
    two = 2 * WHOLE
    return {key: max(1_000, 1_000 * (own[key] + two) // (usual[key] + two)) for key in own}


def _odds(shared: SharedError, one: int, other: int) -> int:
    """Return how likely two make a false claim by chance, in millionths: as two drawn from those
    who were there, the more likely the more careless both are.

    Args:
        shared: the claim, for which the share of those who made it stands.
        one, other: how careless they are, thousandths.
    """
    ayes, there = len(shared.said), len(shared.there)
    return min(WHOLE, ayes * (ayes - 1) * one * other // (there * (there - 1)))


def _add(sum_: Counts, counts: GradeCounts, weight: int) -> Counts:
    return (
        sum_[0] + weight * counts.hits,
        sum_[1] + weight * (counts.hits + counts.misses),
        sum_[2] + weight * counts.false_claims,
        sum_[3] + weight * (counts.false_claims + counts.declined),
    )


def _rate(hits: int, count: int, other_hits: int, other_count: int, prior: int) -> int:
    """Return (hits + 1/4 of the other class + 4 x prior) / (count + 1/4 of the other class + 4),
    in thousandths, rounded to the nearest."""
    part = 4 * hits + other_hits + 16 * prior * WHOLE // 1_000
    whole = 4 * count + other_count + 16 * WHOLE
    return (2_000 * part + whole) // (2 * whole)


# ── the file ─────────────────────────────────────────────────────────────────────────────────

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(BookHeader).decode


def encode(book: Book) -> bytes:
    """Return a book as a file: a header, then its sheets whole, oldest first."""
    header = _encode(BookHeader(book.graders)) + b"\n"
    return b"".join([header, *(sheets_.encode(one) for one in book.sheets)])


def decode(text: bytes) -> Book:
    """Return the book that a file holds, each of its sheets checked.

    Raises:
        PeerError: the file is not a book, or was changed; the sentence says where.
    """
    head, _, rest = text.partition(b"\n")
    try:
        header = _decode(head)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadMessage("the file does not begin as a book does") from None
    if header.version != VERSION:
        raise WrongVersion(f"a book of version {header.version}, this reads {VERSION}")
    book = add(Book((), header.graders), map(sheets_.decode, _split(rest)))
    if encode(book) != text:
        raise BadMessage("the book is not written as books are: a sheet was moved or a line added")
    return book


def add(book: Book, new: Iterable[GradeSheet], *, replace: bool = False) -> Book:
    """Return a book with further sheets; one that it holds already changes nothing.

    Args:
        book: names the graders whose sheets are taken.
        new: sheets whose signatures were checked.
        replace: a sheet takes the place of another one on the same event.

    Raises:
        NotAllowed: a grader is not among those of the book, or there is another sheet on an event.
    """
    held = {one.header.event: one for one in book.sheets}
    for one in new:
        header = one.header
        if header.grader not in book.graders:
            raise NotAllowed(
                f"the sheet on {header.event} is signed by {keys.peer_id(header.grader)}, which is"
                " not among the graders of the book"
            )
        other = held.get(header.event)
        if other is not None and other.digest != one.digest and not replace:
            raise NotAllowed(
                f"the book holds another sheet on {header.event}, signed by"
                f" {keys.peer_id(other.header.grader)}; an event counts once"
            )
        held[header.event] = one
    return Book(held.values(), book.graders)


def _split(text: bytes) -> list[bytes]:
    """Return the sheets of a book's file."""
    found: list[list[bytes]] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(b'{"type":"sheet"') or not found:
            found.append([])
        found[-1].append(line)
    return [b"".join(lines) for lines in found]
