"""The reports that the host has not yet confirmed as stored, on the reporter's disk.

It uses SQLite from the standard library, since a one-shot `touchline report` should start at once.
Every report is committed before it is sent: a reporter that is killed at any moment loses no report
that it has numbered, and uses no number twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ...protocol.errors import StorageFault
from ...protocol.messages import Happening, Invitation, Said
from ...runtime import sqlite

TABLES = """
CREATE TABLE IF NOT EXISTS said (n INTEGER PRIMARY KEY, report BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
"""The tables of an outbox in the first version of its file."""

STEPS: Mapping[int, sqlite.Step] = {1: TABLES}
"""Of an outbox that stands alone; see `sqlite.connect`."""

NAMES_OF_HOST: Mapping[str, Mapping[str, int | str]] = {
    "delete": {"entry": "of another host"},
    "amend": {"entry": "of another host"},
    "state": {"entry": "of another host"},
    "answer": {"claim": 0},
    "undo": {"n": 0},
}
"""By title, the details that name an entry, a claim or a report by a host's own count, each with
what no host has."""

Moved = Mapping[int, int]
"""The new number of each pending report whose number has changed, by the old one."""


class Outbox:
    """The outbox of one reporter for one event.

    Args:
        path: its file; missing folders are made.
        renumbered: called when numbers change, within the transaction that changes them.
        steps: of its tables, where its owner stores more beside the reports.

    Raises:
        StorageFault: the file can't be opened or written.
    """

    def __init__(
        self,
        path: Path,
        renumbered: Callable[[Moved], None] = lambda moved: None,
        steps: Mapping[int, sqlite.Step] = STEPS,
    ) -> None:
        self._path = path
        self._renumbered = renumbered
        self._base = sqlite.connect(path, steps, what="outbox")

    def add(self, event: Happening, time: int, seen: int = 0) -> Said:
        """Store a new report under the next number, and return it.

        Args:
            event: what happened.
            time: the reporter's wall clock, microseconds.
            seen: the number of the newest open claim that the reporter had been shown.
        """
        with self.transaction():
            return self.append(event, time, seen)

    @property
    def database(self) -> sqlite3.Connection:
        """The database, for what the owner of the outbox stores beside the reports."""
        return self._base

    @property
    def last(self) -> int:
        """The newest number of a report; 0 before the first."""
        return self._number("last")

    def pending(self) -> list[Said]:
        """Return the reports that are not confirmed, in the order of their numbers.

        Raises:
            StorageFault: the file can't be read.
        """
        try:
            rows = self._base.execute("SELECT report FROM said ORDER BY n").fetchall()
            return [msgspec.msgpack.decode(report, type=Said) for (report,) in rows]
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def count(self) -> int:
        """Return how many reports are not confirmed.

        Raises:
            StorageFault: the file can't be read.
        """
        try:
            return int(self._base.execute("SELECT COUNT(*) FROM said").fetchone()[0])
        except sqlite3.Error as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def confirmed(self, n: int) -> None:
        """Delete the reports that the host has stored, which are those up to number `n`."""
        with self.transaction():
            self._forget(n)

    def attached(self, n: int, host: bytes = b"", journal: str = "") -> dict[int, int]:
        """Agree on the count with a host that has stored this reporter's reports up to `n`.

        Where the host counts otherwise, the pending reports are numbered on from `n`. This happens
        when this outbox replaces a lost one, or when another host, with a journal of its own, has
        taken over the event: what that one counts up to `n` is not what is pending here.

        Args:
            n: the host's count.
            host: its public key; empty where it is not known.
            journal: the name of the journal that it shares with other hosts; empty: with none.

        Returns:
            the new number of each pending report whose number changed, by the old one.
        """
        with self.transaction():
            last, floor = self._number("last"), self._number("confirmed")
            agreed = floor <= n <= last if self._number("met") else n == 0
            before, shared = self._stored("host"), self._stored("journal")
            same = bool(journal) and journal.encode() == shared
            elsewhere = bool(host and before) and host != before and not same
            agreed = agreed and not elsewhere
            self._keep("met", 1)
            self._keep("host", host or before)
            self._keep("journal", journal.encode())
            if agreed:
                self._forget(n)
                return {}
            return self._renumber(n, elsewhere=elsewhere)

    def append(self, event: Happening, time: int, seen: int = 0) -> Said:
        """Store a new report as `add` does, within a transaction of the caller."""
        said = Said(n=self._number("last") + 1, time=time, event=event, seen=seen)
        self._keep("last", said.n)
        self._base.execute("INSERT INTO said VALUES (?, ?)", (said.n, msgspec.msgpack.encode(said)))
        return said

    def _forget(self, n: int) -> None:
        self._base.execute("DELETE FROM said WHERE n <= ?", (n,))
        self._keep("last", max(n, self._number("last")))
        self._keep("confirmed", max(n, self._number("confirmed")))

    def _renumber(self, n: int, *, elsewhere: bool) -> dict[int, int]:
        pending = self.pending()
        moved = {said.n: place for place, said in enumerate(pending, n + 1)}
        self._base.execute("DELETE FROM said")
        for said in pending:
            event = _redirected(said.event, moved, elsewhere=elsewhere)
            again = msgspec.structs.replace(said, n=moved[said.n], event=event)
            report = msgspec.msgpack.encode(again)
            self._base.execute("INSERT INTO said VALUES (?, ?)", (again.n, report))
        self._keep("last", n + len(pending))
        self._keep("confirmed", n)
        self._renumbered(moved)
        return moved

    @property
    def invitation(self) -> Invitation | None:
        """The newest stored invitation, without its token, see `sealed_token`; None where there is
        none. An outbox of a release that did not seal has the token in it."""
        try:
            row = self._base.execute("SELECT value FROM state WHERE name = 'invitation'").fetchone()
            return msgspec.msgpack.decode(row[0], type=Invitation) if row else None
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    @property
    def sealed_token(self) -> bytes:
        """The token of the stored invitation, as its reporter has sealed it; empty where there is
        none."""
        try:
            return self._stored("token")
        except sqlite3.Error as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def keep_invitation(self, invitation: Invitation, sealed: bytes) -> None:
        """Store an invitation, so that the next run can join without the broker.

        Args:
            invitation: its token is not stored.
            sealed: what is stored instead, which only the reporter's key can read.
        """
        without = msgspec.structs.replace(invitation, token="")
        with self.transaction():
            self._keep("invitation", msgspec.msgpack.encode(without))
            self._keep("token", sealed)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _stored(self, name: str) -> bytes:
        row = self._base.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else b""

    def _number(self, name: str) -> int:
        row = self._base.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _keep(self, name: str, value: int | bytes) -> None:
        self._base.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def transaction(self) -> _Transaction:
        """Return a context whose statements are committed together, or not at all where one fails.

        Raises:
            StorageFault: the file can't be written.
        """
        return _Transaction(self._base, self._path)


def _redirected(event: Happening, moved: dict[int, int], *, elsewhere: bool) -> Happening:
    """Return an undo with the new number of its report; return any other event as it is.

    Where another host is to get it, what it names of the host before is named so that the other
    refuses it: there, the same number is of another entry, claim or report.
    """
    details = event.details or {}
    if event.title == "undo" and details.get("n") in moved:
        return msgspec.structs.replace(event, details=details | {"n": moved[int(details["n"])]})
    if not elsewhere or event.title not in NAMES_OF_HOST:
        return event
    named = details.keys() & NAMES_OF_HOST[event.title].keys()
    gone = {name: NAMES_OF_HOST[event.title][name] for name in named}
    return msgspec.structs.replace(event, details=details | gone) if gone else event


class _Transaction:
    """A transaction. It begins with BEGIN IMMEDIATE, so that two commands of one reporter never
    take the same number."""

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
        # SQLite rolls back by itself on a full disk, but not after a failed commit.
        if self._base.in_transaction:
            self._base.execute("ROLLBACK")

    def _run(self, statement: str) -> None:
        try:
            self._base.execute(statement)
        except sqlite3.Error as error:
            self._roll_back()
            raise StorageFault(f"outbox {self._path}: {error}") from error
