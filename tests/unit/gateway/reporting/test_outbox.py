"""A report and its name are kept together, once, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.gateway.reporting import outbox as ledgers
from touchline.gateway.reporting.outbox import Ledger
from touchline.gateway.reporting.schema import Asked, Kept, Unfit
from touchline.protocol.errors import Overloaded, StorageFault
from touchline.protocol.messages import Fate, Happening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def ledger(path):
    made = Ledger(path)
    yield made
    made.close()


def asked(id_: str, title: str = "goal", **details: object) -> Asked:
    event = Happening(title, "A", 5, details or None)  # type: ignore[arg-type]  # a test's own
    return Asked(id_, 7, event, repr((title, details)).encode())


def keep(ledger: Ledger, *reports: Asked | Unfit) -> list[Kept | Unfit]:
    return ledger.keep(reports)[0]


def test_kept_once(ledger):
    """The same id and content is the same report; it goes into the outbox once."""
    first, sent = ledger.keep([asked("a"), asked("b")])
    assert [said.n for said in sent] == [1, 2]
    again, more = ledger.keep([asked("b"), asked("a"), asked("a")])
    assert more == []
    assert again == [first[1], first[0], first[0]]
    assert [said.n for said in ledger.pending()] == [1, 2]


def test_twice_in_one_body(ledger):
    """An id that comes twice in one body is kept once."""
    found, sent = ledger.keep([asked("a"), asked("a")])
    assert found[0] == found[1]
    assert len(sent) == 1


def test_another_report_of_that_id(ledger):
    """An id that meant something else is refused; without an id everything is new."""
    keep(ledger, asked("a"))
    (refused,) = keep(ledger, asked("a", "corner"))
    assert isinstance(refused, Unfit)
    assert refused.code == "CONFLICT"
    unnamed = keep(ledger, asked(""), asked(""))
    assert len({kept.id for kept in unnamed}) == 2
    assert len(ledger.pending()) == 3


def test_after_a_kill(path, ledger):
    """Who opens the file anew finds names, numbers and fates as they were committed."""
    keep(ledger, asked("a"), asked("b"))
    ledger.note({1: Fate(n=1, outcome="accepted", seq=4, entry_id="2")})
    other = Ledger(path)
    assert [(kept.id, kept.n) for kept in other.kept()] == [("a", 1), ("b", 2)]
    assert other.kept()[0].fate == Fate(n=1, outcome="accepted", seq=4, entry_id="2")
    assert other.undecided() == {2: ""}
    other.close()


def test_a_refused_commit_keeps_nothing(ledger, monkeypatch):
    """Where one can't be kept for want of room, none of them is, and no number is used."""
    monkeypatch.setattr(ledgers, "MOST_PENDING", 2)
    with pytest.raises(Overloaded, match="2 of your reports wait for the host, at most 2 allowed"):
        ledger.keep([asked("a"), asked("b"), asked("c")])
    assert ledger.kept() == []
    assert ledger.pending() == []
    assert [said.n for said in ledger.keep([asked("a"), asked("b")])[1]] == [1, 2]
    assert [kept.id for kept in keep(ledger, asked("b"))] == ["b"]  # known: it takes no room


def test_most_of_one_event(ledger, monkeypatch):
    """Also what is confirmed counts towards what one person may say."""
    monkeypatch.setattr(ledgers, "MOST_KEPT", 1)
    keep(ledger, asked("a"))
    ledger.confirmed(1)
    with pytest.raises(Overloaded, match="1 of your reports were made in this event"):
        ledger.keep([asked("b")])


def test_too_large(ledger):
    """A report that fits into no frame is refused alone."""
    details = {str(i): "ß" * 1_000 for i in range(24)} | {"x" * 200: "ß" * 1_000}
    found = keep(ledger, *[asked("a", **details), asked("b")])
    assert not isinstance(found[0], Unfit)  # 25 details are not the ledger's affair
    huge = {str(i): "字" * 1_000 for i in range(24)}
    found = keep(ledger, asked("c", **huge), asked("d"))
    assert isinstance(found[0], Unfit)
    assert found[0].code == "TOO_LARGE"
    assert isinstance(found[1], Kept)


def test_undo_by_name(ledger):
    """An undo of a report by its name is one by its number; of one that never was, is refused."""
    keep(ledger, asked("a"), asked("b"))
    undo, none = keep(ledger, asked("u", "undo", report="b"), asked("v", "undo", report="z"))
    assert isinstance(undo, Kept)
    assert undo.event.details == {"n": 2}
    assert isinstance(none, Unfit)
    assert [kept.undone for kept in ledger.kept()] == [False, True, False]


def test_undecided(ledger):
    """What is stored may still be decided; what is decided, may not."""
    keep(ledger, asked("a"), asked("b"), asked("c"))
    ledger.note({1: Fate(n=1, outcome="stored"), 2: Fate(n=2, outcome="expired")})
    assert ledger.undecided() == {1: "stored", 3: ""}


def test_renumbered(ledger):
    """A host that counts otherwise gives what is pending other numbers: names and undos follow, and
    the numbers of what the old host had mean nothing any more."""
    keep(ledger, asked("a"), asked("b"), asked("c"), asked("u", "undo", report="c"))
    ledger.attached(0)
    ledger.confirmed(2)
    ledger.note({1: Fate(n=1, outcome="accepted"), 2: Fate(n=2, outcome="stored")})
    assert ledger.attached(7) == {3: 8, 4: 9}
    assert [(kept.id, kept.n) for kept in ledger.kept()] == [("a", 0), ("b", 0), ("c", 8), ("u", 9)]
    assert ledger.undecided() == {8: "", 9: ""}
    assert ledger.pending()[1].event.details == {"n": 8}
    assert ledger.attached(0) == {8: 1, 9: 2}
    assert [kept.n for kept in ledger.kept()] == [0, 0, 1, 2]


def test_no_file(tmp_path):
    """What can't be written is a storage fault, with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFault, match="file"):
        Ledger(tmp_path / "file" / "outbox.db")
