"""`touchline journal`: what it says of a journal, and how it ends."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.unit.peer.host.test_journal_check import damage, turn
from touchline.cli import journal as module
from touchline.peer import Journal
from touchline.peer.host.event import records
from touchline.protocol import codec
from touchline.protocol.errors import NotFound
from touchline.protocol.messages import Happening, Said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(Journal(f"sqlite:///{path}")) as journal:
        for n in (1, 2, 3):
            journal.commit([("e", turn(n))])
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        click.Group(commands={"journal": module.command}), ["journal", *map(str, arguments)]
    )


def test_a_whole_journal(file: Path) -> None:
    """Nothing is damaged, and repairing changes nothing."""
    result = run("check", file)
    assert result.exception is None
    assert result.stdout == "e\t3\t0\t3\twhole\n"
    before = file.read_bytes()
    assert "nothing has changed" in run("repair", file).stdout
    assert file.read_bytes() == before


def test_a_damaged_journal(file: Path) -> None:
    """The turn is named, and what can be kept; repairing says where the damaged one is."""
    damage(file, 2)
    result = run("check", file)
    assert result.stdout.startswith("e\t3\t0\t1\tturn 2 is damaged: it does not match")
    told = [json.loads(line) for line in run("repair", file, "--json").stdout.splitlines()]
    assert told[0] | {"damage": ""} == {
        "type": "journal",
        "event": "e",
        "turns": 3,
        "unchecked": 0,
        "damaged": 2,
        "damage": "",
        "kept": 1,
    }
    assert told[1] == {"type": "repaired", "damaged": f"{file}.damaged"}
    assert run("check", f"sqlite:///{file}").stdout == "e\t1\t0\t1\twhole\n"


def test_no_journal(tmp_path: Path) -> None:
    """It is not made."""
    result = run("check", tmp_path / "missing.db")
    assert isinstance(result.exception, NotFound)
    assert list(tmp_path.iterdir()) == []


def test_what_other_hosts_have_handed_over(file: Path) -> None:
    """Each report is listed with its event, its reporter and the host that had it."""
    assert run("recovered", file).stdout == ""
    said = Said(
        n=7, time=1_700_000_000_000_000,
        event=Happening(title="goal", origin="A", time=1_700_000_000_000_000),
    )  # fmt: skip
    with closing(Journal(f"sqlite:///{file}")) as journal:
        record = records.ReportRecovered(peer="ann", said=said, by="hill")
        journal.commit([("e", records.pack([codec.encode(record)]))])
    (line,) = run("recovered", file, "--json").stdout.splitlines()
    assert json.loads(line) == {
        "type": "recovered",
        "event": "e",
        "peer": "ann",
        "n": 7,
        "said": "2023-11-14T22:13:20.000Z",
        "title": "goal",
        "origin": "A",
        "time": "2023-11-14T22:13:20.000Z",
        "by": "hill",
    }
    assert run("recovered", file).stdout.startswith("e\tann\t7\tgoal\tA\t2023-11-14")
