"""The pages and their files, from the package's folder `static`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from .context import Gateway

STATIC = Path(__file__).parent / "static"

PAGES = {
    "/": "index.html",
    "/events/{event}": "event.html",
    "/report/{event}": "report.html",
}
"""The page of each path."""

AT_ROOT = {"/sw.js": "sw.js", "/manifest.webmanifest": "manifest.webmanifest"}
"""Files at the root: a service worker controls only paths below its own."""


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes of the pages."""
    pages = [Route(path, _page(name), methods=["GET"]) for path, name in (PAGES | AT_ROOT).items()]
    return [*pages, Mount("/static", _Static(directory=STATIC), name="static")]


class _Static(StaticFiles):
    """Files that a browser revalidates each time: they change when the gateway is updated."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.setdefault("cache-control", "no-cache")
        return response


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(_request: Request) -> Response:
        return FileResponse(STATIC / name, headers={"cache-control": "no-cache"})

    return page
