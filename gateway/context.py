"""What the parts of a gateway share, and how a part joins in.

A part is a module with `part(gateway) -> Part`, listed in `app.PARTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from .counters import Counters
from .feed.follower import Connect
from .feed.hub import Hub
from .options import Options
from .security import ConnectionLimits

if TYPE_CHECKING:
    from .feed.sse import Stream
    from .feed.websocket import Connection
    from .openapi import Operation


Json = Mapping[str, object]

Left = Callable[[bool], None]
"""Is told that a connection has ended: in good order (the page was closed), or it was lost."""


class Component(Protocol):
    """A part of the gateway with routes of its own."""

    routes: Sequence[BaseRoute]

    async def start(self) -> None:
        """Begin; on the loop that serves, before the first request."""

    async def stop(self) -> None:
        """End; no request comes any more."""


class Gateway:
    """What the parts of one gateway share.

    Args:
        options: the settings.
        connect: gives a link to the broker under a name; the only way to one.
    """

    def __init__(self, options: Options, connect: Connect) -> None:
        self.options = options
        self.connect = connect
        self.counters = Counters()
        self.hub = Hub(options, connect, self.counters)
        self.places = ConnectionLimits(options)
        self.connections: set[Connection] = set()
        """The WebSocket connections that are open."""
        self.streams: set[Stream] = set()
        """The streams of server-sent events that are open."""
        self.person: Callable[[HTTPConnection, str], str] = _nobody
        """Gives the key of who is signed in, by cookie, for an event; empty for nobody. Set by the
        part that signs people in."""
        self.attend: Callable[[str], Left] = _unheeded
        """Is told by key that who is signed in has a feed open now; an empty one is of nobody. Set
        by the same part, which says what it has to say with `tell`."""
        self.operations: list[Operation] = []
        """What parts add to the OpenAPI document."""

    def leave(self) -> None:
        """End the streams, which would go on for ever: the gateway is about to stop."""
        for stream in list(self.streams):
            stream.end()

    def tell(self, person: str, message: Json) -> int:
        """Send a message to every open connection of one who is signed in; return to how many.

        Args:
            person: the key that `person` gave; on the loop only.
            message: JSON values.
        """
        payload = msgspec.json.encode(message)
        theirs = [one for one in self.connections if person and one.person == person]
        for connection in theirs:
            connection.say(payload)
        return len(theirs)


def _nobody(_connection: HTTPConnection, _event: str) -> str:
    return ""


def _unheeded(_person: str) -> Left:
    return lambda _orderly: None
