"""The keys of a screen, over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ...runtime.languages import tr


class HelpScreen(ModalScreen[None]):
    """A box with keys and what they do; Esc, ?, q or Enter closes it.

    Args:
        title: of the box.
        keys: each with what it does.
        meaning: what the reader of the screen has to know besides; may be empty.
    """

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; padding: 0 2; background: $surface; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss", "Close"),
    ]

    def __init__(self, title: str, keys: Sequence[tuple[str, str]], meaning: str = "") -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._meaning = meaning

    def compose(self) -> ComposeResult:
        """Yield the box."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for key, does in self._keys:
            table.add_row(key, Text(tr(does)))
        parts = [table, Text(), Text(tr(self._meaning), "dim")] if self._meaning else [table]
        box = VerticalScroll(Static(Group(*parts)))
        box.border_title = self._title
        box.border_subtitle = tr("Esc closes")
        yield box
