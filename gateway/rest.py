"""Events, timeline, score, line-ups and health over HTTP.

Tested in `tests/integration/test_gateway.py`, its pure parts in `tests/unit/gateway/test_rest.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .. import sports
from ..protocol import limits
from ..protocol.errors import BadMessage, NotFound, TouchlineError
from ..protocol.fields import Name, Text
from ..protocol.messages import Card, Entry, Search
from ..protocol.times import to_rfc3339
from ..sports.capabilities import PlayerRecord, TeamSheet
from ..sports.presentation import to_json
from ..timeline import csv as timeline_csv
from ..timeline import json as timeline_json
from ..timeline import wording
from ..timeline.timeline import action_of
from .compression import public
from .context import Gateway
from .feed.channel import Channel
from .language import asked_by

T = TypeVar("T", bound=Struct)

OPEN = {"access-control-allow-origin": "*"}
"""Lets scripts of other sites read answers that need no session."""


def open_json(request: Request, value: object) -> Response:
    """Return an answer in JSON that everybody may read."""
    return public(request, msgspec.json.encode(value), "application/json", OPEN)


Tag = Annotated[str, Meta(max_length=35)]
"""The language of what people read, by BCP 47; English where it is empty or not known."""


class Find(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a search."""

    text: Text = ""
    sport: Name = ""
    status: Literal["scheduled", "live", "finished", ""] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=64)] = ""
    competition: Name = ""
    lang: Tag = ""


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a timeline: `from` is a place in match order."""

    from_: Annotated[int, Meta(ge=1, le=2**31)] = msgspec.field(default=1, name="from")
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


class InLanguage(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of what says names in a language."""

    lang: Tag = ""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No query."""


def query(request: Request, kind: type[T]) -> T:
    """Return a request's query.

    Raises:
        BadMessage: the query is not valid.
    """
    items = request.query_params.multi_items()
    if len(items) != len(request.query_params):
        raise BadMessage("query: a name is given twice")
    try:
        return msgspec.convert(dict(items), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadMessage(f"query: {error}") from None


def event_of(request: Request) -> str:
    """Return the event that a request's path names.

    Raises:
        NotFound: no event can have that id.
    """
    event = str(request.path_params["event"])
    if not 0 < len(event) <= 64:
        raise NotFound(f"no event has an id of {len(event)} characters, at most 64 allowed")
    return event


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes that need no session."""
    rest = Rest(gateway)
    endpoints: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/api/events": rest.search,
        "/api/events/{event}": rest.event,
        "/api/events/{event}/timeline": rest.timeline,
        "/api/events/{event}/timeline.csv": rest.table,
        "/api/events/{event}/entries/{entry}": rest.entry,
        "/api/events/{event}/score": rest.score,
        "/api/events/{event}/lineups": rest.lineups,
        "/api/competitions/{competition}": rest.competition,
        "/api/health": rest.health,
    }
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in endpoints.items()]


