"""Files that only the user who runs the process may read: databases, recordings, keys."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


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


def create(path: Path) -> None:
    """Create an empty file for this user alone; one that exists keeps its content and its mode.

    Its mode is right from the first moment: a file made under the umask and changed afterwards can
    be opened by others in between, and read for as long as they hold it open.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
