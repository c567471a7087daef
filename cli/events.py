"""`touchline events`: create, find and show events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..protocol import messages, times
from ..protocol.errors import SettingError
from ..protocol.messages import Card
from ..protocol.text import plain
from ..timeline import json as timeline_json
from . import completion, grants, rulings, shared
from .shared import broker_option, emit, json_option, name_option
from .ui.tables import table

if TYPE_CHECKING:
    from ..peer import Link


@click.group("events")
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
    rulings.ask_score,
):
    command.add_command(_owners)


@command.command(epilog="Example: EVENT=$(touchline events create --match world-cup-final-2022)")
@click.argument("title", required=False, default="")
@broker_option
@name_option
@click.option(
    "--sport",
    default="",
    shell_complete=completion.all_sports,
    help="The sport; touchline sports list names them all.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="A team, player or runner; repeat the flag for each.",
)
@click.option(
    "--starts", default="", metavar="TIME", help="When it starts, such as 2026-06-11T19:00:00Z."
)
@click.option(
    "--lineup",
    "lineups",
    multiple=True,
    metavar="ORIGIN=FILE",
    help="A text file of an origin's players, a name a line, starters first; a number may stand"
    " beside it, such as 10 Lionel Messi.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME=VALUE",
    help="A rule of the sport; touchline sports show SPORT lists them.",
)
@click.option(
    "--definition",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file that defines the custom sport.",
)
@click.option(
    "--match",
    "match_name",
    default="",
    metavar="NAME|FILE",
    help="Take what the other flags leave out from a match that comes with Touchline, or from a"
    " match file.",
)
@click.option(
    "--key", default="", help="Any text; a second create with the same key returns the same event."
)
@grants.owners_option
@grants.hosts_option
@json_option
def create(
    title: str,
    broker: str,
    name: str,
    sport: str,
    origins: tuple[str, ...],
    starts: str,
    lineups: tuple[str, ...],
    rules: tuple[str, ...],
    definition: Path | None,
    match_name: str,
    key: str,
    owners: list[str],
    hosts: list[str],
    as_json: bool,
) -> None:
    """Create an event, and print its id.

    It is yours: nobody else hosts it, unless you name them here or by `touchline events grant`.
    """
    request = messages.Create(
        id=0,
        title=title,
        sport=sport or ("custom" if definition else ""),
        key=key or uuid.uuid4().hex,
        origins=list(origins),
        lineups=dict(_lineup(flag) for flag in lineups),
        rules=shared.rules(rules, definition),
        starts=_starts(starts),
        owners=owners,
        hosts=hosts,
    )
    if match_name:
        request = _with_match(request, match_name)
    if not request.title:
        raise click.UsageError("give the event a TITLE, or a --match to take it from")
    if not request.sport:
        raise click.UsageError("give the event's --sport, or a --match to take it from")
    with shared.link(broker, name) as link:
        reply = link.ask(request)
    if not isinstance(reply, messages.Event):
        raise AssertionError(f"the broker answered create with {type(reply).__name__}")
    if as_json:
        emit(timeline_json.to_json(reply.card))
        return
    event = reply.card.event
    click.echo(event)
    click.echo(f"created {plain(reply.card.title)}; next: touchline host {event}", err=True)


def _starts(text: str) -> int:
    if not text:
        return 0
    try:
        return times.from_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise SettingError(f"--starts: {error}") from None


def _lineup(flag: str) -> tuple[str, list[str]]:
    origin, equals, file = flag.partition("=")
    if not equals or not origin or not file:
        raise SettingError(f"--lineup: {flag!r} is not ORIGIN=FILE")
    lines = shared.read_text(Path(file), "--lineup").splitlines()
    return origin, [line.strip() for line in lines if line.strip()]


def _with_match(request: messages.Create, name: str) -> messages.Create:
    """Take from a match what the flags leave out."""
    match = shared.load_match(name)
    lineups = {origin: list(names) for origin, names in match.lineups.items()}
    return msgspec.structs.replace(
        request,
        title=request.title or match.title,
        sport=request.sport or match.sport,
        origins=request.origins or list(match.origins),
        lineups={**({} if request.origins else lineups), **request.lineups},
        rules={**match.rules, **request.rules},
        starts=request.starts or match.starts,
    )


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
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many events to show at most.",
)
@json_option
def search(
    text: tuple[str, ...],
    broker: str,
    name: str,
    sport: str,
    status: messages.EventStatus | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find events by words of their title and origins, the best match first.

    Misspelt words are found, too. Without a TEXT, list all events, the newest first.
    """
    wanted = messages.Search(id=0, text=" ".join(text), sport=sport, status=status or "")
    with shared.link(broker, name) as link:
        cards, more = _pages(link, wanted, limit)
    if as_json:
        for card in cards:
            emit(timeline_json.to_json(card))
        return
    if cards:
        headings = ("event", "title", "sport", "status", "host", "starts", "origins")
        table(headings, map(_row, cards))
    else:
        click.echo("no such event", err=True)
    if more:
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
        ("created", times.to_rfc3339(card.created)),
        *grants.rows(card),
        ("origins", ", ".join(card.origins)),
    ]
    rows += [(f"line-up of {origin}", ", ".join(names)) for origin, names in card.lineups.items()]
    rows += [(f"rule {rule}", _value(value)) for rule, value in card.rules.items()]
    table(("", ""), rows)


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
