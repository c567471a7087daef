"""The messages between peers and the broker."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .. import limits
from ..fields import (
    Card,
    Count,
    Endpoints,
    EnrolledPeer,
    EventRefusal,
    EventStatus,
    GrantRole,
    HostOffer,
    Id,
    Key,
    LeaseAsked,
    LeaseGranted,
    LineUps,
    Message,
    Micros,
    Name,
    Names,
    OfferingHost,
    Peers,
    PoolChange,
    Role,
    Seconds,
    Text,
    Timing,
)
from .groups import GroupChanged, GroupJoined, GroupMessage

VERSION = 1
"""The protocol version that `hello` and `attach` carry."""


Grantees = Annotated[list[Name], Meta(max_length=limits.GRANTS)]
"""Ids or names of peers, as `Permit` takes them."""


# ── peer → broker ────────────────────────────────────────────────────────────────────────────


class Hello(Message, frozen=True, kw_only=True):
    """A peer names its public `key`, which its connection has proved to hold.

    This enrols a key that the broker does not know, with an `invite` code if the broker asks for
    codes. `roles`: the roles in which the peer means to join events; for statistics only. `behind`:
    a digest of the address of the person for whom a gateway holds the key; it counts from gateways
    that the broker knows. `process`, `metrics`: what the peer is, such as `host`, and HOST:PORT at
    which its metrics are scraped; the broker lists them, and no longer where `metrics` is empty.
    """

    id: Count
    name: Name
    key: Key
    invite: Id = ""
    roles: Annotated[list[Role], Meta(max_length=4)] = field(default_factory=list)
    version: int = VERSION
    behind: Id = ""
    process: Name = ""
    metrics: Id = ""


class Search(Message, frozen=True, kw_only=True):
    """Find events; an empty `text` lists them, newest first.

    `competition`: only of this one, however its letters are written.
    """

    id: Count
    text: Text = ""
    sport: Name = ""
    status: EventStatus | Literal[""] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Id = ""
    competition: Name = ""


class Show(Message, frozen=True, kw_only=True):
    """Ask for one event."""

    id: Count
    event: Id


class Create(Message, frozen=True, kw_only=True):
    """Register an event. The same `key` from the same peer gives the same event.

    The peer owns it. `owners` and `hosts` are what a `permit` each would say, see `Permit`.
    """

    id: Count
    title: Name
    sport: Name
    key: Id
    origins: Names = field(default_factory=list)
    lineups: LineUps = field(default_factory=dict)
    rules: dict[Name, object] = field(default_factory=dict)
    starts: Micros = 0
    timing: Timing | None = None
    owners: Grantees = field(default_factory=list)
    hosts: Grantees = field(default_factory=list)
    hidden: bool = False
    competition: Name = ""
    round: Name = ""
    venue: Name = ""


class Permit(Message, frozen=True, kw_only=True):
    """An owner of an event makes a peer an owner or a host of it, or (not `allowed`) takes it back.

    `peer` is a peer's id or name, or `any` for every peer, which is valid for hosts alone.
    """

    id: Count
    event: Id
    role: GrantRole
    peer: Name
    allowed: bool = True


class Join(Message, frozen=True, kw_only=True):
    """Ask for an invitation to an event."""

    id: Count
    event: Id
    role: Role


class Lease(Message, frozen=True, kw_only=True):
    """A host asks for the lease of an event, or renews it.

    `instance` is random for each start of a host. `epoch` is the epoch that the host proposes, or
    that it holds when it renews.
    """

    id: Count
    event: Id
    instance: Id
    endpoints: Endpoints
    epoch: Count
    seq: Count


class HoldEvents(Message, frozen=True, kw_only=True, tag="hold"):
    """A host asks for several leases and renews those that it has, all at one time.

    `joins`: events whose cards it asks for, as a `join` as host each would. `leases`: as a `lease`
    each would. All are of sockets at `endpoints`.
    """

    id: Count
    endpoints: Endpoints
    joins: Annotated[list[Id], Meta(max_length=limits.HOLD_EVENTS)] = field(default_factory=list)
    leases: Annotated[list[LeaseAsked], Meta(max_length=limits.HOLD_EVENTS)] = field(
        default_factory=list
    )
    offer: HostOffer | None = None


class ChangePool(Message, frozen=True, kw_only=True, tag="pool"):
    """An operator puts a host into a pool or takes it out; any host asks who is in it.

    `pool` empty: all hosts that offer themselves. `peer` is a peer's id or name.
    """

    id: Count
    pool: Name = ""
    peer: Name = ""
    change: PoolChange = ""


class PlaceEvent(Message, frozen=True, kw_only=True, tag="place"):
    """An owner of an event, or an operator, gives it to a host, or (`drop`) takes it from its host.

    `peer` is the host's id or name; empty: the least loaded host that may, or with `drop` the host
    that has it.
    """

    id: Count
    event: Id
    peer: Name = ""
    drop: bool = False


class DrainHost(Message, frozen=True, kw_only=True, tag="drain"):
    """A host, or an operator for it, has the host's events given to other hosts.

    `peer` is the host's id or name; empty: the peer itself.
    """

    id: Count
    peer: Name = ""


class ShowHeld(Message, frozen=True, kw_only=True, tag="holdings"):
    """A host asks which events another host has that this one may host, and copy.

    `peer` is the other host's id or name; `cursor` is the last event of the page before.
    """

    id: Count
    peer: Name
    cursor: Id = ""


class Verify(Message, frozen=True, kw_only=True):
    """A host asks which peer a token belongs to; `hashed`: `token` is the digest of the token."""

    id: Count
    token: Id
    hashed: bool = False


class Vouch(Message, frozen=True, kw_only=True):
    """A host asks which peer holds a CURVE key; it has not yet accepted the connection."""

    id: Count
    curve: Key


class Finish(Message, frozen=True, kw_only=True):
    """A host tells the broker that the event is over, or (not `over`) that it is not after all."""

    id: Count
    event: Id
    over: bool = True


class ReleaseLease(Message, frozen=True, kw_only=True, tag="leave"):
    """A host gives up its lease, so that another host can take over at once."""

    id: Count
    event: Id
    instance: Id


class Invite(Message, frozen=True, kw_only=True):
    """An operator asks for an invitation code that gives this role to `uses` keys.

    The code expires `seconds` from now.
    """

    id: Count
    role: Role
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES)] = 1
    seconds: Annotated[float, Meta(gt=0, le=limits.INVITE_SECONDS)] = 86_400.0


class Members(Message, frozen=True, kw_only=True):
    """An operator asks for the enrolled peers; `cursor` is the last peer of the page before."""

    id: Count
    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    cursor: Id = ""


class Revoke(Message, frozen=True, kw_only=True):
    """An operator revokes a peer for good; the peer's name stays its own."""

    id: Count
    peer: Id


