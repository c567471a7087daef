"""The rule by which an instance of a host gets the lease of an event, and its epoch.

| the instance that asks          | the event's last instance        | outcome                    |
|---------------------------------|----------------------------------|----------------------------|
| peer may not host the event     | any                              | NOT_GRANTED, see `grants`  |
| belongs to another peer         | any                              | CONFLICT                   |
| is the last                     | is the same, expired or not      | renewed, its epoch or more |
| was replaced                    | is another                       | CONFLICT, for good         |
| is new                          | none, or its lease has ended     | granted, a higher epoch    |
| is new                          | holds the lease, the same peer   | granted, a higher epoch    |
| is new                          | holds the lease, another peer    | CONFLICT                   |

A host that was killed and started again is a new instance of the same peer, and does not wait for
the lease of its old instance to expire. A replaced instance never gets the lease again, so no two
instances publish under one epoch.
"""

from __future__ import annotations

from ..protocol import times
from ..protocol.errors import BadMessage, Conflict
from ..protocol.messages import Lease
from .repository import LeaseRecord

AHEAD = 1_000_000
"""The most by which an epoch that a host proposes may be above the one before. A host that goes on
without the broker begins some by itself; one that took the highest would leave none to the next."""


def grant(
    request: Lease,
    peer: str,
    *,
    mine: LeaseRecord | None,
    last: LeaseRecord | None,
    wall: int,
) -> int:
    """Return the epoch under which a peer that may host an event gets its lease.

    Args:
        request: the host's request.
        peer: the host's peer id.
        mine: the lease of the request's instance, if there is one.
        last: the event's lease of the highest epoch, if there is one.
        wall: microseconds since 1970.

    Raises:
        Conflict: see the table above.
        BadMessage: the epoch is too far above the one before.
    """
    most = AHEAD + (0 if last is None else last.epoch)
    if request.epoch > most:
        raise BadMessage(f"epoch {request.epoch:,} of {request.event}, at most {most:,} allowed")
    if mine is not None:
        if mine.peer != peer:
            raise Conflict(f"instance {request.instance!r} belongs to another peer")
        if last is None or last.instance != mine.instance:
            raise Conflict(
                f"another host has taken over {request.event} since this host's epoch {mine.epoch}"
            )
        # A host begins a new epoch by itself when the owner of the event reopens it, say.
        return max(request.epoch, mine.epoch)
    if last is None:
        return max(request.epoch, 1)
    if last.expires > wall and last.peer != peer:
        left = (last.expires - wall) / times.SECOND
        raise Conflict(f"another host holds {request.event} for {left:.1f} s more")
    return max(request.epoch, last.epoch + 1)
