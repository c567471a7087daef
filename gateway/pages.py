"""The pages and their files, from the package's folder `static`.

Tested in `tests/integration/test_gateway_pages.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ..protocol import limits
from ..protocol.errors import NotFound, TouchlineError
from ..protocol.messages import Search
from ..runtime import clock
from ..runtime.languages import SOURCE, catalogue, tr
from ..runtime.languages import markup as texts
from . import markup
from .assets import PATH, SpokenAssets
from .compression import public
from .context import Gateway
from .feed.channel import Channel
from .language import VARIES, keeping, read_by, switch
from .rest import Rest, event_of
from .security import POLICY, on_http_error

STATIC = Path(__file__).parent / "static"

SHELLS = {
    "/report/{event}": "report.html",
    "/organise": "organise.html",
    "/organise/{event}": "organise.html",
}
"""Pages that say nothing before their script runs, by path."""

HTML = "text/html; charset=utf-8"

FRESH = {"cache-control": "no-cache", **VARIES}
"""A browser asks each time, and is told 304 where nothing has changed."""

PATIENCE = 0.8
"""Seconds that a page waits for the broker or the feed before it is sent without their news."""

LINES = 20
"""The entries of an event that are read without a script."""

ENTRIES = 150
"""The entries that come with a page for its script; the timeline has the others."""

WAITING = " data-waiting"
"""On an event's page, what its style hides until the script has the feed, so that nothing moves."""

EVENTS = 50
"""The events that come with the start page."""


