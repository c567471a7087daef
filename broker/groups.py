"""Groups: peers share records and messages through the broker while they are connected.

The wire calls a group a room, and its requests `gather`, `put`, `post` and `depart`. A member joins
a group, puts records into it under keys of its own, and sends messages to all other members.
Nothing is on disk: after a restart of the broker its members join again and put their records
again. Pure. The thread that forwards frames answers these requests, since they wait for no
database.
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
"""Seconds after a member's last request until it is removed; it repeats `gather` each third."""

INSTANCE_CHARS = 16
"""The fewest characters of an instance, which is the member's secret."""

Sent = tuple[bytes, bytes]
"""A connection's routing id, and the frame for it."""


class _Tagged(msgspec.Struct):
    """The `type` of a request, which decides whether a worker or a group answers it."""

    type: str = ""


_tag = msgspec.msgpack.Decoder(_Tagged).decode
_TYPES = frozenset({"gather", "put", "post", "depart"})


def is_group_request(frame: bytes) -> bool:
    """Return whether a frame has the type of a request to a group."""
    if len(frame) > limits.FRAME_BYTES:
        return False
    try:
        return _tag(frame).type in _TYPES
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


@dataclass(slots=True)
class _GroupMember:
    """A member of a group.

    Args:
        routing_id: the connection of its last request.
        heard: the time of its last request, monotonic seconds.
        due: when its timer is due, monotonic seconds; a timer with another time is void.
        records: the bodies of its records by key.
    """

    routing_id: bytes
    heard: float
    due: float
    records: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """A group with at least one member.

    Args:
        epoch: differs from that of any earlier group of the same name.
        rev: the number of changes.
        size: bytes, as `limits.ROOM_BYTES` counts them.
        members: by member id.
    """

    epoch: int
    rev: int = 0
    size: int = 0
    members: dict[str, _GroupMember] = field(default_factory=dict)


class Groups:
    """All groups of a broker.

    Args:
        epoch: a number larger than in every earlier run, such as the wall clock in microseconds.
        seconds: the time after a member's last request until it is removed.
    """

    def __init__(self, epoch: int, seconds: float = SECONDS) -> None:
        self._groups: dict[str, _Group] = {}
        self._epoch = epoch
        self._seconds = seconds
        self._timers: list[tuple[float, str, str]] = []  # heap: due, group, member

        self.members = 0
        """The number of members of all groups."""

    def receive(self, routing_id: bytes, frame: bytes, now: float) -> list[Sent]:
        """Answer one frame.

        Args:
            routing_id: the connection that sent the frame.
            frame: a frame for which `is_group_request` is true.
            now: monotonic seconds.

        Returns:
            the frames to other members, and last the reply to this connection.

        Raises:
            PeerError: the request is refused; nothing has changed.
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
            raise NotFound(f"this instance is not in room {request.room!r}; gather again")
        sender = group.members[member]
        sender.routing_id, sender.heard = routing_id, now
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
        """Remove members whose last request is too old; return the frames to other members."""
        frames: list[Sent] = []
        while self._timers and self._timers[0][0] <= now:
            due, name, member = heapq.heappop(self._timers)
            group = self._groups.get(name)
            silent = group.members.get(member) if group is not None else None
            if group is None or silent is None or silent.due != due:
                continue
            silent.due = silent.heard + self._seconds
            if silent.due > now:
                heapq.heappush(self._timers, (silent.due, name, member))
            else:
                frames += self._remove(name, group, member)
        return frames

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer` (monotonic seconds), None for never."""
        return self._timers[0][0] if self._timers else None

    def _join(
        self, routing_id: bytes, request: messages.JoinGroup, member: str, now: float
    ) -> bytes:
        group = self._groups.get(request.room)
        if group is None:
            if len(self._groups) >= limits.ROOMS:
                raise Overloaded(f"{limits.ROOMS:,} rooms, at most {limits.ROOMS:,} allowed")
            # An empty group is forgotten. Its successor takes a new epoch, so that a peer that
            # knew the old group asks for all records.
            self._epoch += 1
            group = self._groups[request.room] = _Group(self._epoch)
        known = group.members.get(member)
        if known is not None:
            known.routing_id, known.heard = routing_id, now
        elif len(group.members) >= limits.ROOM_MEMBERS:
            raise Overloaded(
                f"{len(group.members)} members in room {request.room!r}, "
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

    def _admit(self, name: str, group: _Group, member: str, joined: _GroupMember) -> None:
        group.members[member] = joined
        self.members += 1
        heapq.heappush(self._timers, (joined.due, name, member))
        # A peer that joins and leaves again and again leaves void timers in the heap.
        if len(self._timers) > 2 * self.members + 1_000:
            self._timers = [
                (timed.due, name, member)
                for name, group in self._groups.items()
                for member, timed in group.members.items()
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
        removed = group.members.pop(member)
        self.members -= 1
        if not group.members:
            del self._groups[name]
            return []
        group.size -= sum(_size(key, body) for key, body in removed.records.items())
        if not removed.records:
            return []
        return self._send_all(
            name, group, (GroupRecord(key=key, member=member) for key in removed.records)
        )

    @staticmethod
    def _send_all(name: str, group: _Group, records: Iterable[GroupRecord]) -> list[Sent]:
        group.rev += 1
        changed = messages.GroupChanged(
            room=name, epoch=group.epoch, rev=group.rev, records=list(records)
        )
        return _to_all(group, codec.encode(changed))


def _to_all(group: _Group, frame: bytes, but: str = "") -> list[Sent]:
    return [(other.routing_id, frame) for name, other in group.members.items() if name != but]


def _records(group: _Group) -> Iterator[GroupRecord]:
    for name, member in group.members.items():
        for key, body in member.records.items():
            yield GroupRecord(key=key, body=body, member=name)


def _size(key: str, body: bytes | None) -> int:
    """Return the bytes that a record counts for: 0 without a body."""
    return 0 if body is None else len(key.encode()) + len(body) + limits.ROOM_RECORD_BYTES
