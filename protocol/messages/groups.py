"""The messages of groups, in which peers share records through the broker.

The wire calls a group a room: see section 8 of `docs/PROTOCOL.md`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from .. import limits
from ..fields import Body, Count, GroupRecord, Id, Message, Name, Seconds

# ── member → broker ──────────────────────────────────────────────────────────────────────────


class JoinGroup(Message, frozen=True, kw_only=True, tag="gather"):
    """Join a room; a member repeats this to stay.

    `instance` is the member's secret, random for each start of a process. `epoch` and `rev` name
    the last change that the member knows.
    """

    id: Count
    room: Name
    instance: Id
    epoch: Count = 0
    rev: Count = 0


class PutRecords(Message, frozen=True, kw_only=True, tag="put"):
    """Put records into a room; a record without a body is removed."""

    id: Count
    room: Name
    instance: Id
    records: Annotated[list[GroupRecord], Meta(max_length=limits.ROOM_BATCH)]


class PublishToGroup(Message, frozen=True, kw_only=True, tag="post"):
    """Send a message to all other members of a room."""

    id: Count
    room: Name
    instance: Id
    body: Body


class LeaveGroup(Message, frozen=True, kw_only=True, tag="depart"):
    """Leave a room; the broker removes the member's records."""

    id: Count
    room: Name
    instance: Id


# ── broker → member ──────────────────────────────────────────────────────────────────────────


class GroupJoined(Message, frozen=True, kw_only=True, tag="gathered"):
    """The peer is in the room as `member`, for `seconds` after its last request.

    `whole`: `records` are all records of the room; otherwise the peer knows them already.
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
    """Another member has sent a message."""

    room: Name
    member: Id
    body: Body


GroupRequest = JoinGroup | PutRecords | PublishToGroup | LeaveGroup
