"""Rooms: what several peers of one kind want to know of each other, kept as long as they are there.

A peer gathers in a room, keeps records there under keys of its own, and says things to all others.
Nothing is on disk: after a restart of the broker its members gather again and bring their records.
Pure. It answers in the thread that passes frames on, since no database is waited for.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from ..protocol import codec, limits, messages
from ..protocol.errors import BadMessage, NotFound, Overloaded
from ..protocol.messages import GroupRecord

SECONDS = 15.0
"""Seconds for which a member stays without a word; it beats three times as often."""

INSTANCE_CHARS = 16
"""The shortest instance that is taken for a secret."""

Sent = tuple[bytes, bytes]
"""A connection's routing id, and the frame for it."""


class _Tagged(msgspec.Struct):
    """The one field that tells who answers a frame."""

    type: str = ""


_tag = msgspec.msgpack.Decoder(_Tagged).decode
_TYPES = frozenset({"gather", "put", "post", "depart"})


def is_group_request(frame: bytes) -> bool:
    """Tell whether a frame is for a room, as far as its type says."""
    if len(frame) > limits.FRAME_BYTES:
        return False
    try:
        return _tag(frame).type in _TYPES
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


@dataclass(slots=True)
class _GroupMember:
    """Who is gathered.

    Args:
        routing_id: the connection it was last heard on.
        heard: monotonic seconds.
        due: when its timer rings; another one of its name is void.
    """

    routing_id: bytes
    heard: float
    due: float
    records: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """A room that somebody is in; `size` as `limits.ROOM_BYTES` counts it."""

    epoch: int
    rev: int = 0
    size: int = 0
    members: dict[str, _GroupMember] = field(default_factory=dict)


