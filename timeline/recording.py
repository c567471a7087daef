"""Recordings of a feed: a MessagePack stream, one map for each message, that may end anywhere.

The first map is the header, `{"type": "recording", "version": 1, "card": {...}}`. Then come every
entry, alarm, restored and the end as they were published, in the order of their seq, so that the
feed's digest can be computed from a recording. After a map `{"type": "restarted"}` another feed
begins: the messages before it are void.

Follows DESIGN section 5: recordings are written and read with the `msgpack` package, whose
streaming `Unpacker` takes a torn tail. Any MessagePack reader can read them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar, get_args

import msgpack
import msgspec

from ..protocol import limits
from ..protocol.errors import SettingError, StorageFault
from ..protocol.messages import Card, Entry, FeedMessage
from ..runtime import files
from ..sports import Action
from ..sports.matchfile import Match
from .rows import match_key

VERSION = 1
"""The version of the format, in the header."""

READ_BYTES = 65_536

BEGINNING = b"\x83\xa4type\xa9recording"
"""The bytes with which every recording begins."""

T = TypeVar("T")

_TYPES: dict[str, type[FeedMessage]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(FeedMessage)
}


@dataclass(slots=True)
class Recording:
    """The content of a recording.

    Args:
        card: of the event.
        messages: those that were published, in the order of seq.
        size: bytes up to the end of the last whole map; a torn tail may follow.
    """

    card: Card
    messages: list[FeedMessage] = field(default_factory=list)
    size: int = 0

    @property
    def seq(self) -> int:
        """The seq of the last message; 0 before the first."""
        return self.messages[-1].seq if self.messages else 0


def is_recording(path: Path) -> bool:
    """Return whether a file begins as a recording does."""
    try:
        with path.open("rb") as file:
            return read_header(file) is not None
    except (OSError, SettingError):
        return False


def read_header(file: BinaryIO) -> Card | None:
    """Return the card of a recording's header; None where the file is cut within it.

    Raises:
        SettingError: the file is not a recording.
    """
    for value, _ in maps(file):
        return card_of(value)
    return None


def read(path: Path) -> Recording | None:
    """Return a recording without its torn tail; None where the file is cut within its header.

    Raises:
        SettingError: the file is not a recording, or is damaged within.
        StorageFault: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise StorageFault(f"{path}: {error.strerror}") from error
    except SettingError as error:
        raise SettingError(f"{path}: {error.sentence}") from None


def _read(file: BinaryIO) -> Recording | None:
    recording: Recording | None = None
    for value, end in maps(file):
        if recording is None:
            recording = Recording(card_of(value), size=end)
            continue
        recording.size = end
        if value.get("type") == "restarted":
            recording.messages.clear()
        else:
            message = message_of(value)
            if message is not None:
                recording.messages.append(message)
    return recording


def message_of(value: dict[str, object]) -> FeedMessage | None:
    """Return the message in a map of a recording; None where it holds something else.

    Raises:
        SettingError: it is damaged.
    """
    kind = _TYPES.get(str(value.get("type")))
    return None if kind is None else _convert(value, kind)


def maps(file: BinaryIO) -> Iterator[tuple[dict[str, object], int]]:
    """Yield each whole map and the place in the file at which it ends."""
    unpacker = msgpack.Unpacker(
        file, read_size=READ_BYTES, max_buffer_size=limits.BLOCK_BYTES, raw=False
    )
    try:
        for value in unpacker:
            if not isinstance(value, dict):
                raise SettingError(f"not a recording: a {type(value).__name__} instead of a map")
            yield value, unpacker.tell()
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise SettingError(f"not a recording, or damaged: {error}") from None


def card_of(value: dict[str, object]) -> Card:
    """Return the card in a recording's header.

    Raises:
        SettingError: the map is no such header.
    """
    if value.get("type") != "recording":
        raise SettingError("not a recording: it does not begin with a recording's header")
    if value.get("version") != VERSION:
        raise SettingError(f"a recording of version {value.get('version')!r}, this reads {VERSION}")
    return _convert(value.get("card"), Card)


def _convert(value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise SettingError(f"damaged: {error}") from None


class Recorder:
    """Writes a recording, or continues one after its last whole map.

    Args:
        path: the file.
        card: of the event.

    Raises:
        SettingError: the file is not a recording of this event.
        StorageFault: the file can't be written.
    """

    def __init__(self, path: Path, card: Card) -> None:
        before = read(path) if path.exists() else None
        if before is None:
            _check_free(path)
        if before is not None and before.card.event != card.event:
            raise SettingError(
                f"--output: {path} is a recording of {before.card.event}, not of {card.event}"
            )
        self._path = path
        self._pack = msgpack.Packer().pack
        self.seq = before.seq if before else 0
        """All messages up to this seq are in the file."""
        self.kept = 0
        """The number of messages written since the file was opened."""
        try:
            files.create(path)
            files.tighten(path)
            self._file: BufferedRandom = path.open("r+b")
            self._file.truncate(before.size if before else 0)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise StorageFault(f"--output: {path}: {error.strerror}") from error
        if before is None:
            header = {"type": "recording", "version": VERSION, "card": msgspec.to_builtins(card)}
            self._write(header)

    def keep(self, message: FeedMessage) -> bool:
        """Write a message; return False where the file has it already.

        Raises:
            StorageFault: the file can't be written.
        """
        if message.seq <= self.seq:
            return False
        self._write(msgspec.to_builtins(message, builtin_types=(bytes,)))
        self.seq = message.seq
        self.kept += 1
        return True

    def restart(self) -> None:
        """Write that another feed begins."""
        self._write({"type": "restarted"})
        self.seq = 0

    def close(self) -> None:
        """Write the file to the disk, and close it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, value: object) -> None:
        try:
            self._file.write(self._pack(value))
            self._file.flush()
        except OSError as error:
            raise StorageFault(f"--output: {self._path}: {error.strerror}") from error


def _check_free(path: Path) -> None:
    """Check that a file is missing, empty, or the beginning of a recording's header.

    Raises:
        SettingError: it is another file.
        StorageFault: it can't be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(BEGINNING))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFault(f"--output: {path}: {error.strerror}") from error
    if not BEGINNING.startswith(start):
        raise SettingError(f"--output: {path} exists and is not a recording")


def standing(messages: list[FeedMessage]) -> list[Entry]:
    """Return the newest version of each entry that is not deleted, in match order."""
    newest = {entry.entry_id: entry for entry in messages if isinstance(entry, Entry)}
    stand = [entry for entry in newest.values() if entry.status != "DELETED"]
    return sorted(stand, key=match_key)


def as_match(recording: Recording) -> Match:
    """Return a recording as a match that can be reported again."""
    card = recording.card
    entries = standing(recording.messages)
    first = entries[0].time if entries else 0
    timing = card.timing.starts if card.timing else 0
    return Match(
        title=card.title,
        sport=card.sport,
        origins=tuple(card.origins),
        lineups={origin: tuple(names) for origin, names in card.lineups.items()},
        rules=card.rules,
        starts=min(first, timing or card.starts or first),
        actions=tuple(
            Action(entry.title, entry.origin, entry.time, entry.details) for entry in entries
        ),
        note=f"recorded from {card.event}",
    )
