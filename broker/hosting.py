"""The requests of hosts: lease, hold, verify, vouch, finish, leave. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ..protocol import codec, limits, messages, times, tokens
from ..protocol.errors import (
    BadMessage,
    BadToken,
    Conflict,
    NotAllowed,
    NotFound,
    PeerError,
    Revoked,
    TouchlineError,
    UnknownKey,
)
from ..protocol.messages import Role
from . import checks, grants, leases, roles
from .repository import EventRecord, LeaseRecord, PeerRecord, PlacementRecord, Repository

HELD_BYTES = limits.BLOCK_BYTES // 2
"""The most bytes of what `held` lists, so that the reply stays under its limit."""

HAND_OVER_MICROS = 30 * times.SECOND
"""How long an event that is handed over is kept for the host to which it goes."""

REFUSAL_BYTES = 64
"""The bytes of a refusal besides its event and reason, at most."""


def known(repository: Repository, event: str) -> EventRecord:
    """Return an event.

    Raises:
        NotFound: there is no such event.
    """
    record = repository.event(event)
    if record is None:
        raise NotFound(f"no event {event!r}")
    return record


def held(repository: Repository, event: str, wall: int) -> LeaseRecord | None:
    """Return the event's lease if it is valid at `wall` (microseconds since 1970), or None."""
    last = repository.lease(event)
    return last if last is not None and last.expires > wall else None


def with_host(repository: Repository, card: messages.Card, wall: int) -> messages.Card:
    """Return an event's card with `hosted` set as it is at `wall` (microseconds since 1970)."""
    return msgspec.structs.replace(card, hosted=held(repository, card.event, wall) is not None)


def lease(
    repository: Repository,
    member: PeerRecord,
    role: Role,
    request: messages.Lease,
    seconds: float,
    wall: int,
) -> messages.Leased:
    """Grant or renew a lease.

    Args:
        member: the peer that asks.
        role: the peer's role.
        seconds: the length of the lease.
        wall: microseconds since 1970.

    Raises:
        NotFound: there is no such event.
        BadMessage: the instance, epoch or endpoints are not valid.
        NotAllowed, Conflict: see `leases` and `grants`.
    """
    record = known(repository, request.event)
    checks.lease(request)
    roles.require(role, "host", "to host an event")
    grants.require_host(repository, record, member.peer, "host it")
    mine = repository.lease(request.event, request.instance)
    last = repository.lease(request.event)
    placed = repository.placements([request.event]).get(request.event)
    _require_turn(placed, member.peer, mine, wall)
    epoch = leases.grant(request, member.peer, mine=mine, last=last, wall=wall)
    if mine is None:
        repository.remove_placements([request.event])
    if last is not None and last.instance != request.instance:
        repository.put_lease(replace(last, expires=0))
    repository.put_lease(
        LeaseRecord(
            event=request.event,
            instance=request.instance,
            peer=member.peer,
            epoch=epoch,
            seq=request.seq,
            endpoints=request.endpoints,
            expires=wall + round(seconds * times.SECOND),
        )
    )
    if record.card.status == "scheduled":
        repository.set_status(request.event, "live")
    return messages.Leased(
        id=request.id,
        event=request.event,
        epoch=epoch,
        seconds=seconds,
        revoked=repository.revoked(request.event, limits.REVOKED),
        owners=record.card.owners,
        hosts=record.card.hosts,
    )


