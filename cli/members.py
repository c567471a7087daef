"""`touchline members`: list the enrolled peers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from ..protocol import messages, times
from ..protocol.messages import EnrolledPeer
from . import shared
from .shared import broker_option, name_option
from .ui.listing import listing, listing_option

if TYPE_CHECKING:
    from ..peer import Link

PAGE = 100
"""The people that one request lists."""


@click.command("members", epilog="Example: touchline members --all --json | grep '\"operator\"'")
@click.option("--all", "every", is_flag=True, help=f"List all, not only the first {PAGE}.")
@broker_option
@name_option
@listing_option
def command(every: bool, broker: str, name: str, form: str) -> None:
    """List the people who are enrolled at the broker, by id. Only operators can."""
    with shared.link(broker, name) as link:
        roll = people(link)
        found = list(roll) if every else list(islice(roll, PAGE))
        more = not every and len(found) == PAGE and next(roll, None) is not None
    headings = ("id", "name", "role", "enrolled", "invitation", "")
    listing(form, map(_form, found), headings, map(_row, found))
    if more:
        click.echo(f"the first {PAGE}; there are more: --all", err=True)


def people(link: Link) -> Iterator[EnrolledPeer]:
    """Yield the enrolled people, page after page."""
    request = messages.Members(id=0, limit=PAGE)
    while True:
        reply = link.ask(request)
        if not isinstance(reply, messages.Roll):
            raise AssertionError(f"the broker answered members with {type(reply).__name__}")
        yield from reply.members
        if not reply.cursor:
            return
        request = messages.Members(id=0, limit=PAGE, cursor=reply.cursor)


def _row(person: EnrolledPeer) -> tuple[str, ...]:
    enrolled = times.to_rfc3339(person.enrolled) if person.enrolled else ""
    revoked = "revoked" if person.revoked else ""
    return person.peer, person.name, person.role, enrolled, person.invite, revoked


def _form(person: EnrolledPeer) -> dict[str, object]:
    return {
        "peer": person.peer,
        "name": person.name,
        "role": person.role,
        "enrolled": times.to_rfc3339(person.enrolled) if person.enrolled else None,
        "invite": person.invite,
        "revoked": person.revoked,
    }
