"""`touchline book`: fold grade sheets into a book of records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..protocol import keys
from ..protocol.errors import NotAllowed, NotFound
from .files import read_bytes, write_bytes
from .shared import CommandGroup, emit, json_option
from .ui.tables import table

if TYPE_CHECKING:
    from ..peer.grades.book import Book
    from ..peer.grades.sheet import GradeSheet

book_argument = click.argument("book", metavar="BOOK", type=click.Path(dir_okay=False))


@click.group("book", cls=CommandGroup)
def command() -> None:
    """Keep what graded matches say of each reporter.

    A book holds sheets of touchline grade, and touchline host --book reads it. Which graders'
    sheets it takes is its owner's choice.
    """


@command.command(
    epilog="Example:\n\n\b\n"
    "touchline book add club.book final.sheet \\\n    --grader h3xk-9m2p-xw9d-4tna"
)
@book_argument
@click.argument(
    "sheets", metavar="SHEET...", nargs=-1, required=True, type=click.Path(dir_okay=False)
)
@click.option(
    "--grader",
    "graders",
    multiple=True,
    metavar="ID|KEY",
    help="A grader whose sheets the book takes from now on; repeat the flag for more.",
)
@click.option(
    "--replace", is_flag=True, help="Let a sheet take the place of another on the same event."
)
@json_option
def add(
    book: str, sheets: tuple[str, ...], graders: tuple[str, ...], replace: bool, as_json: bool
) -> None:
    """Add sheets to a book, which is made where there is none.

    A sheet that is in the book already changes nothing. An event counts once. A sheet whose
    signature does not hold, or whose grader the book does not take, is refused, and nothing is
    added then.
    """
    from ..peer.grades import book as books
    from ..peer.grades.sheet import decode

    before = books.decode(read_bytes(book)) if Path(book).exists() else books.Book()
    new = [decode(read_bytes(path)) for path in sheets]
    trusted = books.Book(before.sheets, {*before.graders, *_graders(graders, new)})
    try:
        after = books.add(trusted, new, replace=replace)
    except NotAllowed as error:
        known = {*trusted.graders}
        strange = {keys.peer_id(one.header.grader) for one in new if one.header.grader not in known}
        hint = f"; if you trust it: --grader {' --grader '.join(sorted(strange))}"
        raise NotAllowed(error.sentence + (hint if strange else "; --replace it")) from None
    write_bytes(Path(book), books.encode(after), private=True)
    _tell(after, len(after.sheets) - len(before.sheets), as_json=as_json)


@command.command(epilog="Example: touchline book show club.book")
@book_argument
@json_option
def show(book: str, as_json: bool) -> None:
    """Show what a book says of each reporter.

    In hundredths: how likely a reporter tells what happens, and joins what does not, of what
    decides the score and of the rest.
    """
    found = _read(book)
    if as_json:
        emit(_form(found))
        for one in found.sheets:
            emit(_sheet_form(one))
    else:
        _head(found)
    names = {grade.key: grade.name for sheet in found.sheets for grade in sheet.grades}
    rows = []
    for key in sorted(found.reporters, key=lambda one: (names[one], one)):
        decides, rest = found.record(key, True), found.record(key, False)
        if as_json:
            emit(_reporter_form(found, key, names[key]))
            continue
        figures = (f"{value / 1_000:.2f}" for value in (*decides, *rest))
        rows.append((names[key], keys.peer_id(key), str(found.matches(key)), *figures))
    groups = found.together(found.reporters)
    if as_json:
        for group in groups:
            emit({"type": "together", "peers": [keys.peer_id(key) for key in group]})
        return
    headings = ("reporter", "id", "matches", *("tells", "joins") * 2)
    table(headings, rows, title="deciding, then the rest")
    for group in groups:
        click.echo(f"  one voice, since they were wrong together: {_names(group, names)}")


@command.command(epilog="Example: touchline book verify club.book")
@book_argument
@json_option
def verify(book: str, as_json: bool) -> None:
    """Check a book: each sheet, the signature of its grader, and that nothing was changed.

    The digest that it prints names the book; an event that is hosted with it says the same.
    """
    _tell(_read(book), 0, as_json=as_json)


def _read(path: str) -> Book:
    from ..peer.grades import book as books

    return books.decode(read_bytes(path))


def _graders(texts: Sequence[str], sheets: Sequence[GradeSheet]) -> list[bytes]:
    """Return the keys that `--grader` gives; an id is that of a grader of the sheets."""
    known = {keys.peer_id(one.header.grader): one.header.grader for one in sheets}
    found = []
    for text in texts:
        if text in known:
            found.append(known[text])
        elif keys.is_peer_id(text):
            raise NotFound(f"--grader: none of the sheets is signed by {text}")
        else:
            found.append(keys.from_text(text, what="--grader"))
    return found


def _tell(book: Book, added: int, *, as_json: bool) -> None:
    if as_json:
        emit(_form(book))
        return
    _head(book)
    if added:
        click.echo(f"  added     {added:,}")


def _head(book: Book) -> None:
    graders = ", ".join(map(keys.peer_id, book.graders))
    click.echo(f"  digest    {book.digest.hex()}")
    click.echo(f"  sheets    {len(book.sheets):,}, of {len(book.reporters):,} reporters")
    click.echo(f"  graders   {graders}")


def _form(book: Book) -> dict[str, object]:
    return {
        "type": "book",
        "digest": book.digest.hex(),
        "sheets": len(book.sheets),
        "reporters": len(book.reporters),
        "graders": [keys.peer_id(key) for key in book.graders],
    }


def _sheet_form(sheet: GradeSheet) -> dict[str, object]:
    header = sheet.header
    return {
        "type": "sheet",
        "event": header.event,
        "title": header.title,
        "grader": keys.peer_id(header.grader),
        "digest": sheet.digest.hex(),
    }


def _reporter_form(book: Book, key: bytes, name: str) -> dict[str, object]:
    classes = {}
    for word, decides in (("decides", True), ("rest", False)):
        tells, joins = book.record(key, decides)
        counts = msgspec.to_builtins(book.counts(key, decides))
        classes[word] = {"tells": tells / 1_000, "joins": joins / 1_000, **counts}
    return {
        "type": "reporter",
        "name": name,
        "peer": keys.peer_id(key),
        "key": keys.to_text(key),
        "matches": book.matches(key),
        **classes,
    }


def _names(group: Sequence[bytes], names: dict[bytes, str]) -> str:
    return ", ".join(f"{names[key]} ({keys.peer_id(key)})" for key in group)
