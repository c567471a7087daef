from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from touchline.broker import migrations
from touchline.broker.database import SqlRegistry
from touchline.broker.repository import (
    MOST_SESSIONS,
    Census,
    EventRecord,
    InviteRecord,
    LeaseRecord,
    PeerRecord,
    TokenRecord,
)
from touchline.broker.tables import SCHEMA
from touchline.protocol import tokens
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


def member(peer: str, **fields: Any) -> PeerRecord:
    """Return somebody whose id is their name."""
    key = peer.encode().ljust(32)
    usual = {"peer": peer, "key": key, "curve": key[::-1], "role": "host", "enrolled": 1}
    return PeerRecord(**{**usual, "name": peer.title(), **fields})


def as_released(url: str, *changes: str) -> None:
    """Give a registry the version of the first release, and make changes to it."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for change in (f"UPDATE clock SET schema = {migrations.OLDEST}", *changes):
            connection.exec_driver_sql(change)
    engine.dispose()


@pytest.fixture
def registry(database_url: str) -> Iterator[SqlRegistry]:
    registry = SqlRegistry(database_url)
    with registry.begin(write=True) as repository:
        repository.put_member(member("ann"))
        repository.add_event(CARD, "ann", "key")
    yield registry
    registry.close()


def test_everything_is_kept(registry: SqlRegistry, database_url: str) -> None:
    """What was committed is there for whoever opens the database next, to the last value."""
    held_lease = LeaseRecord(CARD.event, "i", "ann", 2**53, 2**62, ENDPOINTS, expires=10)
    token = TokenRecord("token", "ann", CARD.event, "host", 10)
    ann = member("ann", role="operator", enrolled=2**60, invite="i", revoked=2**61)
    invite = InviteRecord("i", b"\0\xff" * 16, "reporter", 10_000, 2**62, "ann")
    with registry.begin(write=True) as repository:
        repository.put_member(ann)
        repository.put_invite(invite)
        repository.bind(b"\x01\xff\x00", "ann", 1)
        repository.put_lease(held_lease)
        repository.add_token(token)
    registry.close()
    other = SqlRegistry(database_url)
    with other.begin(write=False) as repository:
        assert repository.member_on(b"\x01\xff\x00") == ann
        assert repository.member("ann") == repository.member_by_curve(ann.curve) == ann
        assert (
            repository.member_on(b"\x01\xff")
            is repository.member("x")
            is repository.member_by_curve(b"x")
            is None
        )
        assert repository.invite(invite.digest) == invite
        assert repository.invite(b"x") is None
        assert (
            repository.event(CARD.event)
            == EventRecord(msgspec.structs.replace(CARD, owner="ann"), "ann")
            == repository.created("ann", "key")
        )
        assert repository.event("x") is repository.created("bob", "key") is None
        assert repository.lease(CARD.event) == repository.lease(CARD.event, "i") == held_lease
        assert repository.lease(CARD.event, "j") is repository.lease("x") is None
        assert repository.token("token") == token
        assert repository.token("x") is None
    other.close()


def test_error_undoes(registry: SqlRegistry) -> None:
    """An error within a transaction undoes all of it and comes out as it is."""

    def change_mind() -> None:
        with registry.begin(write=True) as repository:
            repository.set_status(CARD.event, "live")
            raise KeyError

    with pytest.raises(KeyError):
        change_mind()
    with registry.begin(write=False) as repository:
        record = repository.event(CARD.event)
    assert record is not None
    assert record.card.status == "scheduled"


def test_only_what_has_to_last_waits_for_the_disk(registry: SqlRegistry) -> None:
    """A commit that need not outlast a loss of power waits for no disk; the next that must does, on
    the same connection."""
    setting = "synchronous_commit" if registry.shared else "synchronous"
    how = "SHOW " if registry.shared else "PRAGMA "
    seen = []
    for lasting in (False, True, False, True):
        with registry.begin(write=True, lasting=lasting) as repository:
            repository.bind(b"\x01" * 24, "ann", 1)
            seen.append(repository._connection.exec_driver_sql(how + setting).scalar_one())
    assert seen == (["off", "on"] * 2 if registry.shared else [1, 2] * 2)  # NORMAL is 1, FULL is 2


def test_a_list_of_any_length(registry: SqlRegistry) -> None:
    """Events are found together, however many are asked for."""
    with registry.begin(write=True) as repository:
        names = [f"e{n}" for n in range(9)]
        for name in names:
            repository.add_event(Card(event=name, title="", sport="", origins=[]), "ann", name)
        for many in range(10):
            asked = names[:many]
            assert sorted(repository.cards(asked, 0)) == sorted(repository.events(asked)) == asked


def test_changes(registry: SqlRegistry) -> None:
    """Changes come in order, each event at its newest, none before the revision one names."""
    with registry.begin(write=True) as repository:
        for event in "ab":
            repository.add_event(Card(event=event, title="", sport="", origins=[]), "ann", event)
        repository.set_status(CARD.event, "live")
    with registry.begin(write=False) as repository:
        changes = list(repository.changes(0))
        assert [(n, card.event) for n, card in changes] == [(2, "a"), (3, "b"), (4, CARD.event)]
        assert changes[-1][1].status == "live"
        assert [n for n, _ in repository.changes(3)] == [4]
        assert list(repository.changes(4)) == []


def test_cards(registry: SqlRegistry) -> None:
    """Cards say whether anybody holds their event now."""
    with registry.begin(write=True) as repository:
        repository.put_lease(LeaseRecord(CARD.event, "i", "ann", 1, 0, ENDPOINTS, expires=10))
        assert repository.cards([CARD.event, "x"], 9)[CARD.event].hosted
        assert not repository.cards([CARD.event], 10)[CARD.event].hosted
        assert repository.cards(["x"], 0) == repository.cards([], 0) == {}


def test_highest_epoch_counts(registry: SqlRegistry) -> None:
    """Of several tenures the one of the highest epoch is the event's."""
    with registry.begin(write=True) as repository:
        for instance, epoch in (("a", 1), ("c", 10), ("b", 9)):
            repository.put_lease(LeaseRecord(CARD.event, instance, "ann", epoch, 0, ENDPOINTS, 5))
        last = repository.lease(CARD.event)
        assert last is not None
        assert last.instance == "c"


