"""Every message of the wire as a typed struct, tagged by `type`.

`docs/PROTOCOL.md` is the specification; a test holds the two together. Times are integer
microseconds since 1970 UTC unless a field says otherwise. A request's `id` is repeated by its
reply. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from . import limits, times

VERSION = 1
"""The protocol version that `hello` and `attach` carry."""

Id = Annotated[str, Meta(max_length=limits.ID_CHARS)]
Name = Annotated[str, Meta(max_length=limits.NAME_CHARS)]
Text = Annotated[str, Meta(max_length=limits.TEXT_CHARS)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Micros = Annotated[int, Meta(ge=times.EARLIEST, le=times.LATEST)]
Detail = Text | int | float | bool
Details = Annotated[dict[Name, Detail], Meta(max_length=limits.DETAILS)]
Names = Annotated[list[Name], Meta(max_length=limits.ORIGINS)]
LineUps = dict[Name, Annotated[list[Name], Meta(max_length=limits.LINEUP)]]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Speed = Annotated[float, Meta(ge=0, le=100_000)]
Role = Literal["viewer", "reporter", "host"]
EventStatus = Literal["scheduled", "live", "finished"]
EntryStatus = Literal["PROVISIONAL", "CONFIRMED", "UPDATED", "DELETED"]
Outcome = Literal["stored", "accepted", "expired", "refused"]


class Part(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A piece of a message; it has no type of its own."""


class Message(Part, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag=str.lower):
    """A message: one MessagePack map in one frame."""


# ── pieces ───────────────────────────────────────────────────────────────────────────────────


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