# ── broker → peer ────────────────────────────────────────────────────────────────────────────


class Welcome(Message, frozen=True, kw_only=True):
    """The broker knows the peer under this id, in this role.

    Each role may do what the roles before it may do.
    """

    id: Count
    peer: Id
    role: Role
    time: Micros
    heartbeat: Seconds
    version: int = VERSION


class EventList(Message, frozen=True, kw_only=True, tag="events"):
    """The events found, best match first; `cursor` asks for the next page, empty at the end."""

    id: Count
    events: list[Card]
    cursor: Id = ""


class Event(Message, frozen=True, kw_only=True):
    """One event."""

    id: Count
    card: Card


class Invitation(Message, frozen=True, kw_only=True):
    """The addresses of an event's host and a token for it.

    Without `endpoints` the event has no host: ask again later. `key` is the host's public key,
    empty in plain text.
    """

    id: Count
    card: Card
    token: Id
    expires: Micros
    epoch: Count = 0
    endpoints: Endpoints | None = None
    key: Annotated[bytes, Meta(max_length=32)] = b""


class Leased(Message, frozen=True, kw_only=True):
    """The host holds the lease for `seconds` from now under this epoch.

    `revoked` lists the revoked peers that have a token for the event, `owners` the peers that own
    it besides its creator, `hosts` those that may host it besides its owners. A broker of before
    does not say who these are.
    """

    id: Count
    event: Id
    epoch: Count
    seconds: Seconds
    revoked: Annotated[list[Id], Meta(max_length=limits.REVOKED)] = field(default_factory=list)
    owners: Peers = field(default_factory=list)
    hosts: Peers | None = None