def hold(
    repository: Repository,
    member: PeerRecord,
    role: Role,
    request: messages.HoldEvents,
    seconds: float,
    wall: int,
) -> messages.EventsHeld:
    """Grant and renew leases, and return the cards of events that the peer may host.

    Each event is granted or refused by itself, as `lease` and a `join` as host would.

    Args:
        member: the peer that asks.
        role: the peer's role.
        seconds: the length of the leases.
        wall: microseconds since 1970.

    Raises:
        BadMessage: the endpoints are not valid, or a lease is asked for twice.
        NotAllowed: the peer's role does not permit it to host.
    """
    checks.endpoints(request.endpoints)
    roles.require(role, "host", "to host events")
    asked = {one.event: one for one in request.leases}
    if len(asked) < len(request.leases):
        raise BadMessage("leases names an event twice")
    records = repository.events([*asked, *request.joins])
    refused: dict[str, TouchlineError] = {}
    for event in dict.fromkeys([*asked, *request.joins]):
        try:
            if event not in records:
                raise NotFound(f"no event {event!r}")
            grants.require_host(repository, records[event], member.peer, "host it")
        except PeerError as error:
            refused[event] = error
    granted = _grant_all(repository, member, request, asked, refused, seconds, wall)
    waiting = [event for event in granted if records[event].card.status == "scheduled"]
    repository.set_statuses(waiting, "live")
    reply = messages.EventsHeld(id=request.id, seconds=seconds)
    revoked = repository.revoked_of(list(granted), limits.REVOKED)
    size = 0
    for event, refusal in refused.items():
        reason = refusal.sentence[: limits.TEXT_CHARS]
        reply.refused.append(messages.EventRefusal(event=event, code=refusal.code, reason=reason))
        size += len(event) + len(reason) + REFUSAL_BYTES
    for event, epoch in granted.items():
        card = records[event].card
        one = messages.LeaseGranted(
            event=event,
            epoch=epoch,
            revoked=revoked.get(event, []),
            owners=card.owners,
            hosts=card.hosts,
        )
        size += len(codec.encode(one))
        if size > HELD_BYTES:
            return reply
        reply.leases.append(one)
    for event in request.joins:
        if event not in refused:
            size += len(codec.encode(records[event].card))
            if size > HELD_BYTES:
                return reply
            reply.cards.append(records[event].card)
    return reply


def _grant_all(
    repository: Repository,
    member: PeerRecord,
    request: messages.HoldEvents,
    asked: dict[str, messages.LeaseAsked],
    refused: dict[str, TouchlineError],
    seconds: float,
    wall: int,
) -> dict[str, int]:
    """Record the leases that the rule of `leases` grants; return their epochs by event.

    Args:
        refused: the events that are refused, with the reasons; grows.
    """
    events = [event for event in asked if event not in refused]
    known_leases = repository.leases(events, {asked[event].instance for event in events})
    placements = repository.placements(events)
    epochs: dict[str, int] = {}
    changed: list[LeaseRecord] = []
    new: list[LeaseRecord] = []
    taken: list[str] = []  # by those to whom they were given
    for event in events:
        one, there = asked[event], known_leases.get(event, [])
        mine = next((lease for lease in there if lease.instance == one.instance), None)
        last = max(there, key=lambda lease: lease.epoch, default=None)
        wanted = messages.Lease(
            id=request.id,
            event=event,
            instance=one.instance,
            endpoints=request.endpoints,
            epoch=one.epoch,
            seq=one.seq,
        )
        placed = placements.get(event)
        try:
            checks.lease(wanted)
            _require_turn(placed, member.peer, mine, wall)
            epoch = leases.grant(wanted, member.peer, mine=mine, last=last, wall=wall)
        except PeerError as error:
            refused[event] = error
            if placed is not None and placed.peer == member.peer and not placed.ready:
                # It has restored the event, since it asks: the host that has it may let it go.
                repository.put_placement(replace(placed, ready=True))
            continue
        if placed is not None and (mine is None or placed.peer == member.peer):
            taken.append(event)
        if last is not None and last.instance != one.instance:
            changed.append(replace(last, expires=0))
        expires = wall + round(seconds * times.SECOND)
        (new if mine is None else changed).append(
            LeaseRecord(
                event=event,
                instance=one.instance,
                peer=member.peer,
                epoch=epoch,
                seq=one.seq,
                endpoints=request.endpoints,
                expires=expires,
            )
        )
        epochs[event] = epoch
    repository.put_leases(changed, new)
    if taken:
        repository.remove_placements(taken)
    return epochs


