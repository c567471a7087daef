"""The gateway's application: its components put together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from importlib import import_module

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from ..peer.stream_link import StreamLink
from ..protocol.errors import NotFound, TouchlineError
from . import health, openapi, pages, rest, rss
from .context import Component, Gateway
from .feed import sse, websocket
from .feed.follower import Connect
from .options import Options
from .security import Guard, JsonResponse, on_error, on_fault, refusal

ROUTES: Sequence[Callable[[Gateway], list[BaseRoute]]] = (
    websocket.routes,
    rest.routes,
    sse.routes,
    openapi.routes,
    health.routes,
    rss.routes,
)
"""The routes of the gateway itself, besides the pages."""

COMPONENTS: Sequence[str] = (
    ".grades",
    ".reporting.routes",
    ".organising.routes",
    ".webhooks.routes",
)
"""Modules of this package with `component(gateway)`, in the order in which they are started."""


def create_app(
    options: Options,
    connect: Connect,
    further: Sequence[Callable[[Gateway], Component]] = (),
    stream: StreamLink | None = None,
) -> Starlette:
    """Return the application; `app.state.gateway` is the `Gateway` that its components share.

    Args:
        options: the settings.
        connect: returns a link to the broker with the identity of a name.
        further: functions that return components of other packages, such as the lobby.
        stream: where feeds are read, not started; None: at each event's host.
    """
    gateway = Gateway(options, connect, stream)
    components: list[Component] = [
        import_module(name, __package__).component(gateway) for name in COMPONENTS
    ]
    components += [make(gateway) for make in further]
    routes = [route for make in ROUTES for route in make(gateway)]
    routes += [route for component in components for route in component.routes]
    shown = pages.Pages(gateway)
    routes += shown.routes()
    routes.append(WebSocketRoute("/{path:path}", _nowhere))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        gateway.hub.start()
        try:
            async with contextlib.AsyncExitStack() as stack:
                for component in components:
                    await component.start()
                    stack.push_async_callback(component.stop)
                yield
        finally:
            await gateway.hub.stop()

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, options=options, counters=gateway.counters)],
        exception_handlers={
            TouchlineError: on_error,
            HTTPException: shown.on_http_error,
            Exception: on_fault,
        },
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    return app


async def _nowhere(websocket: WebSocket) -> None:
    """Refuse a WebSocket at a path that serves none."""
    error = NotFound(f"no WebSocket at {websocket.url.path[:200]}")
    await websocket.send_denial_response(JsonResponse(refusal(error), 404))
