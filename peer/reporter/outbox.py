"""What a reporter has said and the host has not yet confirmed as stored, on disk.

SQLite from the standard library, since a one-shot `touchline report` should start at once. Every
statement is committed before it is sent: a reporter killed at any moment has lost nothing it
counted, and uses no number twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ...protocol.errors import StorageFault
from ...protocol.messages import Happening, Invitation, Said
from ...runtime import sqlite

_SCHEMA = """
CREATE TABLE IF NOT EXISTS said (n INTEGER PRIMARY KEY, report BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


Moved = Mapping[int, int]
"""The new number of each pending report whose number has changed, by the old one."""


class Outbox:
    """The outbox of one reporter for one event.

    Args:
        path: its file; missing folders are made.
        renumbered: is called when numbers change, within the transaction that changes them.

    Raises:
        StorageFault: the file can't be opened or written.
    """

    def __init__(
        self, path: Path, renumbered: Callable[[Moved], None] = lambda moved: None
    ) -> None:
        self._path = path
        self._renumbered = renumbered
        self._base = sqlite.connect(path, _SCHEMA, what="outbox")

    def add(self, event: Happening, time: int) -> Said:
        """Keep a new report under the next number, and return it.

        Args:
            event: what happened.
            time: the reporter's wall clock, microseconds.
        """
        with self.transaction():
            return self.append(event, time)

    @property
    def database(self) -> sqlite3.Connection:
        """The file, for what its owner keeps there beside the reports."""
        return self._base

    @property
    def last(self) -> int:
        """The newest number that was given, 0 before the first."""
        return self._number("last")

    def pending(self) -> list[Said]:
        """Return what is not confirmed yet, in the order of its numbers.

        Raises:
            StorageFault: the file can't be read.
        """
        try:
            rows = self._base.execute("SELECT report FROM said ORDER BY n").fetchall()
            return [msgspec.msgpack.decode(report, type=Said) for (report,) in rows]
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def confirmed(self, n: int) -> None:
        """Forget what the host has stored: everything up to `n`."""
        with self.transaction():
            self._forget(n)

    def attached(self, n: int) -> dict[int, int]:
        """Agree on the count with a host that has stored this reporter's reports up to `n`.

        What is pending is numbered on from `n` where the host counts otherwise: because this
        outbox is a new one after an old one was lost, or because another host, with a journal of
        its own, has taken the event over.

        Returns:
            the new number of each pending report whose number changed, by the old one.
        """
        with self.transaction():
            last, floor = self._number("last"), self._number("confirmed")
            agreed = floor <= n <= last if self._number("met") else n == 0
            self._keep("met", 1)
            if agreed:
                self._forget(n)
                return {}
            return self._renumber(n)

    def append(self, event: Happening, time: int) -> Said:
        """Keep a new report as `add` does, within a transaction of the caller's."""
        said = Said(n=self._number("last") + 1, time=time, event=event)
        self._keep("last", said.n)
        self._base.execute("INSERT INTO said VALUES (?, ?)", (said.n, msgspec.msgpack.encode(said)))
        return said

    def _forget(self, n: int) -> None:
        self._base.execute("DELETE FROM said WHERE n <= ?", (n,))
        self._keep("last", max(n, self._number("last")))
        self._keep("confirmed", max(n, self._number("confirmed")))

    def _renumber(self, n: int) -> dict[int, int]:
        pending = self.pending()
        moved = {said.n: place for place, said in enumerate(pending, n + 1)}
        self._base.execute("DELETE FROM said")
        for said in pending:
            event = _redirected(said.event, moved)
            report = msgspec.msgpack.encode(Said(n=moved[said.n], time=said.time, event=event))
            self._base.execute("INSERT INTO said VALUES (?, ?)", (moved[said.n], report))
        self._keep("last", n + len(pending))
        self._keep("confirmed", n)
        self._renumbered(moved)
        return moved

    @property
    def invitation(self) -> Invitation | None:
        """The newest invitation that was kept."""
        try:
            row = self._base.execute("SELECT value FROM state WHERE name = 'invitation'").fetchone()
            return msgspec.msgpack.decode(row[0], type=Invitation) if row else None
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def keep_invitation(self, invitation: Invitation) -> None:
        """Keep the way in, so that the broker is not needed next time."""
        with self.transaction():
            self._keep("invitation", msgspec.msgpack.encode(invitation))

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _number(self, name: str) -> int:
        row = self._base.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _keep(self, name: str, value: int | bytes) -> None:
        self._base.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def transaction(self) -> _Transaction:
        """Return a context in which all is committed together, or nothing where it fails.

        Raises:
            StorageFault: the disk refused.
        """
        return _Transaction(self._base, self._path)


def _redirected(event: Happening, moved: dict[int, int]) -> Happening:
    """Return an undo of a report whose number has changed with the new one, all else as it is."""
    details = event.details or {}
    if event.title != "undo" or details.get("n") not in moved:
        return event
    return msgspec.structs.replace(event, details=details | {"n": moved[int(details["n"])]})


class _Transaction:
    """BEGIN IMMEDIATE, so that two commands of one reporter never take the same number."""

    def __init__(self, base: sqlite3.Connection, path: Path) -> None:
        self._base = base
        self._path = path

    def __enter__(self) -> None:
        self._run("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self._run("COMMIT")
            return
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def _roll_back(self) -> None:
        # A full disk makes SQLite roll back by itself, a failed commit leaves it to us.
        if self._base.in_transaction:
            self._base.execute("ROLLBACK")

    def _run(self, statement: str) -> None:
        try:
            self._base.execute(statement)
        except sqlite3.Error as error:
            self._roll_back()
            raise StorageFault(f"outbox {self._path}: {error}") from error