class Pages:
    """The pages, as they are when they are asked for.

    Args:
        gateway: whose events they show.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._hub = gateway.hub
        self._rest = Rest(gateway)
        self._competitions = gateway.competitions
        self._organises = bool(gateway.options.organiser_code)
        self._assets = SpokenAssets(STATIC)
        self._workers: dict[str, bytes] = {}
        origins = " ".join(sorted(gateway.options.embed_origins)) or "*"
        policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {origins}")
        self._framed = {"content-security-policy": policy}
        self._picture = self._assets.of(SOURCE).path("icon-512.png")

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        shells = [Route(path, self._shell(name)) for path, name in SHELLS.items()]
        return [
            Route("/", self.start, methods=["GET"]),
            Route("/events/{event}", self.event, methods=["GET"]),
            *shells,
            Route("/embed/{event}", self.embed, methods=["GET"]),
            Route("/embed.js", self.script, methods=["GET"]),
            Route("/sw.js", self.worker, methods=["GET"]),
            Route("/manifest.webmanifest", self.manifest, methods=["GET"]),
            Route(PATH + "{name}", self._assets.serve, methods=["GET"]),
            Route("/static/{name}.html", self.plain, methods=["GET"]),
            Mount("/static", _Static(directory=STATIC), name="static"),
        ]

    async def start(self, request: Request) -> Response:
        """Answer with the start page and the events that its script would ask for first."""
        html, headers = self._page(request, "index.html")
        organise = markup.organise() if self._organises else ""
        html = html.replace("<!-- organise -->", organise)
        competition = request.query_params.get("competition", "")[: limits.NAME_CHARS]
        wanted = Search(id=0, competition=competition, limit=EVENTS)
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._hub.search(wanted)
        except (TimeoutError, TouchlineError):
            return public(request, html.encode(), HTML, headers)
        events = [self._rest.card(card) for card in found.events]
        table = None
        if competition and found.events:
            with contextlib.suppress(TouchlineError):
                table = await self._competitions.tables(competition, PATIENCE)
        html = _with(
            html,
            **(
                {"title": f"<title>{escape(competition)} · Touchline</title>"}
                if competition
                else {}
            ),
            head=markup.head(
                competition or tr("What is on"),
                tr("Matches as the people who are there report them"),
                *self._at(request),
            ),
            results=markup.results(events),
            standings=markup.standings(table) if table else "",
            first=markup.data(
                "first", {"events": events, "cursor": found.cursor, "standings": table}
            ),
        )
        return public(request, html.encode(), HTML, headers)

    async def event(self, request: Request) -> Response:
        """Answer with an event's page: the score and the last entries, and for the script more.

        Where the broker does not answer soon the page comes without them; its script goes on.
        """
        html, headers = self._page(request, "event.html")
        try:
            channel = await self._channel(event_of(request))
        except NotFound:
            return self.missing(request, tr("There is no such event"))
        if channel is None:
            return public(request, html.encode(), HTML, headers)
        event = markup.EventMarkup(channel, clock.wall())
        opening = channel.opening(clock.now(), ENTRIES)
        if channel.joined:
            html = html.replace(WAITING, "")
        html = _with(
            html,
            title=f"<title>{escape(event.title)} · Touchline</title>",
            head=markup.head(event.title, event.description, *self._at(request))
            + markup.feed_link(channel.card.event),
            hero=event.hero(),
            banner=_banner(event.banner()),
            lines=event.lines(LINES),
            lineups=event.lineups(),
            first=markup.data("first", opening),
        )
        return public(request, html.encode(), HTML, headers)

    async def embed(self, request: Request) -> Response:
        """Answer with an event's score or feed, for a frame in a page of another site."""
        html, _ = self._page(request, "embed.html")
        headers = FRESH | self._framed
        if (theme := request.query_params.get("theme")) in {"light", "dark"}:
            html = html.replace("<html ", f'<html data-theme="{theme}" ', 1)
        if (show := request.query_params.get("show")) in {"score", "feed"}:
            html = html.replace('class="embed"', f'class="embed" data-show="{show}"')
        try:
            channel = await self._channel(event_of(request))
        except NotFound:
            return self.missing(request, tr("There is no such event"), headers)
        if channel is None or not channel.joined:
            return public(request, html.encode(), HTML, headers)
        event = markup.EventMarkup(channel, clock.wall())
        html = _with(
            html,
            title=f"<title>{escape(event.title)}</title>",
            hero=event.hero(),
            lines=event.lines(LINES),
            first=markup.data("first", channel.opening(clock.now(), LINES)),
        )
        return public(request, html.encode(), HTML, headers)

    async def script(self, request: Request) -> Response:
        """Answer with the script that puts such a frame where it stands in a page."""
        source = (STATIC / "js" / "embed_script.js").read_text("utf-8")
        body = texts.script(source, catalogue(read_by(request))).encode()
        headers = {
            "cache-control": "max-age=3600",
            "cross-origin-resource-policy": "cross-origin",
            **VARIES,
        }
        return public(request, body, "text/javascript; charset=utf-8", headers)

    async def _channel(self, event: str) -> Channel | None:
        """Return an event's channel as far as it is known soon; None where nothing is known of it.

        Raises:
            NotFound: there is no such event.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._hub.channel(event)
        except NotFound:
            raise
        except (TimeoutError, TouchlineError):
            return self._hub.peek(event)

    def missing(self, request: Request, title: str, headers: Mapping[str, str] = FRESH) -> Response:
        """Answer that there is no such page.

        Args:
            request: for it.
            title: what there is not, in words.
            headers: of the answer.
        """
        html, _ = self._page(request, "missing.html")
        text = tr("It may have another address.")
        html = _with(
            html,
            title=f"<title>{escape(title)} · Touchline</title>",
            words=f"<h1>{escape(title)}</h1><p class='lead'>{escape(text)}</p>",
        )
        return public(request, html.encode(), HTML, headers, 404)

    async def on_http_error(self, request: Request, error: Exception) -> Response:
        """Answer a request that no route matches: people get a page, programs an error."""
        status = error.status_code if isinstance(error, HTTPException) else 0
        reads = "text/html" in request.headers.get("accept", "")
        if status == 404 and reads and not request.url.path.startswith("/api/"):
            read_by(request)
            return self.missing(request, tr("There is no such page"))
        return await on_http_error(request, error)

    async def plain(self, request: Request) -> Response:
        """Answer with a page without any event's news: what the service worker keeps."""
        name = f"{request.path_params['name']}.html"
        if name not in self._assets.of(SOURCE).pages:
            raise NotFound("no such page")
        html, headers = self._page(request, name)
        return public(request, html.encode(), HTML, headers)

    async def worker(self, request: Request) -> Response:
        """Answer with the service worker, which controls only paths below its own."""
        language = read_by(request)
        if language not in self._workers:
            source = (STATIC / "sw.js").read_text("utf-8")
            self._workers[language] = self._with_files(source, language).encode()
        return public(request, self._workers[language], "text/javascript; charset=utf-8", FRESH)

    async def manifest(self, request: Request) -> Response:
        """Answer with what a phone needs to put the pages among its applications."""
        about = json.loads((STATIC / "manifest.webmanifest").read_text("utf-8"))
        about["lang"] = read_by(request)
        about["description"] = tr("Live match reporting by the people who are there")
        body = json.dumps(about, ensure_ascii=False).encode()
        return public(request, body, "application/manifest+json", FRESH)

    def _shell(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def page(request: Request) -> Response:
            html, headers = self._page(request, name)
            return public(request, html.encode(), HTML, headers)

        return page

    def _page(self, request: Request, name: str) -> tuple[str, Mapping[str, str]]:
        """Return a page in its reader's language, and the headers of the answer."""
        html = self._assets.of(read_by(request)).pages[name]
        html = html.replace("<!-- languages -->", switch(request))
        return html, FRESH | keeping(request)

    def _at(self, request: Request) -> tuple[str, str]:
        return str(request.base_url), self._picture

    def _with_files(self, worker: str, language: str) -> str:
        """Return the service worker with the files that it keeps, and a name of their digest."""
        assets = self._assets.of(language)
        pages = [f"/static/{name}" for name in assets.pages]
        files = [*pages, *assets.paths, "/manifest.webmanifest"]
        digest = sha256("\n".join([*files, *assets.pages.values()]).encode()).hexdigest()
        listed = "".join(f'  "{path}",\n' for path in files)
        worker = worker.replace("const FILES = [];", f"const FILES = [\n{listed}];")
        return worker.replace("touchline-0", f"touchline-{digest[:16]}")


class _Static(StaticFiles):
    """Files that a browser revalidates each time: they change when the gateway is updated."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.setdefault("cache-control", "no-cache")
        return response


def _banner(words: str) -> str:
    about = 'class="banner bad"' if words else 'class="banner" hidden'
    return f'<div id="banner" {about} role="status">{words}</div>'


_SLOT = re.compile(r'<!-- (\w+) -->|<title[^>]*>.*?</title>|<div id="banner".*?></div>')


def _with(html: str, **parts: str) -> str:
    """Return a page with parts put where its comments name them, or its title stands."""

    def part(found: re.Match[str]) -> str:
        kept = "" if found[1] else found[0]
        name = found[1] or ("title" if found[0].startswith("<title") else "banner")
        return parts.get(name, kept)

    return _SLOT.sub(part, html)
