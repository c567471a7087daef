"""What brokers on one registry tell each other, through a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from tests.patience import until
from touchline.broker import changes
from touchline.broker.changes import BrokerChange, ChangeFeed
from touchline.broker.database import SqlRegistry
from touchline.broker.tables import CHANGES


class Teller:
    """A broker's feed, and what it has taken."""

    def __init__(self, url: str) -> None:
        self.followed = threading.Event()
        self.feed = ChangeFeed(url, lambda: None, self.followed.set)
        self.taken: list[BrokerChange] = []
        assert self.followed.wait(60)

    @property
    def bodies(self) -> list[bytes]:
        self.taken += self.feed.take()
        return [change.body for change in self.taken]


@pytest.fixture
def tellers(postgresql: str) -> Iterator[list[Teller]]:
    SqlRegistry(postgresql).close()
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            made.append(Teller(postgresql))
            stack.callback(made[-1].feed.stop)
        yield made


def test_in_order_and_once(tellers: list[Teller]) -> None:
    """What one tells the other takes in order, once, and not itself."""
    one, other = tellers
    for n in range(2_500):
        one.feed.tell([b"%d" % n])
    until(lambda: len(other.bodies) >= 2_500, what="all")
    assert other.bodies == [b"%d" % n for n in range(2_500)]
    other.feed.tell([b"back"])
    until(lambda: one.bodies, what="the answer")
    assert one.bodies == [b"back"]
    assert {change.broker for change in one.taken} == {other.feed.broker}


def test_revocation(tellers: list[Teller], postgresql: str) -> None:
    """All brokers are told of a revocation, with the transaction that makes it."""
    registry = SqlRegistry(postgresql)
    with registry.begin(write=True) as repository:
        repository.void("ann")
    for teller in tellers:
        until(lambda teller=teller: teller.bodies, what="the revocation")
        assert teller.taken == [BrokerChange("", "revoked", b"ann")]
    registry.close()


def test_without_announcements(
    tellers: list[Teller], postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change whose announcement is lost is read all the same, after `LONGEST_SECONDS`; so is what
    was told while the database had ended the connections."""
    one, other = tellers
    monkeypatch.setattr(changes, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(changes, "announce", lambda _: None)
    one.feed.tell([b"first"])
    other.feed.tell([])  # it waits no longer than that from now on
    until(lambda: other.bodies == [b"first"], what="the change")
    engine = sa.create_engine(postgresql)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (SELECT pid FROM"
            " pg_stat_activity WHERE query LIKE 'LISTEN touchline%%' OR query LIKE '%%changes%%')"
            " AND pid <> pg_backend_pid() AND datname = current_database()"
        )
    one.feed.tell([b"second"])
    until(lambda: other.bodies == [b"first", b"second"], what="the change after it")
    with engine.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(CHANGES)).scalar_one() == 2
    engine.dispose()


def test_too_much(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a database that is away is bounded: beyond that it is dropped, and the broker
    says so to its caller and has another id."""
    monkeypatch.setattr(changes, "MOST_WAITING", 3)
    monkeypatch.setattr(changes, "PAUSE_SECONDS", 0.05)
    feed = ChangeFeed(postgresql, lambda: None)  # without its tables
    before = feed.broker
    assert feed.tell([b"1", b"2", b"3"])
    assert not feed.tell([b"4"])
    assert feed.broker != before
    assert feed.lost == 1
    feed.stop()
