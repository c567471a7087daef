"""Every message of the wire as a typed struct, tagged by `type`.

`docs/PROTOCOL.md` is the specification; a test holds the two together. Times are integer
microseconds since 1970 UTC unless a field says otherwise. A request's `id` is repeated by its
reply. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from . import limits
from .brokerage import (
    VERSION,
    BrokerReply,
    BrokerRequest,
    Create,
    Done,
    Error,
    Event,
    Events,
    Finish,
    Grant,
    Hello,
    Invitation,
    Invite,
    Invited,
    Join,
    Lease,
    Leased,
    Leave,
    Members,
    Revoke,
    Roll,
    Search,
    Show,
    Verify,
    Vouch,
    Vouched,
    Welcome,
)
from .parts import (
    ActionSpec,
    Body,
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
    Key,
    LineUps,
    Message,
    Micros,
    Name,
    Names,
    Outcome,
    Part,
    Pending,
    Person,
    Record,
    Role,
    Seconds,
    Signature,
    Speed,
    Text,
    Timing,
)
from .rooms import Changed, Depart, Gather, Gathered, Post, Posted, Put, RoomRequest

# What the broker says and hears, what rooms have of their own, and the pieces, are said with the
# messages: `messages.Card`.
__all__ = [
    "VERSION",
    "ActionSpec",
    "Body",
    "BrokerReply",
    "BrokerRequest",
    "Card",
    "Changed",
    "Count",
    "Create",
    "DelayStatus",
    "Depart",
    "Detail",
    "Details",
    "Done",
    "Endpoints",
    "EntryStatus",
    "Error",
    "Event",
    "EventStatus",
    "Events",
    "Evidence",
    "Fate",
    "FeedState",
    "Finish",
    "Gather",
    "Gathered",
    "Grant",
    "Happening",
    "Hello",
    "Id",
    "Invitation",
    "Invite",
    "Invited",
    "Join",
    "Key",
    "Lease",
    "Leased",
    "Leave",
    "LineUps",
    "Members",
    "Message",
    "Micros",
    "Name",
    "Names",
    "Outcome",
    "Part",
    "Pending",
    "Person",
    "Post",
    "Posted",
    "Put",
    "Record",
    "Revoke",
    "Role",
    "Roll",
    "RoomRequest",
    "Search",
    "Seconds",
    "Show",
    "Signature",
    "Speed",
    "Text",
    "Timing",
    "Verify",
    "Vouch",
    "Vouched",
    "Welcome",
]

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
    """All that a peer needs to take part; `n` is the host's count of this reporter's reports.

    `badge` is what its reports carry as their token: the host gives it only to the holder of the
    key that the broker gave the token to.
    """

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
    badge: Id
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
    `event.time` when it happened. `token` is the badge of `setup`. `signature` is the reporter's
    over the content, see `signing.content`.
    """

    token: Id
    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""


class Said(Struct, frozen=True, gc=False, omit_defaults=True):
    """One report within a batch."""

    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""


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

    `disputed` of the open `claims` have enough voters, but as many against them; `pending` are the
    newest of those that are no corrections. `trouble` says why the host can store nothing at the
    moment.
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
    pending: Annotated[list[Pending], Meta(max_length=limits.PENDING)] = field(default_factory=list)


HostRequest = Attach | Replay | Ping | Detach
HostReply = Setup | Block | Pong | Confirm | Receipt | Done | Error
ReportFrame = Report | Reports
FeedMessage = Entry | Alarm | Restored | Finished
Published = Entry | Alarm | Restored | Finished | Heartbeat
