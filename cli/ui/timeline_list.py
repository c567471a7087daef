"""The timeline as a list that scrolls: only the lines that are seen are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ...timeline.rows import EntryRow, Remark

Row = EntryRow | Remark
Draw = Callable[[Row, int], Text]
"""Returns a row as one line of so many cells."""


class TimelineList(ScrollView, can_focus=True):
    """The rows of a timeline, the newest first, with a cursor.

    As long as the cursor is on the first row it stays there, on whatever is newest; on any other
    it stays with its entry.

    Args:
        draw: returns a row as a line.
    """

    DEFAULT_CSS = """
    TimelineList { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"timeline--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "Newest", show=False),
        Binding("end,G", "last", "Oldest", show=False),
        Binding("enter", "choose", "Votes"),
    ]

    class Moved(Message):
        """The cursor is on another row."""

    class Chosen(Message):
        """A row was chosen."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw
        self.rows: Sequence[Row] = ()
        """The rows that are shown, the newest first."""
        self._at = 0

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor; None where there are none."""
        return self.rows[self._at] if self.rows else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows, the newest first."""
        before = self.chosen
        below = self._at - round(self.scroll_offset.y)
        self.rows = rows
        self._at = self._place_of(before)
        self.virtual_size = Size(self.size.width, len(rows))
        if self._at:
            self.scroll_to(y=self._at - below, animate=False)
        self.refresh()

    def _place_of(self, row: Row | None) -> int:
        if self._at == 0 or row is None:
            return 0
        # An entry keeps its row over its versions, and a remark is one object.
        for place, each in enumerate(self.rows):
            if each is row:
                return place
        return max(0, min(self._at, len(self.rows) - 1))

    def render_line(self, y: int) -> Strip:
        """Return one line of what is seen."""
        place = y + round(self.scroll_offset.y)
        width = self.size.width
        if place >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        line = self._draw(self.rows[place], width - 1)
        line.truncate(width, overflow="ellipsis", pad=True)
        under = place == self._at and self.has_focus
        style = self.get_component_rich_style("timeline--cursor") if under else self.rich_style
        return Strip(line.render(self.app.console), width).apply_style(style)

    def on_resize(self, event: Resize) -> None:
        """Fit the rows to the new width."""
        self.virtual_size = Size(event.size.width, len(self.rows))

    def on_click(self, event: Click) -> None:
        """Choose the row that was clicked."""
        place = event.y + round(self.scroll_offset.y)
        if place < len(self.rows):
            self._go(place)
            self.post_message(self.Chosen())

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self._go(self._at + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by some screens."""
        self._go(self._at + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Move the cursor to the newest row, and stay there."""
        self._go(0)

    def action_last(self) -> None:
        """Move the cursor to the oldest row."""
        self._go(len(self.rows) - 1)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.rows:
            self.post_message(self.Chosen())

    def _go(self, place: int) -> None:
        self._at = max(0, min(place, len(self.rows) - 1))
        self.scroll_to_region(Region(0, self._at, 1, 1), animate=False)
        self.refresh()
        self.post_message(self.Moved())