def test_tokens_of_a_release_become_digests(tmp_path: Path) -> None:
    """A release stored tokens as they are. They hold on after the next start, and when that run has
    ended no file of the database holds them any more."""
    file, token = tmp_path / "broker.db", "0b7f7b0e-6f39-4f0c-8c9a-8f2b1a3c5d7e"
    registry = SqlRegistry(f"sqlite:///{file}")
    with registry.begin(write=True) as repository:
        repository.put_member(member("ann"))
        repository.add_event(CARD, "ann", "")
        repository.add_token(TokenRecord(token, "ann", CARD.event, "viewer", 5))
    registry.close()
    assert token.encode() in file.read_bytes()
    as_released(f"sqlite:///{file}")
    registry = SqlRegistry(f"sqlite:///{file}")
    with registry.begin(write=False) as repository:
        found = repository.token(tokens.digest(token))
        assert found is not None
        assert (found.peer, found.expires) == ("ann", 5)
    registry.close()
    assert not [one for one in tmp_path.iterdir() if token.encode() in one.read_bytes()]


def test_tokens(registry: SqlRegistry) -> None:
    """A peer's token to an event in a role is found until the moment that it expires."""
    with registry.begin(write=True) as repository:
        repository.add_token(TokenRecord("old", "ann", CARD.event, "viewer", 5))
        repository.add_token(TokenRecord("new", "ann", CARD.event, "viewer", 9))
        found, _ = repository.tokens_of("ann", CARD.event, "viewer", 4)
        assert found.digest == "new"
        assert repository.tokens_of("ann", CARD.event, "viewer", 9) == []
        assert repository.tokens_of("ann", CARD.event, "reporter", 4) == []


