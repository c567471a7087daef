"""`touchline grade`: compare the votes of an event with an official record, or show a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..protocol import keys
from ..protocol.errors import NotFound
from ..protocol.text import plain
from ..protocol.times import SECOND, to_rfc3339
from . import shared
from .files import read_bytes, write_bytes
from .journals import host_name, hosted_event
from .shared import emit, json_option, load_match
from .ui.tables import table

if TYPE_CHECKING:
    from ..peer.grades.sheet import Accuracy, GradeCounts, GradeSheet, ReporterGrade
    from ..proof import GradedEvent
    from ..protocol.keys import Identity


@click.command(
    "grade",
    epilog="Examples:\n\n\b\n"
    "touchline grade EVENT official.jsonl -o final.sheet\n"
    "touchline grade final.sheet --mine               for one of the reporters",
)
@click.argument("source", metavar="EVENT|PROOF|SHEET")
@click.argument("record", metavar="RECORD", default="")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="standard output",
    help="The file to write the sheet to; the grades are then printed.",
)
@click.option(
    "--covers",
    multiple=True,
    metavar="ACTION",
    help="An action that the record tells of, although it may hold none; repeat the flag for each."
    " Without it: what decides the score, and what the record holds.",
)
@click.option(
    "--offset",
    type=float,
    default=0.0,
    metavar="SECONDS",
    help="Added to the times of the record, where it has another clock.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    help="By how much its times may be off: 60 where it knows minutes.",
)
@click.option(
    "--host",
    default="",
    metavar="ID|KEY",
    help="The host that must have sealed the proof; see touchline verify.",
)
@click.option("--mine", is_flag=True, help="Of a sheet, show what it says of --name alone.")
@click.option(
    "--journal",
    default="",
    show_default="the one of the host --name",
    metavar="URL",
    help="For an EVENT: where the host's journal is.",
)
@shared.broker_flags
@shared.name_option
@json_option
def command(
    source: str,
    record: str,
    output: Path | None,
    covers: tuple[str, ...],
    offset: float,
    tolerance: float,
    host: str,
    mine: bool,
    journal: str,
    broker: str,
    insecure: bool,
    name: str,
    as_json: bool,
) -> int:
    """Grade the reporters of an event by an official RECORD.

    The votes are those of a proof, or of the journal of an EVENT that you hosted, after the host
    has stopped; only signed ones count, and only those given before the reporter was shown the
    claim. RECORD is a match file, or the name of a match that comes with Touchline. The sheet is
    signed with the key of --name; touchline book keeps it for the next event.

    Without RECORD the command checks a sheet and shows it.
    """
    name = host_name(broker, name, insecure=insecure)
    if not record:
        _show(_read(source), name if mine else "", as_json=as_json)
        return 0
    if mine:
        raise click.UsageError("--mine shows a sheet, and takes no RECORD")
    if host and not keys.is_peer_id(host):
        keys.from_text(host, what="--host")
    # Imported here so that --help stays quick.
    from ..peer import identity
    from ..peer.grades.sheet import encode, signed
    from ..proof import OfficialRecord, grade
    from ..sports import matchfile

    match = load_match(record)
    official = OfficialRecord(
        match,
        sha256(matchfile.write(match).encode()).digest(),
        covers,
        round(offset * SECOND),
        round(tolerance * SECOND),
    )
    event = _event(source, name, journal, host)
    grader = identity.load(name)
    sheet = signed(grade(event, official, grader.public), grader)
    if output is None:
        write_bytes(None, encode(sheet))
        return 0
    write_bytes(output, encode(sheet))
    _show(sheet, "", as_json=as_json)
    return 0


def _event(source: str, name: str, journal: str, host: str) -> GradedEvent:
    from ..proof import from_journal, from_proof

    if Path(source).is_file():
        return from_proof(read_bytes(source), host=host)
    if host:
        raise click.UsageError("--host is of a proof, and takes no EVENT")
    with hosted_event(source, name, journal) as (card, turns):
        return from_journal(card, turns)


def _read(source: str) -> GradeSheet:
    from ..peer.grades.sheet import decode

    if source != "-" and not Path(source).is_file():
        raise click.UsageError(f"{source} is no file; to grade an event, give a RECORD as well")
    return decode(read_bytes(source))


# ── for people ───────────────────────────────────────────────────────────────────────────────


def _show(sheet: GradeSheet, only: str, *, as_json: bool) -> None:
    """Print a sheet.

    Args:
        sheet: it was checked.
        only: the name whose grade alone is printed; empty: all.
        as_json: for programs.
    """
    grades = sheet.grades if not only else (_own(sheet, only),)
    if as_json:
        emit(_form(sheet))
        for one in grades:
            emit(
                {
                    "type": "grade",
                    "name": one.name,
                    "peer": keys.peer_id(one.key),
                    "key": keys.to_text(one.key),
                    "decides": msgspec.to_builtins(one.decides),
                    "rest": msgspec.to_builtins(one.rest),
                }
            )
        return
    for line in _head(sheet):
        click.echo(line)
    headings = ("reporter", "id", *COLUMNS)
    table(headings, [_row(one) for one in grades])
    for line in () if only else _shared(sheet):
        click.echo(line)


COLUMNS = ("deciding: hit", "said falsely", "the rest: hit", "said falsely")


def _own(sheet: GradeSheet, name: str) -> ReporterGrade:
    mine = _identity(name).public
    for one in sheet.grades:
        if one.key == mine:
            return one
    raise NotFound(f"{name} ({keys.peer_id(mine)}) is not graded in this sheet")


def _identity(name: str) -> Identity:
    from ..peer import identity

    if not identity.file(name).exists():
        raise NotFound(f"{name} has no identity here; --name says who you are")
    return identity.load(name)


def _form(sheet: GradeSheet) -> dict[str, object]:
    header = sheet.header
    return {
        "type": "sheet",
        "event": header.event,
        "title": header.title,
        "sport": header.sport,
        "time": to_rfc3339(header.time),
        "grader": keys.peer_id(header.grader),
        "key": keys.to_text(header.grader),
        "digest": sheet.digest.hex(),
        "source": header.source,
        "feed": header.feed.hex(),
        "record": header.record.hex(),
        "covers": list(header.covers),
        "votes": header.votes,
        "left_out": msgspec.to_builtins(header.left_out),
        "decides": msgspec.to_builtins(header.decides),
        "rest": msgspec.to_builtins(header.rest),
        "published": header.published,
        "official": header.official,
        "shared": len(sheet.shared),
    }


def _head(sheet: GradeSheet) -> Iterable[str]:
    header = sheet.header
    yield plain(f"{header.title} ({header.event}), graded by {keys.peer_id(header.grader)}")
    yield f"  timeline   {_accuracy(header.decides)} of what decides the score"
    yield f"             {_accuracy(header.rest)} of the rest"
    if header.published == header.official:
        yield plain(f"  score      {header.official}, as published")
    else:
        yield plain(f"  score      {header.official}; published {header.published or 'none'}")
    left = header.left_out
    reasons = (
        (left.unsigned, "not signed"),
        (left.shown, "given after it was shown"),
        (left.uncovered, "not in the record's reach"),
        (left.repeated, "taken back or doubled"),
    )
    words = ", ".join(f"{count:,} {reason}" for count, reason in reasons if count)
    yield f"  votes      {header.votes:,} graded" + (f"; left out: {words}" if words else "")
    yield f"  sheet      {sheet.digest.hex()}"


def _accuracy(of: Accuracy) -> str:
    return f"{of.right:,} right, {of.wrong:,} wrong, {of.missed:,} missed"


def _row(one: ReporterGrade) -> tuple[str, ...]:
    return (one.name, keys.peer_id(one.key), *_cells(one.decides), *_cells(one.rest))


def _cells(of: GradeCounts) -> tuple[str, str]:
    return (
        f"{of.hits:,} of {of.hits + of.misses:,}",
        f"{of.false_claims:,} of {of.false_claims + of.declined:,}",
    )


def _shared(sheet: GradeSheet) -> Iterable[str]:
    for one in sheet.shared:
        names = ", ".join(sheet.grades[place].name for place in one.said)
        what = f"{one.title} {one.origin}".strip()
        yield plain(
            f"  said together, and false: {what}, {to_rfc3339(one.time)}, by {names}"
            f" of {len(one.there)} there"
        )
