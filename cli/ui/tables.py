"""Results as tables: drawn on a terminal, tab-separated lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click

from ...protocol.text import plain


def on_terminal() -> bool:
    """Return whether a terminal shows what is printed."""
    return sys.stdout.isatty()


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print rows of text, without characters that a terminal would obey.

    Args:
        headings: of the columns; left out where there is no terminal.
        rows: each with as many cells.
        title: stands above the table, after a # where there is no terminal.
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

    drawn = Table(box=SIMPLE_HEAD, title=Text(title) if title else None, title_justify="left")
    for place, heading in enumerate(headings):
        # The first cell names the row and is there to be copied: it is never broken.
        drawn.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in cleaned:
        # As Text: brackets in what peers wrote are not markup.
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
