"""What peers and the broker say to each other; said as `messages.Hello`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .. import limits
from ..fields import (
    Card,
    Count,
    Endpoints,
    EnrolledPeer,
    EventStatus,
    Id,
    Key,
    LineUps,
    Message,
    Micros,
    Name,
    Names,
    Role,
    Seconds,
    Text,
    Timing,
)
from .groups import GroupChanged, GroupJoined, GroupMessage

VERSION = 1
"""The protocol version that `hello` and `attach` carry."""


# ── peer → broker ────────────────────────────────────────────────────────────────────────────


class Hello(Message, frozen=True, kw_only=True):
    """A peer says who it is: the holder of `key`, which the connection has proved.

    A peer that the broker does not know enrols with it, under an `invite` code where the broker
    asks for one. `roles`: what it means to do.
    """

    id: Count
    name: Name
    key: Key
    invite: Id = ""
    roles: Annotated[list[Role], Meta(max_length=4)] = field(default_factory=list)
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


class Vouch(Message, frozen=True, kw_only=True):
    """A host asks who knocks: the holder of this CURVE key, not yet let in."""

    id: Count
    curve: Key


class Finish(Message, frozen=True, kw_only=True):
    """A host says that the event is over."""

    id: Count
    event: Id


class ReleaseLease(Message, frozen=True, kw_only=True, tag="leave"):
    """A host gives up its lease, so that another may take over at once."""

    id: Count
    event: Id
    instance: Id


class Invite(Message, frozen=True, kw_only=True):
    """An operator asks for a code that lets `uses` new keys in, in this role at most, for some
    seconds from now."""

    id: Count
    role: Role
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES)] = 1
    seconds: Annotated[float, Meta(gt=0, le=limits.INVITE_SECONDS)] = 86_400.0


class Members(Message, frozen=True, kw_only=True):
    """An operator asks who is enrolled; `cursor` is the last peer of the page before."""

    id: Count
    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    cursor: Id = ""


class Revoke(Message, frozen=True, kw_only=True):
    """An operator puts a peer out for good; its name stays its own."""

    id: Count
    peer: Id


# ── broker → peer ────────────────────────────────────────────────────────────────────────────


class Welcome(Message, frozen=True, kw_only=True):
    """The broker knows the peer under this id, in this role: each role may do what those before
    it may."""

    id: Count
    peer: Id
    role: Role
    time: Micros
    heartbeat: Seconds
    version: int = VERSION


class EventList(Message, frozen=True, kw_only=True, tag="events"):
    """Events found, best match first; `cursor` asks for the next page, empty at the end."""

    id: Count
    events: list[Card]
    cursor: Id = ""


class Event(Message, frozen=True, kw_only=True):
    """One event."""

    id: Count
    card: Card


class Invitation(Message, frozen=True, kw_only=True):
    """The way into an event; without `endpoints` it has no host yet: ask again later. `key` is
    the host's public key, empty where nothing is encrypted."""

    id: Count
    card: Card
    token: Id
    expires: Micros
    epoch: Count = 0
    endpoints: Endpoints | None = None
    key: Annotated[bytes, Meta(max_length=32)] = b""


class Leased(Message, frozen=True, kw_only=True):
    """The lease is held for `seconds` from now under this epoch; `revoked` holds the peers with
    a token for the event that have been put out."""

    id: Count
    event: Id
    epoch: Count
    seconds: Seconds
    revoked: Annotated[list[Id], Meta(max_length=limits.REVOKED)] = field(default_factory=list)


class Grant(Message, frozen=True, kw_only=True):
    """Whose token it is and what it permits. `invite` tells which invitation the peer came in
    by, empty where the broker is open; `enrolled` when."""

    id: Count
    token: Id
    peer: Id
    name: Name
    role: Role
    event: Id
    expires: Micros
    key: Key
    invite: Id = ""
    enrolled: Micros = 0


class Vouched(Message, frozen=True, kw_only=True):
    """The holder of the CURVE key is this peer, and has a token for an event of the host's."""

    id: Count
    curve: Key
    peer: Id


class Invited(Message, frozen=True, kw_only=True):
    """The code to pass on; nobody but those who have it knows it."""

    id: Count
    code: Id
    invite: Id
    expires: Micros


class Roll(Message, frozen=True, kw_only=True):
    """Who is enrolled, in the order of their ids; `cursor` asks for the next page."""

    id: Count
    members: list[EnrolledPeer]
    cursor: Id = ""


class Done(Message, frozen=True, kw_only=True):
    """The request was carried out."""

    id: Count


class Error(Message, frozen=True, kw_only=True):
    """A request (or frame, then `id` is 0) was refused."""

    id: Count
    code: Name
    reason: Text


BrokerRequest = (
    Hello
    | Search
    | Show
    | Create
    | Join
    | Lease
    | Verify
    | Vouch
    | Finish
    | ReleaseLease
    | Invite
    | Members
    | Revoke
)
BrokerReply = (
    Welcome
    | EventList
    | Event
    | Invitation
    | Leased
    | Grant
    | Vouched
    | Invited
    | Roll
    | GroupJoined
    | GroupChanged
    | GroupMessage
    | Done
    | Error
)
