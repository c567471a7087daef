"""Groups: peers share records and messages through the broker while they are connected.

The wire calls a group a room, and its requests `gather`, `put`, `post` and `depart`. A member joins
a group, puts records into it under keys of its own, and sends messages to all other members.
Nothing is on disk: after a restart of the broker its members join again and put their records
again. Brokers on one registry have the same groups: each knows all members, serves those that are
connected to it, and tells the others what they say; a member that has gone to another broker is at
home there from its first request on. Pure. The thread that forwards frames answers these requests,
since they wait for no database.
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

BEAT_SECONDS = SECONDS / 3
"""Seconds after which a broker says again to the others that it is there."""

HERE = b""
"""What a broker says that is just there."""


class _Wanted(msgspec.Struct, frozen=True, array_like=True, tag="wanted"):
    """Tell everything anew: the broker that says this has not heard of the others, or too late."""


class _Joined(msgspec.Struct, frozen=True, array_like=True, tag="joined"):
    room: str
    member: str


class _Put(msgspec.Struct, frozen=True, array_like=True, tag="put"):
    room: str
    member: str
    records: list[tuple[str, bytes | None]]


class _Posted(msgspec.Struct, frozen=True, array_like=True, tag="posted"):
    room: str
    member: str
    body: bytes


class _Left(msgspec.Struct, frozen=True, array_like=True, tag="left"):
    room: str
    member: str


_Message = _Wanted | _Joined | _Put | _Posted | _Left
"""What the brokers on one registry tell each other."""

_decode = msgspec.msgpack.Decoder(_Message).decode

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
        home: the broker that it is connected to; empty for this one.
        records: the bodies of its records by key.
    """

    routing_id: bytes
    heard: float
    due: float
    home: str = ""
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
        shared: whether there may be other brokers on the same registry.
    """

    def __init__(self, epoch: int, seconds: float = SECONDS, *, shared: bool = False) -> None:
        self._brokers: dict[str, float] = {}  # other brokers, and when they were heard last
        self._outgoing: list[bytes] = []  # for the other brokers
        self._beat_at: float | None = 0.0 if shared else None
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
        if group is None or member not in group.members or group.members[member].home:
            raise NotFound(f"this instance is not in room {request.room!r}; gather again")
        sender = group.members[member]
        sender.routing_id, sender.heard = routing_id, now
        match request:
            case messages.PutRecords():
                pushed = self._put(group, request, member)
            case messages.PublishToGroup():
                pushed = _post(request.room, group, member, request.body)
                self._tell(_Posted(request.room, member, request.body))
            case messages.LeaveGroup():
                self._tell(_Left(request.room, member))
                pushed = self._remove(request.room, group, member)
        return [*pushed, (routing_id, codec.encode(messages.Done(id=request.id)))]

    def handle_timer(self, now: float) -> list[Sent]:
        """Remove members whose last request is too old; return the frames to other members."""
        frames: list[Sent] = self._beat(now)
        while self._timers and self._timers[0][0] <= now:
            due, name, member = heapq.heappop(self._timers)
            group = self._groups.get(name)
            silent = group.members.get(member) if group is not None else None
            if group is None or silent is None or silent.due != due or silent.home:
                continue
            silent.due = silent.heard + self._seconds
            if silent.due > now:
                heapq.heappush(self._timers, (silent.due, name, member))
            else:
                self._tell(_Left(name, member))
                frames += self._remove(name, group, member)
        return frames

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer` (monotonic seconds), None for never."""
        silence = self._timers[0][0] if self._timers else None
        if silence is None or self._beat_at is None:
            return self._beat_at if silence is None else silence
        return min(silence, self._beat_at)

    # ── other brokers on the same registry ───────────────────────────────────────────────────

    def outgoing(self) -> list[bytes]:
        """Return what to tell the other brokers, in this order, each once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def tell_all(self) -> None:
        """Tell the other brokers everything anew."""
        self._outgoing = [HERE]
        for name, group in self._groups.items():
            for member, here in group.members.items():
                if not here.home:
                    self._tell(_Joined(name, member))
                    if here.records:
                        self._tell(_Put(name, member, list(here.records.items())))

    def take(self, broker: str, body: bytes, now: float) -> list[Sent]:
        """Take in what another broker tells; return the frames to this broker's members.

        Args:
            broker: the other broker's id.
            body: what its `outgoing` returned.
            now: monotonic seconds.
        """
        if broker not in self._brokers:
            self._outgoing.append(msgspec.msgpack.encode(_Wanted()))
        self._brokers[broker] = now
        if body == HERE:
            return []
        message = _decode(body)
        if isinstance(message, _Wanted):
            self.tell_all()
            return []
        if isinstance(message, _Joined):
            self._move(message, broker, now)
            return []
        group = self._groups.get(message.room)
        member = group.members.get(message.member) if group is not None else None
        # It may have gone to another broker since.
        if group is None or member is None or member.home != broker:
            return []
        match message:
            case _Put():
                # What was told anew is known for the most part.
                known = member.records
                changed = {key: body for key, body in message.records if known.get(key) != body}
                if not changed:
                    return []
                return self._change(message.room, group, message.member, changed)
            case _Posted():
                return _post(message.room, group, message.member, message.body)
        return self._remove(message.room, group, message.member)

    def _tell(self, message: _Message) -> None:
        if self._brokers:
            self._outgoing.append(msgspec.msgpack.encode(message))

    def _beat(self, now: float) -> list[Sent]:
        """Say that this broker is there; remove the members of brokers that are silent."""
        if self._beat_at is None or now < self._beat_at:
            return []
        self._beat_at = now + BEAT_SECONDS
        self._outgoing.append(HERE)
        silent = {one for one, heard in self._brokers.items() if now - heard >= self._seconds}
        if not silent:
            return []
        for broker in silent:
            del self._brokers[broker]
        gone = [
            (name, member)
            for name, group in self._groups.items()
            for member, there in group.members.items()
            if there.home in silent
        ]
        return [
            sent for name, member in gone for sent in self._remove(name, self._groups[name], member)
        ]

    def _move(self, message: _Joined, broker: str, now: float) -> None:
        """Let a member be at home at another broker."""
        group = self._groups.get(message.room)
        if group is None:
            group = self._open(message.room)
        known = group.members.get(message.member)
        if known is None:
            known = group.members[message.member] = _GroupMember(b"", now, now)
            self.members += 1
        known.routing_id, known.home = b"", broker

    def _open(self, name: str) -> _Group:
        # An empty group is forgotten. Its successor takes a new epoch, so that a peer that knew the
        # old group asks for all records.
        self._epoch += 1
        group = self._groups[name] = _Group(self._epoch)
        return group

    # ── this broker's members ────────────────────────────────────────────────────────────────

    def _join(
        self, routing_id: bytes, request: messages.JoinGroup, member: str, now: float
    ) -> bytes:
        group = self._groups.get(request.room)
        if group is None:
            if len(self._groups) >= limits.ROOMS:
                raise Overloaded(f"{limits.ROOMS:,} rooms, at most {limits.ROOMS:,} allowed")
            group = self._open(request.room)
        known = group.members.get(member)
        if known is not None:
            known.routing_id, known.heard = routing_id, now
            if known.home:  # it comes from another broker, with its records
                known.home, known.due = "", now + self._seconds
                heapq.heappush(self._timers, (known.due, request.room, member))
                self._tell(_Joined(request.room, member))
        elif len(group.members) >= limits.ROOM_MEMBERS:
            raise Overloaded(
                f"{len(group.members)} members in room {request.room!r}, "
                f"at most {limits.ROOM_MEMBERS} allowed"
            )
        else:
            self._admit(
                request.room, group, member, _GroupMember(routing_id, now, now + self._seconds)
            )
            self._tell(_Joined(request.room, member))
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
                if not timed.home
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
        self._tell(_Put(request.room, member, list(changed.items())))
        return self._change(request.room, group, member, changed)

    def _change(
        self, name: str, group: _Group, member: str, changed: dict[str, bytes | None]
    ) -> list[Sent]:
        """Change records of a member, at whichever broker it is."""
        records = group.members[member].records
        for key, body in changed.items():
            group.size += _size(key, body) - _size(key, records.get(key))
            if body is None:
                records.pop(key, None)
            else:
                records[key] = body
        return self._send_all(
            name,
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


def _post(room: str, group: _Group, member: str, body: bytes) -> list[Sent]:
    posted = messages.GroupMessage(room=room, member=member, body=body)
    return _to_all(group, codec.encode(posted), but=member)


def _to_all(group: _Group, frame: bytes, but: str = "") -> list[Sent]:
    return [
        (other.routing_id, frame)
        for name, other in group.members.items()
        if name != but and not other.home
    ]


def _records(group: _Group) -> Iterator[GroupRecord]:
    for name, member in group.members.items():
        for key, body in member.records.items():
            yield GroupRecord(key=key, body=body, member=name)


def _size(key: str, body: bytes | None) -> int:
    """Return the bytes that a record counts for: 0 without a body."""
    return 0 if body is None else len(key.encode()) + len(body) + limits.ROOM_RECORD_BYTES
