"""Grade sheets that the operator gives to a gateway: a folder with a file for each event."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from ..peer.grades.sheet import GradeSheet, decode
from ..protocol.errors import TouchlineError

logger = logging.getLogger(__name__)

SUFFIX = ".sheet"
"""The end of a sheet's file name; the event's id stands before it."""

MOST_BYTES = 16_777_216
"""The largest sheet that is read."""


class SheetFolder:
    """The sheets in a folder, each read when it is asked for, and again when its file changes.

    From any thread.

    Args:
        folder: empty: there are no sheets.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._lock = threading.Lock()
        # By event: the state of the file when it was read, and what was in it, None where that
        # was no sheet.
        self._read: dict[str, tuple[tuple[int, int], GradeSheet | None]] = {}

    def get(self, event: str) -> GradeSheet | None:
        """Return the sheet of an event; None where there is none that holds."""
        if self._folder is None or not event.strip(".") or set(event) & set("/\\\0"):
            return None
        path = self._folder / (event + SUFFIX)
        with self._lock:
            try:
                found = path.stat()
                state = (found.st_mtime_ns, found.st_size)
                known = self._read.get(event)
                if known is None or known[0] != state:
                    known = self._read[event] = (state, _sheet(path, event, found.st_size))
            except OSError:
                self._read.pop(event, None)
                return None
            return known[1]

    def all(self) -> dict[str, GradeSheet]:
        """Return all sheets by event."""
        if self._folder is None:
            return {}
        try:
            names = sorted(path.name for path in self._folder.glob(f"*{SUFFIX}"))
        except OSError:
            return {}
        found = {name: self.get(name) for name in (each.removesuffix(SUFFIX) for each in names)}
        return {event: sheet for event, sheet in found.items() if sheet is not None}


def _sheet(path: Path, event: str, size: int) -> GradeSheet | None:
    """Return the sheet in a file; None where there is none, which the log then says."""
    try:
        if size > MOST_BYTES:
            logger.warning("%s: %s bytes, at most %s are read", path, size, MOST_BYTES)
            return None
        sheet = decode(path.read_bytes())
    except TouchlineError as error:
        logger.warning("%s: %s", path, error.sentence)
        return None
    if sheet.header.event != event:
        logger.warning("%s: the sheet is of the event %s", path, sheet.header.event)
        return None
    return sheet
