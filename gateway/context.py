"""What the components of a gateway share, and what a component is.

A component comes from a function `component(gateway) -> Component`; those of this package are
listed in `app.COMPONENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from .counters import GatewayCounters
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
"""Is told that a connection has ended; True: the page was closed, False: it was lost."""


class Component(Protocol):
    """A component of the gateway with routes of its own."""

    routes: Sequence[BaseRoute]

    async def start(self) -> None:
        """Begin; on the loop that serves, before the first request."""

    async def stop(self) -> None:
        """End; no request comes any more."""


class Gateway:
    """What the components of one gateway share.

    Args:
        options: the settings.
        connect: returns a link to the broker; there is no other way to one.
    """

    def __init__(self, options: Options, connect: Connect) -> None:
        self.options = options
        self.connect = connect
        self.counters = GatewayCounters()
        self.hub = Hub(options, connect, self.counters)
        self.limits = ConnectionLimits(options)
        self.connections: set[Connection] = set()
        """The WebSocket connections that are open."""
        self.streams: set[Stream] = set()
        """The streams of server-sent events that are open."""
        self.person: Callable[[HTTPConnection, str], str] = _nobody
        """Returns the key of the person who is signed in, by cookie, for an event; empty without
        one. Set by the component that signs people in."""
        self.attend: Callable[[str], Left] = _unheeded
        """Is told the key of the person who has opened a feed, empty for a person who is not signed
        in. Set by the same component, which sends to the person's pages with `tell`."""
        self.operations: list[Operation] = []
        """What components add to the OpenAPI document."""

    def leave(self) -> None:
        """End the streams, which would go on for ever: the gateway is about to stop."""
        for stream in list(self.streams):
            stream.end()

    def tell(self, person: str, message: Json) -> int:
        """Send a message to every open connection of a person; return to how many.

        Call it on the loop only.

        Args:
            person: the key that `person` returned.
            message: JSON values.
        """
        payload = msgspec.json.encode(message)
        theirs = [each for each in self.connections if person and each.person == person]
        for connection in theirs:
            connection.send(payload)
        return len(theirs)


def _nobody(_connection: HTTPConnection, _event: str) -> str:
    return ""


def _unheeded(_person: str) -> Left:
    return lambda _orderly: None
