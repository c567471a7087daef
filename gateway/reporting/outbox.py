"""A person's outbox for one event, with the browser's id and the fate of each report.

A report and its id are stored in one transaction: a gateway that is killed at any moment has kept
both or neither, so that a report that the browser sends again is never counted twice.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from ...peer.reporter.core import check_size
from ...peer.reporter.outbox import TABLES, Moved, Outbox
from ...protocol import limits
from ...protocol.errors import Conflict, NotFound, Overloaded, StorageFault, TooLarge
from ...protocol.messages import Fate, Happening, Said
from ...runtime import sqlite
from .schema import DECIDED, Asked, KeptReport, Unfit

MOST_PENDING = 2_000
"""The most reports of one person that wait for the host."""

MOST_KEPT = 20_000
"""The most reports of one person that are kept in one event."""

_STEPS: dict[int, sqlite.Step] = {
    1: TABLES
    + """
CREATE TABLE IF NOT EXISTS known (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, mark BLOB NOT NULL, event BLOB NOT NULL, fate BLOB,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS known_n ON known (n);
"""
}

_COLUMNS = "id, n, event, fate, undone"

_Row = tuple[str, int, bytes, bytes | None, int]


class IdempotentOutbox:
    """An outbox that keeps a report once, however often the browser sends it.

    Args:
        path: its file; missing folders are made.

    Raises:
        StorageFault: the file can't be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self.outbox = Outbox(path, self._renumber, _STEPS)
        """The outbox from which the reporter sends."""
        self.renumbered = 0
        """How often the numbers of reports have changed since the file was opened."""
        self._path = path
        self._base = self.outbox.database

    def keep(self, reports: Iterable[Asked | Unfit]) -> tuple[list[KeptReport | Unfit], list[Said]]:
        """Keep reports in one commit; a report whose id is known stays as it is.

        Returns:
            Each report as it is kept or refused, in order; and the new reports, to be sent.

        Raises:
            Overloaded: there are too many reports; none was kept.
            StorageFault: the file can't be written; none was kept.
        """
        found: list[KeptReport | Unfit] = []
        new: list[Said] = []
        with self.outbox.transaction():
            (pending,) = self._base.execute("SELECT count(*) FROM said").fetchone()
            (count,) = self._base.execute("SELECT count(*) FROM known").fetchone()
            for report in reports:
                if isinstance(report, Unfit):
                    found.append(report)
                    continue
                known = self._known(report)
                if known is None:
                    _check_room(pending + len(new), count + len(new))
                found.append(known or self._keep_new(report, new))
        return found, new

    def kept(self, ids: Sequence[str] | None = None) -> list[KeptReport]:
        """Return the reports, oldest first: all of them, or those with one of these ids.

        Raises:
            StorageFault: the file can't be read.
        """
        try:
            if ids is None:
                rows = self._base.execute(f"SELECT {_COLUMNS} FROM known ORDER BY rowid").fetchall()
            else:
                rows = [row for row in (self._row(id_) for id_ in ids) if row]
            return [_kept(row) for row in rows]
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"outbox {self._path}: {error}") from error

    def undecided(self) -> dict[int, str]:
        """Return the outcome of each report that is not final, by number; empty without one."""
        return {
            kept.n: "" if kept.fate is None else kept.fate.outcome
            for kept in self.kept()
            if kept.n and (kept.fate is None or kept.fate.outcome not in DECIDED)
        }

    def record(self, fates: Mapping[int, Fate]) -> list[KeptReport]:
        """Store the new fates of reports, by number, and return these reports."""
        with self.outbox.transaction():
            rows: list[_Row] = []
            for n, fate in fates.items():
                self._base.execute(
                    "UPDATE known SET fate = ? WHERE n = ?", (msgspec.msgpack.encode(fate), n)
                )
                found = self._base.execute(f"SELECT {_COLUMNS} FROM known WHERE n = ?", (n,))
                rows += found.fetchall()
        return [_kept(row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self.outbox.close()

    def _row(self, id_: str) -> _Row | None:
        found: _Row | None = self._base.execute(
            f"SELECT {_COLUMNS} FROM known WHERE id = ?", (id_,)
        ).fetchone()
        return found

    def _known(self, report: Asked) -> KeptReport | Unfit | None:
        row = self._row(report.id) if report.id else None
        if row is None:
            return None
        (mark,) = self._base.execute("SELECT mark FROM known WHERE id = ?", (row[0],)).fetchone()
        if mark != report.mark:
            reason = (
                f"id {report.id!r} belongs to another report; give each report an id of its own"
            )
            return Unfit(report.id, Conflict.code, reason)
        return _kept(row)

    def _keep_new(self, report: Asked, new: list[Said]) -> KeptReport | Unfit:
        event, target = report.event, None
        if event.title == "undo" and "report" in (event.details or {}):
            target = self._row(str((event.details or {})["report"]))
            if target is None or not target[1]:
                return Unfit(report.id, NotFound.code, "you have no such report to take back")
            event = msgspec.structs.replace(event, details={"n": target[1]})
        size = check_size(Said(n=2**62, time=report.said, event=event, seen=report.seen))
        if size > limits.FRAME_BYTES:
            reason = f"report of {size:,} bytes, at most {limits.FRAME_BYTES:,} allowed"
            return Unfit(report.id, TooLarge.code, reason)
        said = self.outbox.append(event, report.said, report.seen)
        new.append(said)
        id_ = report.id or uuid.uuid4().hex
        self._base.execute(
            "INSERT INTO known (id, n, mark, event) VALUES (?, ?, ?, ?)",
            (id_, said.n, report.mark, msgspec.msgpack.encode(event)),
        )
        if event.title == "undo":
            n = (event.details or {}).get("n")
            self._base.execute("UPDATE known SET undone = 1 WHERE n = ? AND n > 0", (n,))
        return KeptReport(id_, said.n, event, None)

    def _renumber(self, moved: Moved) -> None:
        """Give pending reports their new numbers; the host knows no other of their old ones."""
        self.renumbered += 1
        self._base.execute("UPDATE known SET n = -n")
        for before, after in moved.items():
            self._base.execute("UPDATE known SET n = ? WHERE n = ?", (after, -before))
        self._base.execute("UPDATE known SET n = 0 WHERE n < 0")


def _check_room(pending: int, count: int) -> None:
    for have, most, what in (
        (pending, MOST_PENDING, "wait for the host"),
        (count, MOST_KEPT, "were made in this event"),
    ):
        if have >= most:
            raise Overloaded(f"{have:,} of your reports {what}, at most {most:,} allowed")


def _kept(row: _Row) -> KeptReport:
    id_, n, event, fate, undone = row
    return KeptReport(
        id_,
        n,
        msgspec.msgpack.decode(event, type=Happening),
        None if fate is None else msgspec.msgpack.decode(fate, type=Fate),
        bool(undone),
    )
