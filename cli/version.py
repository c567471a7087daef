"""`touchline version`: show the version, and those of what it runs on."""

from __future__ import annotations

import platform
from importlib.metadata import version

import click

from . import shared


@click.command()
@shared.json_option
def command(as_json: bool) -> None:
    """Show the version of Touchline, and those of what it runs on, for a report of a fault."""
    import sqlite3

    import zmq

    found = {
        "touchline": version("touchline"),
        "python": platform.python_version(),
        "pyzmq": zmq.__version__,
        "libzmq": zmq.zmq_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
    }
    if as_json:
        shared.emit({"type": "version", **found})
        return
    for name, text in found.items():
        click.echo(f"{name:9} {text}")
