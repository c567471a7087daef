"""Every message of the wire as a typed struct, tagged by `type`.

`docs/PROTOCOL.md` is the specification; a test holds the two together. Times are integer
microseconds since 1970 UTC unless a field says otherwise. A request's `id` is repeated by its
reply. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from . import limits
from .parts import (
    ActionSpec,
    Card,
    Count,
    DelayStatus,
    Detail,
    Details,
    Endpoints,
    EntryStatus,
    EventStatus,
    Evidence,
    Fate,
    FeedState,
    Happening,
    Id,
    LineUps,
    Micros,
    Name,
    Names,
    Outcome,
    Part,
    Role,
    Seconds,
    Speed,
    Text,
    Timing,
)

# The pieces are said with the messages: `messages.Card`.
__all__ = [
    "ActionSpec",
    "Card",
    "Count",
    "DelayStatus",
    "Detail",
    "Details",
    "Endpoints",
    "EntryStatus",
    "EventStatus",
    "Evidence",
    "Fate",
    "FeedState",
    "Happening",
    "Id",
    "LineUps",
    "Micros",
    "Name",
    "Names",
    "Outcome",
    "Part",
    "Role",
    "Seconds",
    "Speed",
    "Text",
    "Timing",
]

VERSION = 1
"""The protocol version that `hello` and `attach` carry."""


class Message(Part, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag=str.lower):
    """A message: one MessagePack map in one frame."""


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
    that it measured just before, in microseconds (0: not measured). `last` is the number of a
    reporter's newest report, sent or not; one that is `brief` leaves without a word."""

    id: Count
    token: Id
    time: Micros
    rtt: Count = 0
    last: Count = 0
    brief: bool = False
    version: int = VERSION


class Replay(Message, frozen=True, kw_only=True):
    """Ask for published messages `first` to `last`; `last` 0 means up to the newest."""

    id: Count
    event: Id
    first: Count
    last: Count = 0


class Ping(Message, frozen=True, kw_only=True):
    """Say that one is there; reporters add the number of their newest report, sent or not,
    subscribers their counters."""

    id: Count
    event: Id
    time: Micros
    last: Count = 0
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


class Confirm(Message, frozen=True, kw_only=True):
    """Ask a reporter for the score it sees: contact was lost from `since` to `until`."""

    event: Id
    since: Micros
    until: Micros


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
    """An accepted action on the timeline, with everything a subscriber needs.

    `seq` is its place in the order of arrival, `place` that in match order, from 1, when it was
    published (0 where it is deleted).
    """

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
    place: Count = 0
    delay_status: DelayStatus = ""
    reason: Text = ""
    text: Text = ""
    clock: Name = ""
    details: Details = field(default_factory=dict)
    relates_to: Id = ""
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Alarm(Message, frozen=True, kw_only=True):
    """Nothing has been heard from the venue since `last_received`: the event is suspended.

    `number` counts the alarms of one outage from 1.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    last_received: Micros
    number: Count = 1


class Restored(Message, frozen=True, kw_only=True):
    """What happened in an outage has been put together; the event goes on.

    `entries` were put on the timeline for the time from `since` to `until`, of which `inaccurate`
    are known not to be right, for the `reason`. `confirmed`: reporters stated this score.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    since: Micros
    until: Micros
    entries: Count = 0
    inaccurate: Count = 0
    confirmed: bool = False
    reason: Text = ""
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
    """Nothing is newer than `seq`; takes no seq itself.

    `disputed` of the open `claims` have enough voters, but as many against them. `trouble` says
    why the host can store nothing at the moment.
    """

    event: Id
    epoch: Count
    seq: Count
    digest: bytes
    sent: Micros
    present: Count = 0
    claims: Count = 0
    interval: Seconds = 10.0
    disputed: Count = 0
    state: FeedState = "live"
    trouble: Text = ""


BrokerRequest = Hello | Search | Show | Create | Join | Lease | Verify | Finish | Leave
BrokerReply = Welcome | Events | Event | Invitation | Leased | Grant | Done | Error
HostRequest = Attach | Replay | Ping | Detach
HostReply = Setup | Block | Pong | Confirm | Receipt | Done | Error
ReportFrame = Report | Reports
FeedMessage = Entry | Alarm | Restored | Finished
Published = Entry | Alarm | Restored | Finished | Heartbeat
