"""The screen that scrolls: keys, filter, details, events side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from msgspec.structs import replace

pytest.importorskip("textual", reason="no Textual")

from textual.pilot import Pilot

from tests.patience import PATIENCE
from touchline.cli.ui.feeds import FeedItem
from touchline.cli.ui.follow_app import FollowApp
from touchline.cli.ui.help_screen import HelpScreen
from touchline.cli.ui.statistics import FeedStatistics
from touchline.cli.ui.timeline_list import Row, TimelineList
from touchline.protocol.errors import NotFound, TouchlineError
from touchline.runtime import clock
from touchline.timeline.feed import Item
from touchline.timeline.fold import Change
from touchline.timeline.rows import EntryRow
from touchline.timeline.view import LiveView

from ...following import CARD, KICK_OFF, entry

Script = Callable[["Screened", Pilot[None]], Awaitable[None]]


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the screen go on until something holds, as long as the busiest machine needs."""
    deadline = clock.now() + PATIENCE
    while not holds():
        assert clock.now() < deadline, "it never came"
        await pilot.pause(0.01)
    await pilot.pause()


class Event:
    """An event that is followed, without a feed."""

    def __init__(self, old: int) -> None:
        self.view = LiveView(CARD)
        self.failure: TouchlineError | None = None
        self._old = old

    def take(self, item: Item) -> Change:
        return self.view.take(item, 0.0, KICK_OFF)

    def fail(self, error: TouchlineError) -> None:
        self.failure = error

    def counts(self) -> FeedStatistics:
        return FeedStatistics(received=7)

    def hides(self, row: Row) -> bool:
        return isinstance(row, EntryRow) and row.entry.seq <= self._old


class Screened:
    """The screen over events whose items come as a test says."""

    def __init__(self, events: int = 1, old: int = 0) -> None:
        self.events = [Event(old) for _ in range(events)]
        self.arriving: asyncio.Queue[list[FeedItem]] = asyncio.Queue()
        self.ended = False
        self._waits = False  # all that was given is drawn
        self.app = FollowApp(self.events, self._arrive, lambda: self.ended)

    async def _arrive(self) -> AsyncIterator[list[FeedItem]]:
        while True:
            self._waits = self.arriving.empty()
            items = await self.arriving.get()
            self._waits = False
            yield items

    async def give(self, pilot: Pilot[None], *items: Item | TouchlineError, place: int = 0) -> None:
        """Let items come, and wait until they are drawn."""
        self.arriving.put_nowait([FeedItem(place, item) for item in items])
        self.arriving.put_nowait([])  # nothing more for now: it draws
        await until(pilot, lambda: self._waits)

    def rows(self, place: int = 0) -> list[str]:
        """The texts of the rows that the list of an event holds."""
        rows = self.app.panes[place].query_one(TimelineList).rows
        return [row.entry.text if isinstance(row, EntryRow) else row.text for row in rows]

    def chosen(self, place: int = 0) -> str:
        row = self.app.panes[place].query_one(TimelineList).chosen
        assert isinstance(row, EntryRow)
        return row.entry.entry_id

    def text(self) -> str:
        """Everything on the screen."""
        return self.app.export_screenshot().replace("&#160;", " ")


def play(script: Script, screened: Screened, size: tuple[int, int] = (80, 24)) -> None:
    """Run a script against the screen, without a terminal."""

    async def run() -> None:
        async with screened.app.run_test(size=size) as pilot:
            await script(screened, pilot)

    asyncio.run(run())


GOALS = [entry(number, number * 3) for number in range(1, 41)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (30, 8)])
def test_the_newest_is_first_and_followed(size: tuple[int, int]) -> None:
    """The cursor stays on the first row, on whatever is newest."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await screened.give(pilot, *GOALS[:30])
        assert screened.rows()[0] == "GOAL for A, number 30"
        assert screened.chosen() == "30"
        await screened.give(pilot, GOALS[30])
        assert screened.chosen() == "31"

    play(script, Screened(), size)


def test_a_cursor_stays_with_its_entry() -> None:
    """Where one reads further down, what comes moves neither the cursor nor what is seen."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await screened.give(pilot, *GOALS[:38])
        await pilot.press("end")
        assert screened.chosen() == "1"
        await pilot.press("pageup")
        chosen, timeline = screened.chosen(), screened.app.panes[0].query_one(TimelineList)
        seen = timeline.scroll_offset.y
        await screened.give(pilot, *GOALS[38:])
        assert screened.chosen() == chosen
        assert timeline.scroll_offset.y == seen + 2
        await pilot.press("home")
        assert screened.chosen() == "40"

    play(script, Screened())


