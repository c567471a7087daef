"""Who hosts an event and what only its host may ask: lease, verify, vouch, finish, leave. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ..protocol import limits, messages, times
from ..protocol.errors import BadToken, NotAllowed, NotFound, Revoked, UnknownKey
from ..protocol.messages import Role
from . import checks, leases, roles
from .repository import Books, Member, Record, Tenure


def known(books: Books, event: str) -> Record:
    """Return an event, or raise NotFound."""
    record = books.event(event)
    if record is None:
        raise NotFound(f"no event {event!r}")
    return record


def held(books: Books, event: str, wall: int) -> Tenure | None:
    """Return the tenure that holds the event now."""
    tenure = books.tenure(event)
    return tenure if tenure is not None and tenure.expires > wall else None


def with_host(books: Books, card: messages.Card, wall: int) -> messages.Card:
    """Return an event's card that says whether it is hosted now."""
    return msgspec.structs.replace(card, hosted=held(books, card.event, wall) is not None)


def lease(
    books: Books, member: Member, role: Role, request: messages.Lease, seconds: float, wall: int
) -> messages.Leased:
    """Grant or renew a lease.

    Args:
        role: what the peer may do.
        seconds: for how long it is granted.
    """
    record = known(books, request.event)
    checks.lease(request)
    roles.demand(role, "host", "to host an event")
    mine = books.tenure(request.event, request.instance)
    last = books.tenure(request.event)
    entitled = (
        record.creator == member.peer
        or books.ticket_of(member.peer, request.event, "host", wall) is not None
    )
    epoch = leases.grant(request, member.peer, mine=mine, last=last, entitled=entitled, wall=wall)
    if last is not None and last.instance != request.instance:
        books.put_tenure(replace(last, expires=0))
    books.put_tenure(
        Tenure(
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
        books.set_status(request.event, "live")
    return messages.Leased(
        id=request.id,
        event=request.event,
        epoch=epoch,
        seconds=seconds,
        revoked=books.revoked(request.event, limits.REVOKED),
    )


def verify(books: Books, host: Member, request: messages.Verify, wall: int) -> messages.Grant:
    """Tell a host whose token it is."""
    ticket = books.ticket(request.token)
    if ticket is None:
        raise BadToken("the token is unknown")
    tenure = held(books, ticket.event, wall)
    if tenure is None or tenure.peer != host.peer:
        raise NotAllowed("only the host that holds the lease of the token's event may ask")
    if ticket.expires <= wall:
        raise BadToken(f"the token expired at {times.to_rfc3339(ticket.expires)}")
    member = books.member(ticket.peer)
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


def vouch(books: Books, host: Member, request: messages.Vouch, wall: int) -> messages.Vouched:
    """Tell a host whether whoever knocks is expected there."""
    if not books.hosts(host.peer, wall):
        raise NotAllowed("only a host that holds a lease may ask who knocks")
    member = books.member_by_curve(request.curve)
    if member is None:
        raise UnknownKey("this key is not enrolled")
    if member.revoked:
        raise _revoked(member)
    if not books.expected(host.peer, member.peer, wall):
        raise BadToken(f"{member.peer} has no valid token for an event of this host's")
    return messages.Vouched(id=request.id, curve=request.curve, peer=member.peer)


def finish(books: Books, host: Member, request: messages.Finish, wall: int) -> messages.Done:
    """Note that an event is over."""
    record = known(books, request.event)
    tenure = held(books, request.event, wall)
    if tenure is None or tenure.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may finish it")
    if record.card.status != "finished":
        books.set_status(request.event, "finished")
    return messages.Done(id=request.id)


def leave(books: Books, host: Member, request: messages.Leave) -> messages.Done:
    """End a lease."""
    known(books, request.event)
    mine = books.tenure(request.event, request.instance)
    if mine is None or mine.peer != host.peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may leave it")
    # Of an instance that was taken over there is nothing left to end: done already.
    if mine.expires:
        books.put_tenure(replace(mine, expires=0))
    return messages.Done(id=request.id)


def _revoked(member: Member) -> Revoked:
    return Revoked(f"{member.peer} was revoked at {times.to_rfc3339(member.revoked)}")
