"""`touchline revoke`: put somebody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..protocol import messages
from ..protocol.errors import NotFound
from ..protocol.messages import Person
from ..protocol.text import plain
from . import shared
from .members import people
from .shared import broker_option, emit, json_option, name_option

if TYPE_CHECKING:
    from ..peer import Link


@click.command("revoke", epilog="Example: touchline revoke k3vq-7m2p-xw9d-4tna --yes")
@click.argument("peer", metavar="ID|NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@broker_option
@name_option
@json_option
def command(peer: str, yes: bool, broker: str, name: str, as_json: bool) -> None:
    """Put somebody out for good, by id or by name. For operators.

    The key is let in nowhere any more; hosts drop it within one renewal of their lease. What it
    reported before stands. Its name stays its own, so that nobody can pass for it.
    """
    if as_json and not yes:
        raise click.UsageError("with --json nobody can be asked: give --yes")
    with shared.link(broker, name) as link:
        person = _find(link, peer)
        shown = f"{plain(person.name)} ({person.peer}, {person.role})"
        if not yes:
            click.confirm(f"Put {shown} out for good?", abort=True, err=True)
        link.ask(messages.Revoke(id=0, peer=person.peer))
    if as_json:
        emit({"type": "revoked", "peer": person.peer, "name": person.name})
    else:
        click.echo(f"{shown} is put out")


def _find(link: Link, wanted: str) -> Person:
    """Return who has this id, or else this name.

    Raises:
        NotFound: nobody has.
    """
    named: Person | None = None
    for person in people(link):
        if person.peer == wanted:
            return person
        if person.name.casefold() == wanted.casefold():
            named = person
    if named is None:
        raise NotFound(f"nobody with the id or name {wanted!r} is enrolled; see touchline members")
    return named
