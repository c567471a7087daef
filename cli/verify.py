"""`touchline verify`: check the proof of an event offline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from ..protocol import keys
from ..protocol.errors import PeerError, SettingError, StorageFault
from ..protocol.text import plain
from .shared import emit, json_option

if TYPE_CHECKING:
    from ..proof import Flaw, Result

MOST_BYTES = 1 << 30
"""The largest file that the command reads; a season of matches is smaller."""

PEER = re.compile(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}")
"""The form of an id, see `keys.peer_id`."""


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
@json_option
def command(path: str, host: str, digest: str, allow_unsigned: bool, as_json: bool) -> int:
    """Check that a timeline follows from signed reports.

    FILE is a proof that touchline export --format proof has written. The command checks that nobody
    changed it since the host sealed it, that each report has its reporter's signature, and that
    the reports lead to each entry and its score. Where something does not hold, the command names
    the first such line and entry, and exits with 4.

    With --digest it also checks that the proof is of the whole feed that you followed.
    """
    # Imported here so that --help stays quick.
    from ..proof import check

    if host and not PEER.fullmatch(host):
        keys.from_text(host, what="--host")
    result = check(_read(path), host=host, expected=_digest(digest), allow_unsigned=allow_unsigned)
    if result.flaw is not None:
        _tell_flaw(path, result.flaw, as_json=as_json)
        return PeerError.exit_code
    if as_json:
        emit(_form(result))
    else:
        _tell(result, known=bool(host), seen=bool(digest))
    return 0


def _read(path: str) -> bytes:
    try:
        with click.open_file(path, "rb") as file:
            text: bytes = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StorageFault(f"{path}: {error.strerror}") from error
    if len(text) > MOST_BYTES:
        raise SettingError(f"{path}: more than {MOST_BYTES:,} bytes are not read")
    return text


def _digest(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b"?"
    if len(found) not in (0, 16):
        raise SettingError(f"--digest: {text!r} is not a digest of 32 hex digits")
    return found


def _tell_flaw(path: str, flaw: Flaw, *, as_json: bool) -> None:
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
    }


def _tell(result: Result, *, known: bool, seen: bool) -> None:
    click.echo(f"{plain(result.title)} ({plain(result.event)}): the proof holds")
    sealed = result.host if known else f"{result.host}; is that who hosted it? --host checks it"
    click.echo(f"  sealed by    {sealed}")
    click.echo(f"  published    {result.seq:,} messages, digest {result.digest.hex()}")
    if seen:
        click.echo(f"  you saw      the same, up to message {result.at:,}")
    click.echo(f"  timeline     {result.entries:,} entries")
    click.echo(f"  behind it    {result.signed:,} signed reports of {result.reporters:,} reporters")
    if result.unsigned:
        click.secho(f"  not signed   {result.unsigned:,} reports: the host's word", fg="yellow")
    if result.clock_offset:
        click.echo(
            f"  clocks       corrected by up to {result.clock_offset / 1e6:.1f} s: the host's word"
        )
