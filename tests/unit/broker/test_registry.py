from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from touchline.broker.books import Record, Tenure, Ticket
from touchline.broker.registry import SCHEMA, SqlRegistry
from touchline.protocol.errors import SettingError, StorageFault
from touchline.protocol.messages import Card, Endpoints, Timing

CARD = Card(
    event="final-ab12",
    title="Finál \x00 ⚽",
    sport="football",
    origins=["Argentina", "France"],
    created=5,
    lineups={"France": ["Mbappé"]},
    rules={"minutes": 90, "deep": {"list": [1.5, None, True]}},
    timing=Timing(starts=1, speed=0.0),
)
ENDPOINTS = Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")


@pytest.fixture
def registry(database_url: str) -> Iterator[SqlRegistry]:
    registry = SqlRegistry(database_url)
    with registry.begin(write=True) as books:
        books.put_peer("ann", "Ann")
        books.add_event(CARD, "ann", "key")
    yield registry
    registry.close()


def test_everything_is_kept(registry: SqlRegistry, database_url: str) -> None:
    """What was committed is there for whoever opens the database next, to the last value."""
    tenure = Tenure(CARD.event, "i", "ann", 2**53, 2**62, ENDPOINTS, expires=10)
    ticket = Ticket("token", "ann", CARD.event, "host", 10)
    with registry.begin(write=True) as books:
        books.put_peer("ann", "Ann B.")
        books.bind(b"\x01\xff\x00", "ann", 1)
        books.put_tenure(tenure)
        books.add_ticket(ticket)
    registry.close()
    other = SqlRegistry(database_url)
    with other.begin(write=False) as books:
        assert books.peer_of(b"\x01\xff\x00") == "ann"
        assert books.peer_of(b"\x01\xff") is None
        assert books.peer_name("ann") == "Ann B."
        assert books.event(CARD.event) == Record(CARD, "ann") == books.created("ann", "key")
        assert books.event("x") is books.created("bob", "key") is None
        assert books.tenure(CARD.event) == books.tenure(CARD.event, "i") == tenure
        assert books.tenure(CARD.event, "j") is books.tenure("x") is None
        assert books.ticket("token") == ticket
        assert books.ticket("x") is None
    other.close()


def test_error_undoes(registry: SqlRegistry) -> None:
    """An error within a transaction undoes all of it and comes out as it is."""

    def change_mind() -> None:
        with registry.begin(write=True) as books:
            books.set_status(CARD.event, "live")
            raise KeyError

    with pytest.raises(KeyError):
        change_mind()
    with registry.begin(write=False) as books:
        record = books.event(CARD.event)
    assert record is not None
    assert record.card.status == "scheduled"


def test_changes(registry: SqlRegistry) -> None:
    """Changes come in order, each event at its newest, none before the revision one names."""
    with registry.begin(write=True) as books:
        for event in "ab":
            books.add_event(Card(event=event, title="", sport="", origins=[]), "ann", event)
        books.set_status(CARD.event, "live")
    with registry.begin(write=False) as books:
        changes = list(books.changes(0))
        assert [(n, card.event) for n, card in changes] == [(2, "a"), (3, "b"), (4, CARD.event)]
        assert changes[-1][1].status == "live"
        assert [n for n, _ in books.changes(3)] == [4]
        assert list(books.changes(4)) == []


def test_cards(registry: SqlRegistry) -> None:
    """Cards say whether anybody holds their event now."""
    with registry.begin(write=True) as books:
        books.put_tenure(Tenure(CARD.event, "i", "ann", 1, 0, ENDPOINTS, expires=10))
        assert books.cards([CARD.event, "x"], 9)[CARD.event].hosted
        assert not books.cards([CARD.event], 10)[CARD.event].hosted
        assert books.cards(["x"], 0) == books.cards([], 0) == {}


