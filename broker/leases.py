"""Who gets the lease of an event, under which epoch.

| the instance that asks          | the event's last instance   | outcome                         |
|---------------------------------|-----------------------------|---------------------------------|
| is another peer's               | any                         | CONFLICT                        |
| is the last                     | itself, expired or not      | renewed, same epoch             |
| was replaced                    | another                     | CONFLICT, for good              |
| is new, peer not entitled       | any                         | NOT_ALLOWED                     |
| is new                          | none, expired or left       | granted, a higher epoch         |
| is new                          | holds it, the same peer     | granted, a higher epoch         |
| is new                          | holds it, another peer      | CONFLICT                        |

A host that was killed and started again is a new instance of the same peer and need not wait for
the lease of its dead self to expire. A replaced instance never comes back, so that no two
instances ever publish under one epoch.
"""

from __future__ import annotations

from ..protocol import times
from ..protocol.errors import Conflict, NotAllowed
from ..protocol.messages import Lease
from .repository import LeaseRecord


def grant(
    request: Lease,
    peer: str,
    *,
    mine: LeaseRecord | None,
    last: LeaseRecord | None,
    entitled: bool,
    wall: int,
) -> int:
    """Return the epoch under which the lease is granted.

    Args:
        request: what is asked for.
        peer: who asks.
        mine: the lease of the request's instance, if it had one.
        last: the event's lease of the highest epoch, if there was any.
        entitled: the peer created the event, or joined it as host.
        wall: microseconds since 1970.

    Raises:
        Conflict, NotAllowed: see the table above.
    """
    if mine is not None:
        if mine.peer != peer:
            raise Conflict(f"instance {request.instance!r} is another peer's")
        if last is None or last.instance != mine.instance:
            raise Conflict(
                f"another host has taken over {request.event} since this one's epoch {mine.epoch}"
            )
        return mine.epoch
    if not entitled:
        raise NotAllowed(f"join {request.event} as host before leasing it")
    if last is None:
        return max(request.epoch, 1)
    if last.expires > wall and last.peer != peer:
        left = (last.expires - wall) / times.SECOND
        raise Conflict(f"another host holds {request.event} for {left:.1f} s yet")
    return max(request.epoch, last.epoch + 1)