def test_forget(registry: SqlRegistry) -> None:
    """Old sessions and tokens go, the others stay."""
    with registry.begin(write=True) as repository:
        for time in (4, 5):
            repository.bind(bytes([time]), "ann", time)
            repository.add_token(TokenRecord(str(time), "ann", CARD.event, "viewer", time))
            repository.put_invite(InviteRecord("i", bytes([time]), "viewer", 1, time, "ann"))
        repository.forget(sessions_before=5, expired_before=5)
        assert (
            repository.member_on(b"\4") is repository.token("4") is repository.invite(b"\4") is None
        )
        assert repository.member_on(b"\5") is not None
        assert repository.token("5") is not None
        assert repository.invite(b"\5") is not None


def test_names(registry: SqlRegistry) -> None:
    """A name is its owner's however it is written; no two have one, nor one CURVE key."""
    with registry.begin(write=True) as repository:
        assert repository.owner_of("ANN") == repository.owner_of(" ann ") == member("ann")
        assert repository.owner_of("Аnn") == member("ann")
        assert repository.owner_of("anna") is None
    for other in (member("bob", name="aNN"), member("bob", curve=member("ann").curve)):
        with pytest.raises(StorageFault), registry.begin(write=True) as repository:
            repository.put_member(other)


def test_names_of_the_release_before(registry: SqlRegistry, database_url: str) -> None:
    """Looks of names are put on record at the start; of two alike both stay, no third is free."""
    with registry.begin(write=True) as repository:
        repository.put_member(member("eve", name="Ann\u3164", enrolled=2))
    as_released(database_url, "DROP TABLE looks")
    later = SqlRegistry(database_url)
    try:
        with later.begin(write=True) as repository:
            assert repository.owner_of("ann") == member("ann")
            assert repository.member("eve") == member("eve", name="Ann\u3164", enrolled=2)
            repository.put_member(member("eve", name="Ann\u3164", enrolled=2, role="operator"))
    finally:
        later.close()


def test_pages_of_members(registry: SqlRegistry) -> None:
    """Members come in the order of their ids, from behind one of them, so many at most."""
    with registry.begin(write=True) as repository:
        for name in ("dan", "bob", "cid"):
            repository.put_member(member(name))
        assert repository.count_members() == 4
        assert [one.peer for one in repository.members("", 3)] == ["ann", "bob", "cid"]
        assert [one.peer for one in repository.members("cid", 3)] == ["dan"]
        assert repository.members("dan", 3) == []


def test_connections_of_a_peer(registry: SqlRegistry) -> None:
    """Of more connections of a peer than are remembered the longest unseen go, no one else's."""
    with registry.begin(write=True) as repository:
        repository.put_member(member("bob"))
        repository.bind(b"bob", "bob", 0)
        for number in range(MOST_SESSIONS + 2):
            repository.bind(b"%d" % number, "ann", number)
        gone = [n for n in range(MOST_SESSIONS + 2) if repository.member_on(b"%d" % n) is None]
        assert gone == [0, 1]
        repository.bind(b"newest", "ann", 0)  # at a clock that was set back
        assert repository.member_on(b"newest") is not None
        assert repository.member_on(b"bob") is not None


def test_void(registry: SqlRegistry) -> None:
    """A peer's leases and invitations end, the others' do not."""
    with registry.begin(write=True) as repository:
        repository.put_member(member("bob"))
        for epoch, name in enumerate(("ann", "bob"), 1):
            repository.put_lease(LeaseRecord(CARD.event, name, name, epoch, 0, ENDPOINTS, 10))
            repository.put_invite(InviteRecord(name, name.encode(), "host", 1, 10, name))
        assert repository.count_invites(9) == 2
        repository.void("ann")
        found = [repository.lease(CARD.event, name) for name in ("ann", "bob")]
        assert [held_lease.expires for held_lease in found if held_lease] == [0, 10]
        assert repository.count_invites(9) == 1
        assert repository.count_invites(10) == 0