def test_a_filter_leaves_what_has_all_its_words() -> None:
    """Words are looked for in texts and marks, whatever their case; Esc shows all again."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        doubted = replace(entry(50, 130, status="PROVISIONAL"), text="Corner for A: Bo")
        await screened.give(pilot, *GOALS[:5], doubted)
        await pilot.press("slash", *"UNCONF", "space", *"bo")
        await until(pilot, lambda: screened.rows() == ["Corner for A: Bo"])
        await pilot.press("enter")
        await screened.give(pilot)
        assert "1 with" in screened.text()
        await screened.give(pilot, GOALS[6])
        assert screened.rows() == ["Corner for A: Bo"]
        await pilot.press("escape")
        await until(pilot, lambda: len(screened.rows()) == 7)

    play(script, Screened())


@pytest.mark.parametrize("width", [80, 120])
def test_details_of_an_entry(width: int) -> None:
    """Enter shows votes and history of the entry under the cursor, which may go on; Esc closes."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await screened.give(pilot, *GOALS[:3])
        await pilot.press("down", "enter")
        await until(pilot, lambda: screened.app.panes[0].details_open)
        assert "5 of 12 saw it" in screened.text()
        deleted = replace(GOALS[1], seq=60, status="DELETED", reason="ruled out")
        await screened.give(pilot, deleted)
        await pilot.press(*"]]]]")
        assert "ruled out" in screened.text()
        await pilot.press("escape")
        assert not screened.app.panes[0].details_open

    play(script, Screened(), (width, 24))


def test_events_side_by_side() -> None:
    """Each event has its rows; Tab goes to the next, and z shows one alone."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await screened.give(pilot, GOALS[0])
        await screened.give(pilot, GOALS[1], GOALS[2], place=1)
        assert (len(screened.rows(0)), len(screened.rows(1))) == (1, 2)
        await pilot.press("tab", "down")
        assert screened.chosen(1) == "2"
        await pilot.press("z")
        assert [pane.display for pane in screened.app.panes] == [False, True, False]
        await pilot.press("tab")
        assert [pane.display for pane in screened.app.panes] == [False, False, True]
        await pilot.press("z")
        assert all(pane.display for pane in screened.app.panes)

    play(script, Screened(events=3), (120, 40))


def test_help_is_over_the_screen() -> None:
    """A question mark shows the keys, and Esc closes them."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        assert isinstance(screened.app.screen, HelpScreen)
        assert "one entry up or down" in screened.text()
        await pilot.press("escape")
        assert not isinstance(screened.app.screen, HelpScreen)

    play(script, Screened())


def test_an_event_that_fails_leaves_the_others() -> None:
    """Why an event can't be followed stands in its place; the others go on."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        error = NotFound("no event a-v-b\x1b[2J")
        await screened.give(pilot, error)
        await screened.give(pilot, GOALS[0], place=1)
        assert screened.events[0].failure is error
        assert "no event a-v-b�[2J" in screened.text()
        assert len(screened.rows(1)) == 1

    play(script, Screened(events=2), (120, 40))


def test_what_was_there_before_can_be_hidden() -> None:
    """With --from-now only what comes is shown."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await screened.give(pilot, *GOALS[:10])
        assert len(screened.rows()) == 2

    play(script, Screened(old=8))


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_a_key_leaves(key: str) -> None:
    """q and Ctrl+C end the screen; so does the end of what is followed."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        await pilot.press(key)
        assert screened.app.return_code == 0

    play(script, Screened())


def test_the_end_leaves() -> None:
    """The screen ends when there is nothing more to follow."""

    async def script(screened: Screened, pilot: Pilot[None]) -> None:
        screened.ended = True
        screened.arriving.put_nowait([])
        await until(pilot, lambda: screened.app.return_code is not None)
        assert screened.app.return_code == 0

    play(script, Screened())
