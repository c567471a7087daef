"""Who may do what with an event: its creator, its owners, its hosts. Pure.

| the peer                 | grants, rules | leases, joins as host, finishes |
|--------------------------|---------------|---------------------------------|
| created the event        | yes           | yes                             |
| is named as an owner     | yes           | yes                             |
| is named as a host       | no            | yes                             |
| any, where hosts are any | no            | yes                             |
| is in a pool of the hosts | no           | yes                             |
| any other                | NOT_GRANTED   | NOT_GRANTED                     |

The creator is an owner for good. A peer that is no longer among the hosts loses its lease at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from ..protocol import keys, limits, messages
from ..protocol.errors import BadMessage, NotFound, NotGranted, Overloaded
from . import names
from .repository import EventRecord, PeerRecord, Repository

ANY = "any"
"""Stands for every peer among the hosts of an event."""

POOL = "pool:"
"""Before the name of a pool it stands for the hosts that an operator has put into that pool."""


def owns(record: EventRecord, peer: str) -> bool:
    """Return whether a peer owns an event."""
    return peer == record.creator or peer in record.card.owners


def is_named(in_pools: Callable[[str], set[str]], record: EventRecord, peer: str) -> bool:
    """Return whether an owner lets a peer host an event: by its key, by a pool, or every peer.

    Args:
        in_pools: returns the pools that a peer is in.
    """
    if not {peer, ANY}.isdisjoint(record.card.hosts):
        return True
    pools = {host.removeprefix(POOL) for host in record.card.hosts if host.startswith(POOL)}
    return bool(pools) and not pools.isdisjoint(in_pools(peer))


def may_copy(repository: Repository, record: EventRecord, peer: str) -> bool:
    """Return whether a peer may copy the journal of an event: not merely as any peer."""
    named = msgspec.structs.replace(
        record.card, hosts=[host for host in record.card.hosts if host != ANY]
    )
    return may_host(repository, replace(record, card=named), peer)


def may_host(repository: Repository, record: EventRecord, peer: str) -> bool:
    """Return whether a peer may host an event."""
    return owns(record, peer) or is_named(repository.in_pools, record, peer)


def require_host(repository: Repository, record: EventRecord, peer: str, what: str) -> None:
    """Refuse what only a host of an event may do.

    Args:
        record: of the event.
        peer: the peer that asks.
        what: the request in words, such as "to host it".

    Raises:
        NotGranted: the peer is none.
    """
    if not may_host(repository, record, peer):
        event = record.card.event
        raise NotGranted(
            f"{event} belongs to {record.creator}, which has not let this peer {what}; its owner "
            f"can: touchline events grant {event} --host {peer}"
        )


def permit(
    repository: Repository,
    member: PeerRecord,
    record: EventRecord,
    request: messages.Permit,
) -> None:
    """Name an owner or a host of an event, or take it back.

    Args:
        member: the peer that asks.
        record: of the event.

    Raises:
        NotGranted: the peer does not own the event.
        BadMessage, NotFound, Overloaded: the other cannot be named.
    """
    if not owns(record, member.peer):
        raise NotGranted(f"only an owner of {record.card.event} says who owns and hosts it")
    peer = named(repository, request.role, request.peer)
    if request.role == "owner" and peer == record.creator:
        if request.allowed:
            return
        raise BadMessage(f"{peer} has created {record.card.event}, and owns it for good")
    there = record.card.owners if request.role == "owner" else record.card.hosts
    if request.allowed == (peer in there):
        return
    if request.allowed and len(there) >= limits.GRANTS:
        raise Overloaded(f"{len(there):,} {request.role}s, at most {limits.GRANTS:,} allowed")
    repository.permit(record.card.event, request.role, peer, allowed=request.allowed)
    if not request.allowed:
        end_lease(repository, record.card.event)


def asked(repository: Repository, request: messages.Create) -> list[tuple[messages.GrantRole, str]]:
    """Return the owners and hosts that a request to create an event asks for, by their ids.

    Raises:
        BadMessage, NotFound: one of them cannot be named.
    """
    roles: tuple[tuple[messages.GrantRole, list[str]], ...] = (
        ("owner", request.owners),
        ("host", request.hosts),
    )
    return [(role, named(repository, role, peer)) for role, peers in roles for peer in peers]


def permit_all(
    repository: Repository,
    member: PeerRecord,
    event: str,
    asked_for: list[tuple[messages.GrantRole, str]],
) -> None:
    """Name the owners and hosts of a new event.

    Args:
        member: the peer that has created the event.
        asked_for: what `asked` returned.
    """
    for role, peer in asked_for:
        record = repository.event(event)
        if record is None:
            raise AssertionError(f"{event} was created in this transaction")
        request = messages.Permit(id=0, event=event, role=role, peer=peer)
        permit(repository, member, record, request)


def end_lease(repository: Repository, event: str) -> None:
    """End the lease of a peer that may host an event no longer."""
    record, last = repository.event(event), repository.lease(event)
    if record is not None and last is not None and not may_host(repository, record, last.peer):
        repository.put_lease(replace(last, expires=0))


def named(repository: Repository, role: messages.GrantRole, peer: str) -> str:
    """Return the id of the peer that a request names."""
    if peer == ANY:
        if role == "owner":
            raise BadMessage("owner any is not valid: an event belongs to keys that are named")
        return ANY
    if peer.startswith(POOL):
        if role == "owner":
            raise BadMessage(f"owner {peer} is not valid: an event belongs to keys that are named")
        if not repository.pool(peer.removeprefix(POOL), 1):
            raise NotFound(f"no host is in {peer}; an operator puts them in: touchline pool add")
        return peer
    # A name that has the form of an id is not looked up: it could be another's id.
    if keys.is_peer_id(peer):
        return peer
    found = repository.owner_of(peer)
    if found is None or names.fold(found.name) != names.fold(peer):
        raise NotFound(f"no peer is enrolled as {peer!r}; name its key: touchline identity show")
    return found.peer
