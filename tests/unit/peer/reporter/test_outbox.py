"""What was said survives everything that was confirmed to nobody."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from touchline.peer.reporter.outbox import Outbox
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Card, Endpoints, Happening, Invitation

GOAL = Happening("goal", "A", 5)
INVITATION = Invitation(
    id=1,
    card=Card(event="e", title="E", sport="football", origins=["A", "B"]),
    token="t",
    expires=9,
    endpoints=Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3"),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "outbox.db"


@pytest.fixture
def outbox(path):
    made = Outbox(path)
    yield made
    made.close()


def numbers(outbox: Outbox) -> list[int]:
    return [said.n for said in outbox.pending()]


def add(outbox: Outbox, count: int = 1) -> None:
    for _ in range(count):
        outbox.add(GOAL, 7)


def test_add(outbox):
    """Reports get the numbers from 1 and are kept as they were said."""
    said = outbox.add(Happening("goal", "A", 5, {"player": "Ito"}), 7)
    assert (said.n, said.time) == (1, 7)
    add(outbox, 2)
    assert numbers(outbox) == [1, 2, 3]
    assert outbox.pending()[0] == said


def test_confirmed(outbox):
    """What is confirmed is forgotten, once or twice, and its numbers are never used again."""
    add(outbox, 3)
    for _ in range(2):
        outbox.confirmed(2)
        assert numbers(outbox) == [3]
    outbox.confirmed(3)
    add(outbox)
    assert numbers(outbox) == [4]


def test_reopened(outbox, path):
    """Everything is there after the file is opened again."""
    add(outbox, 3)
    outbox.attached(0)
    outbox.confirmed(1)
    outbox.keep_invitation(INVITATION, b"sealed")
    outbox.close()
    again = Outbox(path)
    assert numbers(again) == [2, 3]
    assert again.invitation == replace(INVITATION, token="")
    assert again.sealed_token == b"sealed"
    assert again.attached(2) == {}
    add(again)
    assert numbers(again) == [3, 4]
    again.close()


def test_no_invitation(outbox):
    """Before the first there is no invitation; the newest is the one that is kept."""
    assert outbox.invitation is None
    assert outbox.sealed_token == b""
    outbox.keep_invitation(INVITATION, b"sealed")
    outbox.keep_invitation(INVITATION, b"sealed")
    assert outbox.invitation == replace(INVITATION, token="")


def test_two_handles(outbox, path):
    """Two programs of one reporter never take the same number, and see each other's reports."""
    other = Outbox(path)
    for turn in range(10):
        add(outbox if turn % 3 else other)
    assert numbers(outbox) == numbers(other) == list(range(1, 11))
    other.confirmed(4)
    assert numbers(outbox) == list(range(5, 11))
    other.close()


def test_agreed(outbox):
    """A host that stored some of what we said agrees on the count: the rest stays pending."""
    add(outbox, 2)
    assert outbox.attached(0) == {}
    add(outbox, 2)
    assert outbox.attached(3) == {}
    assert numbers(outbox) == [4]


def test_new_outbox_of_a_known_reporter(outbox):
    """An outbox made after the old one was lost goes on where the host's count is, and loses
    nothing of what was said meanwhile."""
    add(outbox, 3)
    first = outbox.pending()
    assert outbox.attached(2) == {1: 3, 2: 4, 3: 5}
    assert [said.event for said in outbox.pending()] == [said.event for said in first]
    assert numbers(outbox) == [3, 4, 5]
    assert outbox.attached(4) == {}
    assert numbers(outbox) == [5]
    add(outbox)
    assert numbers(outbox) == [5, 6]


def test_another_host(outbox):
    """A host with a journal of its own begins to count anew, and so do we; back at the first one,
    nothing that is pending is taken for stored."""
    outbox.attached(0)
    add(outbox, 9)
    outbox.confirmed(7)
    assert outbox.attached(0) == {8: 1, 9: 2}
    add(outbox)
    assert numbers(outbox) == [1, 2, 3]
    outbox.confirmed(1)
    assert outbox.attached(7) == {2: 8, 3: 9}
    assert numbers(outbox) == [8, 9]


def test_another_host_that_counts_as_far(outbox):
    """The count of another host says nothing of what is pending, even where it seems to: it counts
    other reports. Back at a host that is the same, its count holds."""
    outbox.attached(0, b"first")
    add(outbox, 9)
    outbox.confirmed(5)
    assert outbox.attached(7, b"second") == {6: 8, 7: 9, 8: 10, 9: 11}
    assert numbers(outbox) == [8, 9, 10, 11]
    assert outbox.attached(9, b"second") == {}
    assert numbers(outbox) == [10, 11]
    assert outbox.attached(10) == {}  # of a host in plain text nothing is known but its count
    assert numbers(outbox) == [11]


def test_another_host_of_the_same_journal(outbox):
    """Hosts that share a journal count as one: what the one has stored and did not come to confirm
    is not sent to the other again, and numbers stay."""
    outbox.attached(0, b"first", "journal")
    add(outbox, 9)
    outbox.confirmed(5)
    assert outbox.attached(7, b"second", "journal") == {}
    assert numbers(outbox) == [8, 9]
    assert outbox.attached(8, b"third", "another") == {8: 9, 9: 10}
    assert outbox.attached(9, b"fourth") == {9: 10, 10: 11}


