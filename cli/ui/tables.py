"""Results as tables: drawn on a terminal, tab-separated lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import click

from ...protocol.text import plain

LEAST = 6
"""The least width of a column that is wider than that, the first apart, in which it can be read."""


def on_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def on_screen() -> bool:
    """Return whether standard output is a terminal on which one can draw, unlike `TERM=dumb`."""
    return on_terminal() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print rows of text, without characters that a terminal would obey.

    Where the columns do not fit the terminal, each row is printed as lines of its own.

    Args:
        headings: of the columns; left out where there is no terminal.
        rows: each with a cell for each column.
        title: printed above the table, after a # where there is no terminal.
    """
    cleaned = [[plain(cell) for cell in row] for row in rows]
    if not on_terminal():
        if title:
            click.echo(f"# {title}")
        for row in cleaned:
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not _fits(console.width, headings, cleaned):
        for row in cleaned:
            console.print(Text(row[0], overflow="fold"))
            lines = Table.grid(padding=(0, 3, 0, 0))
            for heading, cell in zip(headings[1:], row[1:], strict=True):
                if cell:
                    lines.add_row(Text(f"  {heading}"), Text(cell, overflow="fold"))
            console.print(lines)
        return
    drawn = Table(box=SIMPLE_HEAD, title=Text(title) if title else None, title_justify="left")
    for place, heading in enumerate(headings):
        # The first cell names the row, and people copy it: it is never broken.
        drawn.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in cleaned:
        # As Text: brackets in texts of peers are not markup.
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def _fits(width: int, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether each column of a table gets the width in which it can be read."""
    from rich.cells import cell_len

    columns = [max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)]
    return columns[0] + sum(min(each, LEAST) for each in columns[1:]) + 3 * len(columns) <= width