class Groups:
    """All rooms of a broker.

    Args:
        epoch: larger than that of every run before; the wall clock in microseconds will do.
        seconds: for which a member stays without a word.
    """

    def __init__(self, epoch: int, seconds: float = SECONDS) -> None:
        self._groups: dict[str, _Group] = {}
        self._epoch = epoch
        self._seconds = seconds
        self._timers: list[tuple[float, str, str]] = []  # heap: due, room, member

        self.members = 0
        """How many members all rooms have."""

    def receive(self, routing_id: bytes, frame: bytes, now: float) -> list[Sent]:
        """Answer one frame.

        Args:
            routing_id: the connection it came from.
            frame: one that `is_group_request`.
            now: monotonic seconds.

        Returns:
            the reply for that connection, last, and what others are to be told.

        Raises:
            PeerError: it is refused; nothing has changed.
        """
        request: messages.GroupRequest = codec.decode_group_request(frame)
        if len(request.instance) < INSTANCE_CHARS:
            raise BadMessage(
                f"instance of {len(request.instance)} characters, at least {INSTANCE_CHARS} needed"
            )
        member = hashlib.sha256(request.instance.encode()).hexdigest()[:16]
        if isinstance(request, messages.JoinGroup):
            return [(routing_id, self._join(routing_id, request, member, now))]
        group = self._groups.get(request.room)
        if group is None or member not in group.members:
            raise NotFound(f"not gathered in room {request.room!r}; gather again")
        one = group.members[member]
        one.routing_id, one.heard = routing_id, now
        match request:
            case messages.PutRecords():
                pushed = self._put(group, request, member)
            case messages.PublishToGroup():
                posted = messages.GroupMessage(room=request.room, member=member, body=request.body)
                pushed = _to_all(group, codec.encode(posted), but=member)
            case messages.LeaveGroup():
                pushed = self._remove(request.room, group, member)
        return [*pushed, (routing_id, codec.encode(messages.Done(id=request.id)))]

    def handle_timer(self, now: float) -> list[Sent]:
        """Remove members that have not been heard for too long; return what others are told."""
        told: list[Sent] = []
        while self._timers and self._timers[0][0] <= now:
            due, name, member = heapq.heappop(self._timers)
            group = self._groups.get(name)
            one = group.members.get(member) if group is not None else None
            if group is None or one is None or one.due != due:
                continue
            one.due = one.heard + self._seconds
            if one.due > now:
                heapq.heappush(self._timers, (one.due, name, member))
            else:
                told += self._remove(name, group, member)
        return told

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        return self._timers[0][0] if self._timers else None

    def _join(
        self, routing_id: bytes, request: messages.JoinGroup, member: str, now: float
    ) -> bytes:
        group = self._groups.get(request.room)
        if group is None:
            if len(self._groups) >= limits.ROOMS:
                raise Overloaded(f"{limits.ROOMS:,} rooms, at most {limits.ROOMS:,} allowed")
            # A room that was empty is another one: whoever knew it must not take it for the same.
            self._epoch += 1
            group = self._groups[request.room] = _Group(self._epoch)
        known = group.members.get(member)
        if known is not None:
            known.routing_id, known.heard = routing_id, now
        elif len(group.members) >= limits.ROOM_MEMBERS:
            raise Overloaded(
                f"{len(group.members)} gathered in room {request.room!r}, "
                f"at most {limits.ROOM_MEMBERS} allowed"
            )
        else:
            self._admit(
                request.room, group, member, _GroupMember(routing_id, now, now + self._seconds)
            )
        whole = (request.epoch, request.rev) != (group.epoch, group.rev)
        return codec.encode(
            messages.GroupJoined(
                id=request.id,
                room=request.room,
                member=member,
                epoch=group.epoch,
                rev=group.rev,
                seconds=self._seconds,
                whole=whole,
                records=list(_records(group)) if whole else [],
            )
        )

    def _admit(self, name: str, group: _Group, member: str, one: _GroupMember) -> None:
        group.members[member] = one
        self.members += 1
        heapq.heappush(self._timers, (one.due, name, member))
        # Who comes and goes all the time leaves timers behind that are void.
        if len(self._timers) > 2 * self.members + 1_000:
            self._timers = [
                (one.due, name, member)
                for name, group in self._groups.items()
                for member, one in group.members.items()
            ]
            heapq.heapify(self._timers)

    def _put(self, group: _Group, request: messages.PutRecords, member: str) -> list[Sent]:
        records = group.members[member].records
        wanted = {record.key: record.body for record in request.records}
        changed = {key: body for key, body in wanted.items() if records.get(key) != body}
        if not changed:
            return []
        size = group.size
        for key, body in changed.items():
            size += _size(key, body) - _size(key, records.get(key))
        if size > max(limits.ROOM_BYTES, group.size):
            raise Overloaded(
                f"room {request.room!r} would hold {size:,} bytes, "
                f"at most {limits.ROOM_BYTES:,} allowed"
            )
        group.size = size
        for key, body in changed.items():
            if body is None:
                del records[key]
            else:
                records[key] = body
        return self._send_all(
            request.room,
            group,
            (GroupRecord(key=key, body=body, member=member) for key, body in changed.items()),
        )

    def _remove(self, name: str, group: _Group, member: str) -> list[Sent]:
        gone = group.members.pop(member)
        self.members -= 1
        if not group.members:
            del self._groups[name]
            return []
        group.size -= sum(_size(key, body) for key, body in gone.records.items())
        if not gone.records:
            return []
        return self._send_all(
            name, group, (GroupRecord(key=key, member=member) for key in gone.records)
        )

    @staticmethod
    def _send_all(name: str, group: _Group, records: Iterable[GroupRecord]) -> list[Sent]:
        group.rev += 1
        changed = messages.GroupChanged(
            room=name, epoch=group.epoch, rev=group.rev, records=list(records)
        )
        return _to_all(group, codec.encode(changed))


def _to_all(group: _Group, frame: bytes, but: str = "") -> list[Sent]:
    return [(one.routing_id, frame) for member, one in group.members.items() if member != but]


def _records(group: _Group) -> Iterator[GroupRecord]:
    for member, one in group.members.items():
        for key, body in one.records.items():
            yield GroupRecord(key=key, body=body, member=member)


def _size(key: str, body: bytes | None) -> int:
    """Return what a record counts for; one that is not there for nothing."""
    return 0 if body is None else len(key.encode()) + len(body) + limits.ROOM_RECORD_BYTES