def test_the_revoked(registry: SqlRegistry) -> None:
    """Of the revoked peers with a token for the event, the last comes first, each once."""
    with registry.begin(write=True) as repository:
        for time, name in enumerate(("dan", "bob", "cid", "eve")):
            repository.put_member(member(name, revoked=10 * time))
            for role in ("viewer", "host"):
                repository.add_token(TokenRecord(f"{name} {role}", name, CARD.event, role, 5))  # type: ignore[arg-type]  # a role
        repository.put_member(member("far", revoked=5))
        assert repository.revoked(CARD.event, 9) == ["eve", "cid", "bob"]
        assert repository.revoked(CARD.event, 2) == ["eve", "cid"]
        assert repository.revoked("x", 9) == []


def test_expected(registry: SqlRegistry) -> None:
    """A host holds leases, and a peer is expected there, until either expires."""
    with registry.begin(write=True) as repository:
        for name in ("bob", "cid"):
            repository.put_member(member(name))
        repository.put_lease(LeaseRecord(CARD.event, "i", "ann", 1, 0, ENDPOINTS, 10))
        repository.add_token(TokenRecord("t", "bob", CARD.event, "viewer", 8))
        assert repository.hosts("ann", 9)
        assert not repository.hosts("ann", 10)
        assert not repository.hosts("bob", 9)
        assert repository.expected("ann", "bob", 7)
        assert not repository.expected("ann", "bob", 8)
        assert not repository.expected("ann", "cid", 7)
        assert not repository.expected("cid", "bob", 7)
        repository.put_lease(LeaseRecord(CARD.event, "i", "ann", 1, 0, ENDPOINTS, 6))
        assert not repository.expected("ann", "bob", 7)


def test_counts(registry: SqlRegistry) -> None:
    """A peer's events and valid tokens are counted, and all members by role."""
    with registry.begin(write=True) as repository:
        repository.put_member(member("bob", role="viewer"))
        repository.put_member(member("cid", role="viewer", revoked=3))
        repository.add_token(TokenRecord("t", "bob", CARD.event, "viewer", 8))
        assert (repository.count_events("ann"), repository.count_events("bob")) == (1, 0)
        assert (repository.count_tokens("bob", 7), repository.count_tokens("bob", 8)) == (1, 0)
        assert repository.count_tokens("ann", 7) == 0
        assert repository.census(0) == Census(
            events={"scheduled": 1}, hosted=0, members={"host": 1, "viewer": 1}, revoked=1
        )


def test_live_events_without_a_host_are_named(registry: SqlRegistry) -> None:
    """A live event is named while no lease of it holds; a finished or scheduled one never is."""
    with registry.begin(write=True) as repository:
        assert repository.census(5).unhosted == ()
        repository.set_status(CARD.event, "live")
        repository.put_lease(LeaseRecord(CARD.event, "i", "ann", 1, 0, ENDPOINTS, 6))
        assert repository.census(5).unhosted == ()
        census = repository.census(6)
        assert (census.unhosted, census.unhosted_in_all) == ((CARD.event,), 1)
        repository.set_status(CARD.event, "finished")
        assert repository.census(6).unhosted_in_all == 0


def test_writers_take_turns(registry: SqlRegistry) -> None:
    """Of threads that read a number and write one more, none loses another's."""

    def count_up() -> None:
        for _ in range(10):
            with registry.begin(write=True) as repository:
                before = repository.lease(CARD.event)
                seq = before.seq + 1 if before else 1
                repository.put_lease(LeaseRecord(CARD.event, "i", "ann", 1, seq, ENDPOINTS, 0))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with registry.begin(write=False) as repository:
        last = repository.lease(CARD.event)
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
            with (
                pytest.raises(StorageFault, match="refuses"),
                registry.begin(write=True) as repository,
            ):
                repository.put_member(member("bob"))
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO peers")
        engine.dispose()
        with registry.begin(write=True) as repository:
            repository.put_member(member("bob"))
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO"]


def test_other_schema(registry: SqlRegistry, database_url: str) -> None:
    """A database of another version is not opened, and both versions are named."""
    as_released(database_url, "UPDATE clock SET schema = 99")
    with pytest.raises(StorageFault, match=f"version 99, and .* up to version {SCHEMA}"):
        SqlRegistry(database_url)


