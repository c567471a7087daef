"""The messages of rooms, in which peers of one kind meet at the broker (PROTOCOL, section 8)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from .. import limits
from ..fields import Body, Count, Id, Message, Name, Record, Seconds

# ── member → broker ──────────────────────────────────────────────────────────────────────────


class Gather(Message, frozen=True, kw_only=True):
    """Come into a room, or, repeated, stay there.

    `instance` is the member's secret, random for each start of a process; `epoch` and `rev` say up
    to where it knows the room.
    """

    id: Count
    room: Name
    instance: Id
    epoch: Count = 0
    rev: Count = 0


class Put(Message, frozen=True, kw_only=True):
    """Keep records in a room, or, without a body, remove them."""

    id: Count
    room: Name
    instance: Id
    records: Annotated[list[Record], Meta(max_length=limits.ROOM_BATCH)]


class Post(Message, frozen=True, kw_only=True):
    """Say something to all others who are gathered in a room."""

    id: Count
    room: Name
    instance: Id
    body: Body


class Depart(Message, frozen=True, kw_only=True):
    """Leave a room; what was kept there is removed."""

    id: Count
    room: Name
    instance: Id


# ── broker → member ──────────────────────────────────────────────────────────────────────────


class Gathered(Message, frozen=True, kw_only=True):
    """The peer is in the room as `member`; it stays for `seconds` unless it says so again.

    `whole`: `records` are all there are; otherwise it knows them already.
    """

    id: Count
    room: Name
    member: Id
    epoch: Count
    rev: Count
    seconds: Seconds
    whole: bool = False
    records: list[Record] = field(default_factory=list)


class Changed(Message, frozen=True, kw_only=True):
    """Records of a room have changed; `rev` is one more than before."""

    room: Name
    epoch: Count
    rev: Count
    records: list[Record]


class Posted(Message, frozen=True, kw_only=True):
    """Another member has said something."""

    room: Name
    member: Id
    body: Body


GroupRequest = Gather | Put | Post | Depart