def test_killed_anywhere(path, tmp_path):
    """Killed before any statement, the outbox holds what was said, under numbers of its own."""
    copies: list[tuple[Path, int, int]] = []
    outbox = Outbox(path)
    told = 0  # the highest number that a caller was given
    confirmed = 0

    def photograph(_: str) -> None:
        copy = tmp_path / f"copy{len(copies)}"
        copy.mkdir()
        for file in path.parent.iterdir():
            if not file.name.endswith("-shm"):  # made anew from the log, as after a crash
                shutil.copy(file, copy / file.name)
        copies.append((copy / path.name, told, confirmed))

    outbox._base.set_trace_callback(photograph)
    for step in range(4):
        told = max(told, outbox.add(GOAL, step).n)
        told = max(told, outbox.add(GOAL, step).n)
        if step == 0:
            assert outbox.attached(5) == {1: 6, 2: 7}
            told = 7
        confirmed = told - 1
        outbox.confirmed(confirmed)
    outbox._base.set_trace_callback(None)
    outbox.close()
    assert len(copies) > 40
    for copy, known, gone in copies:
        again = Outbox(copy)
        held = numbers(again)
        assert held == list(range(held[0], held[0] + len(held))) if held else True
        if known > 2:  # after the renumbering, at whatever point that was
            assert set(range(gone + 1, known + 1)) <= {*held, *range(1, min(held, default=known))}
        said = again.add(GOAL, 0)
        assert said.n > known or known <= 2
        assert said.n not in held
        again.close()


def test_not_a_database(path):
    """A file that is no outbox is refused as a fault of the storage."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all, and never was" * 100)
    with pytest.raises(StorageFault, match="outbox"):
        Outbox(path)


def test_unreadable_rows(outbox):
    """So is one whose rows can't be read."""
    outbox._base.execute("INSERT INTO said VALUES (1, x'c1')")
    with pytest.raises(StorageFault, match="outbox"):
        outbox.pending()
    outbox._base.execute("INSERT INTO state VALUES ('invitation', x'c1')")
    with pytest.raises(StorageFault, match="outbox"):
        _ = outbox.invitation


def test_full_disk(outbox):
    """When the disk is full nothing is said, and when there is room again it goes on."""
    add(outbox)
    pages = outbox._base.execute("PRAGMA page_count").fetchone()[0]
    outbox._base.execute(f"PRAGMA max_page_count = {pages}")
    big = Happening("goal", "A", 5, {f"d{i}": "x" * 900 for i in range(20)})
    for _ in range(3):
        with pytest.raises(StorageFault, match="full"):
            outbox.add(big, 7)
    assert numbers(outbox) == [1]
    outbox._base.execute("PRAGMA max_page_count = 1000000")
    assert outbox.add(big, 7).n == 2
    assert numbers(outbox) == [1, 2]


def test_locked(outbox, path):
    """While another program holds the file for too long nothing is said; afterwards it goes on."""
    outbox._base.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFault, match="locked"):
        add(outbox)
    other.execute("ROLLBACK")
    other.close()
    add(outbox)
    assert numbers(outbox) == [1]


def test_commit_refused(outbox):
    """A commit that is refused leaves no transaction behind."""

    class Refusing:
        def __init__(self, base: sqlite3.Connection) -> None:
            self.base = base
            self.refuse = True

        def __getattr__(self, name: str) -> object:
            return getattr(self.base, name)

        def execute(self, statement: str, *arguments: object) -> object:
            if statement == "COMMIT" and self.refuse:
                raise sqlite3.OperationalError("disk I/O error")
            return self.base.execute(statement, *arguments)

    base = outbox._base
    outbox._base = refusing = Refusing(base)
    with pytest.raises(StorageFault, match="disk I/O error"):
        add(outbox)
    refusing.refuse = False
    add(outbox)
    assert numbers(outbox) == [1]


def test_an_undo_follows_its_report(outbox):
    """Where numbers change, an undo of what is pending names the new one; any other stays."""
    add(outbox, 2)
    outbox.add(Happening("undo", "", 5, {"n": 2}), 7)
    outbox.add(Happening("undo", "", 5, {"n": 9}), 7)
    outbox.add(Happening("amend", "", 5, {"n": 2}), 7)
    assert outbox.attached(10)[2] == 12
    details = [said.event.details for said in outbox.pending()]
    assert details == [None, None, {"n": 12}, {"n": 9}, {"n": 2}]


def test_what_was_seen_before_is_kept(outbox):
    """What a reporter had been shown stays with the report, under its new number too."""
    assert outbox.add(GOAL, 7, seen=4).seen == 4
    outbox.attached(20)
    (said,) = outbox.pending()
    assert (said.n, said.seen) == (21, 4)


@pytest.mark.parametrize(
    ("event", "elsewhere"),
    [
        (Happening("delete", "", 0, {"entry": "3"}), {"entry": "of another host"}),
        (
            Happening("amend", "", 0, {"entry": "3", "player": "Ode"}),
            {"entry": "of another host", "player": "Ode"},
        ),
        (
            Happening("state", "", 0, {"review": "begun", "entry": "3"}),
            {"review": "begun", "entry": "of another host"},
        ),
        (Happening("answer", "", 0, {"claim": 3, "yes": True}), {"claim": 0, "yes": True}),
        (Happening("undo", "", 0, {"n": 1}), {"n": 0}),
        (Happening("state", "", 0, {"score": "2-1"}), {"score": "2-1"}),
        (Happening("goal", "A", 0, {"player": "Ode"}), {"player": "Ode"}),
    ],
)
def test_what_is_of_another_host_hits_nothing(outbox, event, elsewhere):
    """A vote that waits and names an entry, a claim or a stored report of a host is sent to another
    one so that it is refused there: the same number is of something else. To the same it stays."""
    outbox.attached(0, b"first")
    outbox.add(Happening("goal", "A", 0), 0)
    outbox.confirmed(1)
    outbox.add(event, 0)
    outbox.attached(1, b"first")
    assert outbox.pending()[0].event == event
    outbox.attached(5, b"second")
    (said,) = outbox.pending()
    assert (said.n, said.event.title, said.event.details) == (6, event.title, elsewhere)
