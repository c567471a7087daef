"""Who hosts an event and what only its host may ask: lease, verify, vouch, finish, leave. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ..protocol import limits, messages, times
from ..protocol.errors import BadToken, NotAllowed, NotFound, Revoked, UnknownKey
from ..protocol.messages import Role
from . import checks, leases, roles
from .repository import EventRecord, LeaseRecord, PeerRecord, Repository


def known(repository: Repository, event: str) -> EventRecord:
    """Return an event, or raise NotFound."""
    record = repository.event(event)
    if record is None:
        raise NotFound(f"no event {event!r}")
    return record


def held(repository: Repository, event: str, wall: int) -> LeaseRecord | None:
    """Return the lease that holds the event now."""
    held_lease = repository.lease(event)
    return held_lease if held_lease is not None and held_lease.expires > wall else None


def with_host(repository: Repository, card: messages.Card, wall: int) -> messages.Card:
    """Return an event's card that says whether it is hosted now."""
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
        role: what the peer may do.
        seconds: for how long it is granted.
    """
    record = known(repository, request.event)
    checks.lease(request)
    roles.require(role, "host", "to host an event")
    mine = repository.lease(request.event, request.instance)
    last = repository.lease(request.event)
    entitled = (
        record.creator == member.peer
        or repository.ticket_of(member.peer, request.event, "host", wall) is not None
    )
    epoch = leases.grant(request, member.peer, mine=mine, last=last, entitled=entitled, wall=wall)
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
    )


def verify(
    repository: Repository, host: PeerRecord, request: messages.Verify, wall: int
) -> messages.Grant:
    """Tell a host whose token it is."""
    ticket = repository.ticket(request.token)
    if ticket is None:
        raise BadToken("the token is unknown")
    held_lease = held(repository, ticket.event, wall)
    if held_lease is None or held_lease.peer != host.peer:
        raise NotAllowed("only the host that holds the lease of the token's event may ask")
    if ticket.expires <= wall:
        raise BadToken(f"the token expired at {times.to_rfc3339(ticket.expires)}")
    member = repository.member(ticket.peer)
    if member is None:
        raise AssertionError(f"a token of {ticket.peer}, who is not enrolled")
    if member.revoked:
        raise _revoked(member)
    return messages.Grant(
        id=request.id,
        token=ticket.token,
        peer=ticket.peer,
        name=member.name,
        role=ticket.role,
        event=ticket.event,
        expires=ticket.expires,
        key=member.key,
        invite=member.invite,
        enrolled=member.enrolled,
    )


def vouch(
    repository: Repository, host: PeerRecord, request: messages.Vouch, wall: int
) -> messages.Vouched:
    """Tell a host whether whoever knocks is expected there."""
    if not repository.hosts(host.peer, wall):
        raise NotAllowed("only a host that holds a lease may ask who knocks")
    member = repository.member_by_curve(request.curve)
    if member is None:
        raise UnknownKey("this key is not enrolled")
    if member.revoked:
        raise _revoked(member)
    if not repository.expected(host.peer, member.peer, wall):
        raise BadToken(f"{member.peer} has no valid token for an event of this host's")
    return messages.Vouched(id=request.id, curve=request.curve, peer=member.peer)


def finish(
    repository: Repository, host: PeerRecord, request: messages.Finish, wall: int
) -> messages.Done:
    """Note that an event is over."""
    record = known(repository, request.event)
    held_lease = held(repository, request.event, wall)
    if held_lease is None or held_lease.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may finish it")
    if record.card.status != "finished":
        repository.set_status(request.event, "finished")
    return messages.Done(id=request.id)


def leave(
    repository: Repository, host: PeerRecord, request: messages.ReleaseLease
) -> messages.Done:
    """End a lease."""
    known(repository, request.event)
    mine = repository.lease(request.event, request.instance)
    if mine is None or mine.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may leave it")
    # Of an instance that was taken over there is nothing left to end: done already.
    if mine.expires:
        repository.put_lease(replace(mine, expires=0))
    return messages.Done(id=request.id)


def _revoked(member: PeerRecord) -> Revoked:
    return Revoked(f"{member.peer} was revoked at {times.to_rfc3339(member.revoked)}")
