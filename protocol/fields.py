"""The types of the fields of messages, and the parts of messages. The bounds are those of `limits`.

A part is a map within a message; it has no `type` field.
"""

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
Peers = Annotated[list[Id], Meta(max_length=limits.GRANTS)]
LineUps = dict[Name, Annotated[list[Name], Meta(max_length=limits.LINEUP)]]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Speed = Annotated[float, Meta(ge=0, le=100_000)]
Body = Annotated[bytes, Meta(max_length=limits.ROOM_BODY_BYTES)]
Role = Literal["viewer", "reporter", "host", "operator"]
EventStatus = Literal["scheduled", "live", "finished"]
EntryStatus = Literal["PROVISIONAL", "CONFIRMED", "UPDATED", "DELETED"]
DelayStatus = Literal["", "DELAYED", "RECONSTRUCTED", "RECONSTRUCTION_INACCURATE"]
ReviewOutcome = Literal["", "upheld", "overturned", "untold"]
HowEnded = Literal["", "abandoned", "postponed", "awarded", "walkover", "retired"]
Act = Literal[
    "reopen",
    "amend",
    "disqualify",
    "reinstate",
    "award",
    "end",
    "uphold",
    "delete",
    "suspend",
    "resume",
]
WhyScore = Literal["", "period", "end", "over", "request"]
GrantRole = Literal["owner", "host"]
PoolChange = Literal["", "add", "remove"]
FeedState = Literal["live", "suspended", "reconstructing", "finished"]
HostContact = Literal["heard", "silent", "host_lost", "link_lost"]
Outcome = Literal["stored", "accepted", "expired", "refused"]


class Part(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A part of a message, without a `type`."""


class Message(Part, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag=str.lower):
    """A message: one MessagePack map in one frame."""


class Timing(Part, frozen=True, kw_only=True):
    """The clock of an event that is replayed; a live event has speed 1 and needs no `began`.

    Event time = `starts` + (wall time - `began`) x `speed`. At speed 0 the replay runs as fast as
    it can: the two times have no relation, and the host judges no report late or early.
    """

    starts: Micros = 0
    began: Micros = 0
    speed: Speed = 1.0


class Card(Part, frozen=True, kw_only=True):
    """An event as the broker describes it.

    `owner` is the peer whose key created it; empty if the broker does not say. `owners` are the
    peers that own it too, `hosts` those that may host it besides its owners, `any` for every peer.
    An event that is `hidden` is found by its id alone, and metrics do not count it. `competition`,
    `round` (of the competition, such as `Final`) and `venue` are for people, in their own words.
    """

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
    owner: Id = ""
    owners: Peers = field(default_factory=list)
    hosts: Peers = field(default_factory=list)
    hidden: bool = False
    competition: Name = ""
    round: Name = ""
    venue: Name = ""


class EnrolledPeer(Part, frozen=True, kw_only=True):
    """An enrolled peer, as the broker shows it to an operator."""

    peer: Id
    name: Name
    role: Role
    enrolled: Micros = 0
    invite: Id = ""
    revoked: bool = False


class Endpoints(Part, frozen=True, kw_only=True):
    """The ZeroMQ endpoints that a host listens on."""

    router: Name
    pull: Name
    pub: Name


class LeaseAsked(Part, frozen=True, kw_only=True):
    """A lease that a host asks for or renews within `hold`: the fields are those of `lease`."""

    event: Id
    instance: Id
    epoch: Count
    seq: Count


class LeaseGranted(Part, frozen=True, kw_only=True):
    """A lease that the broker grants within `held`: the fields are those of `leased`."""

    event: Id
    epoch: Count
    revoked: Annotated[list[Id], Meta(max_length=limits.REVOKED)] = field(default_factory=list)
    owners: Peers = field(default_factory=list)
    hosts: Peers = field(default_factory=list)


class HostOffer(Part, frozen=True, kw_only=True):
    """What a host says of itself: how many events it takes without being asked for each.

    `labels` are for people. `journal` names the journal that it shares with other hosts, empty
    where it has its own. `drain`: it hands its events over and takes no more. `instance` is random
    for each start of the host.
    """

    instance: Id
    capacity: Count
    labels: Annotated[list[Name], Meta(max_length=16)] = field(default_factory=list)
    journal: Id = ""
    drain: bool = False


class OfferingHost(Part, frozen=True, kw_only=True):
    """A host as the broker shows it: what it has offered, and the pool that it is shown for.

    `events` is how many it holds that are not over, `last_seen` when it was last heard of; 0 for a
    key that has never offered itself.
    """

    peer: Id
    name: Name = ""
    pool: Name = ""
    capacity: Count = 0
    events: Count = 0
    labels: Annotated[list[Name], Meta(max_length=16)] = field(default_factory=list)
    address: Name = ""
    last_seen: Micros = 0
    draining: bool = False


class EventRefusal(Part, frozen=True, kw_only=True):
    """Why one event of a request with several is refused."""

    event: Id
    code: Name
    reason: Text


class ActionSpec(Part, frozen=True, kw_only=True):
    """An action that reporters of the event may report."""

    title: Name
    text: Name
    details: list[Name] = field(default_factory=list)


class GroupRecord(Part, frozen=True, kw_only=True):
    """A record that a member put into a room under its `key`; without a `body` it is removed."""

    key: Name
    body: Body | None = None
    member: Id = ""


class Happening(Struct, frozen=True, gc=False, omit_defaults=True):
    """The action that a report states: its title, its origin, and when it happened."""

    title: Name
    origin: Name
    time: Micros
    details: Details | None = None


class Evidence(Part, frozen=True, kw_only=True):
    """The votes behind an entry: reporters for it, against it and present.

    `latency_ms` runs from the arrival of the first report to acceptance. `seen` counts the further
    reporters who agreed after the host had shown them the claim: no verdict counts them.
    `together` counts reporters whose keys were enrolled within a minute of each other from one
    address, and of which `for` counts one: nobody else says it of several others who are there.
    """

    for_: Count = field(name="for")
    against: Count = 0
    present: Count = 0
    latency_ms: float = 0.0
    seen: Count = 0
    together: Count = 0


class Pending(Part, frozen=True, kw_only=True):
    """An open claim: reporters for it and against it, and how many reporters it needs.

    `time` is the mean of the reports' times. `claim` is its number, which counts the event's claims
    from 1.
    """

    title: Name
    origin: Name
    time: Micros
    for_: Count = field(name="for", default=0)
    against: Count = 0
    needed: Count = 0
    claim: Count = 0


class Recount(Part, frozen=True, kw_only=True):
    """The votes behind an entry now, where some came after the version of it that has this `seq`:
    of any other version they are not."""

    entry_id: Id
    seq: Count
    evidence: Evidence


class Fate(Struct, frozen=True, gc=False, omit_defaults=True):
    """The outcome of one report of the receiver."""

    n: Count
    outcome: Outcome
    seq: Count = 0
    entry_id: Id = ""
    code: Name = ""
    reason: Text = ""
