"""The screen of `top`: tables that are sorted, held and refreshed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

pytest.importorskip("textual", reason="no Textual")

from textual.pilot import Pilot
from textual.widgets import DataTable

from touchline.cli.ui.help_screen import HelpScreen
from touchline.cli.ui.top_app import TopApp
from touchline.monitoring.overview import Overview
from touchline.monitoring.scrape import Scraper

HOST = """
touchline_host_events{{state="live"}} 2
touchline_host_reports_stored_total{{event="a-v-b"}} {votes}
touchline_host_reporters_present{{event="a-v-b"}} 9
touchline_host_reports_stored_total{{event="c-v-d"}} 7
touchline_host_reporters_present{{event="c-v-d"}} 30
"""


class Asked:
    """Stands for what asks the processes."""

    def __init__(self) -> None:
        self.overview = Overview()
        self.reason = ""
        self.turns = 0

    def turn(self) -> None:
        self.turns += 1
        self.overview.expect({"h:1": ("host", "pi\x1b[2J"), "h:2": ("host", "")})
        self.overview.take("h:1", HOST.format(votes=self.turns), float(self.turns))
        self.overview.fail("h:2", "refused")


Script = Callable[[TopApp, Pilot[None], Asked], Awaitable[None]]


def play(script: Script, size: tuple[int, int] = (80, 24)) -> None:
    asked = Asked()

    async def run() -> None:
        app = TopApp(cast(Scraper, asked), 600.0, lambda: False)
        async with app.run_test(size=size) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            await script(app, pilot, asked)

    asyncio.run(run())


def _column(app: TopApp, table: str, place: int) -> list[str]:
    drawn: DataTable[Any] = app.query_one(f"#{table}", DataTable)
    return [str(drawn.get_row_at(row)[place]) for row in range(drawn.row_count)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
def test_it_shows_what_there_is(size: tuple[int, int]) -> None:
    """Events, processes and alerts are in tables, and nothing of the network is obeyed."""

    async def script(app: TopApp, _: Pilot[None], __: Asked) -> None:
        assert _column(app, "events", 0) == ["a-v-b", "c-v-d"]
        assert _column(app, "processes", 1) == ["up", "down"]
        assert _column(app, "processes", 3) == ["pi�[2J", ""]
        assert _column(app, "alerts", 1) == ["TouchlineTargetDown"]
        assert "a-v-b" in app.export_screenshot()

    play(script, size)


def test_sorting() -> None:
    """s sorts by the next column, numbers the greatest first; r the other way round."""

    async def script(app: TopApp, pilot: Pilot[None], _: Asked) -> None:
        await pilot.press("s", "s")  # how many reporters are there
        assert _column(app, "events", 0) == ["c-v-d", "a-v-b"]
        await pilot.press("r")
        assert _column(app, "events", 0) == ["a-v-b", "c-v-d"]
        await pilot.press("tab", "s")
        assert _column(app, "processes", 1) == ["down", "up"]
        assert _column(app, "events", 0) == ["a-v-b", "c-v-d"]

    play(script)


def test_holding() -> None:
    """Held figures stay as they are, until Space is pressed again."""

    async def script(app: TopApp, pilot: Pilot[None], asked: Asked) -> None:
        await pilot.press("space")
        app._ask()
        await app.workers.wait_for_complete()
        assert asked.turns == 1
        await pilot.press("space")
        app._ask()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert asked.turns == 2
        assert _column(app, "events", 3)[0] == "2"

    play(script)


def test_help_and_leaving() -> None:
    """A question mark shows the keys over the screen; q leaves."""

    async def script(app: TopApp, pilot: Pilot[None], _: Asked) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "q")
        assert app.return_code == 0

    play(script)


def test_no_flicker() -> None:
    """A cell is shown whole as soon as the figures are new, not first by its heading."""

    async def script(app: TopApp, _: Pilot[None], __: Asked) -> None:
        app.draw()
        assert "TouchlineTargetDown" in app.export_screenshot()

    play(script)