class EventsHeld(Message, frozen=True, kw_only=True, tag="held"):
    """What the broker grants of a `hold`: `leases` for `seconds` from now, and what it refuses.

    Events that are in none of the lists did not fit into the frame: ask for them again.
    """

    id: Count
    seconds: Seconds
    cards: list[Card] = field(default_factory=list)
    leases: list[LeaseGranted] = field(default_factory=list)
    refused: list[EventRefusal] = field(default_factory=list)
    assigned: Annotated[list[Id], Meta(max_length=limits.HOLD_EVENTS)] = field(default_factory=list)
    released: Annotated[list[Id], Meta(max_length=limits.HOLD_EVENTS)] = field(default_factory=list)
    draining: bool = False


class Pooled(Message, frozen=True, kw_only=True):
    """The hosts of a pool, or all that offer themselves."""

    id: Count
    hosts: Annotated[list[OfferingHost], Meta(max_length=limits.POOL_HOSTS)] = field(
        default_factory=list
    )


class Holdings(Message, frozen=True, kw_only=True, tag="holding"):
    """The events of which the host `peer` holds the lease and which the asking peer may copy.

    `cursor` asks for the next page, empty at the end.
    """

    id: Count
    peer: Id
    events: Annotated[list[Id], Meta(max_length=limits.HOLD_EVENTS)] = field(default_factory=list)
    cursor: Id = ""


class Placed(Message, frozen=True, kw_only=True):
    """How many events are going to another host, and how many stay, since no other host may."""

    id: Count
    moving: Count = 0
    staying: Count = 0


class Grant(Message, frozen=True, kw_only=True):
    """The peer that a token belongs to, and what the token permits.

    `invite` names the invitation that gave the peer its role, empty if there was none; `enrolled`
    is the time at which the peer got its role, and `network` a digest of the address that it came
    from then: the same for keys from one address, another in another event; empty where it is not
    known.
    """

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
    network: Id = ""


class Vouched(Message, frozen=True, kw_only=True):
    """This peer holds the CURVE key, and has a token for an event of the host."""

    id: Count
    curve: Key
    peer: Id


class Invited(Message, frozen=True, kw_only=True):
    """A new invitation and its code; the broker does not store the code."""

    id: Count
    code: Id
    invite: Id
    expires: Micros


class Roll(Message, frozen=True, kw_only=True):
    """The enrolled peers, in the order of their ids; `cursor` asks for the next page."""

    id: Count
    members: list[EnrolledPeer]
    cursor: Id = ""


class Done(Message, frozen=True, kw_only=True):
    """The broker or host has carried out the request."""

    id: Count


class Error(Message, frozen=True, kw_only=True):
    """The broker or host refuses a request; `id` is 0 if it could not read the request's id."""

    id: Count
    code: Name
    reason: Text


BrokerRequest = (
    Hello
    | Search
    | Show
    | Create
    | Permit
    | Join
    | Lease
    | HoldEvents
    | ChangePool
    | PlaceEvent
    | DrainHost
    | ShowHeld
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
    | EventsHeld
    | Pooled
    | Placed
    | Holdings
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
