"""Bytes that have changed in a journal: what is said, and what can be kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from touchline.peer import Journal
from touchline.peer.host.event import records
from touchline.peer.host.journal_check import check, repair
from touchline.protocol import codec
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Card, Happening, Report

CARD = Card(event="e", title="E", sport="football", origins=["A", "B"])


def turn(n: int, title: str = "goal") -> bytes:
    """Return a turn with one report, as a host stores it."""
    report = Report(token="t", n=n, time=0, event=Happening(title, "A", n))
    return records.pack([codec.encode(records.TurnBegan(received=n)), codec.encode(report)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal of two events with five turns each."""
    path = tmp_path / "journal.db"
    with closing(Journal(f"sqlite:///{path}")) as journal:
        journal.keep_card(CARD)
        journal.keep_ports({"router": 1, "pull": 2, "pub": 3})
        for n in range(1, 6):
            journal.commit([("e", turn(n)), ("f", turn(n, "foul"))])
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()


def damage(path: Path, number: int) -> None:
    """Change a word of a report that is stored; the turn can still be read."""
    with closing(sqlite3.connect(path)) as database:
        (blob,) = database.execute(f"SELECT records FROM turns WHERE number = {number}").fetchone()
        changed = blob.replace(b"goal", b"gaol")
        assert changed != blob
        records.unpack(changed)
        database.execute(f"UPDATE turns SET records = ? WHERE number = {number}", (changed,))
        database.commit()


def test_a_changed_byte_stops_the_reading_and_names_the_turn(file: Path) -> None:
    """The turn can still be decoded: only its checksum tells. The other event is read."""
    damage(file, 5)
    with closing(Journal(f"sqlite:///{file}")) as journal:
        with pytest.raises(StorageFault, match=r"turn 5 of e is damaged.*touchline journal check"):
            list(journal.turns("e"))
        assert list(journal.turns("f")) == [turn(n, "foul") for n in range(1, 6)]


def test_a_byte_of_the_file_itself(file: Path) -> None:
    """The same where the disk has changed it."""
    content = file.read_bytes()
    at = content.index(b"goal", content.index(turn(3)[:20]))
    file.write_bytes(content[:at] + b"gaol" + content[at + 4 :])
    with (
        closing(Journal(f"sqlite:///{file}")) as journal,
        pytest.raises(StorageFault, match=r"turn \d+ of e is damaged"),
    ):
        list(journal.turns("e"))


def test_a_turn_that_is_missing(file: Path) -> None:
    """The turn after it follows from it, and says so."""
    change(file, "DELETE FROM turns WHERE number = 3")
    with (
        closing(Journal(f"sqlite:///{file}")) as journal,
        pytest.raises(StorageFault, match=r"turn 5 of e.*the turn before it is missing"),
    ):
        list(journal.turns("e"))


def test_a_journal_of_a_release_without_checksums(file: Path) -> None:
    """It is read, its turns are told as unchecked, and those that follow are checked."""
    change(file, "ALTER TABLE turns DROP COLUMN checksum")
    change(file, "DELETE FROM state WHERE name = 'schema'")
    for n in (6, 7):
        with closing(Journal(f"sqlite:///{file}")) as journal:
            journal.commit([("e", turn(n))])
    with closing(Journal(f"sqlite:///{file}")) as journal:
        assert len(list(journal.turns("e"))) == 7
        of_e, of_f = check(journal)
    assert (of_e.turns, of_e.unchecked, of_e.damaged, of_e.kept) == (7, 5, 0, 7)
    assert (of_f.turns, of_f.unchecked, of_f.damaged) == (5, 5, 0)
    damage(file, 12)
    with closing(Journal(f"sqlite:///{file}")) as journal:
        assert check(journal)[0].damaged == 12


def test_a_turn_that_a_release_stored_and_nobody_can_read(file: Path) -> None:
    """Without a checksum it is found where it can't be decoded."""
    change(file, "UPDATE turns SET checksum = NULL")
    change(file, "UPDATE turns SET records = x'c1' WHERE number = 3")
    with closing(Journal(f"sqlite:///{file}")) as journal:
        found = check(journal)[0]
    assert (found.damaged, found.kept, found.unchecked) == (3, 1, 5)


def test_repair_keeps_what_comes_before_the_damage(file: Path) -> None:
    """And the whole of the other event, the card and the ports; the damaged journal stays beside
    it, for its user alone. Afterwards the host goes on, and nothing is damaged."""
    damage(file, 5)
    before = file.read_bytes()
    found, damaged = repair(f"sqlite:///{file}")
    assert [(one.event, one.damaged, one.kept) for one in found] == [("e", 5, 2), ("f", 0, 5)]
    assert damaged is not None
    assert damaged.read_bytes() == before
    assert damaged.stat().st_mode & 0o077 == file.stat().st_mode & 0o077 == 0
    with closing(Journal(f"sqlite:///{file}")) as journal:
        assert list(journal.turns("e")) == [turn(1), turn(2)]
        assert len(list(journal.turns("f"))) == 5
        assert journal.card("e") == CARD
        assert journal.ports() == {"router": 1, "pull": 2, "pub": 3}
        journal.commit([("e", turn(3))])
        assert [one.damaged for one in check(journal)] == [0, 0]
    assert repair(f"sqlite:///{file}")[1] is None
    damage(file, 1)
    again = repair(f"sqlite:///{file}")[1]
    assert again not in (None, damaged)
    assert sorted(path.name for path in file.parent.iterdir()) == sorted(
        path.name for path in (file, damaged, again) if path
    )


def test_repair_while_the_host_runs(file: Path) -> None:
    """It is refused, and nothing changes."""
    with closing(Journal(f"sqlite:///{file}")) as running:
        with pytest.raises(StorageFault, match="another host has it open"):
            repair(f"sqlite:///{file}")
        assert len(list(running.turns("e"))) == 5


def test_no_file_to_repair() -> None:
    """A database that is no file is not repaired."""
    with pytest.raises(StorageFault, match="backup"):
        repair("postgresql+psycopg://localhost/x")
