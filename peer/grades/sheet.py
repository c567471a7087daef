"""A grade sheet: how the votes of one event compare with an official record of it. Pure.

JSON lines: first a header, a `grade` for each reporter, a `shared` for each false claim that
several made, last a seal. There is one way to write a sheet, and a sheet that is written otherwise
is refused, so that its digest names it. `docs/RECORDS.md` describes each field.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from ...protocol import keys
from ...protocol.digest import DIGEST_BYTES
from ...protocol.errors import BadMessage, BadSignature, WrongVersion
from ...protocol.keys import Identity
from ...protocol.messages import Count, Id, Key, Micros, Name, Text

VERSION = 1
"""The version of the format, in the header."""

LABEL = "touchline sheet 1"
"""Begins what the grader signs, so that it is good for nothing else."""

FeedDigest = Annotated[bytes, Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
RecordDigest = Annotated[bytes, Meta(min_length=32, max_length=32)]
Few = Annotated[int, Meta(ge=0, le=1_000_000)]
Places = Annotated[tuple[Few, ...], Meta(max_length=100_000)]

MOST_SHARED = 500
"""Reporters of one false claim that a sheet tells together. What more of them fall for is no plot;
and each two of them are a pair that a book has to look at."""


class Accuracy(Struct, frozen=True):
    """The published timeline beside the record: entries that are `right` and `wrong`, and actions
    that were `missed`."""

    right: Few = 0
    wrong: Few = 0
    missed: Few = 0


class LeftOut(Struct, frozen=True):
    """Votes that were not graded: their signatures are missing or do not hold, their reporter had
    been shown the claim, the record does not cover the action, or it was taken back at once or
    said twice."""

    unsigned: Few = 0
    shown: Few = 0
    uncovered: Few = 0
    repeated: Few = 0


class SheetHeader(Struct, frozen=True, tag="sheet", kw_only=True):
    """The first line.

    Args:
        event, title, sport: of the card.
        time: of the last action or vote that was graded, microseconds since 1970.
        grader: the public key that signs.
        source: where the votes were read.
        feed: the digest of the event's feed.
        record: SHA-256 of the official record.
        covers: the actions that the record tells of, in alphabetical order.
        offset: microseconds that were added to the times of the record.
        tolerance: microseconds by which the windows of the actions were widened.
        votes: that were graded.
        left_out: votes that were not.
        decides, rest: the timeline's accuracy, of what decides the score and of all else.
        published, official: the final score in words, on the timeline and by the record.
    """

    version: int = VERSION
    event: Id
    title: Name
    sport: Name
    time: Micros
    grader: Key
    source: Literal["journal", "proof"]
    feed: FeedDigest
    record: RecordDigest
    covers: tuple[Name, ...]
    offset: int = 0
    tolerance: Count = 0
    votes: Few = 0
    left_out: LeftOut = LeftOut()
    decides: Accuracy = Accuracy()
    rest: Accuracy = Accuracy()
    published: Text = ""
    official: Text = ""


class GradeCounts(Struct, frozen=True):
    """A reporter's counts, of one class of actions.

    Args:
        hits, misses: what happened while the reporter was active, reported or not.
        false_claims: what it reported and did not happen.
        declined: what others reported and did not happen, while it was active and did not join.
    """

    hits: Few = 0
    misses: Few = 0
    false_claims: Few = 0
    declined: Few = 0


class ReporterGrade(Struct, frozen=True, tag="grade"):
    """How one reporter did, in what decides the score and in the rest."""

    key: Key
    name: Name
    decides: GradeCounts
    rest: GradeCounts


class SharedError(Struct, frozen=True, tag="shared"):
    """A false claim that two or more reporters made.

    Args:
        title, origin, time: the claim.
        said: who made it, at most `MOST_SHARED`, as places among the grades, from 0, ascending.
        there: who was active, those of `said` included.
    """

    title: Name
    origin: Name
    time: Micros
    said: Places
    there: Places


class SheetSeal(Struct, frozen=True, tag="seal"):
    """The last line: the grader's signature over the digest of the lines before it."""

    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class GradeSheet(Struct, frozen=True):
    """A whole sheet.

    Args:
        header: the first line.
        grades: in the order of the keys.
        shared: in the order of time.
        signature: empty where nobody has signed yet.
    """

    header: SheetHeader
    grades: tuple[ReporterGrade, ...] = ()
    shared: tuple[SharedError, ...] = ()
    signature: bytes = b""

    @property
    def digest(self) -> bytes:
        """SHA-256 of all lines but the seal, 32 bytes: it names the sheet."""
        return sha256(_unsealed(self)).digest()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SheetHeader | ReporterGrade | SharedError | SheetSeal).decode
