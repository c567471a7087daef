"""`touchline logout`: forget a broker."""

from __future__ import annotations

import click

from . import brokers, completion
from .shared import emit, json_option


@click.command("logout", epilog="Example: touchline logout club")
@click.argument("name", shell_complete=completion.brokers)
@json_option
def command(name: str, as_json: bool) -> None:
    """Forget the broker that you call NAME.

    Your identity stays, here and at the broker; touchline login ADDRESS brings it back.
    """
    brokers.forget(name)
    default = brokers.load().default
    if as_json:
        emit({"type": "logout", "broker": name, "default": default or None})
        return
    click.echo(f"{name} is forgotten{f'; commands now go to {default}' if default else ''}")