class Rest:
    """The endpoints that need no session."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._hub = gateway.hub

    async def search(self, request: Request) -> Response:
        """Find events, best match first; an empty `text` lists them all, newest first."""
        find = query(request, Find)
        asked_by(find.lang)
        found = await self._hub.search(
            Search(
                id=0,
                text=find.text,
                sport=find.sport,
                status=find.status,
                limit=find.limit,
                cursor=find.cursor,
                competition=find.competition,
            )
        )
        events = [self.card(card) for card in found.events]
        return open_json(request, {"events": events, "cursor": found.cursor})

    async def event(self, request: Request) -> Response:
        """Show an event as the broker knows it, with the state of its feed where it is followed."""
        query(request, Nothing)
        card = await self._hub.card(event_of(request))
        return open_json(request, self.card(card))

    async def timeline(self, request: Request) -> Response:
        """List the standing entries in match order, a page at a time, as JSON or CSV."""
        page = query(request, Page)
        as_csv = _wants_csv(request.headers.get("accept", ""))
        channel = await self._hub.channel(event_of(request))
        entries = channel.page(page.from_, page.limit)
        if as_csv:
            return _csv(request, entries)
        following = page.from_ + len(entries)
        return open_json(
            request,
            {
                "event": channel.card.event,
                **channel.position(),
                "ready": channel.joined,
                "total": channel.total,
                "next": following if entries and following <= channel.total else None,
                "entries": [timeline_json.to_json(entry) for entry in entries],
            },
        )

    async def table(self, request: Request) -> Response:
        """List the standing entries as CSV, a page at a time."""
        page = query(request, Page)
        channel = await self._hub.channel(event_of(request))
        return _csv(request, channel.page(page.from_, page.limit))

    async def entry(self, request: Request) -> Response:
        """Return the history of an entry: each version that was published of it."""
        query(request, Nothing)
        channel = await self._hub.channel(event_of(request))
        entry_id = str(request.path_params["entry"])
        versions = channel.versions(entry_id)
        if not versions:
            raise NotFound(f"no entry {entry_id[:64]} of {channel.card.event}, or no longer kept")
        return open_json(
            request,
            {
                "event": channel.card.event,
                "entry": entry_id,
                "versions": [msgspec.Raw(version) for version in versions],
            },
        )

    async def score(self, request: Request) -> Response:
        """Return the score, and whether it can be relied on."""
        query(request, Nothing)
        channel = await self._hub.channel(event_of(request))
        return open_json(request, channel.summary())

    async def lineups(self, request: Request) -> Response:
        """Return the line-ups, and the record of each player by the timeline."""
        query(request, Nothing)
        channel = await self._hub.channel(event_of(request))
        return open_json(
            request,
            {
                "event": channel.card.event,
                **channel.position(),
                "lineups": channel.card.lineups,
                "players": players(channel),
            },
        )

    async def competition(self, request: Request) -> Response:
        """Return the tables of a competition, by the results of its finished events."""
        asked_by(query(request, InLanguage).lang)
        name = str(request.path_params["competition"])[: limits.NAME_CHARS]
        return open_json(request, await self._gateway.competitions.tables(name))

    async def health(self, request: Request) -> Response:
        """Return the health of the gateway."""
        query(request, Nothing)
        broker = self._hub.follower.broker
        return open_json(
            request,
            {
                "status": "degraded" if broker is False else "ok",
                "broker": broker,
                "events": len(self._hub.events),
                "connections": self._gateway.limits.total,
            },
        )

    def card(self, card: Card) -> dict[str, object]:
        """Return an event as a list of events shows it."""
        channel = self._hub.peek(card.event)
        live = channel.summary() if channel is not None and channel.joined else None
        shown = wording.presentation(card.sport, card.rules)
        # The parts that a list of events shows; a feed's setup has all of them.
        brief = {"text": shown.text, "score": to_json(shown.score)}
        return timeline_json.to_json(card) | {"live": live, "presentation": brief}


def _csv(request: Request, entries: list[Entry]) -> Response:
    body = b"".join(timeline_csv.csv_lines(entries))
    return public(request, body, "text/csv; charset=utf-8", OPEN)


def players(channel: Channel) -> dict[str, list[dict[str, object]]]:
    """Return the people of each side by the timeline; empty where the sport has no team sheets.

    Starters first, then the bench, then those named later.
    """
    card = channel.card
    try:
        sport = sports.get(card.sport)
        state = sport.start(card.origins, card.rules, card.lineups)
    except TouchlineError:
        return {}
    if not isinstance(sport, TeamSheet):
        return {}
    actions = [action_of(entry) for entry in channel.entries]
    # An entry that a later correction makes impossible is left out, as it is from the score.
    people = sport.players(sports.fold(sport, state, actions).state)
    return {origin: [_player(record) for record in side] for origin, side in people.items()}


def _player(record: PlayerRecord) -> dict[str, object]:
    return {
        "name": record.name,
        "on": record.on,
        "goals": [to_rfc3339(time) for time in record.goals],
        "yellow": record.booked,
        "red": None if record.sent_off is None else to_rfc3339(record.sent_off),
        "left": record.left,
        "official": record.official,
    }


def _wants_csv(accept: str) -> bool:
    """Return whether an Accept header prefers CSV to JSON."""
    quality = {"text/csv": 0.0, "application/json": 0.0}
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        for parameter in parameters:
            if parameter.startswith("q="):
                break
        else:
            parameter = "q=1"
        if kind in quality:
            quality[kind] = _number(parameter[2:])
    return quality["text/csv"] > quality["application/json"]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
