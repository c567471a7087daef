"""The broker's records in memory; what a transaction changed before an error is not undone, so
that only brokers that check before they write may be tried on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from touchline.broker.names import look_alike
from touchline.broker.repository import (
    Census,
    EventRecord,
    InviteRecord,
    LeaseRecord,
    OfferRecord,
    PeerRecord,
    PlacementRecord,
    TargetRecord,
    TokenRecord,
)
from touchline.protocol.messages import Card, EventStatus, GrantRole, Role


class MemoryRepository:
    """See `touchline.broker.repository.Books`; it is its own registry."""

    def __init__(self) -> None:
        self._members: dict[str, PeerRecord] = {}
        self._networks: dict[str, str] = {}
        self._invites: dict[bytes, InviteRecord] = {}
        self._sessions: dict[bytes, str] = {}
        self._events: dict[str, EventRecord] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._changes: list[tuple[int, Card]] = []
        self._tenures: dict[tuple[str, str], LeaseRecord] = {}
        self._tokens: dict[str, TokenRecord] = {}
        self._pools: set[tuple[str, str]] = set()
        self._offers: dict[str, OfferRecord] = {}
        self._placements: dict[str, PlacementRecord] = {}

    @contextmanager
    def begin(self, *, write: bool, lasting: bool = True) -> Iterator[MemoryRepository]:
        """Open a transaction."""
        yield self

    def time(self, wall: int) -> int:
        return wall

    def member(self, peer: str) -> PeerRecord | None:
        return self._members.get(peer)

    def member_on(self, routing_id: bytes) -> PeerRecord | None:
        return self._members.get(self._sessions.get(routing_id, ""))

    def member_by_curve(self, curve: bytes) -> PeerRecord | None:
        return next((one for one in self._members.values() if one.curve == curve), None)

    def owner_of(self, name: str) -> PeerRecord | None:
        return next((one for one in self._members.values() if look_alike(one.name, name)), None)

    def members(self, after: str, limit: int) -> list[PeerRecord]:
        return [self._members[peer] for peer in sorted(self._members) if peer > after][:limit]

    def count_members(self) -> int:
        return len(self._members)

    def put_member(self, member: PeerRecord) -> None:
        self._members[member.peer] = member

    def network(self, peer: str) -> str:
        return self._networks.get(peer, "")

    def put_network(self, peer: str, network: str) -> None:
        self._networks[peer] = network

    def put_target(self, target: TargetRecord, wall: int) -> None:
        """Record nothing: nobody scrapes here."""

    def targets(self, since: int) -> list[TargetRecord]:
        return []

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        self._sessions[routing_id] = peer

    def invite(self, digest: bytes) -> InviteRecord | None:
        return self._invites.get(digest)

    def put_invite(self, invite: InviteRecord) -> None:
        self._invites[invite.digest] = invite

    def count_invites(self, wall: int) -> int:
        return sum(one.uses > 0 and one.expires > wall for one in self._invites.values())

    def void(self, peer: str) -> None:
        for place, held_lease in self._tenures.items():
            if held_lease.peer == peer:
                self._tenures[place] = replace(held_lease, expires=0)
        for digest, invite in self._invites.items():
            if invite.creator == peer:
                self._invites[digest] = replace(invite, expires=0)

    def revoked(self, event: str, limit: int) -> list[str]:
        holders = {token.peer for token in self._tokens.values() if token.event == event}
        out = [one for one in self._members.values() if one.revoked and one.peer in holders]
        out.sort(key=lambda one: (-one.revoked, one.peer))
        return [one.peer for one in out[:limit]]

    def event(self, event: str) -> EventRecord | None:
        return self._events.get(event)

    def created(self, peer: str, key: str) -> EventRecord | None:
        event = self._keys.get((peer, key))
        return None if event is None else self._events[event]

    def add_event(self, card: Card, peer: str, key: str) -> None:
        self._keys[peer, key] = card.event
        self._put(card, peer)

    def permit(self, event: str, role: GrantRole, peer: str, *, allowed: bool) -> None:
        record = self._events[event]
        name = "owners" if role == "owner" else "hosts"
        named = {*getattr(record.card, name)} - {peer} | ({peer} if allowed else set())
        self._put(msgspec.structs.replace(record.card, **{name: sorted(named)}), record.creator)

    def count_events(self, creator: str) -> int:
        return sum(record.creator == creator for record in self._events.values())

    def set_status(self, event: str, status: EventStatus) -> None:
        record = self._events[event]
        self._put(msgspec.structs.replace(record.card, status=status), record.creator)

    def _put(self, card: Card, creator: str) -> None:
        self._events[card.event] = EventRecord(card, creator)
        self._changes.append((len(self._changes) + 1, card))

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        return {event: self._events[event].card for event in events if event in self._events}

    def changes(self, since: int) -> list[tuple[int, Card]]:
        return self._changes[since:]

    def lease(self, event: str, instance: str = "") -> LeaseRecord | None:
        if instance:
            return self._tenures.get((event, instance))
        held = [held_lease for (of, _), held_lease in self._tenures.items() if of == event]
        return max(held, key=lambda held_lease: held_lease.epoch, default=None)

    def events(self, events: Sequence[str]) -> dict[str, EventRecord]:
        found = {event: self.event(event) for event in events}
        return {event: record for event, record in found.items() if record is not None}

    def leases(
        self, events: Sequence[str], instances: Collection[str] = ()
    ) -> dict[str, list[LeaseRecord]]:
        found: dict[str, list[LeaseRecord]] = {}
        for event in events:
            for name in ("", *instances):
                one = self.lease(event, name)
                if one is not None and one not in found.setdefault(event, []):
                    found[event].append(one)
        return found

    def put_leases(self, changed: Sequence[LeaseRecord], new: Sequence[LeaseRecord]) -> None:
        for one in (*changed, *new):
            self.put_lease(one)

    def set_statuses(self, events: Sequence[str], status: EventStatus) -> None:
        for event in events:
            self.set_status(event, status)

    def revoked_of(self, events: Sequence[str], limit: int) -> dict[str, list[str]]:
        found = {event: self.revoked(event, limit) for event in events}
        return {event: peers for event, peers in found.items() if peers}

    def in_pools(self, peer: str) -> set[str]:
        return {pool for pool, member in self._pools if member == peer}

    def pool(self, pool: str, limit: int) -> list[str]:
        return sorted(member for of, member in self._pools if of == pool)[:limit]

    def put_into_pool(self, pool: str, peer: str, *, member: bool) -> None:
        self._pools.discard((pool, peer))
        if member:
            self._pools.add((pool, peer))

    def offer(self, peer: str) -> OfferRecord | None:
        return self._offers.get(peer)

    def offers(self, since: int, limit: int) -> list[OfferRecord]:
        return [one for one in self._offers.values() if one.seen > since][:limit]

    def draining(self, since: int, limit: int) -> list[str]:
        return [one.peer for one in self.offers(since, limit) if one.draining]

    def put_offer(self, offer: OfferRecord) -> None:
        self._offers[offer.peer] = offer

    def loads(self, wall: int) -> dict[str, int]:
        loads = {peer: len(self.held_by(peer, wall)) for peer in self._offers}
        for one in self._placements.values():
            loads[one.peer] = loads.get(one.peer, 0) + 1
        return loads

    def held_by(self, peer: str, wall: int, after: str = "", limit: int | None = None) -> list[str]:
        return sorted(
            one.event
            for one in self._tenures.values()
            if one.peer == peer
            and one.expires > wall
            and one.event > after
            and self._events[one.event].card.status != "finished"
        )[:limit]

    def unfinished(
        self, status: EventStatus, after: str, limit: int, wall: int
    ) -> list[tuple[str, bool]]:
        held = {one.event for one in self._tenures.values() if one.expires > wall}
        found = [
            (event, event not in held and bool(record.card.hosts))
            for event, record in self._events.items()
            if record.card.status == status and event > after
        ]
        return sorted(found)[:limit]

    def placements(self, events: Sequence[str]) -> dict[str, PlacementRecord]:
        return {e: self._placements[e] for e in events if e in self._placements}

    def placed_at(self, peer: str, limit: int) -> list[PlacementRecord]:
        return [one for one in self._placements.values() if one.peer == peer][:limit]

    def placed_elsewhere(self, peer: str, wall: int, limit: int) -> list[str]:
        held = set(self.held_by(peer, wall))
        return [
            one.event
            for one in self._placements.values()
            if one.event in held and one.asked and one.peer != peer and (one.ready or not one.peer)
        ][:limit]

    def put_placement(self, placement: PlacementRecord) -> None:
        self._placements[placement.event] = placement

    def remove_placements(self, events: Sequence[str]) -> None:
        for event in events:
            self._placements.pop(event, None)

    def put_lease(self, held_lease: LeaseRecord) -> None:
        self._tenures[held_lease.event, held_lease.instance] = held_lease

    def token(self, digest: str) -> TokenRecord | None:
        return self._tokens.get(digest)

    def tokens_of(self, peer: str, event: str, role: Role, wall: int) -> list[TokenRecord]:
        valid = [
            token
            for token in self._tokens.values()
            if (token.peer, token.event, token.role) == (peer, event, role) and token.expires > wall
        ]
        return sorted(valid, key=lambda token: -token.expires)

    def add_token(self, token: TokenRecord) -> None:
        self._tokens[token.digest] = token

    def count_tokens(self, peer: str, wall: int) -> int:
        return sum(one.peer == peer and one.expires > wall for one in self._tokens.values())

    def expected(self, host: str, peer: str, wall: int) -> bool:
        held = {
            held_lease.event
            for held_lease in self._tenures.values()
            if held_lease.peer == host and held_lease.expires > wall
        }
        return any(
            one.peer == peer and one.event in held and one.expires > wall
            for one in self._tokens.values()
        )

    def hosts(self, peer: str, wall: int) -> bool:
        return any(one.peer == peer and one.expires > wall for one in self._tenures.values())

    def census(self, wall: int) -> Census:
        return Census(events={}, hosted=len(self._tenures))

    def forget(self, *, sessions_before: int, expired_before: int) -> None:
        """Nothing is kept long enough for it to matter."""
