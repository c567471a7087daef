"""The screen of `touchline top`: events, processes and alerts in tables that can be sorted.

It needs Textual, which takes 0.3 s to import: only `top` imports this file, on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from ...monitoring.scrape import Scraper
from ...protocol.text import plain
from .help_screen import HelpScreen
from .top_tables import ALERTS, EVENTS, PROCESSES, TopColumn, TopTable, shortened, summary_line

KEYS = (
    ("Tab, Shift+Tab", "the next or previous table"),
    ("↑ ↓ PgUp PgDn", "through the rows"),
    ("← →", "the columns that do not fit"),
    ("s, S", "sort by the next or previous column; so does a click on a heading"),
    ("r", "sort the other way round"),
    ("Space", "hold the figures, and go on"),
    ("?", "this help"),
    ("q, Ctrl+C", "leave"),
)

MEANING = (
    "votes are reports that a host has stored; lost, repaired and missing are messages that"
    " viewers asked for again, received then, and still lack. Alerts are the conditions of"
    " monitoring/rules/touchline.yml that a page shows by itself, at once; docs/OPERATING.md says"
    " what to do about each. This screen only shows."
)

FIGURES_CELLS = 116
"""What the figures beside an event's id take; so much of a wide screen is left for them."""

STYLES = {
    "down": "bold red",
    "trouble": "bold red",
    "no host": "bold red",
    "silent": "bold red",
    "critical": "bold red",
    "suspended": "yellow",
    "warning": "yellow",
    "asked": "dim",
    "up": "green",
    "live": "green",
}
"""The style of a cell that says one of these."""


@dataclass(slots=True)
class Sorting:
    """How a table is sorted: by which column, and whether the greatest is first."""

    column: int
    reverse: bool


class TopApp(App[None]):
    """The screen.

    Args:
        scraper: asks the processes; it is called in a thread.
        every: seconds from one turn to the next.
        ended: returns whether to leave; asked several times in a second.
    """

    TITLE = "touchline top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #summary { height: auto; padding: 0 1; }
    DataTable { height: auto; border: round $primary-darken-2; scrollbar-size: 1 1; }
    DataTable:focus { border: round $accent; }
    #events { height: 1fr; min-height: 5; }
    #processes { max-height: 40%; }
    #alerts { max-height: 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next table"),
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "sort(-1)", "Sort back", show=False),
        Binding("r", "turn_round", "Turn round"),
        Binding("space", "hold", "Hold", priority=True),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("q", "quit", "Leave"),
        Binding("ctrl+c", "quit", "Leave", show=False, priority=True),
    ]

    def __init__(self, scraper: Scraper, every: float, ended: Callable[[], bool]) -> None:
        super().__init__()
        self._scraper = scraper
        self._every = every
        self._ended = ended
        self._held = False
        self._summary = Static(id="summary")
        self._tables: dict[str, TopTable] = {
            "events": EVENTS,
            "processes": PROCESSES,
            "alerts": ALERTS,
        }
        self._sorting = {name: Sorting(0, reverse=False) for name in self._tables}
        self._drawn: dict[str, DataTable[Text]] = {}

    def compose(self) -> ComposeResult:
        """Yield the summary, the tables, and the keys."""
        yield self._summary
        for name in self._tables:
            table: DataTable[Text] = DataTable(id=name, cursor_type="row", zebra_stripes=True)
            self._drawn[name] = table
            yield table
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin to ask."""
        self._drawn["events"].focus()
        self._ask()
        self.set_interval(self._every, self._ask)
        self.set_interval(0.25, self._look)

    def _look(self) -> None:
        if self._ended():
            self.exit()

    def _ask(self) -> None:
        if not self._held:
            # One turn at a time: a process that answers late keeps the next one waiting.
            self.run_worker(self._turn, thread=True, exclusive=True, group="scrape")

    def _turn(self) -> None:
        self._scraper.turn()
        self.call_from_thread(self.draw)

    def draw(self) -> None:
        """Draw what the newest pages came to."""
        overview = self._scraper.overview
        line = Text(summary_line(overview))
        if self._held:
            line.append("  held", "bold yellow")
        if self._scraper.reason:
            line.append(f"\n{plain(self._scraper.reason)}", "yellow")
        self._summary.update(line)
        for name, table in self._tables.items():
            self._fill(name, table, table.rows(overview))

    def _fill(self, name: str, table: TopTable, rows: Sequence[Any]) -> None:
        drawn, sorting = self._drawn[name], self._sorting[name]
        drawn.border_title = f"{table.title} ({len(rows)})"
        drawn.display = bool(rows) or name == "events"
        column = table.columns[sorting.column]
        ordered = sorted(rows, key=column.order, reverse=sorting.reverse)
        at, scroll = drawn.cursor_row, drawn.scroll_offset
        drawn.clear(columns=True)
        widest = max(24, self.size.width - FIGURES_CELLS)
        cells = [[_cell(each, row, widest) for each in table.columns] for row in ordered]
        for place, each in enumerate(table.columns):
            sign = (" ▼" if sorting.reverse else " ▲") if place == sorting.column else ""
            heading = Text(each.heading + sign, justify=_side(each))
            # Said here: Textual would measure the cells only after it had drawn them once.
            widths = [heading.cell_len, *(row[place].cell_len for row in cells)]
            drawn.add_column(heading, width=max(widths))
        drawn.add_rows(cells)
        drawn.move_cursor(row=min(at, max(0, len(ordered) - 1)), animate=False)
        drawn.scroll_to(scroll.x, scroll.y, animate=False)

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; again: the other way round."""
        sorting = self._sorting[str(event.data_table.id)]
        if sorting.column == event.column_index:
            sorting.reverse = not sorting.reverse
        else:
            self._sort_by(str(event.data_table.id), event.column_index)
        self.draw()

    def _sort_by(self, name: str, column: int) -> None:
        columns = self._tables[name].columns
        column %= len(columns)
        self._sorting[name] = Sorting(column, reverse=columns[column].number)

    @property
    def _at(self) -> str:
        """The table in which the keys are."""
        focused = self.focused
        return str(focused.id) if focused is not None and focused.id in self._tables else "events"

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self._sort_by(self._at, self._sorting[self._at].column + by)
        self.draw()

    def action_turn_round(self) -> None:
        """Sort the other way round."""
        sorting = self._sorting[self._at]
        sorting.reverse = not sorting.reverse
        self.draw()

    def action_hold(self) -> None:
        """Hold the figures, or go on."""
        self._held = not self._held
        self.draw()

    def action_help(self) -> None:
        """Show the keys."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen("touchline top", KEYS, MEANING))


def _side(column: TopColumn) -> Any:
    return "right" if column.number else "left"


def _cell(column: TopColumn, row: object, widest: int) -> Text:
    text = column.text(row)
    if column.field == "event":
        text = shortened(text, widest)
    return Text(text, STYLES.get(text, ""), justify=_side(column), no_wrap=True)
