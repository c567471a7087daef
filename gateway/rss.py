"""RSS 2.0: an event's entries, and the events of a team or competition, for other sites.

Tested in `tests/integration/test_gateway_share.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..protocol.errors import NotFound
from ..protocol.messages import Card, Search
from ..protocol.text import plain
from ..protocol.times import SECOND
from ..runtime import clock
from ..runtime.languages import current, tr
from ..sports.names import canonical
from .compression import public
from .context import Gateway
from .language import VARIES, read_by
from .markup import EventMarkup, status_text
from .rest import OPEN, InLanguage, event_of, query

KIND = "application/rss+xml"

FRESH = {"cache-control": "max-age=15", **VARIES, **OPEN}
"""Readers ask often; nothing is lost if they wait a little."""

MOST = 50
"""The most items of a feed."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a feed.

    Args:
        title, text: in words.
        link: a whole address.
        guid: what no other item of any feed has.
        time: microseconds since 1970 UTC; 0 where it is not known.
    """

    title: str
    text: str
    link: str
    guid: str
    time: int


class Rss:
    """The feeds.

    Args:
        gateway: whose events they tell of.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._hub = gateway.hub

    async def event(self, request: Request) -> Response:
        """Answer with the newest entries of an event."""
        _read(request)
        channel = await self._hub.channel(event_of(request))
        shown = EventMarkup(channel, clock.wall())
        link = f"{request.base_url}events/{channel.card.event}"
        items = [
            Item(
                shown.line(row.entry),
                (shown.headline if at == 0 else shown.line_of(row.entry.score))
                or row.entry.headline,
                link,
                f"{channel.card.event}/{row.entry.entry_id}/{row.entry.seq}",
                row.entry.sent,
            )
            for at, row in enumerate(reversed(channel.newest(MOST)))
        ]
        return _answer(request, shown.title, shown.description, link, items)

    async def team(self, request: Request) -> Response:
        """Answer with the events of a team, the newest first.

        Raises:
            NotFound: no event has a side of this name.
        """
        _read(request)
        team = str(request.path_params["team"])
        found = await self._hub.search(Search(id=0, text=team[:200], limit=MOST))
        cards = [
            card
            for card in found.events
            if canonical(team) in {canonical(side) for side in card.origins}
        ]
        if not cards:
            raise NotFound(f"no event of {team[:60]}")
        return self._events(request, team, tr("The matches of {team}", team=team), cards)

    async def competition(self, request: Request) -> Response:
        """Answer with the events of a competition, the newest first.

        Raises:
            NotFound: no event belongs to one of this name.
        """
        _read(request)
        name = str(request.path_params["competition"])
        found = await self._hub.search(Search(id=0, competition=name[:200], limit=MOST))
        # A broker of before does not know the field, and finds all.
        cards = [card for card in found.events if canonical(card.competition) == canonical(name)]
        if not cards:
            raise NotFound(f"no event of {name[:60]}")
        name = cards[0].competition
        return self._events(request, name, tr("The events of {name}", name=name), cards)

    def _events(self, request: Request, title: str, text: str, cards: Iterable[Card]) -> Response:
        items = []
        for card in sorted(cards, key=lambda card: -(card.starts or card.created)):
            channel = self._hub.peek(card.event)
            now = status_text(card)
            if channel is not None and channel.joined:
                now = EventMarkup(channel, clock.wall()).headline
            link = f"{request.base_url}events/{card.event}"
            items.append(Item(card.title, now, link, link, card.starts or card.created))
        return _answer(request, title, text, str(request.base_url), items)


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes of the feeds."""
    rss = Rss(gateway)
    return [
        Route("/rss/events/{event}", rss.event, methods=["GET"]),
        Route("/rss/teams/{team}", rss.team, methods=["GET"]),
        Route("/rss/competitions/{competition}", rss.competition, methods=["GET"]),
    ]


def _read(request: Request) -> None:
    """Speak the language that the query asks for, or else the one that the reader prefers."""
    query(request, InLanguage)
    read_by(request)


def _answer(request: Request, title: str, text: str, link: str, items: Iterable[Item]) -> Response:
    parts = "".join(_item(item) for item in items)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{_text(title)}</title><link>{_text(link)}</link>"
        f"<description>{_text(text)}</description><language>{current()}</language><ttl>1</ttl>\n"
        f"{parts}</channel></rss>\n"
    )
    return public(request, body.encode(), KIND, FRESH)


def _item(item: Item) -> str:
    when = _when(item.time)
    return (
        f"<item><title>{_text(item.title)}</title><description>{_text(item.text)}</description>"
        f'<link>{_text(item.link)}</link><guid isPermaLink="false">{_text(item.guid)}</guid>'
        f"{when}</item>\n"
    )


def _when(wall: int) -> str:
    try:
        date = datetime.fromtimestamp(wall / SECOND, UTC) if wall else None
    except (OverflowError, ValueError, OSError):
        date = None
    return f"<pubDate>{format_datetime(date, usegmt=True)}</pubDate>" if date else ""


def _text(text: str) -> str:
    """Return a text for XML, which has no place for what can't be seen."""
    return escape(plain(text), quote=False)
