"""The organisers of a gateway, their events, and whom they have put out, on disk.

Each organiser is a peer with a key of its own, which owns the events that the organiser creates. A
browser or program shows an organiser's token, 32 random bytes, of which the file holds the hash.
Tested in `tests/unit/gateway/organising/test_organisers.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...protocol.errors import Overloaded, StorageFault
from ...protocol.times import SECOND
from ...runtime import sqlite

MOST = 1_000
"""The most organisers of one gateway."""

TOKENS = 20
"""The most tokens of one organiser; a further one ends the oldest."""

TOKEN_DAYS = 90
"""How long a token is valid."""

_STEPS: dict[int, sqlite.Step] = {
    1: """
CREATE TABLE IF NOT EXISTS organisers (
    id TEXT PRIMARY KEY, peer TEXT NOT NULL UNIQUE, name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    hash BLOB PRIMARY KEY, organiser TEXT NOT NULL, expires INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    event TEXT PRIMARY KEY, organiser TEXT NOT NULL, hosted INTEGER NOT NULL, code BLOB,
    created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_organiser ON events (organiser, created);
CREATE TABLE IF NOT EXISTS barred (
    event TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (event, key)
);
"""
}


class Organiser(NamedTuple):
    """A person who organises events.

    Args:
        id: names the folder of the key.
        peer: the id of the key.
        name: the person's name at the broker.
    """

    id: str
    peer: str
    name: str


class Organisers:
    """The organisers of one gateway.

    Args:
        folder: of their keys.

    Raises:
        StorageFault: the folder can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "organisers"
        self._lock = threading.Lock()
        path = folder / "organisers.db"
        self._base = sqlite.connect(path, _STEPS, what="organisers", any_thread=True)

    def new_id(self) -> str:
        """Return the id of a new organiser, not kept yet.

        Raises:
            Overloaded: there are too many organisers.
        """
        ((count,),) = self._run("SELECT count(*) FROM organisers")
        if count >= MOST:
            raise Overloaded(f"{count:,} organisers, at most {MOST:,} at one gateway")
        return uuid.uuid4().hex

    def folder(self, id_: str) -> Path:
        """Return the folder of an organiser's key."""
        return self._folder / id_

    def keep(self, organiser: Organiser) -> Organiser:
        """Keep an organiser; return the one that is kept under the same key, if there is one."""
        self._run("INSERT OR IGNORE INTO organisers VALUES (?, ?, ?)", organiser)
        return self.by_peer(organiser.peer) or organiser

    def by_peer(self, peer: str) -> Organiser | None:
        """Return the organiser with a key, by its id; None where there is none."""
        rows = self._run("SELECT id, peer, name FROM organisers WHERE peer = ?", (peer,))
        return Organiser(*rows[0]) if rows else None

    def grant(self, organiser: Organiser, wall: int) -> tuple[str, int]:
        """Return a new token of an organiser and when it ends.

        Args:
            organiser: one that is kept.
            wall: microseconds since 1970 UTC.
        """
        token, expires = secrets.token_urlsafe(32), wall + TOKEN_DAYS * 86_400 * SECOND
        self._run("DELETE FROM tokens WHERE expires <= ?", (wall,))
        self._run("INSERT INTO tokens VALUES (?, ?, ?)", (_hash(token), organiser.id, expires))
        self._run(
            "DELETE FROM tokens WHERE organiser = ? AND hash NOT IN (SELECT hash FROM tokens"
            " WHERE organiser = ? ORDER BY expires DESC LIMIT ?)",
            (organiser.id, organiser.id, TOKENS),
        )
        return token, expires

    def find(self, token: str, wall: int) -> Organiser | None:
        """Return the organiser of a token; None where there is none, or the token has ended."""
        rows = self._run(
            "SELECT id, peer, name FROM tokens JOIN organisers ON id = organiser"
            " WHERE hash = ? AND expires > ?",
            (_hash(token), wall),
        )
        return Organiser(*rows[0]) if rows else None

    def end(self, token: str) -> None:
        """End a token."""
        self._run("DELETE FROM tokens WHERE hash = ?", (_hash(token),))

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def add(self, event: str, organiser: Organiser, code: str, wall: int, *, hosted: bool) -> None:
        """Keep an event of an organiser.

        Args:
            event: its id.
            organiser: who has created it.
            code: what reporters have to know here; empty: nothing.
            wall: microseconds since 1970 UTC.
            hosted: whether the gateway's own host serves it.
        """
        self._run(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)",
            (event, organiser.id, hosted, _hash(code) if code else None, wall),
        )

    def events(self, organiser: Organiser, most: int) -> list[str]:
        """Return the ids of an organiser's newest events, the newest first."""
        rows = self._run(
            "SELECT event FROM events WHERE organiser = ? ORDER BY created DESC, rowid DESC"
            " LIMIT ?",
            (organiser.id, most),
        )
        return [event for (event,) in rows]

    def hosted(self, since: int) -> list[str]:
        """Return the events that the gateway's own host serves, created since a time."""
        rows = self._run("SELECT event FROM events WHERE hosted AND created >= ?", (since,))
        return [event for (event,) in rows]

    def host(self, event: str) -> None:
        """Note that the gateway's own host serves an event from now on."""
        self._run("UPDATE events SET hosted = 1 WHERE event = ?", (event,))

    def takes_code(self, event: str) -> bool:
        """Return whether reporters of an event need a code of its organiser's."""
        rows = self._run("SELECT code FROM events WHERE event = ?", (event,))
        return bool(rows) and rows[0][0] is not None

    def opens(self, event: str, code: str) -> bool:
        """Return whether a code is the one that reporters of an event need."""
        rows = self._run("SELECT code FROM events WHERE event = ?", (event,))
        return bool(rows) and hmac.compare_digest(rows[0][0] or b"", _hash(code))

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def bar(self, event: str, key: str) -> None:
        """Keep that the key of a device may not report on an event here."""
        self._run("INSERT OR IGNORE INTO barred VALUES (?, ?)", (event, key))

    def is_barred(self, event: str, key: str) -> bool:
        """Return whether the key of a device may not report on an event here."""
        return bool(self._run("SELECT 1 FROM barred WHERE event = ? AND key = ?", (event, key)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _run(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._base.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StorageFault(f"organisers: {error}") from error


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
