"""The broker's records, and the interface through which its core reads and writes them.

The core decides; an implementation of `Registry` only stores. All times are wall-clock times in
microseconds since 1970, because records outlive the process and its monotonic clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ..protocol.messages import Card, Endpoints, EventStatus, GrantRole, Role

MOST_SESSIONS = 100
MOST_TOKENS = 20
"""The most connections of one peer on record."""

MOST_TARGETS = 1_000
"""The most processes that are listed to be scraped."""

PEER_TARGETS = 16
"""The most processes of one peer that are kept, those that said so last."""


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """An enrolled peer.

    Args:
        peer: the peer's id, which follows from the key.
        key: the public key, 32 bytes.
        curve: the key's CURVE form, which the peer's connections prove to hold, 32 bytes.
        name: the peer's name; no two names that were enrolled look alike, see `names.looks`.
        role: the highest role that the peer was enrolled in.
        enrolled: when the peer got that role.
        invite: the invitation that gave that role; empty if there was none.
        revoked: when the peer was revoked; 0 if it is not.
    """

    peer: str
    key: bytes
    curve: bytes
    name: str
    role: Role
    enrolled: int
    invite: str = ""
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class InviteRecord:
    """An invitation; its code is not on record.

    Args:
        invite: the invitation's public id.
        digest: the hash of the code, see `enrolment.digest`.
        role: the role that the code gives to a key.
        uses: the number of uses left.
        expires: when the code stops being valid.
        creator: the peer that asked for the invitation.
    """

    invite: str
    digest: bytes
    role: Role
    uses: int
    expires: int
    creator: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event: its card and the peer that created it."""

    card: Card
    creator: str


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A lease that was granted to a host; only the event's lease of the highest epoch counts.

    Args:
        instance: random for each start of a host.
        peer: the host's peer id.
        epoch: the epoch under which the host publishes.
        seq: the newest seq that the host had published when it asked.
        endpoints: the addresses that the host listens on.
        expires: when the lease ends; 0 once the host has left or another has taken over.
    """

    event: str
    instance: str
    peer: str
    epoch: int
    seq: int
    endpoints: Endpoints
    expires: int


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token, by its digest: `peer` may join `event` in `role` until it `expires`."""

    digest: str
    peer: str
    event: str
    role: Role
    expires: int


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """A process whose metrics can be scraped.

    Args:
        peer: whose process it is; a peer has one of each kind.
        process: its kind, such as `host`.
        address: HOST:PORT.
        name: the peer's name; it is not stored here.
    """

    peer: str
    process: str
    address: str
    name: str = ""


UNHOSTED = 16
"""The most events without a host that a census names."""


@dataclass(frozen=True, slots=True)
class Census:
    """The numbers of events and keys on record.

    Args:
        events: events by status; a status without events is missing.
        hosted: events that a host holds the lease of.
        members: enrolled keys by role, without revoked keys.
        revoked: revoked keys.
        unhosted: ids of live events that no host holds the lease of, at most `UNHOSTED`.
        unhosted_in_all: the number of all such events.
    """

    events: dict[str, int]
    hosted: int
    members: dict[str, int] = field(default_factory=dict)
    revoked: int = 0
    unhosted: tuple[str, ...] = ()
    unhosted_in_all: int = 0


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """What a host has last said of itself; see `messages.HostOffer`.

    Args:
        address: where its ROUTER listens.
        seen: when it said so.
        draining: it hands its events over.
        instance: random for each start of the host.
    """

    peer: str
    capacity: int
    labels: tuple[str, ...]
    journal: str
    address: str
    seen: int
    draining: bool = False
    instance: str = ""


@dataclass(frozen=True, slots=True)
class PlacementRecord:
    """Which host is to have an event.

    Args:
        peer: the host; empty: none is.
        placed: since when.
        asked: somebody asked for it, and the host that has the event is to let it go.
        ready: the host has restored the event.
    """

    event: str
    peer: str
    placed: int
    asked: bool = False
    ready: bool = False


