"""A report and its name are kept together, once, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.gateway.reporting import outbox as outboxes
from touchline.gateway.reporting.outbox import IdempotentOutbox
from touchline.gateway.reporting.schema import Asked, KeptReport, Unfit
from touchline.protocol.errors import Overloaded, StorageFault
from touchline.protocol.messages import Fate, Happening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path):
    made = IdempotentOutbox(path)
    yield made
    made.close()


def asked(id_: str, title: str = "goal", **details: object) -> Asked:
    event = Happening(title, "A", 5, details or None)  # type: ignore[arg-type]  # a test's own
    return Asked(id_, 7, event, repr((title, details)).encode())


def keep(outbox: IdempotentOutbox, *reports: Asked | Unfit) -> list[KeptReport | Unfit]:
    return outbox.keep(reports)[0]


def test_kept_once(outbox):
    """The same id and content is the same report; it goes into the outbox once."""
    first, sent = outbox.keep([asked("a"), asked("b")])
    assert [said.n for said in sent] == [1, 2]
    again, more = outbox.keep([asked("b"), asked("a"), asked("a")])
    assert more == []
    assert again == [first[1], first[0], first[0]]
    assert [said.n for said in outbox.outbox.pending()] == [1, 2]


def test_twice_in_one_body(outbox):
    """An id that comes twice in one body is kept once."""
    found, sent = outbox.keep([asked("a"), asked("a")])
    assert found[0] == found[1]
    assert len(sent) == 1


def test_another_report_of_that_id(outbox):
    """An id that meant something else is refused; without an id everything is new."""
    keep(outbox, asked("a"))
    (refused,) = keep(outbox, asked("a", "corner"))
    assert isinstance(refused, Unfit)
    assert refused.code == "CONFLICT"
    unnamed = keep(outbox, asked(""), asked(""))
    assert len({kept.id for kept in unnamed}) == 2
    assert len(outbox.outbox.pending()) == 3


def test_after_a_kill(path, outbox):
    """Who opens the file anew finds names, numbers and fates as they were committed."""
    keep(outbox, asked("a"), asked("b"))
    outbox.record({1: Fate(n=1, outcome="accepted", seq=4, entry_id="2")})
    other = IdempotentOutbox(path)
    assert [(kept.id, kept.n) for kept in other.kept()] == [("a", 1), ("b", 2)]
    assert other.kept()[0].fate == Fate(n=1, outcome="accepted", seq=4, entry_id="2")
    assert other.undecided() == {2: ""}
    other.close()


def test_a_refused_commit_keeps_nothing(outbox, monkeypatch):
    """Where there is no room for one report, none of them is kept, and no number is used."""
    monkeypatch.setattr(outboxes, "MOST_PENDING", 2)
    with pytest.raises(Overloaded, match="2 of your reports wait for the host, at most 2 allowed"):
        outbox.keep([asked("a"), asked("b"), asked("c")])
    assert outbox.kept() == []
    assert outbox.outbox.pending() == []
    assert [said.n for said in outbox.keep([asked("a"), asked("b")])[1]] == [1, 2]
    assert [kept.id for kept in keep(outbox, asked("b"))] == ["b"]  # known: it takes no room


def test_most_of_one_event(outbox, monkeypatch):
    """Also what is confirmed counts towards what one person may say."""
    monkeypatch.setattr(outboxes, "MOST_KEPT", 1)
    keep(outbox, asked("a"))
    outbox.outbox.confirmed(1)
    with pytest.raises(Overloaded, match="1 of your reports were made in this event"):
        outbox.keep([asked("b")])


def test_too_large(outbox):
    """A report that fits into no frame is refused alone."""
    details = {str(i): "ß" * 1_000 for i in range(24)} | {"x" * 200: "ß" * 1_000}
    found = keep(outbox, *[asked("a", **details), asked("b")])
    assert not isinstance(found[0], Unfit)  # 25 details are not the outbox's affair
    huge = {str(i): "字" * 1_000 for i in range(24)}
    found = keep(outbox, asked("c", **huge), asked("d"))
    assert isinstance(found[0], Unfit)
    assert found[0].code == "TOO_LARGE"
    assert isinstance(found[1], KeptReport)


def test_undo_by_name(outbox):
    """An undo of a report by its name is one by its number; of one that never was, is refused."""
    keep(outbox, asked("a"), asked("b"))
    undo, none = keep(outbox, asked("u", "undo", report="b"), asked("v", "undo", report="z"))
    assert isinstance(undo, KeptReport)
    assert undo.event.details == {"n": 2}
    assert isinstance(none, Unfit)
    assert [kept.undone for kept in outbox.kept()] == [False, True, False]


def test_undecided(outbox):
    """What is stored may still be decided; what is decided, may not."""
    keep(outbox, asked("a"), asked("b"), asked("c"))
    outbox.record({1: Fate(n=1, outcome="stored"), 2: Fate(n=2, outcome="expired")})
    assert outbox.undecided() == {1: "stored", 3: ""}


def test_renumbered(outbox):
    """A host that counts otherwise gives what is pending other numbers: names and undos follow, and
    the numbers of what the old host had mean nothing any more."""
    keep(outbox, asked("a"), asked("b"), asked("c"), asked("u", "undo", report="c"))
    outbox.outbox.attached(0)
    outbox.outbox.confirmed(2)
    outbox.record({1: Fate(n=1, outcome="accepted"), 2: Fate(n=2, outcome="stored")})
    assert outbox.outbox.attached(7) == {3: 8, 4: 9}
    assert [(kept.id, kept.n) for kept in outbox.kept()] == [("a", 0), ("b", 0), ("c", 8), ("u", 9)]
    assert outbox.undecided() == {8: "", 9: ""}
    assert outbox.outbox.pending()[1].event.details == {"n": 8}
    assert outbox.outbox.attached(0) == {8: 1, 9: 2}
    assert [kept.n for kept in outbox.kept()] == [0, 0, 1, 2]


def test_no_file(tmp_path):
    """What can't be written is a storage fault, with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFault, match="file"):
        IdempotentOutbox(tmp_path / "file" / "outbox.db")
