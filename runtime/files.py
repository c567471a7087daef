"""Files that only the user who runs the process may read: databases, recordings, logs, keys."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path
from typing import IO

FILE_MODE = 0o600
FOLDER_MODE = 0o700

OTHERS = 0o077
"""What other users may do with a file, of its mode."""

_log = logging.getLogger("touchline.files")


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone.

    A folder that exists keeps its mode.

    Raises:
        OSError: it cannot be made.
    """
    # `Path.mkdir(parents=True)` would make those above with the mode that the umask leaves.
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(FOLDER_MODE, exist_ok=True)


def create(path: Path, *, exist_ok: bool = True) -> None:
    """Create an empty file for this user alone; one that exists keeps its content and its mode.

    Its mode is right from the first moment: a file made under the umask and changed afterwards can
    be opened by others in between, and read for as long as they hold it open.

    Raises:
        OSError: it cannot be made, or exists where it may not.
    """
    with contextlib.suppress(*((FileExistsError,) if exist_ok else ())):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))


def tighten(path: Path) -> None:
    """Take a file, and those that SQLite keeps beside it, away from other users: a release before
    left them open. The log says so, once, since afterwards they are closed.

    Args:
        path: of the file; one that is missing, or another user's, is left as it is.
    """
    for suffix in ("", "-wal", "-shm"):  # SQLite's files beside a database
        file = path.with_name(path.name + suffix)
        with contextlib.suppress(FileNotFoundError):
            found = file.stat()
            mode = stat.S_IMODE(found.st_mode)
            if mode & OTHERS and stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid():
                file.chmod(mode & ~OTHERS)
                _log.warning("%s was open to other users (mode %04o); it is no more", file, mode)


def open_new(path: Path) -> IO[bytes]:
    """Open a file for writing without a buffer, empty, for this user alone.

    Raises:
        OSError: it cannot be opened.
    """
    create(path)
    tighten(path)
    return path.open("wb", buffering=0)
