"""What a proof file holds: JSON lines, first a header, last a seal over all before it. Pure.

Bytes are in base64. Published messages and the contents of reports are there byte for byte as they
were digested and signed, so that a reader need not put them together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from ..protocol.digest import DIGEST_BYTES
from ..protocol.messages import Card, Count, Id, Key, Micros, Name, Signature

VERSION = 1
"""The version of the format, in the header."""

LABEL = "touchline proof 1"
"""Begins what the seal signs, so that it is good for nothing else."""

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Content = Annotated[bytes, Meta(max_length=65_536)]

By = Literal[
    "reports",
    "second",
    "verdict",
    "exclusive",
    "implied",
    "details",
    "delete",
    "amend",
    "stated",
    "review",
    "text",
    "doubt",
    "rules",
    "end",
    "owner",
    "host",
]
"""Why a message was published.

Of an entry: reports of it; a second voice to one that had been alone; the verdict that weighs all
that is known (see `Weighing`); a confirmed entry that excludes it; another one that needs it; later
reports that turned its details; votes to delete or amend it; statements, of which it is one, or of
a review of it; a text that follows from what is known by now of before it; doubt of what was put
together after an outage. Of the end: the sport's rules, or votes to end. Of both: a ruling of the
event's owner. All else the host says by itself.
"""


class Hosting(Struct, frozen=True):
    """Who sealed the file."""

    peer: Id
    key: Key


class Epoch(Struct, frozen=True):
    """The settings that verdicts depended on in an epoch; see `records.Began`."""

    epoch: Count
    verdict: Name
    alone: bool
    signed: bool
    edition: Count = 0
    book: Annotated[bytes, Meta(max_length=32)] = b""


class Signer(Struct, frozen=True):
    """A reporter of whom there is a vote, and the public key that its reports are signed with;
    empty where the host did not know it."""

    peer: Id
    name: Name
    key: Annotated[bytes, Meta(max_length=32)] = b""


class Signed(Struct, frozen=True, omit_defaults=True):
    """A report: the bytes that are signed (see `signing.content`) and the signature over them,
    empty where there was none."""

    report: Content
    signature: Signature = b""


class Vote(Signed, frozen=True, omit_defaults=True, kw_only=True):
    """A report that counted.

    Args:
        peer: its reporter.
        shift: what the host added to its time, since the reporter's clock was off, microseconds.
        undoes: of an undo that came too late, and so is a vote to delete: the report that it
            takes back.
        recovered: another host had taken it in and handed it over: its number is of that host's
            count.
        about: by the host's word, the entry or claim that it is about, where it names one of that
            other host's.
    """

    peer: Id
    shift: int = 0
    undoes: Signed | None = None
    recovered: bool = False
    about: Id = ""


class Weighing(Struct, frozen=True, omit_defaults=True):
    """What the verdict went by besides the votes; see `peer.host.event.cases.Weighed`.

    The votes for an entry are then all that named it, in their order.

    Args:
        age, silence: tenths of a second.
        yes, no: the answers to questions about it.
        seen: ids of those among the votes for it that came after their reporters were shown it.
        silent, excused: ids of the reporters that take part and said nothing.
        waiting: reporters that were asked and had not answered.
        rival: the likelihood of the best entry that excludes it.
        asked: tenths of a second; at this age reporters were last asked.
        together: ids of the reporters whose keys were enrolled in one burst with those of all who
            said it, these among them.
    """

    age: Count
    silence: Count
    yes: list[Vote] = field(default_factory=list)
    no: list[Vote] = field(default_factory=list)
    seen: list[Id] = field(default_factory=list)
    silent: list[Id] = field(default_factory=list)
    excused: list[Id] = field(default_factory=list)
    waiting: Count = 0
    rival: int | None = None
    asked: int | None = None
    together: list[Id] = field(default_factory=list)


class Header(Struct, frozen=True, tag="proof"):
    """The first line. `former`: ids of those who owned the event when they ruled on it, and no
    longer do; like the owners of the card, the host's word for the broker's."""

    card: Card
    host: Hosting
    epochs: list[Epoch]
    signers: list[Signer]
    version: int = VERSION
    former: list[Id] = field(default_factory=list)


class Published(Struct, frozen=True, omit_defaults=True, tag="published"):
    """A message of the feed, its bytes without the topic, and the votes behind it. `present`:
    reporters that were present, where the message does not say it itself. `weighing`: what else a
    verdict went by that weighs. `seen`: where it only counts, ids of those among the votes for it
    that repeat what they were shown, and do not count. `ruling`: the ruling of the event's owner
    that led to it, as the host received it, with the owner's key and signature."""

    seq: Count
    by: By
    body: Content
    for_: list[Vote] = field(name="for", default_factory=list)
    against: list[Vote] = field(default_factory=list)
    present: Count = 0
    weighing: Weighing | None = None
    seen: list[Id] = field(default_factory=list)
    ruling: Content = b""


class ConfirmedScore(Struct, frozen=True, tag="confirmed"):
    """The score that reporters confirmed after an outage, with their votes. `adopt`: the entries
    led to another, so that it is in force from this event time on."""

    time: Micros
    score: dict[str, object]
    adopt: bool
    present: Count
    for_: list[Vote] = field(name="for")
    against: list[Vote] = field(default_factory=list)


class Seal(Struct, frozen=True, tag="seal"):
    """The last line: the SHA-256 of each line before it, without its line end, the digest of the
    feed, and the host's signature over both."""

    hashes: list[Hash]
    digest: Annotated[bytes, Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


Line = Header | Published | ConfirmedScore | Seal

_decode = msgspec.json.Decoder(Line).decode
encode = msgspec.json.Encoder().encode
"""encode(line) -> bytes, without a line end."""


def decode(line: bytes) -> Line | None:
    """Return a line, or None where it is none."""
    try:
        found: Line = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found


def digests(lines: Sequence[bytes]) -> list[bytes]:
    """Return the hash of each line."""
    return [sha256(line).digest() for line in lines]


def sealed(hashes: Sequence[bytes], digest: bytes) -> bytes:
    """Return the bytes that the host signs."""
    return msgspec.msgpack.encode((LABEL, digest, hashes))