_version = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def signed(sheet: GradeSheet, by: Identity) -> GradeSheet:
    """Return a sheet with the signature of its grader.

    Args:
        sheet: its header names the key of `by`.
        by: the grader.
    """
    if sheet.header.grader != by.public:
        raise AssertionError("a sheet is signed by the grader that its header names")
    return replace(sheet, signature=by.sign(content(sheet.digest)))


def content(digest: bytes) -> bytes:
    """Return the bytes that the grader of a sheet signs."""
    return msgspec.msgpack.encode((LABEL, digest))


def encode(sheet: GradeSheet) -> bytes:
    """Return a signed sheet as a file."""
    return _unsealed(sheet) + _encode(SheetSeal(sheet.signature)) + b"\n"


def decode(text: bytes) -> GradeSheet:
    """Return the sheet that a file holds.

    Raises:
        BadMessage: the file is not a sheet, or not written as sheets are.
        WrongVersion: it is a sheet of another version.
        BadSignature: the signature is not that of the grader over these lines.
    """
    raw = text.split(b"\n")
    if raw.pop():
        raise BadMessage(f"line {len(raw) + 1} of the sheet has no end: the file was cut")
    found = [_line(number, line) for number, line in enumerate(raw, 1)]
    header, seal = (found[0], found[-1]) if found else (None, None)
    if not isinstance(header, SheetHeader):
        raise BadMessage("the file does not begin as a sheet does")
    if not isinstance(seal, SheetSeal):
        raise BadMessage("the sheet ends without a seal")
    middle = found[1:-1]
    grades = tuple(line for line in middle if isinstance(line, ReporterGrade))
    shared = tuple(line for line in middle if isinstance(line, SharedError))
    sheet = GradeSheet(header, grades, shared, seal.signature)
    if encode(sheet) != text:
        raise BadMessage("the sheet is not written as sheets are: a line was changed or moved")
    _check(sheet)
    if not keys.verify(header.grader, content(sheet.digest), sheet.signature):
        raise BadSignature(
            f"the signature is not that of {keys.peer_id(header.grader)} over this sheet:"
            " a line was changed"
        )
    return sheet


def _line(number: int, line: bytes) -> SheetHeader | ReporterGrade | SharedError | SheetSeal:
    try:
        if number == 1:
            _check_version(line)
        found: SheetHeader | ReporterGrade | SharedError | SheetSeal = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadMessage(f"line {number} is not one of a sheet: {error}") from None
    return found


def _check_version(line: bytes) -> None:
    """Refuse a sheet of another version before its lines, which may be others, are read."""
    head = _version(line)
    version = bytes(head.get("version", b""))
    if bytes(head.get("type", b"")) == b'"sheet"' and version != b"%d" % VERSION:
        raise WrongVersion(f"a sheet of version {version.decode()[:20]}, this reads {VERSION}")


def _check(sheet: GradeSheet) -> None:
    """Refuse a sheet whose lines do not fit together."""
    if not _ascending([one.key for one in sheet.grades]):
        raise BadMessage("the grades of the sheet are not in the order of their keys, each once")
    if not _ascending(sheet.header.covers):
        raise BadMessage("the actions that the record covers are not in alphabetical order")
    shared = [0] * len(sheet.grades)
    for one in sheet.shared:
        whole = _ascending(one.said) and _ascending(one.there)
        if not whole or not 2 <= len(one.said) <= MOST_SHARED or not {*one.said} <= {*one.there}:
            raise BadMessage(
                f"a false claim is not shared by 2 to {MOST_SHARED} of those there, each once"
            )
        if one.there[-1] >= len(sheet.grades):
            raise BadMessage(
                f"a false claim names grade {one.there[-1]}, and the sheet has {len(sheet.grades)}"
            )
        for place in one.said:
            shared[place] += 1
    for grade, count in zip(sheet.grades, shared, strict=True):
        if count > grade.decides.false_claims + grade.rest.false_claims:
            raise BadMessage(
                f"{grade.name!r} shares {count} false claims, and its grade counts fewer"
            )


def _ascending(values: Sequence[Any]) -> bool:
    """Return whether no value is less than the one before it, or the same."""
    return list(values) == sorted(set(values))


def _unsealed(sheet: GradeSheet) -> bytes:
    lines = (sheet.header, *sheet.grades, *sheet.shared)
    return b"".join(_encode(line) + b"\n" for line in lines)
