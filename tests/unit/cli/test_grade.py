"""`touchline grade`: from a journal or a proof to a sheet, and what a sheet shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from touchline.cli import grade
from touchline.cli.shared import journal_of
from touchline.peer import Journal, identity
from touchline.peer.grades.sheet import decode
from touchline.proof import build
from touchline.protocol import keys
from touchline.protocol.errors import (
    BadSignature,
    NotFound,
    PeerError,
    SettingError,
    StorageFault,
)
from touchline.protocol.keys import Identity
from touchline.runtime import files
from touchline.sports import Action, matchfile
from touchline.sports.matchfile import Match

BEGIN = 1_700_000_000_000_000
SECOND = 1_000_000
HOST = Identity(sha256(b"host").digest())


@pytest.fixture
def played(ground: Any) -> Any:
    """An event in which two saw a goal, two of three invented one, and one was alone."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    g.say("cid", "goal", "A", at=12)
    g.both("goal", "B", at=60, names=("bob", "cid"))
    g.say("ann", "corner", "B", at=70)
    return g


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """The record: one goal, one corner."""
    actions = (
        Action("goal", "A", BEGIN + 9 * SECOND),
        Action("corner", "B", BEGIN + 69 * SECOND),
    )
    path = tmp_path / "official.jsonl"
    path.write_text(
        matchfile.write(Match("A v B", "football", ("A", "B"), starts=BEGIN, actions=actions))
    )
    return path


@pytest.fixture
def proof(played: Any, tmp_path: Path) -> Path:
    path = tmp_path / "final.proof"
    lines = build(played.card, played.journal, HOST)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


@pytest.fixture
def journal(played: Any) -> str:
    """The journal of the host that is called umpire."""
    url = journal_of("umpire")
    path = Path(url.removeprefix("sqlite:///"))
    files.make_folder(path.parent)
    kept = Journal(url)
    kept.keep_card(played.card)
    for turn in played.journal:
        kept.commit([(played.card.event, turn)])
    kept.close()
    return url


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        grade.command, [str(each) for each in arguments], standalone_mode=False
    )


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


Made = Callable[..., Path]


@pytest.fixture
def made(journal: str, official: Path, tmp_path: Path) -> Path:
    """The sheet of the event, by its host."""
    path = tmp_path / "final.sheet"
    result = run("e", official, "-o", path, "--name", "umpire")
    assert result.exception is None, result.exception
    return path


def test_from_a_journal(made: Path) -> None:
    """The sheet is signed with the key of --name, and grades what the journal holds."""
    sheet = decode(made.read_bytes())
    assert sheet.header.grader == identity.load("umpire").public
    assert sheet.header.source == "journal"
    assert {one.name: one.decides.false_claims for one in sheet.grades} == {
        "ann": 0,
        "bob": 1,
        "cid": 1,
    }
    assert len(sheet.shared) == 1


def test_to_standard_output(journal: str, official: Path, made: Path) -> None:
    """Without --output the sheet goes to standard output, the same each time."""
    result = run("e", official, "--name", "umpire")
    assert result.stdout_bytes == made.read_bytes()


def test_from_a_proof(proof: Path, official: Path) -> None:
    """A proof is graded where its name is given, by anybody."""
    result = run(proof, official, "--name", "eve")
    sheet = decode(result.stdout_bytes)
    assert sheet.header.source == "proof"
    assert sheet.header.grader == identity.load("eve").public
    assert {one.name: one.decides.hits for one in sheet.grades} == {"ann": 1, "bob": 1, "cid": 0}


def test_what_the_record_is(proof: Path, official: Path) -> None:
    """The flags that say what the record is are in the sheet, in microseconds."""
    flags = ("--covers", "goal", "--offset", "-2.5", "--tolerance", "60", "--name", "eve")
    header = decode(run(proof, official, *flags).stdout_bytes).header
    assert header.covers == ("corner", "goal")
    assert (header.offset, header.tolerance) == (-2_500_000, 60_000_000)
    other = official.with_name("other.jsonl")
    other.write_text(official.read_text().replace("\n", "\n\n"))
    again = decode(run(proof, other, *flags).stdout_bytes).header
    assert again.record == header.record  # the same actions


def test_shown_to_people(made: Path) -> None:
    """A sheet shows how right the timeline was and how each reporter did, and who was wrong
    together."""
    text = run(made, "--name", "umpire").stdout
    umpire = identity.load("umpire").peer
    assert f"A v B (e), graded by {umpire}" in text
    assert "1 right, 1 wrong, 0 missed of what decides the score" in text
    assert "A 1–0 B; published A 1–1 B" in text
    assert "6 graded" in text
    rows = {line.split("\t")[0]: line.split("\t")[2:] for line in text.splitlines() if "\t" in line}
    assert rows == {
        "ann": ["1 of 1", "0 of 1", "1 of 1", "0 of 0"],
        "bob": ["1 of 1", "1 of 1", "0 of 1", "0 of 0"],
        "cid": ["1 of 1", "1 of 1", "0 of 1", "0 of 0"],
    }
    assert "goal B" in text
    assert "by " in text.splitlines()[-1]


