"""What messages are made of: the types of their fields, and the pieces that have no type of their
own. Bounds are those of `limits`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from . import limits, times

Id = Annotated[str, Meta(max_length=limits.ID_CHARS)]
Name = Annotated[str, Meta(max_length=limits.NAME_CHARS)]
Text = Annotated[str, Meta(max_length=limits.TEXT_CHARS)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Micros = Annotated[int, Meta(ge=times.EARLIEST, le=times.LATEST)]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(max_length=64)]
Detail = Text | int | float | bool
Details = Annotated[dict[Name, Detail], Meta(max_length=limits.DETAILS)]
Names = Annotated[list[Name], Meta(max_length=limits.ORIGINS)]
LineUps = dict[Name, Annotated[list[Name], Meta(max_length=limits.LINEUP)]]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Speed = Annotated[float, Meta(ge=0, le=100_000)]
Body = Annotated[bytes, Meta(max_length=limits.ROOM_BODY_BYTES)]
Role = Literal["viewer", "reporter", "host", "operator"]
EventStatus = Literal["scheduled", "live", "finished"]
EntryStatus = Literal["PROVISIONAL", "CONFIRMED", "UPDATED", "DELETED"]
DelayStatus = Literal["", "DELAYED", "RECONSTRUCTED", "RECONSTRUCTION_INACCURATE"]
FeedState = Literal["live", "suspended", "reconstructing", "finished"]
Outcome = Literal["stored", "accepted", "expired", "refused"]


class Part(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A piece of a message; it has no type of its own."""


class Message(Part, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag=str.lower):
    """A message: one MessagePack map in one frame."""


class Timing(Part, frozen=True, kw_only=True):
    """The clock of an event that is replayed; a live event has speed 1 and needs no `began`.

    Event time = `starts` + (wall time - `began`) x `speed`. Speed 0: no relation (as fast as
    it goes), so that nothing is judged late.
    """

    starts: Micros = 0
    began: Micros = 0
    speed: Speed = 1.0


class Card(Part, frozen=True, kw_only=True):
    """What the broker knows of an event."""

    event: Id
    title: Name
    sport: Name
    origins: Names
    status: EventStatus = "scheduled"
    starts: Micros = 0
    created: Micros = 0
    hosted: bool = False
    lineups: LineUps = field(default_factory=dict)
    rules: dict[Name, object] = field(default_factory=dict)
    timing: Timing | None = None


class EnrolledPeer(Part, frozen=True, kw_only=True):
    """A peer as the broker's operators see it."""

    peer: Id
    name: Name
    role: Role
    enrolled: Micros = 0
    invite: Id = ""
    revoked: bool = False


class Endpoints(Part, frozen=True, kw_only=True):
    """Where a host listens, as ZeroMQ endpoints."""

    router: Name
    pull: Name
    pub: Name


class ActionSpec(Part, frozen=True, kw_only=True):
    """One action of the event's sport, as reporters are offered it."""

    title: Name
    text: Name
    details: list[Name] = field(default_factory=list)


class GroupRecord(Part, frozen=True, kw_only=True):
    """What a member of a room keeps there under a key of its own; without a `body` it is gone."""

    key: Name
    body: Body | None = None
    member: Id = ""


class Happening(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a report says happened: an action, what made it, when."""

    title: Name
    origin: Name
    time: Micros
    details: Details | None = None


class Evidence(Part, frozen=True, kw_only=True):
    """Why an entry stands: reporters for and against, reporters present, milliseconds from the
    first report's arrival to acceptance."""

    for_: Count = field(name="for")
    against: Count = 0
    present: Count = 0
    latency_ms: float = 0.0


class Pending(Part, frozen=True, kw_only=True):
    """A claim that has not made it yet: `time` as far as it is known, reporters for and against,
    and how many it needs."""

    title: Name
    origin: Name
    time: Micros
    for_: Count = field(name="for", default=0)
    against: Count = 0
    needed: Count = 0


class Fate(Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of one report of the receiver."""

    n: Count
    outcome: Outcome
    seq: Count = 0
    entry_id: Id = ""
    code: Name = ""
    reason: Text = ""
