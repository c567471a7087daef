"""What is committed is there, whatever happens afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from touchline.peer.host.journal import Journal
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Card

CARD = Card(event="e", title="E", sport="football", origins=["A", "B"], rules={"x": [1, "y"]})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database of either kind, dropped afterwards."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'journal.db'}"
    return request.getfixturevalue("postgresql")


@pytest.fixture
def journal(url):
    made = Journal(url)
    yield made
    made.close()


def test_turns(journal, url):
    """Turns come back by event, in order, byte for byte, also after the journal is opened anew."""
    first = [b"\0\xff one", b"two" * 100_000]
    for blob in first:
        journal.commit([("e", blob), ("f", b"of another event")])
    assert list(journal.turns("e")) == first
    journal.close()
    again = Journal(url)
    again.commit([("e", b"three")])
    assert list(again.turns("e")) == [*first, b"three"]
    assert list(again.turns("none")) == []
    again.close()


def test_stored_twice(journal):
    """A turn that was given to the database again, because it could not say that it had it, comes
    back once."""
    for blob in (b"one", b"two", b"two", b"three"):
        journal.commit([("e", blob)])
    assert list(journal.turns("e")) == [b"one", b"two", b"three"]


def test_cards(journal):
    """The newest card of each event is kept."""
    assert journal.card("e") is None
    assert journal.events() == []
    journal.keep_card(Card(event="f", title="F", sport="race", origins=["A"]))
    journal.keep_card(CARD)
    journal.keep_card(CARD)
    assert journal.card("e") == CARD
    assert journal.events() == ["e", "f"]


def test_ports(journal):
    """The newest ports are kept; before there are any, none."""
    assert journal.ports() == {}
    for port in (1, 7):
        journal.keep_ports({"router": port, "pull": port + 1, "pub": port + 2})
    assert journal.ports() == {"router": 7, "pull": 8, "pub": 9}


def test_unreadable_card(journal):
    """A card that can't be read is a fault of the storage, and the journal goes on."""
    journal.keep_card(CARD)
    journal._connection.execute(sa.text("UPDATE cards SET card = :blob"), {"blob": b"\xc1"})
    journal._connection.commit()
    with pytest.raises(StorageFault, match="card of e"):
        journal.card("e")
    journal.commit([("e", b"on")])


def test_left_off_midway(journal):
    """Turns that are not read to the end leave nothing open."""
    for number in range(3):
        journal.commit([("e", b"%d" % number)])
    turns = journal.turns("e")
    next(turns)
    turns.close()
    journal.commit([("e", b"more")])
    assert len(list(journal.turns("e"))) == 4


def test_second_opener(tmp_path):
    """A journal that another host has open is refused; afterwards it can be had."""
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    first = Journal(url)
    with pytest.raises(StorageFault, match="another host has it open"):
        Journal(url)
    first.commit([("e", b"one")])
    first.close()
    second = Journal(url)
    assert list(second.turns("e")) == [b"one"]
    second.close()


def test_full_disk(tmp_path):
    """On a full disk a commit stores nothing at all, and goes on when there is room."""
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.commit([("e", b"one")])
    run = journal._connection.exec_driver_sql
    pages = run("PRAGMA page_count").scalar_one()
    run(f"PRAGMA max_page_count = {pages}")
    for _ in range(3):
        with pytest.raises(StorageFault, match="full"):
            journal.commit([("e", b"little"), ("f", b"x" * 50_000)])
    assert list(journal.turns("e")) == [b"one"]
    run("PRAGMA max_page_count = 1000000")
    journal.commit([("e", b"two"), ("f", b"x" * 50_000)])
    assert list(journal.turns("e")) == [b"one", b"two"]
    journal.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_lost_connection(url):
    """A database that was away for a moment is used again as soon as it is back."""
    journal = Journal(url)
    journal.commit([("e", b"one")])
    pid = journal._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    journal._connection.commit()
    engine = sa.create_engine(url)
    with engine.begin() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
    engine.dispose()
    with pytest.raises(StorageFault):
        journal.commit([("e", b"two")])
    journal.commit([("e", b"two")])
    assert list(journal.turns("e")) == [b"one", b"two"]
    journal.close()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite:////proc/nowhere/j.db",
        "nosuch://x/y",
        "sqlite:////dev/null/j.db",
        "sqlite:///j.db?uri=maybe",
    ],
)
def test_no_journal(url):
    """A journal that can't be opened is a fault of the storage, told with its URL."""
    with pytest.raises(StorageFault, match="journal"):
        Journal(url)


def test_not_a_database(tmp_path):
    """So is a file that is something else."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"something else entirely, as long as a page" * 200)
    with pytest.raises(StorageFault, match="journal"):
        Journal(f"sqlite:///{path}")
