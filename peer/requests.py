"""One request to the host of an event, over sockets that are opened for it alone."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ..protocol import codec, messages
from ..protocol.errors import Unreachable, from_wire
from ..runtime import clock
from ..runtime.poll_loop import PollLoop
from .connection import HostConnection
from .link import Link
from .session import Session

AGAIN_SECONDS = 2.0
"""How long the host may leave the request unanswered before it is sent again."""

AGAIN = frozenset({"UNKNOWN_PEER", "STORAGE", "UNREACHABLE"})
"""Refusals that may be gone in a moment: the session attaches again, the disk has room again."""

Request = messages.AskScore | messages.Ruling
"""What may be sent again without harm."""


def ask_host(
    link: Link,
    event: str,
    request: Request,
    seconds: float,
    why: Callable[[Session, float], str],
) -> messages.Ruled | messages.Done:
    """Return the answer of an event's host to a request; wait for a host that is just starting.

    Args:
        link: to the broker.
        event: its id.
        request: any `id`; it is sent again, the same, where the host was started anew.
        seconds: how long to try.
        why: why(session, seconds) says in a sentence why nobody answered.

    Raises:
        Unreachable: no answer came in time; the host may have the request all the same.
        TouchlineError: the broker or the host refuses it.
    """
    session = Session(event, "viewer", brief=True)
    connection = HostConnection(session, link)
    until = clock.now() + seconds
    sent: dict[int, float] = {}  # monotonic, by the id of the request
    loop = PollLoop()
    try:
        while (now := clock.now()) < until:
            for reply in connection.pump(now, clock.wall()):
                if isinstance(reply, messages.Ruled | messages.Done) and reply.id in sent:
                    return reply
                # An error without an id is of a host that does not know such a request.
                if not isinstance(reply, messages.Error) or reply.code in AGAIN:
                    continue
                if sent and reply.id in (0, *sent):
                    raise from_wire(reply.code, reply.reason)
            if session.failure is not None:
                raise session.failure
            due = max(sent.values(), default=-AGAIN_SECONDS) + AGAIN_SECONDS
            if session.open and now >= due:
                number = session.request_id()
                sent[number] = now
                connection.send(codec.encode(replace(request, id=number)))
                due = now + AGAIN_SECONDS
            loop.watch(connection.sockets)
            loop.wait(connection.next_timer(), due if session.open else None, until)
        raise Unreachable(why(session, seconds))
    finally:
        if session.open:
            leaving = messages.Detach(id=session.request_id(), event=event)
            connection.send(codec.encode(leaving))
        connection.close()
