"""`touchline events archive` and `unarchive`: a finished event as one file, out of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ..protocol.errors import Conflict, NotFound, SettingError, StorageFault
from ..protocol.messages import Card, FeedMessage
from ..timeline.archive import is_archive, read, write
from . import shared
from .journals import host_journal, host_name
from .shared import emit, json_option

if TYPE_CHECKING:
    from ..peer.host.journal import Journal, StoredTurn

journal_option = click.option(
    "--journal",
    default="",
    metavar="URL",
    help="Where the host's journal is; without it, the one of --name.",
)


@click.command(epilog="Example: touchline events archive argentina-v-france-k7m2 --name ground")
@shared.event_argument
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; EVENT.touchline in this folder unless set.",
)
@click.option("--keep", is_flag=True, help="Leave the event in the journal as well.")
@journal_option
@shared.broker_flags
@shared.name_option
@json_option
def archive(
    event: str,
    output: Path | None,
    keep: bool,
    journal: str,
    broker: str,
    insecure: bool,
    name: str,
    as_json: bool,
) -> None:
    """Pack a finished event into one file, and take it out of its host's journal.

    For the user who has hosted it, after the host has stopped. The file is a recording, which
    touchline watch, replay and export read; touchline verify checks the proof in it; touchline
    events unarchive puts the event back, for touchline host to go on with it.
    """
    from ..peer import identity

    who = host_name(broker, name, insecure=insecure)
    if not identity.file(who).exists():
        raise NotFound(f"{who!r} has never hosted here; give the host's --name")
    path = output or Path(f"{event}.touchline")
    with host_journal(who, journal) as opened:
        card, turns = _finished(opened, event)
        from ..proof import build

        lines = build(card, (turn.records for turn in turns), identity.load(who))
        stored = [(turn.records, turn.checksum) for turn in turns]
        write(path, card, _published(turns), lines, stored)
        packed = read(path)
        if packed.turns != stored:
            raise StorageFault(f"{path}: it does not hold what was written; nothing was removed")
        if not keep:
            opened.remove(event)
    size = path.stat().st_size
    if as_json:
        about = {"event": event, "file": str(path), "bytes": size, "turns": len(turns)}
        emit({"type": "archived", **about, "kept": keep})
    else:
        click.echo(f"{path}: {event}, {len(turns):,} turns, {size:,} bytes")


@click.command(epilog="Example: touchline events unarchive argentina-v-france-k7m2.touchline")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@journal_option
@shared.broker_flags
@shared.name_option
@json_option
def unarchive(
    path: Path, journal: str, broker: str, insecure: bool, name: str, as_json: bool
) -> None:
    """Put an archived event back into a host's journal, so that it can be hosted again.

    The host has stopped meanwhile. The file stays as it is.
    """
    packed = read(path)
    # A host does not start with a journal that it can't read: the archive may be a stranger's.
    _check_finished(packed.card, (turn for turn, _ in packed.turns))
    with host_journal(host_name(broker, name, insecure=insecure), journal) as opened:
        opened.put_back(packed.card, packed.turns)
        if any(turn.damage for turn in opened.read(packed.card.event)):
            opened.remove(packed.card.event)
            raise SettingError(f"{path}: its turns do not have the checksums that it says")
    if as_json:
        about = {"event": packed.card.event, "turns": len(packed.turns)}
        emit({"type": "unarchived", **about})
    else:
        click.echo(
            f"{packed.card.event}: {len(packed.turns):,} turns; touchline host goes on with it"
        )


def _finished(journal: Journal, event: str) -> tuple[Card, list[StoredTurn]]:
    """Return a finished event's card and turns, which can be restored.

    Raises:
        NotFound: the journal does not hold it.
        Conflict: it is not over, or is another host's.
        StorageFault: a turn is damaged.
    """
    card = journal.card(event)
    if card is None:
        held = ", ".join(journal.events()) or "none"
        raise NotFound(f"the journal holds no event {event!r}; it holds {held}")
    if journal.is_copy(event):
        raise Conflict(f"{event} is here as a copy of another host's")
    turns = list(journal.read(event))
    _check_finished(card, journal.turns(event))
    return card, turns


def _check_finished(card: Card, turns: Iterable[bytes]) -> None:
    """Check that turns are those of a finished event.

    Raises:
        Conflict: it is not over.
        StorageFault: they do not follow from one another.
    """
    from ..peer.host.event.event import HostedEvent
    from ..peer.host.options import Options

    core = HostedEvent(card, Options())
    core.restore(turns)
    if not core.finished:
        raise Conflict(f"{card.event} is not over: only a finished event is archived")


def _published(turns: Iterable[StoredTurn]) -> Iterator[FeedMessage]:
    from ..peer.host.event import records

    for turn in turns:
        for record, _ in records.unpack(turn.records):
            if isinstance(record, get_args(FeedMessage)):
                yield record


def proof_in(path: str) -> bytes | None:
    """Return the proof in an archive; None where a file is no archive."""
    file = Path(path)
    return read(file).proof if path != "-" and is_archive(file) else None
