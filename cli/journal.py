"""`touchline journal`: find out what of a journal is damaged, and keep the rest."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ..protocol import times
from ..protocol.errors import NotFound, PeerError
from ..protocol.text import plain
from .shared import CommandGroup, emit, json_option
from .ui.listing import listing, listing_option

if TYPE_CHECKING:
    from ..peer.host.journal_check import EventCheck

file_argument = click.argument("file", metavar="FILE|URL")


@click.group("journal", cls=CommandGroup)
def command() -> None:
    """Check and repair the journal of a host, after the host has stopped.

    A host that finds a damaged turn in its journal does not start, and names the turn.
    """


@command.command(epilog="Example: touchline journal check ~/.local/share/touchline/journal/pi.db")
@file_argument
@listing_option
def check(file: str, form: str) -> int:
    """Tell what of a journal is damaged, and what can be kept.

    The exit code is 4 where a turn is damaged. Turns of a release that stored no checksums are
    counted as unchecked: they can be read, and nothing more is known of them.
    """
    from ..peer.host import journal_check
    from ..peer.host.journal import Journal

    with closing(Journal(_url(file))) as journal:
        found = journal_check.check(journal)
    _show(found, form)
    return PeerError.exit_code if any(one.damaged for one in found) else 0


@command.command(epilog="Example: touchline journal repair ~/.local/share/touchline/journal/pi.db")
@file_argument
@json_option
def repair(file: str, as_json: bool) -> None:
    """Keep the turns of each event before its first damaged one.

    Later turns follow from the damaged one and are left out: entries and reports in them are lost.
    The damaged journal stays beside the new one, as FILE.damaged.
    """
    from ..peer.host import journal_check

    found, damaged = journal_check.repair(_url(file))
    _show(found, "jsonl" if as_json else "table")
    if as_json:
        emit({"type": "repaired", "damaged": str(damaged) if damaged else None})
    elif damaged is None:
        click.echo("nothing is damaged, and nothing has changed")
    else:
        click.echo(f"repaired; the damaged journal is in {damaged}")


@command.command(
    epilog="Example: touchline journal recovered ~/.local/share/touchline/journal/pi.db"
)
@file_argument
@listing_option
def recovered(file: str, form: str) -> None:
    """List the reports that other hosts had taken in and handed over.

    They had confirmed these, and nobody else had them: no copy (touchline host --follow), since it
    was behind, or there was none.
    """
    from ..peer.host import journal_check
    from ..peer.host.journal import Journal

    with closing(Journal(_url(file))) as journal:
        found = list(journal_check.recovered(journal))
    objects = [
        {
            "type": "recovered",
            "event": event,
            "peer": one.peer,
            "n": one.said.n,
            "said": times.to_rfc3339(one.said.time),
            "title": one.said.event.title,
            "origin": one.said.event.origin,
            "time": times.to_rfc3339(one.said.event.time),
            "by": one.by,
        }
        for event, one in found
    ]
    keys = ("event", "peer", "n", "title", "origin", "time", "by")
    rows = [tuple(plain(str(one[key])) for key in keys) for one in objects]
    listing(form, objects, (*keys[:-1], "handed over by"), rows)


def _url(file: str) -> str:
    from ..peer.host.journal import file_of

    url = file if "://" in file else f"sqlite:///{file}"
    path = file_of(url)
    if path is not None and not path.exists():
        raise NotFound(f"no journal {path}")
    return url


def _show(found: list[EventCheck], form: str) -> None:
    objects = [
        {
            "type": "journal",
            "event": one.event,
            "turns": one.turns,
            "unchecked": one.unchecked,
            "damaged": one.damaged or None,
            "damage": one.damage or None,
            "kept": one.kept,
        }
        for one in found
    ]
    rows = [
        (one.event, f"{one.turns:,}", f"{one.unchecked:,}", f"{one.kept:,}", _state(one))
        for one in found
    ]
    listing(form, objects, ("event", "turns", "unchecked", "can be kept", "state"), rows)


def _state(one: EventCheck) -> str:
    return f"turn {one.damaged} is damaged: {plain(one.damage)}" if one.damaged else "whole"
