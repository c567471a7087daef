"""The tables of competitions, from the feeds of their finished events.

Tested in `tests/browser/test_competitions.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from msgspec import Struct

from ..protocol.errors import NotFound, TouchlineError
from ..protocol.messages import Card, Search
from ..runtime import clock
from ..sports.names import canonical
from ..timeline import wording
from ..timeline.standings import MatchResult, result_of, tables
from .feed.channel import Channel
from .feed.hub import Hub

MOST = 400
"""The most finished events of a competition that its table counts, the newest."""

PAGE = 100
"""Events in one search."""

AT_ONCE = 8
"""The most feeds that are asked at one time for what their events came to."""

SECONDS = 3.0
"""How long a table waits for the results of events that are not known yet."""

KEEP = 600.0
"""Seconds after which the result of an event that is not followed is asked for again: what is over
may still be corrected."""

KEPT = 20_000
"""The most results that are kept."""


class StandingSchema(Struct, frozen=True):
    """A side of a table; `points` is null where the sport's tables count wins alone."""

    place: int
    side: str
    played: int
    won: int
    drawn: int
    lost: int
    scored: int
    conceded: int
    points: int | None


class TableSchema(Struct, frozen=True):
    """The table of the events of one sport, the best side first."""

    sport: str
    text: str
    rows: list[StandingSchema]


class CompetitionSchema(Struct, frozen=True, tag="competition"):
    """A competition: its tables, from `counted` finished events. Of `unknown` ones nobody says now
    what they came to; `older`: there are more finished events than are counted."""

    competition: str
    tables: list[TableSchema]
    counted: int
    unknown: int
    older: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an event came to, None for nothing that counts, and when it was asked, monotonic."""

    result: MatchResult | None
    at: float


class Competitions:
    """What the finished events of competitions came to.

    Args:
        hub: whose channels tell it.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: dict[str, _Kept] = {}

    async def tables(self, name: str, seconds: float = SECONDS) -> CompetitionSchema:
        """Return the tables of a competition, by what is known soon.

        Args:
            name: of the competition, in any case, with or without accents.
            seconds: how long it is waited for results that are not known yet.

        Raises:
            NotFound: no event belongs to a competition of this name.
            TouchlineError: the broker does not answer.
        """
        cards, older = await self._over(name)
        if not cards:
            shown = await self._search(Search(id=0, competition=name, limit=1), name)
            if not shown:
                raise NotFound(f"no event of {name[:60]}")
            return CompetitionSchema(shown[0].competition, [], 0, 0, older=False)
        await self._ask([card for card in cards if len(card.origins) == 2], seconds)
        found: list[tuple[str, MatchResult]] = []
        unknown = 0
        for card in cards:
            known = self._kept.get(card.event)
            if known is not None and known.result is not None:
                found.append((card.sport, known.result))
            unknown += known is None and len(card.origins) == 2
        shown_as = {card.sport: wording.presentation(card.sport, card.rules) for card in cards}
        points = {sport: shown.table for sport, shown in shown_as.items()}
        made = [
            TableSchema(
                sport,
                shown_as[sport].text,
                [
                    StandingSchema(
                        place,
                        row.side,
                        row.played,
                        row.won,
                        row.drawn,
                        row.lost,
                        row.scored,
                        row.conceded,
                        None if points[sport] is None else row.points,
                    )
                    for place, row in enumerate(table.ranked(), 1)
                ],
            )
            for sport, table in sorted(tables(found, points).items())
        ]
        return CompetitionSchema(cards[0].competition, made, len(found), unknown, older)

    async def _over(self, name: str) -> tuple[list[Card], bool]:
        """Return the newest finished events of a competition, and whether there are older ones."""
        cards: list[Card] = []
        asked = Search(id=0, competition=name, status="finished", limit=PAGE)
        while True:
            page = await self._hub.search(asked)
            cards += _of(page.events, name)
            if not page.cursor or len(cards) >= MOST:
                return cards[:MOST], bool(page.cursor)
            asked = Search(
                id=0, competition=name, status="finished", limit=PAGE, cursor=page.cursor
            )

    async def _search(self, asked: Search, name: str) -> list[Card]:
        return _of((await self._hub.search(asked)).events, name)

    async def _ask(self, cards: list[Card], seconds: float) -> None:
        """Ask for the results that are not known, or were asked for long ago."""
        now = clock.now()
        missing = []
        for card in cards:
            channel = self._hub.peek(card.event)
            known = self._kept.get(card.event)
            if channel is not None and channel.joined:
                self._keep(channel, now)
            elif known is None or now - known.at > KEEP:
                missing.append(card.event)
        if not missing:
            return
        turn = asyncio.Semaphore(AT_ONCE)

        async def ask(event: str) -> None:
            async with turn:
                try:
                    channel = await self._hub.channel(event)
                except TouchlineError:
                    return
                if channel.joined:
                    self._keep(channel, clock.now())

        tasks = [asyncio.create_task(ask(event)) for event in missing]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()

    def _keep(self, channel: Channel, now: float) -> None:
        card, course = channel.card, channel.summary()
        ending = course["ending"]
        if not isinstance(ending, dict):  # it goes on after all
            self._kept.pop(card.event, None)
            return
        layout = wording.presentation(card.sport, card.rules).score
        result = result_of(card.origins, layout, channel.score, ending)
        self._kept.pop(card.event, None)
        self._kept[card.event] = _Kept(result, now)
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]


def _of(cards: list[Card], name: str) -> list[Card]:
    """Return those of a competition: a broker of before does not know the field, and finds all."""
    return [card for card in cards if canonical(card.competition) == canonical(name)]
