"""The context that the components of a gateway share, and the interface of a component.

A function `component(gateway) -> Component` makes a component; `app.COMPONENTS` lists those of this
package.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from ..peer.stream_link import StreamLink
from ..protocol.errors import NotAllowed
from .competitions import Competitions
from .counters import GatewayCounters
from .feed.follower import Connect
from .feed.hub import Hub
from .options import Options
from .security import ConnectionLimits
from .sheets import SheetFolder

if TYPE_CHECKING:
    from .feed.sse import Stream
    from .feed.websocket import Connection
    from .openapi import Operation
    from .organising.hosting import OwnHost
    from .reporting.routes import Reporting


Json = Mapping[str, object]

Taken = tuple[str, list[Json]]
"""The key of the person who has reported, and the fates of the reports."""

TakeReport = Callable[[bytes, str, str, str], Awaitable[Taken]]

Left = Callable[[bool], None]
"""Called when a connection has ended; True: the page was closed, False: it was lost."""


class Component(Protocol):
    """A component of the gateway with routes of its own."""

    routes: Sequence[BaseRoute]

    async def start(self) -> None:
        """Begin; called on the loop that serves, before the first request."""

    async def stop(self) -> None:
        """End; called after the last request."""


class Gateway:
    """The context that the components of one gateway share.

    Args:
        options: the settings.
        connect: returns a link to the broker; components make links only by it.
        stream: where feeds are read, not started; None: at each event's host.
    """

    def __init__(
        self, options: Options, connect: Connect, stream: StreamLink | None = None
    ) -> None:
        self.options = options
        self.connect = connect
        self.counters = GatewayCounters()
        self.hub = Hub(options, connect, self.counters, stream)
        self.limits = ConnectionLimits(options)
        self.sheets = SheetFolder(options.sheets)
        self.competitions = Competitions(self.hub)
        self.connections: set[Connection] = set()
        """The WebSocket connections that are open."""
        self.streams: set[Stream] = set()
        """The streams of server-sent events that are open."""
        self.person: Callable[[HTTPConnection, str], str] = _nobody
        """Returns the key of the person who is signed in, by cookie, for an event; empty without
        one. Set by the component that signs people in."""
        self.attend: Callable[[str], Left] = _unheeded
        """Called with the key of the person who has opened a feed; empty for a person who is not
        signed in. Set by the same component, which sends to the person's pages by `tell`."""
        self.take_report: TakeReport = _refused
        """Takes a report with its sender's token; see `Reporting.take_report`, which sets it."""
        self.reporting: Reporting | None = None
        """The component through which people report, once it has started."""
        self.admit: Callable[[str, str, str], str] = _as_given
        """Returns the code that a new reporter shows the broker: admit(event, code, device's key).
        Set by the component through which people organise events."""
        self.own_host: OwnHost | None = None
        """The host that serves the events of this gateway's organisers, where it has one; set
        before the start."""
        self.base_url = ""
        """The URL at which others reach the gateway; empty: as it was asked for."""
        self.operations: list[Operation] = []
        """The operations that components add to the OpenAPI document."""

    def leave(self) -> None:
        """End the streams, which would not end by themselves: the gateway is about to stop."""
        for stream in list(self.streams):
            stream.end()

    def unready(self) -> dict[str, str]:
        """Return for each part why it is not ready; an empty text where it is. From any thread."""
        follower = self.hub.follower
        feeds = "" if follower.follows else "the gateway does not follow events"
        if follower.stream is not None:  # it serves feeds without the broker as well
            return {"feeds": feeds, "source": follower.stream.client.absence}
        parts = {"feeds": feeds, "broker": follower.broker_trouble}
        if self.own_host is not None:
            parts["host"] = self.own_host.trouble
        return parts

    def tell(self, person: str, message: Json) -> int:
        """Send a message to every open connection of a person; return the number of connections.

        Call it on the loop only.

        Args:
            person: the key that `person` returned.
            message: JSON values.
        """
        payload = msgspec.json.encode(message)
        theirs = [each for each in self.connections if person and person in each.people]
        for connection in theirs:
            connection.send(payload)
        return len(theirs)


def _nobody(_connection: HTTPConnection, _event: str) -> str:
    return ""


def _as_given(_event: str, code: str, _key: str) -> str:
    return code


async def _refused(_content: bytes, _token: str, _event: str, _address: str) -> Taken:
    raise NotAllowed("this gateway takes no reports")


def _unheeded(_person: str) -> Left:
    return lambda _orderly: None
