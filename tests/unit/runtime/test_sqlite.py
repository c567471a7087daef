"""Databases of SQLite, opened by the standard library and through SQLAlchemy alike."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from touchline.protocol.errors import StorageFault
from touchline.runtime import sqlite
from touchline.runtime.database import cause, file_of, is_sqlite, open_engine

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT);"


@contextmanager
def through_driver(path: Path) -> Iterator[Callable[[str], Any]]:
    with closing(sqlite.connect(path, {1: SCHEMA}, what="words")) as connection:
        yield lambda statement: connection.execute(statement).fetchone()


@contextmanager
def through_sqlalchemy(path: Path, url: str = "sqlite:///{}") -> Iterator[Callable[[str], Any]]:
    engine = open_engine(make_url(url.format(path)))
    with engine.connect() as connection:
        connection.exec_driver_sql(SCHEMA)

        def run(statement: str) -> Any:
            found = connection.exec_driver_sql(statement)
            row = found.fetchone() if found.returns_rows else None
            connection.commit()
            return row

        yield run
    engine.dispose()


def through_uri(path: Path) -> AbstractContextManager[Callable[[str], Any]]:
    return through_sqlalchemy(path, "sqlite:///file:{}?uri=true&cache=private")


each_way = pytest.mark.parametrize("opened", [through_driver, through_sqlalchemy, through_uri])


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Everybody may do everything with what is made without a mode."""
    before = os.umask(0)
    yield
    os.umask(before)


@each_way
def test_what_is_committed_survives_a_loss_of_power(opened: Any, tmp_path: Path) -> None:
    """There is a write-ahead log, and it is synced at each commit."""
    with opened(tmp_path / "words.db") as run:
        assert run("PRAGMA journal_mode") == ("wal",)
        assert run("PRAGMA synchronous") == (2,)


@each_way
@pytest.mark.usefixtures("open_umask")
def test_only_its_user_can_read_a_database(opened: Any, tmp_path: Path) -> None:
    """Nor the files that SQLite keeps beside it, nor the folders made for it."""
    with opened(tmp_path / "new/folder/words.db") as run:
        run("INSERT INTO words VALUES ('goal')")
        found = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").rglob("*")
        }
    assert found == {
        "folder": 0o700,
        "words.db": 0o600,
        "words.db-shm": 0o600,
        "words.db-wal": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@each_way
def test_a_database_of_before_is_taken_from_others(opened: Any, tmp_path: Path) -> None:
    """Its content stays, and no other user can read it any more."""
    path = tmp_path / "words.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE words (word TEXT)")
        connection.execute("INSERT INTO words VALUES ('goal')")
        connection.commit()
    path.chmod(0o640)
    with opened(path) as run:
        assert run("SELECT word FROM words") == ("goal",)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_database_in_memory_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a name that is no path."""
    monkeypatch.chdir(tmp_path)
    sqlite.connect(Path(":memory:"), {1: SCHEMA}, what="words").close()
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"):
        open_engine(make_url(url)).dispose()
        assert file_of(make_url(url)) is None
    for uri in ("file::memory:", "file:words?mode=memory&cache=shared", "file:/words?vfs=memdb"):
        sqlite.create(uri, uri=True)
        sqlite3.connect(uri, uri=True).close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "query", "file"),
    [
        ("words.db", {}, "words.db"),
        ("file:words.db", {}, "file:words.db"),
        ("words.db", {"uri": "true"}, "words.db"),
        ("file:words.db", {"uri": "true"}, "words.db"),
        ("file:new/words.db", {"uri": "1", "mode": "rwc"}, "new/words.db"),
        ("file:goals%20%26%20fouls%3f.db#kept", {"uri": "true"}, "goals & fouls?.db"),
    ],
)
def test_the_file_is_the_one_that_sqlite_opens(
    name: str, query: dict[str, str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a path or a URI names it, SQLite finds it made and makes none of its own."""
    monkeypatch.chdir(tmp_path)
    url = URL.create("sqlite", database=name, query=query)
    engine = open_engine(url)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / file]
    with engine.connect() as connection:
        connection.exec_driver_sql(SCHEMA)
        ((*_, opened),) = connection.exec_driver_sql("PRAGMA database_list")
    engine.dispose()
    assert Path(opened) == tmp_path / file
    found = file_of(url)
    assert found is not None
    assert found.absolute() == tmp_path / file


@pytest.mark.parametrize("name", ["words.db?mode=ro", "words.db?mode=rw", "//elsewhere/words.db"])
def test_what_sqlite_would_not_create_is_not_created(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URI may ask for a file that is there, or name another machine."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///file:{name}{'&' if '?' in name else '?'}uri=true"
    with pytest.raises(SQLAlchemyError):
        open_engine(make_url(url)).connect()
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_opened_is_a_fault_that_names_it(tmp_path: Path) -> None:
    """A file that is no database, and a folder that can't be made."""
    (tmp_path / "text").write_text("no database, and longer than its header " * 10)
    with pytest.raises(StorageFault, match=r"words .*/text: file is not a database"):
        sqlite.connect(tmp_path / "text", {1: SCHEMA}, what="words")
    with pytest.raises(StorageFault, match=r"words .*/words.db: .*File exists"):
        sqlite.connect(tmp_path / "text/words.db", {1: SCHEMA}, what="words")


def test_other_threads_may_use_it_where_it_says_so(tmp_path: Path) -> None:
    """The driver refuses them unless the caller takes care of their turns."""
    failures: list[str] = []

    def use(connection: sqlite3.Connection) -> None:
        try:
            connection.execute("INSERT INTO words VALUES ('goal')")
        except sqlite3.ProgrammingError as error:
            failures.append(str(error))

    for any_thread in (True, False):
        path = tmp_path / f"{any_thread}.db"
        with closing(
            sqlite.connect(path, {1: SCHEMA}, what="words", any_thread=any_thread)
        ) as connection:
            thread = threading.Thread(target=use, args=(connection,))
            thread.start()
            thread.join()
            assert bool(failures) is not any_thread


def test_own_pragmas_come_before_the_shared_ones(tmp_path: Path) -> None:
    """Exclusive locking asked for before the log is made leaves out its shared memory."""
    url = make_url(f"sqlite:///{tmp_path}/words.db")
    assert is_sqlite(url)
    for word in ("goal", "foul"):
        engine = open_engine(url, pragmas=("locking_mode = EXCLUSIVE",))
        with engine.connect() as connection:
            connection.exec_driver_sql(SCHEMA)
            connection.exec_driver_sql(f"INSERT INTO words VALUES ('{word}')")
            connection.commit()
            assert {path.name for path in tmp_path.iterdir()} == {"words.db", "words.db-wal"}
        engine.dispose()


def test_another_database_is_left_to_its_driver() -> None:
    """No file is made for it."""
    url = make_url("postgresql+psycopg://club@db.example/club")
    assert not is_sqlite(url)
    engine = open_engine(url, pool_size=1)
    assert engine.dialect.name == "postgresql"
    engine.dispose()


def test_the_cause_of_an_error_is_one_line(tmp_path: Path) -> None:
    """What SQLAlchemy adds, the statement and its parameters, is left out."""
    engine = open_engine(make_url(f"sqlite:///{tmp_path}/words.db"))
    with engine.connect() as connection, pytest.raises(SQLAlchemyError) as failed:
        connection.exec_driver_sql("SELECT word FROM words")
    assert cause(failed.value) == "no such table: words"
    engine.dispose()
