"""`touchline revoke`: revoke a peer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..protocol import messages
from ..protocol.errors import NotFound
from ..protocol.messages import EnrolledPeer
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
    """Put a person out for good, by id or by name. Only operators can.

    The broker refuses the key at once, and hosts within one renewal of their lease. Its earlier
    reports stand. The name stays taken, so that no other person can use it.
    """
    if as_json and not yes:
        raise click.UsageError("--json can't ask: give --yes")
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


def _find(link: Link, wanted: str) -> EnrolledPeer:
    """Return the person with this id, or else with this name.

    Raises:
        NotFound: there is no such person.
    """
    named: EnrolledPeer | None = None
    for person in people(link):
        if person.peer == wanted:
            return person
        if person.name.casefold() == wanted.casefold():
            named = person
    if named is None:
        raise NotFound(f"no id or name {wanted!r} is enrolled; see touchline members")
    return named
