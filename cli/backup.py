"""`touchline backup`: copy a registry or journal into a file while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from .shared import emit, json_option


@click.command(epilog="Example: touchline backup ~/.local/share/touchline/broker.sqlite3 copy.db")
@click.argument("source", metavar="FILE|URL")
@click.argument("target", metavar="COPY", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def command(source: str, target: Path, as_json: bool) -> None:
    """Copy a broker's registry, a host's journal or another database of Touchline's into one file.

    The process that uses it goes on meanwhile: the copy holds what was committed when it began, all
    of it or none. Name a file of SQLite's, or the URL of a database in PostgreSQL (which needs
    pg_dump). COPY must not exist, and only you may read it: keys can be in it. A host keeps its
    journal in SQLite to itself: stop it first.
    """
    from ..runtime import backup

    size = backup.save(source, target)
    if as_json:
        emit({"type": "backup", "file": str(target), "bytes": size})
    else:
        click.echo(f"{target}: {size:,} bytes; keep it to yourself, keys can be in it")
