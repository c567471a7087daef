"""What is committed is there, whatever happens afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from tests.patience import PATIENCE, until
from touchline.peer.host.journal import CopiedEvent, Journal, chained, start_of
from touchline.protocol.errors import Conflict, StorageFault
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
    with closing(begun(url)) as made:
        yield made


def begun(url, *events, epoch=1, host=""):
    """Open a journal that stores some events; `e` and `f` where none are given."""
    made = Journal(url, host)
    for event in events or ("e", "f"):
        list(made.turns(event))
        made.begin(event, epoch)
    return made


def test_turns(journal, url):
    """Turns come back by event, in order, byte for byte, also after the journal is opened anew."""
    first = [b"\0\xff one", b"two" * 100_000]
    for blob in first:
        journal.commit([("e", blob), ("f", b"of another event")])
    assert list(journal.turns("e")) == first
    journal.close()
    again = begun(url, "e", epoch=2)
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


def test_left_off_and_closed(url):
    """A journal that is closed while its turns are read lets the reader go in silence."""
    journal = begun(url)
    journal.commit([("e", b"one"), ("e", b"two")])
    reading = journal.turns("e")
    assert next(reading) == b"one"
    journal.close()
    reading.close()


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
class TestShared:
    """Many hosts have a journal in PostgreSQL open."""

    def test_hosts_that_open_it_at_once(self, url):
        """The tables are made once, whoever comes first."""
        together = threading.Barrier(3)

        def opened(_):
            together.wait(PATIENCE)
            Journal(url).close()

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(opened, range(3))) == [None] * 3

    def test_only_the_newest_holder_stores(self, url):
        """Once another host has begun to store an event, nothing of it can be stored here, while
        all other events can; the other has every turn that was confirmed here."""
        with closing(begun(url, epoch=1)) as first, closing(Journal(url)) as second:
            assert first.commit([("e", b"one"), ("f", b"one")]) == frozenset()
            assert list(second.turns("e")) == [b"one"]
            first.commit([("e", b"two")])
            assert second.begin("e", 2), "a turn has come since it was read"
            assert list(second.turns("e")) == [b"one", b"two"]
            assert not second.begin("e", 2)
            assert first.commit([("e", b"lost"), ("f", b"two"), ("e", b"lost too")]) == {"e"}
            assert second.commit([("e", b"three")]) == frozenset()
            assert first.commit([("e", b"lost")]) == {"e"}
            assert list(second.turns("e")) == [b"one", b"two", b"three"]
            assert list(second.turns("f")) == [b"one", b"two"]

    def test_no_epoch_is_begun_twice(self, url):
        """A journal can't begin an epoch that another has begun, nor a lower one."""
        with closing(begun(url, "e", epoch=3)), closing(Journal(url)) as second:
            for epoch in (2, 3):
                with pytest.raises(Conflict, match="has begun epoch 3 of e"):
                    second.begin("e", epoch)
            second.begin("e", 4)
            second.commit([("e", b"on")])

    def test_a_commit_under_way_comes_before_the_take_over(self, url):
        """A host that begins to store an event waits for the commit of the one before, and knows of
        it; the one before loses its transaction where it stands still within it."""
        with closing(begun(url, "e")) as first, closing(Journal(url)) as second:
            assert list(second.turns("e")) == []
            row = {"event": "e", "records": b"one", "checksum": b"c" * 16, "holder": first._holder}
            first._connection.connection.cursor().execute(first._store, row)
            with pytest.raises(StorageFault, match="lock timeout"):
                second.begin("e", 2)
            first._connection.connection.commit()
            assert second.begin("e", 2)
            row["holder"] = second._holder
            second._connection.connection.cursor().execute(second._store, row)
            until(lambda: _begins(first, "e", 3), what="the end of the transaction")
            with pytest.raises(StorageFault):
                second.commit([("e", b"two")])
            assert second.commit([("e", b"two")]) == {"e"}

    def test_a_session_that_ends_while_it_is_read(self, url):
        """A host that was stopped while it read, for so long that the database gave it up, has what
        it read, and goes on."""
        with closing(begun(url, "e")) as journal:
            journal.commit([("e", b"one")])
            reading = journal.turns("e")
            assert next(reading) == b"one"
            pid = journal._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            engine = sa.create_engine(url)
            with engine.begin() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")
            engine.dispose()
            reading.close()
            journal.commit([("e", b"two")])
            assert list(journal.turns("e")) == [b"one", b"two"]

    def test_ports_are_each_host_s(self, url):
        """Hosts that share a journal have ports of their own."""
        with closing(Journal(url, "ann")) as ann, closing(Journal(url, "ben")) as ben:
            for number, journal in enumerate((ann, ben)):
                journal.keep_ports(dict.fromkeys(("router", "pull", "pub"), number))
            assert (ann.ports()["pub"], ben.ports()["pub"]) == (0, 1)


