"""`touchline book`: sheets into a book, what it shows, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.unit.peer.grades.making import grade, identity, key, sheet
from touchline.cli import book
from touchline.peer.grades.book import Book, decode
from touchline.peer.grades.sheet import GradeSheet, encode
from touchline.protocol import keys
from touchline.protocol.errors import BadSignature, NotAllowed, NotFound, PeerError, SettingError

CROWD = ["ann", "bob", *(f"p{number}" for number in range(6))]
FIRST = sheet(grade("ann", (3, 1, 0, 2)), grade("bob", (0, 4, 2, 0)), event="first", at=1)
SECOND = sheet(
    *(grade(name) for name in CROWD),
    event="second",
    at=2,
    shared=[(["ann", "bob"], CROWD)] * 3,
)
UMPIRE = ("--grader", identity("umpire").peer)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        book.command, [str(each) for each in arguments], standalone_mode=False
    )


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the book is going to be."""
    return tmp_path / "club.book"


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Write a sheet into a file of its own."""

    def write(one: GradeSheet, name: str = "") -> Path:
        found = tmp_path / (name or f"{one.header.event}.sheet")
        found.write_bytes(encode(one))
        return found

    return write


def test_made_and_grown(path: Path, file: Any) -> None:
    """A book is made with its first sheet, and takes further ones of its graders."""
    (told,) = objects(run("add", path, file(FIRST), *UMPIRE, "--json"))
    assert told == {
        "type": "book",
        "digest": Book([FIRST]).digest.hex(),
        "sheets": 1,
        "reporters": 2,
        "graders": [identity("umpire").peer],
    }
    result = run("add", path, file(SECOND), file(FIRST))
    assert result.exception is None
    assert Book([FIRST, SECOND]).digest.hex() in result.stdout
    assert "added     1" in result.stdout
    assert decode(path.read_bytes()).sheets == (FIRST, SECOND)


def test_unknown_grader(path: Path, file: Any) -> None:
    """A grader that the owner did not name is refused with what to do, and no book is made."""
    result = run("add", path, file(FIRST))
    assert isinstance(result.exception, NotAllowed)
    assert f"if you trust it: --grader {identity('umpire').peer}" in str(result.exception)
    assert not path.exists()


def test_grader_by_its_key(path: Path, file: Any) -> None:
    """A grader can be named by its key, before it has signed anything."""
    other = keys.to_text(key("other"))
    assert run("add", path, file(FIRST), *UMPIRE, "--grader", other).exception is None
    later = sheet(grade("ann"), event="third", grader="other")
    assert run("add", path, file(later)).exception is None
    strange = sheet(grade("ann"), event="fourth", grader="strange")
    assert isinstance(run("add", path, file(strange)).exception, NotAllowed)


@pytest.mark.parametrize(
    ("grader", "error"),
    [("eve", SettingError), ("aaaa-aaaa-aaaa-aaaa", NotFound)],
)
def test_no_grader(path: Path, file: Any, grader: str, error: type[Exception]) -> None:
    """What is neither a key nor the id of a grader of these sheets is refused."""
    result = run("add", path, file(FIRST), "--grader", grader)
    assert isinstance(result.exception, error)
    assert "--grader" in str(result.exception)


def test_one_bad_sheet_spoils_all(path: Path, file: Any) -> None:
    """Where one of several sheets is forged nothing is added."""
    run("add", path, file(FIRST), *UMPIRE)
    before = path.read_bytes()
    forged = file(SECOND)
    forged.write_bytes(forged.read_bytes().replace(b'"hits":0', b'"hits":9', 1))
    result = run("add", path, file(sheet(grade("ann"), event="third")), forged)
    assert isinstance(result.exception, BadSignature)
    assert path.read_bytes() == before


def test_another_sheet_on_an_event(path: Path, file: Any) -> None:
    """An event counts once: a second sheet takes the place of the first where that is asked."""
    run("add", path, file(FIRST), *UMPIRE)
    again = sheet(grade("ann", (4, 0, 0, 2)), event="first", at=1)
    result = run("add", path, file(again, "again"))
    assert isinstance(result.exception, NotAllowed)
    assert "--replace" in str(result.exception)
    result = run("add", path, file(again, "again"), "--replace")
    assert result.exception is None
    assert "added" not in result.stdout
    assert decode(path.read_bytes()).sheets == (again,)


def test_shown(path: Path, file: Any) -> None:
    """It shows what the book says of each reporter, and who is one voice."""
    run("add", path, file(FIRST), file(SECOND), *UMPIRE)
    text = run("show", path).stdout
    rows = {line.split("\t")[0]: line.split("\t") for line in text.splitlines() if "\t" in line}
    found = decode(path.read_bytes())
    figures = (*found.record(key("ann"), True), *found.record(key("ann"), False))
    assert rows["ann"] == [
        "ann",
        identity("ann").peer,
        "2",
        *(f"{figure / 1_000:.2f}" for figure in figures),
    ]
    assert len(rows) == len(CROWD)
    assert "one voice" in text.splitlines()[-1]
    assert f"ann ({identity('ann').peer})" in text.splitlines()[-1]


def test_shown_as_json(path: Path, file: Any) -> None:
    """With --json there is an object for the book, each sheet, reporter and voice."""
    run("add", path, file(FIRST), file(SECOND), *UMPIRE)
    told = objects(run("show", path, "--json"))
    kinds = ["book", *["sheet"] * 2, *["reporter"] * len(CROWD), "together"]
    assert [one["type"] for one in told] == kinds
    assert told[1]["digest"] == FIRST.digest.hex()
    bob = next(one for one in told if one.get("name") == "bob")
    assert bob["decides"]["false_claims"] == 5
    assert bob["decides"]["joins"] == decode(path.read_bytes()).record(key("bob"), True)[1] / 1_000
    assert set(told[-1]["peers"]) == {identity("ann").peer, identity("bob").peer}


def test_verified(path: Path, file: Any) -> None:
    """A whole book is verified with its digest; a changed one is refused."""
    run("add", path, file(FIRST), file(SECOND), *UMPIRE)
    assert decode(path.read_bytes()).digest.hex() in run("verify", path).stdout
    path.write_bytes(path.read_bytes().replace(b'"declined":2', b'"declined":3', 1))
    for word in ("verify", "show"):
        assert isinstance(run(word, path).exception, PeerError)
    assert isinstance(run("add", path, file(FIRST)).exception, PeerError)
