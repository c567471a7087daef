"""Results as tables: drawn on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click

from ...protocol.text import plain


def on_terminal() -> bool:
    """Tell whether people, not a program, read what is printed."""
    return sys.stdout.isatty()


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print rows of text; what a terminal would obey in them is taken out.

    Args:
        headings: of the columns; left out where no terminal is.
        rows: each with as many cells.
        title: stands above the table, after a # where no terminal is.
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
        # The first names the row, and is there to be copied: it is never broken.
        drawn.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in cleaned:
        # As Text: brackets in what others wrote are no markup of ours.
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
