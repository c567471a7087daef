"""Copies of databases in use, of both kinds."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from touchline.broker.database import SqlRegistry
from touchline.broker.repository import PeerRecord
from touchline.peer import Journal
from touchline.protocol.errors import NotFound, SettingError, StorageFault
from touchline.runtime import backup


def put(registry: SqlRegistry, name: str) -> None:
    key = name.encode().ljust(32)
    with registry.begin(write=True) as repository:
        repository.put_member(PeerRecord(name, key, key[::-1], name, "host", 1))


@contextmanager
def writing(url: str) -> Iterator[SqlRegistry]:
    """A registry that is written to all the while."""
    registry = SqlRegistry(url)
    put(registry, "ann")
    stopped = threading.Event()

    def go_on() -> None:
        number = 0
        while not stopped.is_set():
            put(registry, f"peer{number}")
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield registry
    finally:
        stopped.set()
        thread.join()
        registry.close()


def consistent(url: str) -> int:
    """Return the number of peers; each has the look of its name, put in the same transaction."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        peers = connection.exec_driver_sql("SELECT count(*) FROM peers").scalar_one()
        looks = connection.exec_driver_sql("SELECT count(DISTINCT peer) FROM looks").scalar_one()
    engine.dispose()
    assert peers == looks
    return int(peers)


def test_sqlite_in_use(tmp_path: Path) -> None:
    """The copy of a database that is written to is whole, one file, and its user's alone; restored,
    it is the registry of that moment."""
    file, copy = tmp_path / "broker.db", tmp_path / "copy.db"
    with writing(f"sqlite:///{file}"):
        assert backup.save(str(file), copy) == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    there = tmp_path / "new" / "broker.db"
    backup.put_back(copy, str(there))
    assert there.stat().st_mode & 0o777 == 0o600
    assert consistent(f"sqlite:///{there}") >= 1
    registry = SqlRegistry(f"sqlite:///{there}")
    with registry.begin(write=False) as repository:
        assert repository.member("ann") is not None
    registry.close()


@pytest.mark.skipif(
    shutil.which("pg_dump") is None, reason="no pg_dump (Debian: postgresql-client)"
)
def test_postgresql_in_use(postgresql: str, tmp_path: Path) -> None:
    """So is that of a database in PostgreSQL, with its one schema alone."""
    copy = tmp_path / "copy"
    with writing(postgresql):
        assert backup.save(postgresql, copy) == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingError, match="has tables already"):
        backup.put_back(copy, postgresql)
    engine = sa.create_engine(postgresql)
    with engine.begin() as connection:
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    backup.put_back(copy, postgresql)
    assert consistent(postgresql) >= 1
    engine.dispose()


def test_a_journal_in_use_is_refused(tmp_path: Path) -> None:
    """A host keeps a journal in SQLite to itself; once it has stopped there is a copy."""
    url, copy = f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "copy"
    with closing(Journal(url)) as journal:
        journal.commit([("e", b"one")])
        with pytest.raises(StorageFault, match="keeps it to itself"):
            backup.save(url, copy)
    backup.save(url, copy)
    with closing(Journal(f"sqlite:///{copy}")) as journal:
        assert list(journal.turns("e")) == [b"one"]


def test_refused(tmp_path: Path) -> None:
    """Nothing is written over, and what is no database or no copy is refused; no error shows a
    password, and no part of a copy is left behind."""
    file, other = tmp_path / "broker.db", tmp_path / "other"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (x)")
    other.write_bytes(b"SQLite format 3\0 and nothing else")
    with pytest.raises(NotFound):
        backup.save(str(tmp_path / "none.db"), tmp_path / "copy")
    with pytest.raises(SettingError, match="exists"):
        backup.save(str(file), other)
    with pytest.raises(SettingError, match="exists"):
        backup.put_back(file, str(other))
    with pytest.raises(StorageFault):
        backup.put_back(other, str(tmp_path / "new.db"))
    with pytest.raises(StorageFault):
        backup.save(str(other), tmp_path / "copy")
    for url in ("sqlite://", "mysql://ann:opensesame@h/d", "postgresql://ann:opensesame@h:x/d"):
        with pytest.raises(SettingError) as refused:
            backup.save(url, tmp_path / "copy")
        assert "opensesame" not in refused.value.sentence
    with pytest.raises((StorageFault, SettingError)) as failed:
        backup.save("postgresql+psycopg://ann:opensesame@127.0.0.1:1/x", tmp_path / "copy")
    assert "opensesame" not in failed.value.sentence
    with pytest.raises(SettingError, match="no copy of a PostgreSQL"):
        backup.put_back(file, "postgresql+psycopg://127.0.0.1:1/x")
    wal = tmp_path / "gone.db-wal"
    wal.write_bytes(b"x")
    with pytest.raises(SettingError, match=r"gone\.db-wal exists"):
        backup.put_back(file, str(tmp_path / "gone.db"))
    assert {path.name for path in tmp_path.iterdir()} == {"broker.db", "other", "gone.db-wal"}


def test_a_copy_is_written_where_nobody_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that others can write, the copy is written in a folder of this user alone, which
    is gone afterwards."""
    file = tmp_path / "broker.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE secrets (x)")
    seen: list[tuple[int, str]] = []
    copy = backup._copy

    def watched(source: Path, target: Path) -> None:
        seen.append((target.parent.stat().st_mode & 0o777, target.name))
        copy(source, target)

    monkeypatch.setattr(backup, "_copy", watched)
    backup.save(str(file), tmp_path / "copy")
    assert seen == [(0o700, "copy")]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"broker.db", "copy"}


@pytest.mark.parametrize(
    "url", ["postgresql://ann:opensesame@h/d", "postgresql://ann@h/d?password=opensesame"]
)
def test_a_password_is_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Everybody on the machine can read a program's arguments: the password is in its environment,
    wherever it stands in the URL."""
    ran: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], env: dict[str, str], **_: object) -> object:
        ran.append((command, env))
        return subprocess.CompletedProcess(command, 1, "", "no such host")

    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(StorageFault):
        backup.save(url.replace("postgresql:", "postgresql+psycopg:"), tmp_path / "copy")
    ((command, environment),) = ran
    assert "opensesame" not in " ".join(command)
    assert environment["PGPASSWORD"] == "opensesame"
