"""`touchline events`: create, find and show events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ..protocol import messages, times
from ..protocol.messages import Card
from ..protocol.text import plain
from ..timeline import json as timeline_json
from . import archive, completion, creating, grants, rulings, shared
from .shared import CommandGroup, broker_option, emit, json_option, name_option
from .ui.listing import listing, listing_option
from .ui.tables import table

if TYPE_CHECKING:
    from ..peer import Link


@click.group("events", cls=CommandGroup)
def command() -> None:
    """Create, find and show events; say who hosts your own, and rule on them."""


for _owners in (
    grants.grant,
    grants.revoke,
    rulings.reopen,
    rulings.end,
    rulings.amend,
    rulings.disqualify,
    rulings.reinstate,
    rulings.award,
    rulings.uphold,
    rulings.delete,
    rulings.suspend,
    rulings.resume,
    rulings.ask_score,
    archive.archive,
    archive.unarchive,
):
    command.add_command(_owners)


@command.command(epilog="Example: EVENT=$(touchline events create --match world-cup-final-2022)")
@click.argument("title", required=False, default="")
@broker_option
@name_option
@creating.flags
@json_option
def create(title: str, broker: str, name: str, as_json: bool, **described: Any) -> None:
    """Create an event, and print its id.

    It is yours: nobody else hosts it, unless you name them here or by `touchline events grant`.
    """
    from ..peer import owning

    request = creating.wanted(title, **described)
    if not request.key:
        request = msgspec.structs.replace(request, key=uuid.uuid4().hex)
    with shared.link(broker, name) as link:
        card = owning.create(link, request)
    if as_json:
        emit(timeline_json.to_json(card))
        return
    click.echo(card.event)
    click.echo(f"created {plain(card.title)}; next: touchline host {card.event}", err=True)


@command.command(epilog="Example: touchline events search argentina --status live")
@click.argument("text", nargs=-1)
@broker_option
@name_option
@click.option(
    "--sport", default="", shell_complete=completion.all_sports, help="Only events of this sport."
)
@click.option(
    "--status",
    type=click.Choice(["scheduled", "live", "finished"]),
    help="Only events of this status.",
)
@click.option("--competition", default="", help="Only events of this competition.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many events to show at most.",
)
@listing_option
def search(
    text: tuple[str, ...],
    broker: str,
    name: str,
    sport: str,
    status: messages.EventStatus | None,
    competition: str,
    limit: int,
    form: str,
) -> None:
    """Find events by words of title, origins, competition, venue and players, the best match first.

    Misspelt words are found, too. Without a TEXT, list all events, the newest first.
    """
    wanted = messages.Search(
        id=0, text=" ".join(text), sport=sport, status=status or "", competition=competition
    )
    with shared.link(broker, name) as link:
        cards, more = _pages(link, wanted, limit)
    if cards or form != "table":
        headings = ("event", "title", "sport", "status", "host", "starts", "origins")
        listing(form, map(timeline_json.to_json, cards), headings, map(_row, cards))
    else:
        click.echo("no such event", err=True)
    if more and form == "table":
        click.echo(f"the first {limit}; there are more: --limit", err=True)


def _pages(link: Link, wanted: messages.Search, limit: int) -> tuple[list[Card], bool]:
    """Return up to `limit` events, page by page, and whether there are more."""
    cards: list[Card] = []
    while True:
        size = min(100, limit - len(cards))
        reply = link.ask(msgspec.structs.replace(wanted, limit=size))
        if not isinstance(reply, messages.EventList):
            raise AssertionError(f"the broker answered search with {type(reply).__name__}")
        cards += reply.events
        if not reply.cursor or len(cards) >= limit:
            return cards, bool(reply.cursor)
        wanted = msgspec.structs.replace(wanted, cursor=reply.cursor)


def _row(card: Card) -> Sequence[str]:
    starts = times.to_rfc3339(card.starts) if card.starts else ""
    host = "yes" if card.hosted else "no"
    origins = ", ".join(card.origins[:4]) + (", …" if len(card.origins) > 4 else "")
    return card.event, card.title, card.sport, card.status, host, starts, origins


@command.command(epilog="Example: touchline events show argentina-v-france-k7m2 --json")
@shared.event_argument
@broker_option
@name_option
@json_option
def show(event: str, broker: str, name: str, as_json: bool) -> None:
    """Show everything that the broker knows about an event."""
    with shared.link(broker, name) as link:
        card = shared.card_of(link, event)
    if as_json:
        emit(timeline_json.to_json(card))
        return
    rows = [
        ("event", card.event),
        ("title", card.title),
        ("sport", card.sport),
        ("status", card.status),
        ("host", "yes" if card.hosted else "none yet"),
        ("starts", times.to_rfc3339(card.starts) if card.starts else "not known"),
        *[
            (name, text)
            for name in ("competition", "round", "venue")
            if (text := getattr(card, name))
        ],
        ("created", times.to_rfc3339(card.created)),
        *grants.rows(card),
        ("origins", ", ".join(card.origins)),
    ]
    rows += [(f"line-up of {origin}", ", ".join(names)) for origin, names in card.lineups.items()]
    rows += [(f"rule {rule}", _value(value)) for rule, value in card.rules.items()]
    table(("", ""), rows)


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