def test_as_json(made: Path) -> None:
    """With --json there is an object for the sheet and one for each reporter."""
    head, *grades = objects(run(made, "--json", "--name", "umpire"))
    assert (head["type"], head["event"], head["digest"]) == (
        "sheet",
        "e",
        decode(made.read_bytes()).digest.hex(),
    )
    assert head["decides"] == {"right": 1, "wrong": 1, "missed": 0}
    assert {one["name"] for one in grades} == {"ann", "bob", "cid"}
    ann = next(one for one in grades if one["name"] == "ann")
    assert ann["decides"] == {"hits": 1, "misses": 0, "false_claims": 0, "declined": 1}
    assert ann["peer"] == keys.peer_id(keys.from_text(ann["key"]))


def test_graded_and_shown(journal: str, official: Path, tmp_path: Path) -> None:
    """With --output the grades are printed at once."""
    result = run("e", official, "-o", tmp_path / "x", "--name", "umpire", "--json")
    assert [one["type"] for one in objects(result)] == ["sheet", *["grade"] * 3]


def test_mine(made: Path) -> None:
    """A reporter sees the own grade alone; who is not in the sheet is told so."""
    identity.create("ann", seed=sha256(b"ann").digest())
    _, grade_ = objects(run(made, "--mine", "--name", "ann", "--json"))
    assert grade_["name"] == "ann"
    text = run(made, "--mine", "--name", "ann").stdout
    assert "bob" not in text
    assert isinstance(run(made, "--mine", "--name", "umpire").exception, NotFound)
    assert isinstance(run(made, "--mine", "--name", "stranger").exception, NotFound)
    assert "stranger" not in identity.names()


def test_altered(made: Path, proof: Path, official: Path) -> None:
    """A sheet or proof in which something was changed is refused."""
    text = made.read_bytes()
    made.write_bytes(text.replace(b'"hits":1', b'"hits":2', 1))
    assert isinstance(run(made).exception, BadSignature)
    proof.write_bytes(proof.read_bytes().replace(b'"seq":1', b'"seq":2', 1))
    result = run(proof, official, "--name", "eve")
    assert isinstance(result.exception, PeerError)
    assert result.stdout == ""


def test_nothing_that_a_terminal_obeys(made: Path, tmp_path: Path) -> None:
    """Names are printed without what a terminal would obey."""
    from msgspec.structs import replace

    from touchline.peer.grades.sheet import encode, signed

    sheet = decode(made.read_bytes())
    grades = (replace(sheet.grades[0], name="an\x1b[31mn"), *sheet.grades[1:])
    header = replace(sheet.header, title="\x1b]0;A\x07")
    evil = signed(replace(sheet, header=header, grades=grades), identity.load("umpire"))
    made.write_bytes(encode(evil))
    assert not {"\x1b", "\x07"} & set(run(made).stdout)


@pytest.mark.parametrize(
    ("flags", "error", "words"),
    [
        (("--mine",), click.UsageError, "--mine"),
        (("--host", "eve"), SettingError, "--host"),
        (("--host", "aaaa-aaaa-aaaa-aaaa"), PeerError, "sealed by"),
        (("--covers", "touchdown"), SettingError, "--covers"),
    ],
)
def test_bad_flags(
    proof: Path, official: Path, flags: tuple[str, ...], error: type[Exception], words: str
) -> None:
    """A flag that is not valid is named."""
    result = run(proof, official, *flags)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)


def test_what_is_not_there(journal: str, official: Path, tmp_path: Path) -> None:
    """An event, journal, record or file that is not there is told."""
    assert isinstance(run("e", official, "--name", "nobody").exception, NotFound)
    assert isinstance(run("other", official, "--name", "umpire").exception, NotFound)
    assert isinstance(run("e", tmp_path / "none", "--name", "umpire").exception, NotFound)
    assert "give a RECORD" in str(run("e").exception)
    assert isinstance(
        run("e", official, "--host", HOST.peer, "--name", "umpire").exception, click.UsageError
    )


def test_host_that_runs(journal: str, official: Path) -> None:
    """The journal of a host that runs is not read."""
    running = Journal(journal)
    running.keep_card(running.card("e"))  # type: ignore[arg-type]  # it is there
    try:
        result = run("e", official, "--name", "umpire")
    finally:
        running.close()
    assert isinstance(result.exception, StorageFault)
    assert "after its host has stopped" in str(result.exception)
