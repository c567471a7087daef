"""The devices that people report from, on disk: a key for each name that is given on a device.

Who signs out and in again, or reports on the next event, is the same reporter: the key stays, and
with it the record. In one event a device has one reporter, whatever names are given on it. A device
is known by a cookie, of which the file holds the hash; who deletes it has a new device. Tested in
`tests/unit/gateway/reporting/test_devices.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sqlite3
import threading
import unicodedata
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...protocol.errors import Conflict, StorageFault
from ...protocol.times import SECOND
from ...runtime import sqlite

KEPT_DAYS = 400
"""How long a key is kept that nobody uses; browsers keep no cookie for longer."""

SWEPT = 20
"""The most keys that are removed at one time."""

_DAY = 86_400 * SECOND

_STEPS: dict[int, sqlite.Step] = {
    1: """
CREATE TABLE IF NOT EXISTS keys (
    device BLOB NOT NULL, asked TEXT NOT NULL, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    used INTEGER NOT NULL, PRIMARY KEY (device, asked)
);
CREATE INDEX IF NOT EXISTS keys_by_use ON keys (used);
CREATE TABLE IF NOT EXISTS reporters (
    device BLOB NOT NULL, event TEXT NOT NULL, name TEXT NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (device, event)
);
CREATE INDEX IF NOT EXISTS reporters_by_end ON reporters (until);
""",
    # Devices on which a person goes on who began on another: by that one's key.
    2: """
CREATE TABLE IF NOT EXISTS paired (
    device BLOB NOT NULL, event TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    until INTEGER NOT NULL, PRIMARY KEY (device, event)
);
""",
}


class DeviceKey(NamedTuple):
    """A key of a device.

    Args:
        id: names its folder.
        name: the person's name at the broker; empty before the key is enrolled.
    """

    id: str
    name: str


class Devices:
    """The devices of one gateway.

    Args:
        folder: of their keys.

    Raises:
        StorageFault: the folder can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "devices"
        self._lock = threading.Lock()
        self._base = sqlite.connect(folder / "devices.db", _STEPS, what="devices", any_thread=True)

    @staticmethod
    def new_secret() -> str:
        """Return the secret of a new device, for its cookie."""
        return secrets.token_urlsafe(32)

    def find(self, secret: str, event: str, asked: str, wall: int) -> DeviceKey:
        """Return the key for a name in an event; a new one, not kept yet, where there is none.

        Args:
            secret: of the device.
            event: the event to report on.
            asked: the name that the person gave.
            wall: microseconds since 1970 UTC.

        Raises:
            Conflict: on this device somebody reports on the event under another name.
            StorageFault: the keys can't be read.
        """
        device, folded = _hash(secret), _fold(asked)
        query = "SELECT name FROM reporters WHERE device = ? AND event = ? AND until > ?"
        for (other,) in self._read(query, (device, event, wall)):
            if _fold(other) != folded:
                raise Conflict(
                    f"on this device {other} reports on this event, and a device has one reporter"
                    f" in an event: sign in as {other}"
                )
        query = "SELECT id, name FROM paired WHERE device = ? AND event = ? AND until > ?"
        for id_, name in self._read(query, (device, event, wall)):
            return DeviceKey(id_, name)
        query = "SELECT id, name FROM keys WHERE device = ? AND asked = ?"
        for id_, name in self._read(query, (device, folded)):
            return DeviceKey(id_, name)
        return DeviceKey(uuid.uuid4().hex, "")

    def keep(
        self, secret: str, event: str, asked: str, key: DeviceKey, wall: int, until: int
    ) -> None:
        """Keep a key that is enrolled, and that it is the device's in an event.

        Args:
            secret, event, asked, wall: as those of `find`.
            key: with the person's name at the broker.
            until: for how long no other name reports on the event, microseconds since 1970 UTC.

        Raises:
            StorageFault: it can't be stored.
        """
        device = _hash(secret)
        if self._read("SELECT id FROM keys WHERE id = ? AND device != ?", (key.id, device)):
            self._write("UPDATE keys SET used = ? WHERE id = ?", (wall, key.id))
        else:
            self._write(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (device, asked) DO UPDATE SET used = excluded.used",
                (device, _fold(asked), key.id, key.name, wall),
            )
        self._note_reporter(device, event, asked, until)
        self._sweep(wall)

    def pair(
        self, secret: str, event: str, asked: str, key: DeviceKey, wall: int, until: int
    ) -> None:
        """Keep that a device's reporter in an event has a key of another device.

        Args:
            secret, event, asked, wall, until: as those of `keep`.
            key: of the other device, enrolled.

        Raises:
            Conflict: on this device somebody else reports on the event.
            StorageFault: it can't be stored.
        """
        self.find(secret, event, asked, wall)
        device = _hash(secret)
        self._write(
            "INSERT OR REPLACE INTO paired VALUES (?, ?, ?, ?, ?)",
            (device, event, key.id, key.name, until),
        )
        self._note_reporter(device, event, asked, until)

    def _note_reporter(self, device: bytes, event: str, asked: str, until: int) -> None:
        self._write(
            "INSERT INTO reporters VALUES (?, ?, ?, ?)"
            " ON CONFLICT (device, event)"
            " DO UPDATE SET name = excluded.name, until = excluded.until",
            (device, event, asked, until),
        )

    def folder(self, id_: str) -> Path:
        """Return the folder of a key."""
        return self._folder / id_

    def clear(self, id_: str) -> None:
        """Remove the folder of a key that is not kept."""
        shutil.rmtree(self.folder(id_), ignore_errors=True)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _sweep(self, wall: int) -> None:
        """Forget what nobody has used for long."""
        self._write("DELETE FROM reporters WHERE until <= ?", (wall,))
        self._write("DELETE FROM paired WHERE until <= ?", (wall,))
        query = "SELECT id FROM keys WHERE used <= ? LIMIT ?"
        for (id_,) in self._read(query, (wall - KEPT_DAYS * _DAY, SWEPT)):
            self._write("DELETE FROM keys WHERE id = ?", (id_,))
            self.clear(id_)

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[str, ...]]:
        try:
            with self._lock:
                return self._base.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StorageFault(f"devices: {error}") from error

    def _write(self, statement: str, values: Sequence[object]) -> None:
        try:
            with self._lock:
                self._base.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFault(f"devices: {error}") from error


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
