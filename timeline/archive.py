"""A finished event as one file: an archive.

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
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import msgspec

from ..protocol.errors import SettingError, StorageFault
from ..protocol.messages import Card, FeedMessage
from ..runtime import files
from . import recording

PIECE_BYTES = 262_144
"""The most bytes of a proof's line or a turn in one map."""

FORM = 1
"""The version of what stands behind the messages."""


class Archive(NamedTuple):
    """What an archive holds.

    `messages`: its feed, in the order of seq. `proof`: its bytes, as `touchline export --format
    proof` writes them. `turns`: of the journal, each with its checksum.
    """

    card: Card
    messages: list[FeedMessage]
    proof: bytes
    turns: list[tuple[bytes, bytes]]


def write(
    path: Path,
    card: Card,
    messages: Iterable[FeedMessage],
    proof: Sequence[bytes],
    turns: Sequence[tuple[bytes, bytes]],
) -> None:
    """Write an archive; it is whole on the disk when this returns.

    Args:
        path: of a file that does not exist.
        card: of the event.
        messages: its feed, in the order of seq.
        proof: the lines of its proof.
        turns: of its journal, each with its checksum.

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
    turns: Sequence[tuple[bytes, bytes]],
) -> Iterator[dict[str, object]]:
    header = {"type": "recording", "version": recording.VERSION}
    yield header | {"card": msgspec.to_builtins(card), "archive": FORM}
    for message in messages:
        yield msgspec.to_builtins(message, builtin_types=(bytes,))
    for line in proof:
        yield from _pieces({"type": "proof"}, line + b"\n")
    for records, checksum in turns:
        yield from _pieces({"type": "turn", "checksum": checksum}, records)


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
    card: Card | None = None
    messages: list[FeedMessage] = []
    proof, buffer, turns, before = bytearray(), bytearray(), list[tuple[bytes, bytes]](), 0
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
                        turns.append((bytes(buffer), _bytes(value, "checksum")))
                    buffer.clear()
            case "archived":
                if value.get("digest") != sha256(content[:before]).digest():
                    raise SettingError(f"{path}: the archive has changed since it was written")
                return Archive(card, messages, bytes(proof), turns)
            case _:
                message = recording.message_of(value)
                if message is not None and message.seq != len(messages) + 1:
                    raise SettingError(f"{path}: message {message.seq} is not the next one")
                if message is not None:
                    messages.append(message)
        before = end
    raise SettingError(f"{path}: the archive is cut off")


def _bytes(value: dict[str, Any], key: str) -> bytes:
    found = value.get(key, b"")
    if not isinstance(found, bytes):
        raise SettingError(f"an archive with {key} that are no bytes")
    return found