def _require_turn(
    placed: PlacementRecord | None, peer: str, mine: LeaseRecord | None, wall: int
) -> None:
    """Refuse a new host while the event is on its way from one host to another.

    Raises:
        Conflict: it is.
    """
    if placed is None or mine is not None or not placed.asked or not placed.ready:
        return
    if placed.peer != peer and placed.placed > wall - HAND_OVER_MICROS:
        raise Conflict(f"{placed.event} is being handed over to another host")


def verify(
    repository: Repository, host: PeerRecord, request: messages.Verify, wall: int
) -> messages.Grant:
    """Return the peer that a token belongs to, and what the token permits.

    Args:
        host: the peer that asks.
        wall: microseconds since 1970.

    Raises:
        BadToken: the token is unknown or expired.
        NotAllowed: the host does not hold the lease of the token's event.
        Revoked: the token's peer is revoked.
    """
    token = repository.token(request.token if request.hashed else tokens.digest(request.token))
    if token is None:
        raise BadToken("the token is unknown")
    held_lease = held(repository, token.event, wall)
    if held_lease is None or held_lease.peer != host.peer:
        raise NotAllowed("only the host that holds the lease of the token's event may ask")
    if token.expires <= wall:
        raise BadToken(f"the token expired at {times.to_rfc3339(token.expires)}")
    member = repository.member(token.peer)
    if member is None:
        raise AssertionError(f"a token of {token.peer}, which is not enrolled")
    if member.revoked:
        raise _revoked(member)
    return messages.Grant(
        id=request.id,
        token=request.token,
        peer=token.peer,
        name=member.name,
        role=token.role,
        event=token.event,
        expires=token.expires,
        key=member.key,
        invite=member.invite,
        enrolled=member.enrolled,
    )


def vouch(
    repository: Repository, host: PeerRecord, request: messages.Vouch, wall: int
) -> messages.Vouched:
    """Return the peer of a CURVE key if it has a token for an event of the host.

    Args:
        host: the peer that asks.
        wall: microseconds since 1970.

    Raises:
        NotAllowed: the host holds no lease.
        UnknownKey: the key is not enrolled.
        Revoked: the key's peer is revoked.
        BadToken: the peer has no valid token for an event of the host.
    """
    if not repository.hosts(host.peer, wall):
        raise NotAllowed("only a host that holds a lease may ask about a key")
    member = repository.member_by_curve(request.curve)
    if member is None:
        raise UnknownKey("this key is not enrolled")
    if member.revoked:
        raise _revoked(member)
    if not repository.expected(host.peer, member.peer, wall):
        raise BadToken(f"{member.peer} has no valid token for an event of this host")
    return messages.Vouched(id=request.id, curve=request.curve, peer=member.peer)


def finish(
    repository: Repository, host: PeerRecord, request: messages.Finish, wall: int
) -> messages.Done:
    """Record that an event is finished, or goes on after all.

    Args:
        host: the peer that asks.
        wall: microseconds since 1970.

    Raises:
        NotFound: there is no such event.
        NotAllowed: the host does not hold the event's lease.
    """
    record = known(repository, request.event)
    grants.require_host(repository, record, host.peer, "finish it")
    held_lease = held(repository, request.event, wall)
    if held_lease is None or held_lease.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may finish it")
    status: messages.EventStatus = "finished" if request.over else "live"
    if record.card.status != status:
        repository.set_status(request.event, status)
    return messages.Done(id=request.id)


def leave(
    repository: Repository, host: PeerRecord, request: messages.ReleaseLease
) -> messages.Done:
    """End a lease, so that another host can take it at once.

    Args:
        host: the peer that asks.

    Raises:
        NotFound: there is no such event.
        NotAllowed: the lease is not the host's.
    """
    known(repository, request.event)
    mine = repository.lease(request.event, request.instance)
    if mine is None or mine.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may leave it")
    # The lease of an instance that another has replaced has already ended.
    if mine.expires:
        repository.put_lease(replace(mine, expires=0))
    return messages.Done(id=request.id)


def _revoked(member: PeerRecord) -> Revoked:
    return Revoked(f"{member.peer} was revoked at {times.to_rfc3339(member.revoked)}")
