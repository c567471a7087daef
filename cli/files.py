"""Files that commands read and write whole."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from ..protocol.errors import SettingError, StorageFault

MOST_BYTES = 1 << 30
"""The largest file that a command reads; the proof of a season of matches is smaller."""


def read_bytes(path: str) -> bytes:
    """Return the content of a file; `-` is standard input.

    Raises:
        StorageFault: the file can't be read.
        SettingError: the file is too large.
    """
    try:
        with click.open_file(path, "rb") as file:
            text: bytes = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StorageFault(f"{path}: {error.strerror}") from error
    if len(text) > MOST_BYTES:
        raise SettingError(f"{path}: more than the {MOST_BYTES:,} bytes allowed")
    return text


def write_bytes(path: Path | None, content: bytes, *, private: bool = False) -> None:
    """Write a file, whole or not at all; without a path, write to standard output.

    Args:
        path: of the file; one that is there keeps its mode.
        content: what it holds.
        private: whether a new file is for this user alone.

    Raises:
        StorageFault: the file can't be written.
    """
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    draft = ""
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() or not private:
            os.chmod(draft, _mode(path))
        os.replace(draft, path)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        raise StorageFault(f"{path}: {error.strerror}") from error


def _mode(path: Path) -> int:
    """Return the mode of the replaced file; for a new file, the mode that the umask leaves."""
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
