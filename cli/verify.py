"""`touchline verify`: check the proof of an event offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..protocol import keys
from ..protocol.errors import PeerError, SettingError
from ..protocol.text import plain
from .archive import proof_in
from .files import read_bytes
from .shared import emit, json_option

if TYPE_CHECKING:
    from ..proof import Flaw, Result


@click.command(
    "verify", epilog="Example: touchline export EVENT --format proof | touchline verify -"
)
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--host",
    default="",
    metavar="ID|KEY",
    help="The host that must have sealed the proof; touchline identity show prints its id and key.",
)
@click.option(
    "--digest",
    default="",
    metavar="HEX",
    help="The digest of the feed that you followed, from the summary of touchline watch.",
)
@click.option(
    "--allow-unsigned", is_flag=True, help="Believe the host about reports without a signature."
)
@click.option(
    "--book",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The book of records by which the host weighed its reporters, where it had one.",
)
@json_option
def command(
    path: str, host: str, digest: str, allow_unsigned: bool, book: str | None, as_json: bool
) -> int:
    """Check that a timeline follows from signed reports.

    FILE is a proof that touchline export --format proof has written, or an archive of touchline
    events archive. The command checks that it
    has not changed since the host sealed it, that each report has its reporter's signature, and
    that the reports lead to each entry and its score. Where something does not hold, the command
    names the first such line and entry, and exits with 4.

    Every verdict is computed anew. Where the host weighed its reporters by a book of records, the
    command needs that book.

    With --digest it also checks that the proof is of the whole feed that you followed.
    """
    # Imported here so that --help stays quick.
    from ..peer.grades import book as books
    from ..proof import check

    if host and not keys.is_peer_id(host):
        keys.from_text(host, what="--host")
    result = check(
        proof_in(path) or read_bytes(path),
        host=host,
        expected=_digest(digest),
        allow_unsigned=allow_unsigned,
        book=books.decode(read_bytes(book)) if book else None,
    )
    if result.flaw is not None:
        _print_flaw(path, result.flaw, as_json=as_json)
        return PeerError.exit_code
    if as_json:
        emit(_form(result))
    else:
        _print_result(result, known=bool(host), seen=bool(digest))
    return 0


def _digest(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b"?"
    if len(found) not in (0, 16):
        raise SettingError(f"--digest: {text!r} is not a digest of 32 hex digits")
    return found


def _print_flaw(path: str, flaw: Flaw, *, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "type": "flaw",
                "line": flaw.line,
                "seq": flaw.seq,
                "entry_id": flaw.entry_id,
                "reason": flaw.reason,
            }
        )
    else:
        click.secho(f"{plain(path)}: the proof does not hold: {plain(str(flaw))}", fg="red")


def _form(result: Result) -> dict[str, object]:
    return {
        "type": "verified",
        "event": result.event,
        "title": result.title,
        "host": result.host,
        "key": keys.to_text(result.key),
        "seq": result.seq,
        "digest": result.digest.hex(),
        "at": result.at,
        "entries": result.entries,
        "reporters": result.reporters,
        "signed": result.signed,
        "unsigned": result.unsigned,
        "shift": result.clock_offset / 1_000_000,
        "book": result.book.hex(),
        "owner": result.owner,
        "rulings": result.rulings,
    }


def _print_result(result: Result, *, known: bool, seen: bool) -> None:
    click.echo(f"{plain(result.title)} ({plain(result.event)}): the proof holds")
    sealed = result.host if known else f"{result.host}; is that who hosted it? --host checks it"
    click.echo(f"  sealed by    {sealed}")
    click.echo(f"  published    {result.seq:,} messages, digest {result.digest.hex()}")
    if seen:
        click.echo(f"  you saw      the same, up to message {result.at:,}")
    click.echo(f"  timeline     {result.entries:,} entries")
    click.echo(f"  behind it    {result.signed:,} signed reports of {result.reporters:,} reporters")
    if result.rulings:
        plural = "ruling" if result.rulings == 1 else "rulings"
        click.echo(
            f"  ruled        {result.rulings:,} {plural}, signed by the owner {result.owner}"
        )
        if result.former:
            click.echo(f"  owned before {', '.join(result.former)}: the host's word")
    if result.book:
        click.echo(f"  weighed by   the book {result.book.hex()}")
    if result.unsigned:
        click.secho(f"  not signed   {result.unsigned:,} reports: the host's word", fg="yellow")
    if result.clock_offset:
        click.echo(
            f"  clocks       corrected by up to {result.clock_offset / 1e6:.1f} s: the host's word"
        )