def _begins(journal, event, epoch):
    try:
        journal.begin(event, epoch)
    except StorageFault:
        return False
    return True


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_lost_connection(url):
    """A database that was away for a moment is used again as soon as it is back."""
    journal = begun(url)
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


BLOBS = [b"one", b"two" * 100, b"three"]


@pytest.fixture
def pair(tmp_path):
    """A journal with three turns of an event, and an empty one."""
    with (
        closing(begun(f"sqlite:///{tmp_path / 'first.db'}")) as first,
        closing(Journal(f"sqlite:///{tmp_path / 'second.db'}")) as second,
    ):
        for blob in BLOBS:
            first.commit([("e", blob), ("f", b"of another event")])
        yield first, second


def copied(first, second, size=1):
    """Copy what the second has not."""
    turns = second.count("e")
    row, _ = first.at("e", turns)
    found = first.after("e", row, size)
    copy = CopiedEvent("e", "p-host", 1, turns + len(found), 7)
    second.store_copy(copy, [(turn.records, turn.checksum) for turn in found])
    return found


def test_a_copy_is_byte_for_byte(pair):
    """A copy has the same turns with the same checksums, from wherever it goes on, and a journal
    knows what it has a copy of."""
    first, second = pair
    assert [len(copied(first, second)) for _ in range(4)] == [1, 1, 1, 0]
    assert list(second.turns("e")) == BLOBS
    assert [turn.checksum for turn in second.read("e")] == [
        turn.checksum for turn in first.read("e")
    ]
    assert second.copies() == {"e": CopiedEvent("e", "p-host", 1, 3, 7)}
    assert first.copies() == {}


def test_some_turns_at_one_time(pair):
    """As many turns are given as have so many bytes, and one at the least."""
    first, _ = pair
    assert [turn.records for turn in first.after("e", 0, 1)] == BLOBS[:1]
    assert [turn.records for turn in first.after("e", 0, 4)] == BLOBS[:2]
    assert [turn.records for turn in first.after("e", 0, 10_000)] == BLOBS


def test_where_a_turn_is(pair):
    """A turn is found by its place in its event, with its checksum; beyond the last there is
    none."""
    first, _ = pair
    assert first.at("e", 0) == (0, b"")
    _, checksum = first.at("e", 1)
    assert checksum == chained(start_of("e"), b"one")
    assert first.at("e", 4) is None
    assert (first.count("e"), first.count("none")) == (3, 0)


def test_a_turn_that_does_not_follow(pair):
    """What does not follow from what is here is not stored."""
    _, second = pair
    copy = CopiedEvent("e", "p-host", 1, 1, 7)
    with pytest.raises(StorageFault, match="has changed on its way"):
        second.store_copy(copy, [(b"one", chained(b"", b"one"))])
    assert second.count("e") == 0
    assert second.copies() == {}


def test_an_event_goes_on_from_its_copy(pair):
    """A copy that has grown since it was read is to be read again when the event goes on from it;
    then it is a copy no longer, and its next turn follows."""
    first, second = pair
    copied(first, second)
    assert list(second.turns("e")) == BLOBS[:1]
    copied(first, second, 10_000)
    assert second.taken_over() == []
    assert second.begin("e", 2)
    assert (second.copies(), second.taken_over()) == ({}, ["e"])
    assert list(second.turns("e")) == BLOBS
    assert not second.begin("e", 3)
    second.commit([("e", b"four")])
    assert list(second.turns("e")) == [*BLOBS, b"four"]


def test_a_copy_that_was_read_to_its_end(pair):
    """A copy that has not grown since is not read again."""
    first, second = pair
    copied(first, second, 10_000)
    assert list(second.turns("e")) == BLOBS
    assert not second.begin("e", 2)


def test_a_copy_outlives_its_process(pair, tmp_path):
    """A journal that is opened anew knows its copies."""
    first, second = pair
    copied(first, second)
    second.close()
    with closing(Journal(f"sqlite:///{tmp_path / 'second.db'}")) as again:
        assert again.copies()["e"].turns == 1
        list(again.turns("e"))
        copied(first, again, 10_000)
        assert again.begin("e", 2)
