"""`touchline events archive` and `unarchive`: a finished event as one file, out of the journal.

An archive is a recording (see `recording`) with more maps behind its messages, which readers of
recordings pass over: the lines of the proof, the turns of the journal with their checksums, and a
last map by which a torn file is told from a whole one. Bytes that are longer than a map may be
come in pieces.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import click
import msgpack
import msgspec

from ..protocol.errors import Conflict, NotFound, SettingError, StorageFault
from ..protocol.messages import Card, FeedMessage
from ..runtime import files
from . import recording, shared
from .journals import host_journal, host_name
from .shared import emit, json_option

if TYPE_CHECKING:
    from ..peer.host.journal import Journal, StoredTurn

PIECE_BYTES = 262_144
"""The most bytes of a proof's line or a turn in one map."""

FORM = 1
"""The version of what stands behind the messages."""

journal_option = click.option(
    "--journal",
    default="",
    metavar="URL",
    help="Where the host's journal is; without it, the one of --name.",
)


class Archive(NamedTuple):
    """What an archive holds.

    `proof`: its bytes, as `touchline export --format proof` writes them. `turns`: of the journal,
    each with its checksum.
    """

    card: Card
    proof: bytes
    turns: list[tuple[bytes, bytes]]


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
        write(path, card, _published(turns), lines, turns)
        packed = read(path)
        if packed.turns != [(turn.records, turn.checksum) for turn in turns]:
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
    with host_journal(host_name(broker, name, insecure=insecure), journal) as opened:
        opened.put_back(packed.card, packed.turns)
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
    from ..peer.host.event.event import HostedEvent
    from ..peer.host.options import Options

    card = journal.card(event)
    if card is None:
        held = ", ".join(journal.events()) or "none"
        raise NotFound(f"the journal holds no event {event!r}; it holds {held}")
    if journal.is_copy(event):
        raise Conflict(f"{event} is here as a copy of another host's")
    turns = list(journal.read(event))
    core = HostedEvent(card, Options())
    core.restore(journal.turns(event))
    if not core.finished:
        raise Conflict(f"{event} is not over: only a finished event is archived")
    return card, turns


def _published(turns: Iterable[StoredTurn]) -> Iterator[FeedMessage]:
    from ..peer.host.event import records

    for turn in turns:
        for record, _ in records.unpack(turn.records):
            if isinstance(record, get_args(FeedMessage)):
                yield record


def write(
    path: Path,
    card: Card,
    messages: Iterable[FeedMessage],
    proof: Sequence[bytes],
    turns: Sequence[StoredTurn],
) -> None:
    """Write an archive; it is whole on the disk when this returns.

    Raises:
        SettingError: the file exists.
        StorageFault: it can't be written.
    """
    if path.exists():
        raise SettingError(f"--output: {path} exists")
    made = path.with_name(path.name + ".part")
    digest = sha256()
    try:
        files.create(made)
        with made.open("wb") as file:
            for value in _maps(card, messages, proof, turns):
                packed = msgpack.packb(value)
                digest.update(packed)
                file.write(packed)
            end = {"type": "archived", "turns": len(turns), "digest": digest.digest()}
            file.write(msgpack.packb(end))
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
    except OSError as error:
        with suppress(OSError):
            made.unlink()
        raise StorageFault(f"--output: {path}: {error.strerror}") from error


def _maps(
    card: Card,
    messages: Iterable[FeedMessage],
    proof: Sequence[bytes],
    turns: Sequence[StoredTurn],
) -> Iterator[dict[str, object]]:
    header = {"type": "recording", "version": recording.VERSION}
    yield header | {"card": msgspec.to_builtins(card), "archive": FORM}
    for message in messages:
        yield msgspec.to_builtins(message, builtin_types=(bytes,))
    for line in proof:
        yield from _pieces({"type": "proof"}, line + b"\n")
    for turn in turns:
        yield from _pieces({"type": "turn", "checksum": turn.checksum}, turn.records)


def _pieces(about: dict[str, object], content: bytes) -> Iterator[dict[str, object]]:
    for start in range(0, max(1, len(content)), PIECE_BYTES):
        piece = content[start : start + PIECE_BYTES]
        yield about | {"bytes": piece, "more": start + PIECE_BYTES < len(content)}


def is_archive(path: Path) -> bool:
    """Return whether a file begins as an archive does."""
    try:
        with path.open("rb") as file:
            for value, _ in recording.maps(file):
                return value.get("type") == "recording" and value.get("archive") == FORM
    except (OSError, SettingError):
        pass
    return False


def read(path: Path) -> Archive:
    """Return what an archive holds.

    Raises:
        SettingError: it is none, or is torn or damaged.
        StorageFault: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file.read())
    except OSError as error:
        raise StorageFault(f"{path}: {error.strerror}") from error


def _read(path: Path, content: bytes) -> Archive:
    from io import BytesIO

    card: Card | None = None
    proof, turns, buffer, before = b"", list[tuple[bytes, bytes]](), b"", 0
    for value, end in recording.maps(BytesIO(content)):
        if card is None:
            card = recording.card_of(value)
            if value.get("archive") != FORM:
                raise SettingError(f"{path}: a recording, and no archive")
        match value.get("type"):
            case "proof" | "turn" as kind:
                buffer += _bytes(value, "bytes")
                if not value.get("more"):
                    if kind == "proof":
                        proof += buffer
                    else:
                        turns.append((buffer, _bytes(value, "checksum")))
                    buffer = b""
            case "archived":
                if value.get("digest") != sha256(content[:before]).digest():
                    raise SettingError(f"{path}: the archive has changed since it was written")
                return Archive(card, proof, turns)
            case _:
                pass
        before = end
    raise SettingError(f"{path}: the archive is cut off")


def _bytes(value: dict[str, Any], key: str) -> bytes:
    found = value.get(key, b"")
    if not isinstance(found, bytes):
        raise SettingError(f"an archive with {key} that are no bytes")
    return found


def proof_in(path: str) -> bytes | None:
    """Return the proof in an archive; None where a file is no archive."""
    file = Path(path)
    return read(file).proof if path != "-" and is_archive(file) else None