def test_a_statement_that_fails(registry: SqlRegistry, database_url: str) -> None:
    """What the driver refuses is a fault of storage, whichever way the statement took."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    engine.dispose()
    with pytest.raises(StorageFault, match="refuses"), registry.begin(write=False) as repository:
        repository.member_on(b"routing id")
    with registry.begin(write=False) as repository:
        assert repository.member("ann") is not None


def test_a_connection_that_ends(postgresql: str) -> None:
    """A connection that PostgreSQL ends amid a transaction is not used again."""
    registry = SqlRegistry(postgresql, connections=1)
    engine = sa.create_engine(postgresql)

    def ended_amid() -> None:
        with registry.begin(write=False) as repository:
            own = repository._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
            repository.member("ann")

    with pytest.raises(StorageFault, match="refuses"):
        ended_amid()
    engine.dispose()
    with registry.begin(write=False) as repository:
        assert repository.member("ann") is None
    registry.close()


def test_before_there_were_keys(tmp_path: Path) -> None:
    """A database of version 1 is left as it is, and the sentence says what to do."""
    url = f"sqlite:///{tmp_path}/broker.sqlite3"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE clock (one INTEGER PRIMARY KEY, schema INTEGER, revision BIGINT)",
            "INSERT INTO clock VALUES (1, 1, 7)",
            "CREATE TABLE peers (peer TEXT PRIMARY KEY, name TEXT)",
        ):
            connection.exec_driver_sql(statement)
    with pytest.raises(StorageFault, match=r"version 1, .* 2 on; .*the file away .*--database"):
        SqlRegistry(url)
    assert set(sa.inspect(engine).get_table_names()) == {"clock", "peers"}
    engine.dispose()


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
    with pytest.raises(StorageFault, match="cannot open the database sqlite:///"):
        SqlRegistry(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault, match="file of the database"):
        SqlRegistry(f"sqlite:///{tmp_path}/file/broker.sqlite3")
    with pytest.raises(StorageFault) as caught:
        SqlRegistry("postgresql+psycopg://ann:opensesame@127.0.0.1:1/x")
    assert "opensesame" not in caught.value.sentence
    with pytest.raises(SettingError, match=r"^--database"):
        SqlRegistry("postgresql+psycopg://host:port/x")


STARVED = """
import os, resource, sys, threading
from contextlib import ExitStack
from touchline.broker import migrations
from touchline.broker.database import SqlRegistry
registry = SqlRegistry(sys.argv[1], connections=4)
with registry.begin(write=False) as repository:
    repository.census(1)
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
with ExitStack() as stack:
    for _ in range(4):
        print(stack.enter_context(registry.begin(write=False)).census(1).revoked)
with registry.begin(write=True) as repository:
    print(repository.forget(sessions_before=1, expired_before=1))
"""


def test_a_process_without_a_free_descriptor(tmp_path: Path) -> None:
    """All connections read and one writes where not one file more may be opened."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    done = subprocess.run(
        [sys.executable, "-c", STARVED, url], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, ["0"] * 4 + ["None"]), done.stderr


def test_time_is_the_database_s_where_brokers_share_it(registry: SqlRegistry) -> None:
    """Brokers on one registry go by its clock, which goes on within a transaction; a broker alone
    by its own."""
    with registry.begin(write=True) as repository:
        first, second = repository.time(5), repository.time(5)
    if registry.shared:
        assert 5 < first < second
    else:
        assert first == second == 5


def test_key_of_brokers_that_share_a_registry(postgresql: str) -> None:
    """The first broker's key is that of all; a key in a file takes its place, and is not in the
    registry."""
    first, second = SqlRegistry(postgresql), SqlRegistry(postgresql)
    public, seed = first.identity(seed=b"1" * 32)
    assert seed == b"1" * 32
    assert second.identity(seed=b"2" * 32) == (public, seed)
    assert second.identity(held=public) == (public, seed)
    assert second.identity(held=b"k" * 32) == (public, seed)  # what was until now
    assert first.identity(seed=b"3" * 32) == (b"k" * 32, b"")
    first.close()
    second.close()
