"""The messages of rooms, in which peers of one kind meet at the broker (PROTOCOL, section 8)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from .. import limits
from ..fields import Body, Count, GroupRecord, Id, Message, Name, Seconds

# ── member → broker ──────────────────────────────────────────────────────────────────────────


class JoinGroup(Message, frozen=True, kw_only=True, tag="gather"):
    """Come into a room, or, repeated, stay there.

    `instance` is the member's secret, random for each start of a process; `epoch` and `rev` say up
    to where it knows the room.
    """

    id: Count
    room: Name
    instance: Id
    epoch: Count = 0
    rev: Count = 0


class PutRecords(Message, frozen=True, kw_only=True, tag="put"):
    """Keep records in a room, or, without a body, remove them."""

    id: Count
    room: Name
    instance: Id
    records: Annotated[list[GroupRecord], Meta(max_length=limits.ROOM_BATCH)]


class PublishToGroup(Message, frozen=True, kw_only=True, tag="post"):
    """Say something to all others who are gathered in a room."""

    id: Count
    room: Name
    instance: Id
    body: Body


class LeaveGroup(Message, frozen=True, kw_only=True, tag="depart"):
    """Leave a room; what was kept there is removed."""

    id: Count
    room: Name
    instance: Id


# ── broker → member ──────────────────────────────────────────────────────────────────────────


class GroupJoined(Message, frozen=True, kw_only=True, tag="gathered"):
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
    records: list[GroupRecord] = field(default_factory=list)


class GroupChanged(Message, frozen=True, kw_only=True, tag="changed"):
    """Records of a room have changed; `rev` is one more than before."""

    room: Name
    epoch: Count
    rev: Count
    records: list[GroupRecord]


class GroupMessage(Message, frozen=True, kw_only=True, tag="posted"):
    """Another member has said something."""

    room: Name
    member: Id
    body: Body


GroupRequest = JoinGroup | PutRecords | PublishToGroup | LeaveGroup