class Fate(Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of one report of the receiver."""

    n: Count
    outcome: Outcome
    seq: Count = 0
    entry_id: Id = ""
    code: Name = ""
    reason: Text = ""


# ── peer → broker ────────────────────────────────────────────────────────────────────────────


class Hello(Message, frozen=True, kw_only=True):
    """A peer says who it is. `identity` is its secret of at least 16 characters, made once."""

    id: Count
    name: Name
    identity: Id
    roles: Annotated[list[Role], Meta(max_length=3)] = field(default_factory=list)
    version: int = VERSION


class Search(Message, frozen=True, kw_only=True):
    """Find events; an empty `text` lists them, newest first."""

    id: Count
    text: Text = ""
    sport: Name = ""
    status: EventStatus | Literal[""] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Id = ""


class Show(Message, frozen=True, kw_only=True):
    """Ask for one event."""

    id: Count
    event: Id


class Create(Message, frozen=True, kw_only=True):
    """Register an event. The same `key` from the same peer gives the same event."""

    id: Count
    title: Name
    sport: Name
    key: Id
    origins: Names = field(default_factory=list)
    lineups: LineUps = field(default_factory=dict)
    rules: dict[Name, object] = field(default_factory=dict)
    starts: Micros = 0
    timing: Timing | None = None


class Join(Message, frozen=True, kw_only=True):
    """Ask for the way into an event."""

    id: Count
    event: Id
    role: Role


class Lease(Message, frozen=True, kw_only=True):
    """A host claims an event, or renews its claim.

    `instance` is random for each start of a host; `epoch` is the one it proposes, or, when it
    renews, holds.
    """

    id: Count
    event: Id
    instance: Id
    endpoints: Endpoints
    epoch: Count
    seq: Count


class Verify(Message, frozen=True, kw_only=True):
    """A host asks whose token this is."""

    id: Count
    token: Id


class Finish(Message, frozen=True, kw_only=True):
    """A host says that the event is over."""

    id: Count
    event: Id


class Leave(Message, frozen=True, kw_only=True):
    """A host gives up its lease, so that another may take over at once."""

    id: Count
    event: Id
    instance: Id


# ── broker → peer ────────────────────────────────────────────────────────────────────────────


class Welcome(Message, frozen=True, kw_only=True):
    """The broker knows the peer under this id."""

    id: Count
    peer: Id
    time: Micros
    heartbeat: Seconds
    version: int = VERSION


class Events(Message, frozen=True, kw_only=True):
    """Events found, best match first; `cursor` asks for the next page, empty at the end."""

    id: Count
    events: list[Card]
    cursor: Id = ""


class Event(Message, frozen=True, kw_only=True):
    """One event."""

    id: Count
    card: Card


class Invitation(Message, frozen=True, kw_only=True):
    """The way into an event; without `endpoints` it has no host yet: ask again later."""

    id: Count
    card: Card
    token: Id
    expires: Micros
    epoch: Count = 0
    endpoints: Endpoints | None = None


class Leased(Message, frozen=True, kw_only=True):
    """The lease is held for `seconds` from now under this epoch."""

    id: Count
    event: Id
    epoch: Count
    seconds: Seconds


class Grant(Message, frozen=True, kw_only=True):
    """Whose token it is and what it permits."""

    id: Count
    token: Id
    peer: Id
    name: Name
    role: Role
    event: Id
    expires: Micros


class Done(Message, frozen=True, kw_only=True):
    """The request was carried out."""

    id: Count


class Error(Message, frozen=True, kw_only=True):
    """A request (or frame, then `id` is 0) was refused."""

    id: Count
    code: Name
    reason: Text


# ── peer → host, ROUTER ──────────────────────────────────────────────────────────────────────


class Attach(Message, frozen=True, kw_only=True):
    """Present a token; `time` is the sender's wall clock at that moment, `rtt` the round trip
    that it measured just before, in microseconds (0: not measured)."""

    id: Count
    token: Id
    time: Micros
    rtt: Count = 0
    version: int = VERSION


class Replay(Message, frozen=True, kw_only=True):
    """Ask for published messages `first` to `last`; `last` 0 means up to the newest."""

    id: Count
    event: Id
    first: Count
    last: Count = 0


class Ping(Message, frozen=True, kw_only=True):
    """Say that one is there; subscribers add their counters."""

    id: Count
    event: Id
    time: Micros
    seq: Count = 0
    received: Count = 0
    lost: Count = 0


class Detach(Message, frozen=True, kw_only=True):
    """Leave an event."""

    id: Count
    event: Id


# ── host → peer, ROUTER ──────────────────────────────────────────────────────────────────────


class Setup(Message, frozen=True, kw_only=True):
    """All that a peer needs to take part; `n` is the host's count of this reporter's reports."""

    id: Count
    card: Card
    actions: list[ActionSpec]
    peer: Id
    role: Role
    epoch: Count
    seq: Count
    digest: bytes
    time: Micros
    heartbeat: Seconds
    n: Count = 0


class Block(Message, frozen=True, kw_only=True):
    """Published messages from `first` on, as they were published; `more` blocks follow."""

    id: Count
    event: Id
    first: Count
    frames: list[bytes]
    more: bool = False


class Pong(Message, frozen=True, kw_only=True):
    """`time` repeats the ping's; `host_time` is the host's wall clock."""

    id: Count
    event: Id
    time: Micros
    host_time: Micros


class Receipt(Message, frozen=True, kw_only=True):
    """Everything up to `n` is on the host's disk; `fates` tell what became of single reports."""

    event: Id
    n: Count
    fates: list[Fate] = field(default_factory=list)


# ── reporter → host, PULL ────────────────────────────────────────────────────────────────────


class Report(Message, frozen=True, kw_only=True):
    """One reporter's statement that an action happened.

    `n` counts the reporter's reports from 1 and never repeats; `time` is when it was said,
    `event.time` when it happened.
    """

    token: Id
    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening


class Said(Struct, frozen=True, gc=False):
    """One report within a batch."""

    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening


class Reports(Message, frozen=True, kw_only=True):
    """Reports of one reporter in one frame, in the order of `n`."""

    token: Id
    reports: Annotated[list[Said], Meta(max_length=limits.BATCH_REPORTS)]


# ── host → subscriber, PUB ───────────────────────────────────────────────────────────────────


class Entry(Message, frozen=True, kw_only=True):
    """An accepted action on the timeline, with everything a subscriber needs."""

    event: Id
    epoch: Count
    seq: Count
    entry_id: Id
    status: EntryStatus
    title: Name
    origin: Name
    time: Micros
    first_reported: Micros
    accepted: Micros
    sent: Micros
    evidence: Evidence
    text: Text = ""
    clock: Name = ""
    details: Details = field(default_factory=dict)
    relates_to: Id = ""
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Finished(Message, frozen=True, kw_only=True):
    """The event is over; nothing follows but heartbeats."""

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Heartbeat(Message, frozen=True, kw_only=True):
    """Nothing is newer than `seq`; takes no seq itself."""

    event: Id
    epoch: Count
    seq: Count
    digest: bytes
    sent: Micros
    present: Count = 0
    claims: Count = 0
    interval: Seconds = 10.0


BrokerRequest = Hello | Search | Show | Create | Join | Lease | Verify | Finish | Leave
BrokerReply = Welcome | Events | Event | Invitation | Leased | Grant | Done | Error
HostRequest = Attach | Replay | Ping | Detach
HostReply = Setup | Block | Pong | Receipt | Done | Error
ReportFrame = Report | Reports
FeedMessage = Entry | Finished
Published = Entry | Finished | Heartbeat