class Repository(Protocol):
    """The records within one transaction."""

    def time(self, wall: int) -> int:
        """Return the time by which leases, invitations and tokens end, microseconds since 1970.

        Where brokers share the records it is the database's, read within this transaction: brokers'
        clocks differ. Otherwise it is `wall`, this broker's own.
        """

    def member(self, peer: str) -> PeerRecord | None:
        """Return an enrolled peer, revoked or not."""

    def member_on(self, routing_id: bytes) -> PeerRecord | None:
        """Return the peer that said `hello` on a connection."""

    def member_by_curve(self, curve: bytes) -> PeerRecord | None:
        """Return the peer of a CURVE key."""

    def owner_of(self, name: str) -> PeerRecord | None:
        """Return the peer whose name a name looks like, see `names.looks`; None if it is free."""

    def members(self, after: str, limit: int) -> list[PeerRecord]:
        """Return at most `limit` peers with ids greater than `after`, in the order of their ids."""

    def count_members(self) -> int:
        """Return the number of enrolled keys, revoked or not."""

    def put_member(self, member: PeerRecord) -> None:
        """Record a peer, or its new state; its keys and name never change."""

    def network(self, peer: str) -> str:
        """Return the digest of the address from which a peer got its role; empty if not known."""

    def put_network(self, peer: str, network: str) -> None:
        """Record that digest."""

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        """Record that a connection belongs to a peer, and was last seen at `wall`.

        If the peer has more than `MOST_SESSIONS` connections, remove those seen longest ago.
        """

    def invite(self, digest: bytes) -> InviteRecord | None:
        """Return the invitation whose code has this hash, also if it is used up or expired."""

    def put_invite(self, invite: InviteRecord) -> None:
        """Record an invitation, or its new state."""

    def count_invites(self, wall: int) -> int:
        """Return the number of invitations that are valid at `wall`."""

    def void(self, peer: str) -> None:
        """End all leases that a peer holds and all invitations that it created."""

    def revoked(self, event: str, limit: int) -> list[str]:
        """Return at most `limit` revoked peers with a token for the event, revoked last first."""

    def event(self, event: str) -> EventRecord | None:
        """Return an event; its card's `hosted` is not set, its `owners` and `hosts` are."""

    def created(self, peer: str, key: str) -> EventRecord | None:
        """Return the event that the peer created under this key."""

    def add_event(self, card: Card, peer: str, key: str) -> None:
        """Record a new event."""

    def permit(self, event: str, role: GrantRole, peer: str, *, allowed: bool) -> None:
        """Record that a peer owns or hosts an event, or that it no longer does."""

    def count_events(self, creator: str) -> int:
        """Return the number of events that a peer created."""

    def set_status(self, event: str, status: EventStatus) -> None:
        """Change an event's status."""

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        """Return the cards of events by id, with all that is known set; unknown ids are missing."""

    def changes(self, since: int) -> Iterable[tuple[int, Card]]:
        """Return (revision, card) of the events that changed after a revision, oldest first.

        Revisions grow in the order in which changes become visible, so that a reader that has
        seen a revision has seen every change before it.
        """

    def lease(self, event: str, instance: str = "") -> LeaseRecord | None:
        """Return the event's lease of the highest epoch, or the lease of one instance."""

    def events(self, events: Sequence[str]) -> dict[str, EventRecord]:
        """Return events by id, as `event` does each; unknown ids are missing."""

    def leases(
        self, events: Sequence[str], instances: Collection[str] = ()
    ) -> dict[str, list[LeaseRecord]]:
        """Return by event its lease of the highest epoch, and that of each of these instances."""

    def put_leases(self, changed: Sequence[LeaseRecord], new: Sequence[LeaseRecord]) -> None:
        """Record the new state of leases on record, and leases that are not."""

    def set_statuses(self, events: Sequence[str], status: EventStatus) -> None:
        """Change the status of events."""

    def revoked_of(self, events: Sequence[str], limit: int) -> dict[str, list[str]]:
        """Return by event what `revoked` does; events without such peers are missing."""

    def in_pools(self, peer: str) -> set[str]:
        """Return the pools that a host is in."""

    def pool(self, pool: str, limit: int) -> list[str]:
        """Return at most `limit` hosts of a pool, by id."""

    def put_into_pool(self, pool: str, peer: str, *, member: bool) -> None:
        """Record that a host is in a pool, or no longer."""

    def offer(self, peer: str) -> OfferRecord | None:
        """Return what a host has last said of itself."""

    def offers(self, since: int, limit: int) -> list[OfferRecord]:
        """Return at most `limit` hosts that have offered themselves since a time, by id."""

    def draining(self, since: int, limit: int) -> list[str]:
        """Return at most `limit` hosts that are being drained, as `offers` does."""

    def put_offer(self, offer: OfferRecord) -> None:
        """Record what a host says of itself."""

    def loads(self, wall: int) -> dict[str, int]:
        """Return by host the number of events not over that it holds or is to have."""

    def held_by(self, peer: str, wall: int, after: str = "", limit: int | None = None) -> list[str]:
        """Return the events that are not over and that a host holds the leases of, by id.

        Args:
            peer: the host's.
            wall: microseconds since 1970.
            after: those alone whose ids are greater.
            limit: the most that are returned; None: all.
        """

    def unfinished(
        self, status: EventStatus, after: str, limit: int, wall: int
    ) -> list[tuple[str, bool]]:
        """Return at most `limit` events of a status with ids greater than `after`, by id.

        Returns:
            Each with whether it is free: no host holds it at `wall` (microseconds since 1970), and
            an owner has named hosts.
        """

    def placements(self, events: Sequence[str]) -> dict[str, PlacementRecord]:
        """Return which hosts are to have these events; those without one are missing."""

    def placed_at(self, peer: str, limit: int) -> list[PlacementRecord]:
        """Return at most `limit` events that a host is to have."""

    def placed_elsewhere(self, peer: str, wall: int, limit: int) -> list[str]:
        """Return events that a host holds and is to let go now."""

    def put_placement(self, placement: PlacementRecord) -> None:
        """Record which host is to have an event."""

    def remove_placements(self, events: Sequence[str]) -> None:
        """Forget which hosts are to have these events."""

    def put_lease(self, lease: LeaseRecord) -> None:
        """Record a lease, or its new state."""

    def token(self, digest: str) -> TokenRecord | None:
        """Return the record of a token, expired or not."""

    def tokens_of(self, peer: str, event: str, role: Role, wall: int) -> list[TokenRecord]:
        """Return the peer's valid tokens for the event and role, that of the longest validity
        first; at most `MOST_TOKENS`."""

    def add_token(self, token: TokenRecord) -> None:
        """Record a new token."""

    def count_tokens(self, peer: str, wall: int) -> int:
        """Return the number of a peer's valid tokens."""

    def expected(self, host: str, peer: str, wall: int) -> bool:
        """Return whether a peer has a valid token for an event that a host holds the lease of."""

    def hosts(self, peer: str, wall: int) -> bool:
        """Return whether a peer holds the lease of an event."""

    def put_target(self, target: TargetRecord, wall: int) -> None:
        """Record where a process is scraped, as said at `wall`; an empty address removes it. At
        most `PEER_TARGETS` of a peer are kept."""

    def targets(self, since: int) -> list[TargetRecord]:
        """Return the processes that said so at `since` or later, without those of revoked peers;
        at most `MOST_TARGETS`, first those of peers with an invitation."""

    def census(self, wall: int) -> Census:
        """Return the numbers of events and keys; `hosted` as it is at `wall`."""

    def forget(self, *, sessions_before: int, expired_before: int) -> None:
        """Remove connections last seen, and tokens and invitations expired, before these times."""


class Registry(Protocol):
    """A store of the broker's records."""

    def begin(self, *, write: bool, lasting: bool = True) -> AbstractContextManager[Repository]:
        """Open a transaction: leaving it without an error commits it, an error rolls it back.

        Transactions that write run one after the other.

        Args:
            write: whether it may write.
            lasting: whether what is committed has to outlast a loss of power, and not the end of
                this process alone; then the commit waits for the disk.

        Raises:
            StorageFault: on entry, within, or on exit; then nothing was changed.
        """
