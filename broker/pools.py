"""Pools of hosts, and which host is to have an event. Pure.

A host offers itself with every `hold`. An event that nobody hosts is given to the least loaded host
of those that an owner has named, by key, by pool or by `any`:

| the event                                     | goes by itself to                             |
|-----------------------------------------------|-----------------------------------------------|
| has never had a host                          | any host that is named and has room           |
| had a host                                    | the same host, or one that shares its journal |
| is at a host that is being drained            | another that shares its journal               |
| was taken from its host (`place` with `drop`) | nobody                                        |

An owner or an operator gives an event to any host that is named (`place`). Where another host has
the event, that one lets it go once the next has restored it and asks for the lease; it is told so
with its next `hold`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ..protocol import limits, messages, times
from ..protocol.errors import BadMessage, Conflict, NotFound, NotGranted, Overloaded
from . import grants, roles
from .repository import EventRecord, OfferRecord, PeerRecord, PlacementRecord, Repository

OFFER_SECONDS = 10.0
"""A host that was not heard of for so long offers nothing any more."""

PLACED_SECONDS = 30.0
"""An event that was given to a host for so long, and is not held by it, is given to another."""

ASSIGN_SECONDS = 1.0
"""Seconds between two looks for events that nobody hosts."""

WINDOW = 200
"""The most events of a status at which one such look looks; the next goes on from there."""


class Assigner:
    """Gives events that nobody hosts, or a draining host has, to hosts that offer themselves."""

    def __init__(self) -> None:
        self._at = 0.0
        self._after: dict[messages.EventStatus, str] = {"live": "", "scheduled": ""}

    def due(self, now: float) -> bool:
        """Return whether it is time to look for events, once for each time (monotonic seconds)."""
        if now < self._at:
            return False
        self._at = now + ASSIGN_SECONDS
        return True

    def assign(self, repository: Repository, wall: int) -> None:
        """Look at some events, and give away those that nobody hosts (`wall`: µs since 1970)."""
        unhosted: list[str] = []
        for status in list(self._after):
            events = repository.unfinished(status, self._after[status], WINDOW, wall)
            self._after[status] = events[-1][0] if len(events) == WINDOW else ""
            unhosted += [event for event, is_free in events if is_free]
        draining = repository.draining(wall - _micros(OFFER_SECONDS), limits.POOL_HOSTS)
        # What follows grows with the events that are held, and is not done for these.
        if not unhosted and not draining:
            return
        loads, offers = repository.loads(wall), _offers(repository, wall)
        for peer in draining:
            _give_away(repository, peer, loads, offers, wall)
        free = [
            offer
            for offer in offers
            if not offer.draining and offer.capacity > loads.get(offer.peer, 0)
        ]
        if free:
            _assign_some(repository, unhosted, free, loads, wall)


def _give_away(
    repository: Repository,
    peer: str,
    loads: dict[str, int],
    offers: list[OfferRecord],
    wall: int,
) -> tuple[int, int]:
    """Give the events of a draining host to others; return how many go, and how many stay there
    until another host comes that may have them."""
    moving = staying = 0
    held = repository.held_by(peer, wall)
    placements = repository.placements(held)
    for record in repository.events(held).values():
        event = record.card.event
        placed = placements.get(event)
        if placed is None or placed.peer == peer or _is_stale(placed, wall):
            to = _other_host(repository, record, peer, loads, offers, shared=True)
            if not to:
                staying += 1
                continue
            loads[to] = loads.get(to, 0) + 1
            repository.put_placement(PlacementRecord(event, to, wall, asked=True))
        moving += 1
    return moving, staying


def _assign_some(
    repository: Repository,
    events: list[str],
    free: list[OfferRecord],
    loads: dict[str, int],
    wall: int,
) -> None:
    records, last = repository.events(events), repository.leases(events)
    placements = repository.placements(events)
    in_pools = cache(repository.in_pools)  # not for each event anew: anybody may offer a host
    for event in events:
        lease = max(last.get(event, []), key=lambda one: one.epoch, default=None)
        if lease is not None and lease.expires > wall:
            continue
        placed = placements.get(event)
        if placed is not None and not _is_stale(placed, wall):
            continue
        journal = "" if lease is None else _journal(repository, lease.peer)
        may = [
            offer
            for offer in free
            if offer.capacity > loads.get(offer.peer, 0)
            and (
                lease is None or offer.peer == lease.peer or (journal and journal == offer.journal)
            )
            and grants.is_named(in_pools, records[event], offer.peer)
        ]
        if may:
            chosen = _least_loaded(may, loads)
            loads[chosen.peer] = loads.get(chosen.peer, 0) + 1
            repository.put_placement(PlacementRecord(event, chosen.peer, wall))


def offered(
    repository: Repository,
    member: PeerRecord,
    offer: messages.HostOffer,
    request: messages.HoldEvents,
    reply: messages.EventsHeld,
    wall: int,
    assigner: Assigner | None,
) -> messages.EventsHeld:
    """Record what a host offers; return the reply with the events that it is to take or let go.

    Args:
        assigner: gives events that nobody hosts away; None where it is not time to.
    """
    repository.put_offer(
        OfferRecord(
            peer=member.peer,
            capacity=min(offer.capacity, 2**31),
            labels=tuple(offer.labels),
            journal=offer.journal,
            address=request.endpoints.router,
            seen=wall,
            draining=offer.drain or _is_draining(repository, member.peer, offer.instance),
            instance=offer.instance,
        )
    )
    if assigner is not None:
        assigner.assign(repository, wall)
    now_draining = repository.offer(member.peer)
    placed = repository.placed_at(member.peer, limits.HOLD_EVENTS)
    reply.assigned.extend(one.event for one in placed)
    reply.released.extend(repository.placed_elsewhere(member.peer, wall, limits.HOLD_EVENTS))
    return messages.EventsHeld(
        id=reply.id,
        seconds=reply.seconds,
        cards=reply.cards,
        leases=reply.leases,
        refused=reply.refused,
        assigned=reply.assigned,
        released=reply.released,
        draining=now_draining is not None and now_draining.draining,
    )


def place(
    repository: Repository,
    member: PeerRecord,
    role: messages.Role,
    record: EventRecord,
    request: messages.PlaceEvent,
    wall: int,
) -> messages.Placed:
    """Give an event to a host, or take it from the host that has it.

    Raises:
        NotGranted: the peer neither owns the event nor is an operator; or the host may not have it.
        NotFound: the host does not offer itself, or none that may have the event does.
        Conflict: the event is over, or the host named does not have it.
    """
    event = record.card.event
    if not grants.owns(record, member.peer) and role != "operator":
        raise NotGranted(f"only an owner of {event}, or an operator, says who takes it")
    there = repository.leases([event]).get(event, [])
    last = max(there, key=lambda one: one.epoch, default=None)
    holder = last.peer if last is not None and last.expires > wall else ""
    peer = grants.named(repository, "host", request.peer) if request.peer else ""
    if request.drop:
        if peer not in ("", holder):
            raise Conflict(f"{request.peer} does not have {event}")
        if holder:
            _require_offer(repository, holder, wall)
        repository.put_placement(PlacementRecord(event, "", wall, asked=True))
        return messages.Placed(id=request.id, moving=1 if holder else 0)
    if record.card.status == "finished":
        raise Conflict(f"{event} is over")
    if peer:
        _require_offer(repository, peer, wall)
        if not grants.may_host(repository, record, peer):
            raise NotGranted(
                f"{record.creator} has not let {request.peer} host {event}; its owner can: "
                f"touchline events grant {event} --host {peer}"
            )
    else:
        peer = _other_host(
            repository, record, holder, repository.loads(wall), _offers(repository, wall)
        )
        if not peer:
            raise NotFound(f"no host that offers itself may have {event}, or has room for it")
    if peer == holder:
        repository.remove_placements([event])
        return messages.Placed(id=request.id, staying=1)
    repository.put_placement(PlacementRecord(event, peer, wall, asked=True))
    return messages.Placed(id=request.id, moving=1)


def drain(
    repository: Repository,
    member: PeerRecord,
    role: messages.Role,
    request: messages.DrainHost,
    wall: int,
) -> messages.Placed:
    """Give the events of a host to others that share its journal, now or as soon as one comes, and
    none to it from now on.

    Raises:
        NotAllowed: a peer that is no operator names another host.
        NotFound: the host does not offer itself.
    """
    peer = grants.named(repository, "host", request.peer) if request.peer else member.peer
    if peer != member.peer:
        roles.require(role, "operator", "to drain another host")
    repository.put_offer(replace(_require_offer(repository, peer, wall), draining=True))
    loads, offers = repository.loads(wall), _offers(repository, wall)
    moving, staying = _give_away(repository, peer, loads, offers, wall)
    return messages.Placed(id=request.id, moving=moving, staying=staying)


def holdings(
    repository: Repository,
    member: PeerRecord,
    role: messages.Role,
    request: messages.ShowHeld,
    wall: int,
) -> messages.Holdings:
    """Return the events of a host that another may copy.

    Raises:
        NotAllowed: the peer that asks may host nothing.
        NotFound, BadMessage: there is no such host.
    """
    roles.require(role, "host", "to copy the events of a host")
    peer = grants.named(repository, "owner", request.peer)
    held = repository.held_by(peer, wall, request.cursor, limits.HOLD_EVENTS + 1)
    page = held[: limits.HOLD_EVENTS]
    records = repository.events(page)
    return messages.Holdings(
        id=request.id,
        peer=peer,
        events=[
            e for e in page if e in records and grants.may_copy(repository, records[e], member.peer)
        ],
        cursor=page[-1] if len(held) > len(page) else "",
    )


def change(
    repository: Repository,
    member: PeerRecord,
    role: messages.Role,
    request: messages.ChangePool,
    wall: int,
) -> messages.Pooled:
    """Put a host into a pool or take it out, and return the hosts of the pool.

    A host that is taken out loses the leases that it had by the pool alone at once.

    Raises:
        NotAllowed: the peer is no operator, or asks and is no host.
        BadMessage, NotFound, Overloaded: the host or the pool cannot be named.
    """
    if request.change:
        roles.require(role, "operator", "to say which hosts are in a pool")
        if not request.pool or not request.pool.isprintable() or len(request.pool) > 40:
            raise BadMessage("a pool's name has 1 to 40 characters that can be printed")
        peer = grants.named(repository, "owner", request.peer)
        add = request.change == "add"
        if add and len(repository.pool(request.pool, limits.POOL_HOSTS)) >= limits.POOL_HOSTS:
            raise Overloaded(f"{limits.POOL_HOSTS:,} hosts in a pool, as many as are allowed")
        repository.put_into_pool(request.pool, peer, member=add)
        if not add:
            for event in repository.held_by(peer, wall):
                grants.end_lease(repository, event)
    roles.require(role, "host", "to see the hosts of a pool")
    since = wall - _micros(OFFER_SECONDS)
    if request.pool:
        peers = repository.pool(request.pool, limits.POOL_HOSTS)
    else:
        peers = [offer.peer for offer in repository.offers(since, limits.POOL_HOSTS)]
    loads = repository.loads(wall)
    hosts = [_shown(repository, peer, request.pool, loads, since) for peer in peers]
    return messages.Pooled(id=request.id, hosts=hosts)


def _shown(
    repository: Repository, peer: str, pool: str, loads: dict[str, int], since: int
) -> messages.OfferingHost:
    offer, member = repository.offer(peer), repository.member(peer)
    name = member.name if member is not None else ""
    if offer is None or offer.seen <= since:
        return messages.OfferingHost(peer=peer, name=name, pool=pool)
    return messages.OfferingHost(
        peer=peer,
        name=name,
        pool=pool,
        capacity=offer.capacity,
        events=loads.get(peer, 0),
        labels=list(offer.labels),
        address=offer.address,
        last_seen=offer.seen,
        draining=offer.draining,
    )


def _other_host(
    repository: Repository,
    record: EventRecord,
    holder: str,
    loads: dict[str, int],
    offers: list[OfferRecord],
    *,
    shared: bool = False,
) -> str:
    """Return the least loaded other host with room that may have an event; empty: there is none.

    Args:
        offers: of the hosts that are there.
        shared: only hosts that share the holder's journal.
    """
    journal = _journal(repository, holder)
    if shared and not journal:
        return ""
    may = [
        offer
        for offer in offers
        if offer.peer != holder
        and not offer.draining
        and offer.capacity > loads.get(offer.peer, 0)
        and (not shared or _shares(offer, journal))
        and grants.may_host(repository, record, offer.peer)
    ]
    return _least_loaded(may, loads).peer if may else ""


def _offers(repository: Repository, wall: int) -> list[OfferRecord]:
    """Return what the hosts that were heard of lately offer."""
    return repository.offers(wall - _micros(OFFER_SECONDS), limits.POOL_HOSTS)


def _least_loaded(offers: list[OfferRecord], loads: dict[str, int]) -> OfferRecord:
    return min(offers, key=lambda one: (loads.get(one.peer, 0) / one.capacity, one.peer))


def _require_offer(repository: Repository, peer: str, wall: int) -> OfferRecord:
    offer = repository.offer(peer)
    if offer is None or offer.seen <= wall - _micros(OFFER_SECONDS):
        raise NotFound(
            f"{peer} is not heard of as a host; touchline hosts list shows those that are"
        )
    return offer


def _is_draining(repository: Repository, peer: str, instance: str) -> bool:
    """Return whether a host is being drained; one that was started again is not."""
    before = repository.offer(peer)
    return before is not None and before.draining and before.instance == instance


def _journal(repository: Repository, peer: str) -> str:
    offer = repository.offer(peer) if peer else None
    return "" if offer is None else offer.journal


def _shares(offer: OfferRecord, journal: str) -> bool:
    return bool(journal) and offer.journal == journal


def _is_stale(placed: PlacementRecord, wall: int) -> bool:
    return bool(placed.peer) and placed.placed < wall - _micros(PLACED_SECONDS)


def _micros(seconds: float) -> int:
    return round(seconds * times.SECOND)
