"""Databases are brought from one release to the next: all of it, or nothing.

What the databases of a release hold afterwards is in `test_release_files.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.releases import load, load_postgresql
from touchline.broker import migrations, tables
from touchline.broker.database import SqlRegistry
from touchline.gateway.organising.organisers import Organisers
from touchline.gateway.reporting import web_sessions
from touchline.gateway.reporting.devices import Devices
from touchline.gateway.reporting.outbox import IdempotentOutbox
from touchline.gateway.reporting.web_sessions import WebSessions
from touchline.gateway.webhooks.routes import WebhookRegistry
from touchline.peer.host import journal
from touchline.peer.host.journal import Journal
from touchline.peer.reporter.outbox import Outbox
from touchline.protocol.errors import StorageFault
from touchline.runtime import schema, sqlite


class Kind(NamedTuple):
    """A database that SQLAlchemy holds: its fixture, what opens it, and its tables of today."""

    name: str
    open: Callable[[str], Any]
    declared: tuple[sa.MetaData, ...]
    newer: str


KINDS = {
    "registry": Kind(
        "registry", SqlRegistry, (tables.ALL, tables.SHARED), "UPDATE clock SET schema = 99"
    ),
    "journal": Kind(
        "journal",
        Journal,
        (journal._tables,),
        "UPDATE state SET value = '99' WHERE name = 'schema'",
    ),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    of: Kind = request.param
    return of


@pytest.fixture(params=["sqlite", "postgresql"])
def released(request: pytest.FixtureRequest, kind: Kind, tmp_path: Path) -> str:
    """The URL of a database of release 0.1."""
    if request.param == "sqlite":
        return load(kind.name, tmp_path / "released.db")
    url: str = request.getfixturevalue("postgresql")
    load_postgresql(kind.name, url)
    return url


def dumped(url: str) -> Any:
    """What a database holds: its tables with their columns, and the rows."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = sa.inspect(connection)
        held = {
            table: (
                sorted(column["name"] for column in found.get_columns(table)),
                sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}").all())),
            )
            for table in sorted(found.get_table_names())
        }
    engine.dispose()
    return held


def test_a_migrated_database_has_the_tables_of_a_new_one(kind: Kind, released: str) -> None:
    """Alembic finds no difference in tables, columns, types, keys and indexes."""
    kind.open(released).close()
    engine = sa.create_engine(released)
    wanted = sa.MetaData()
    for metadata in kind.declared:
        if engine.dialect.name == "sqlite" and metadata is tables.SHARED:
            continue
        for table in metadata.sorted_tables:
            table.to_metadata(wanted)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, wanted) == []
    engine.dispose()


def test_both_kinds_of_database_hold_the_same(kind: Kind, tmp_path: Path, postgresql: str) -> None:
    """What was migrated in PostgreSQL holds, table by table, the rows that SQLite's holds."""
    url = load(kind.name, tmp_path / "released.db")
    load_postgresql(kind.name, postgresql)
    held = []
    for each in (url, postgresql):
        kind.open(each).close()
        held.append(dumped(each))
    only_there = {table.name for table in tables.SHARED.sorted_tables}
    there = {table: rows for table, rows in held[1].items() if table not in only_there}
    if kind.name == "journal":
        name = next(row for row in there["state"][1] if row.startswith("('journal', "))
        there["state"][1].remove(name)  # hosts that share it know it by that
    assert there == held[0]


def test_a_second_start_changes_nothing(kind: Kind, released: str) -> None:
    """What the first start has made is as it was."""
    kind.open(released).close()
    before = dumped(released)
    kind.open(released).close()
    assert dumped(released) == before


def test_a_step_that_fails_leaves_the_database_of_the_release(
    kind: Kind, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No table, column, row or version has changed, also of the steps before; tried again, it is
    migrated."""
    before = dumped(released)
    with monkeypatch.context() as patched:
        if kind.name == "registry":
            patched.setattr(
                migrations,
                "_STEPS",
                {3: migrations._to_3, 4: lambda one: migrations._run(one, "x")},
            )
        else:
            patched.setattr(journal, "SCHEMA", 3)
            patched.setattr(journal, "_STEPS", {**journal._STEPS, 3: "ALTER TABLE nowhere ADD x"})
        with pytest.raises(StorageFault):
            kind.open(released)
    assert dumped(released) == before
    kind.open(released).close()
    assert dumped(released) != before


def test_two_processes_migrate_one_database(kind: Kind, postgresql: str) -> None:
    """Of many that start at once on one database in PostgreSQL one migrates it, and all open it."""
    load_postgresql(kind.name, postgresql)
    with ThreadPoolExecutor(6) as threads:
        for opened in list(threads.map(lambda _: kind.open(postgresql), range(6))):
            opened.close()


def test_a_database_of_a_newer_program_is_refused(kind: Kind, released: str) -> None:
    """Both versions are named, and what to do; the exit code is 7, and nothing has changed."""
    kind.open(released).close()
    engine = sa.create_engine(released)
    with engine.begin() as connection:
        connection.exec_driver_sql(kind.newer)
    engine.dispose()
    before = dumped(released)
    with pytest.raises(
        StorageFault, match=r"version 99, and .* up to version \d: .*newer release.*restore"
    ) as caught:
        kind.open(released)
    assert caught.value.exit_code == 7
    assert dumped(released) == before


STORES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "outbox": ("outbox.db", lambda folder: Outbox(folder / "outbox.db")),
    "gateway outbox": ("outbox.db", lambda folder: IdempotentOutbox(folder / "outbox.db")),
    "people": ("people.db", WebSessions),
    "devices": ("devices.db", Devices),
    "organisers": ("organisers.db", Organisers),
    "webhooks": ("webhooks.db", lambda folder: WebhookRegistry(folder / "webhooks.db")),
}


@pytest.mark.parametrize(("file", "opening"), STORES.values(), ids=STORES)
def test_a_store_of_a_newer_program_is_refused(
    tmp_path: Path, file: str, opening: Callable[[Path], Any]
) -> None:
    """Each store writes its version down, and names both where it is not read."""
    opening(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() > (0,)
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageFault, match=rf"{file} has version 99, and .*newer release"):
        opening(tmp_path)


def test_sessions_of_between_two_releases(tmp_path: Path) -> None:
    """A file that had its column before it had a version gets the version alone."""
    WebSessions(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection:
        connection.execute("PRAGMA user_version = 0")
    WebSessions(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (max(web_sessions._STEPS),)


def test_a_store_whose_step_fails_is_as_it_was(tmp_path: Path) -> None:
    """Statements of one step and of those before it are taken back with it."""
    steps: dict[int, sqlite.Step] = {1: "CREATE TABLE one (x);\nCREATE TABLE two (x);"}
    sqlite.connect(tmp_path / "a.db", steps, what="a").close()
    failing = {**steps, 2: "CREATE TABLE three (x)", 3: "CREATE TABLE four (x);\nDROP TABLE none;"}
    with pytest.raises(StorageFault, match="no such table: none"):
        sqlite.connect(tmp_path / "a.db", failing, what="a")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
        assert names == [("one",), ("two",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_steps_are_run_once_and_in_order() -> None:
    """Those that a database lacks, oldest first; none where it has all."""
    steps = {1: "a", 2: "b", 3: "c"}
    assert schema.due(0, steps, "x") == ["a", "b", "c"]
    assert schema.due(2, steps, "x") == ["c"]
    assert schema.due(3, steps, "x") == []