def test_highest_epoch_counts(registry: SqlRegistry) -> None:
    """Of several tenures the one of the highest epoch is the event's."""
    with registry.begin(write=True) as books:
        for instance, epoch in (("a", 1), ("c", 10), ("b", 9)):
            books.put_tenure(Tenure(CARD.event, instance, "ann", epoch, 0, ENDPOINTS, 5))
        last = books.tenure(CARD.event)
        assert last is not None
        assert last.instance == "c"


def test_tickets(registry: SqlRegistry) -> None:
    """A peer's ticket to an event in a role is found until the moment that it expires."""
    with registry.begin(write=True) as books:
        books.add_ticket(Ticket("old", "ann", CARD.event, "viewer", 5))
        books.add_ticket(Ticket("new", "ann", CARD.event, "viewer", 9))
        found = books.ticket_of("ann", CARD.event, "viewer", 4)
        assert found is not None
        assert found.token == "new"
        assert books.ticket_of("ann", CARD.event, "viewer", 9) is None
        assert books.ticket_of("ann", CARD.event, "reporter", 4) is None


def test_forget(registry: SqlRegistry) -> None:
    """Old sessions and tickets go, the others stay."""
    with registry.begin(write=True) as books:
        for time in (4, 5):
            books.bind(bytes([time]), "ann", time)
            books.add_ticket(Ticket(str(time), "ann", CARD.event, "viewer", time))
        books.forget(sessions_before=5, tickets_before=5)
        assert books.peer_of(b"\4") is books.ticket("4") is None
        assert books.peer_of(b"\5") == "ann"
        assert books.ticket("5") is not None


def test_writers_take_turns(registry: SqlRegistry) -> None:
    """Of threads that read a number and write one more, none loses another's."""

    def count_up() -> None:
        for _ in range(10):
            with registry.begin(write=True) as books:
                before = books.tenure(CARD.event)
                seq = before.seq + 1 if before else 1
                books.put_tenure(Tenure(CARD.event, "i", "ann", 1, seq, ENDPOINTS, 0))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with registry.begin(write=False) as books:
        last = books.tenure(CARD.event)
    assert last is not None
    assert last.seq == 40


def test_database_refuses(
    registry: SqlRegistry, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A database that refuses is a StorageFault, logged once until it answers again."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE peers RENAME TO gone")
    with caplog.at_level(logging.INFO, "touchline.broker"):
        for _ in range(3):
            with pytest.raises(StorageFault, match="refuses"), registry.begin(write=True) as books:
                books.put_peer("bob", "Bob")
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO peers")
        engine.dispose()
        with registry.begin(write=True) as books:
            books.put_peer("bob", "Bob")
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO"]


def test_other_schema(registry: SqlRegistry, database_url: str) -> None:
    """A database of another version is not opened, and both versions are named."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE clock SET schema = 99")
    engine.dispose()
    with pytest.raises(StorageFault, match=f"version 99, this broker reads version {SCHEMA}"):
        SqlRegistry(database_url)


def test_folder_is_made(tmp_path: Path) -> None:
    """The folder of a new SQLite file is made, open to nobody else."""
    SqlRegistry(f"sqlite:///{tmp_path}/new/broker.sqlite3").close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_sqlite_is_safe(tmp_path: Path) -> None:
    """SQLite keeps a write-ahead log and syncs at each commit."""
    registry = SqlRegistry(f"sqlite:///{tmp_path}/broker.sqlite3")
    with registry._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    registry.close()


def test_cannot_open(tmp_path: Path) -> None:
    """What can't be opened says which database and why; a password is not shown."""
    with pytest.raises(StorageFault, match="can't open the database sqlite:///"):
        SqlRegistry(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault, match="folder of the database"):
        SqlRegistry(f"sqlite:///{tmp_path}/file/broker.sqlite3")
    with pytest.raises(StorageFault) as caught:
        SqlRegistry("postgresql+psycopg://ann:opensesame@127.0.0.1:1/x")
    assert "opensesame" not in caught.value.sentence
    with pytest.raises(SettingError, match=r"^--database"):
        SqlRegistry("postgresql+psycopg://host:port/x")
