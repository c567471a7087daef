"""`touchline restore`: put a copy that `touchline backup` made where a registry or journal was."""

from __future__ import annotations

from pathlib import Path

import click

from .shared import emit, json_option


@click.command(epilog="Example: touchline restore copy.db ~/.local/share/touchline/broker.sqlite3")
@click.argument(
    "copy", metavar="COPY", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("target", metavar="FILE|URL")
@json_option
def command(copy: Path, target: str, as_json: bool) -> None:
    """Put a copy back where there is no database yet.

    Stop what uses the database first. Name a file that does not exist, or the URL of a
    database in PostgreSQL that has no tables (which needs pg_restore). All of
    the copy is restored, or nothing.
    """
    from ..runtime import backup

    backup.put_back(copy, target)
    if as_json:
        emit({"type": "restored"})
    else:
        click.echo(f"restored from {copy}")
