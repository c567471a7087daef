"""`touchline export`: what a timeline looks like as JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from touchline.cli.export import command
from touchline.protocol.errors import SettingError, StorageFault
from touchline.protocol.messages import Card, Entry, Evidence, FeedMessage, Finished
from touchline.protocol.text import plain
from touchline.timeline.csv import COLUMNS
from touchline.timeline.recording import Recorder

CARD = Card(event="a-v-b", title="A – B", sport="football", origins=["A", "B"])

GOAL = Entry(
    event="a-v-b",
    epoch=1,
    seq=1,
    entry_id="1",
    status="CONFIRMED",
    title="goal",
    origin="A",
    time=1_700_000_060_123_456,
    first_reported=1_700_000_061_000_000,
    accepted=1_700_000_062_000_000,
    sent=1_700_000_062_000_000,
    evidence=Evidence(for_=2, against=1, present=3, latency_ms=1000.0),
    text='GOAL for A: "Ann", of A',
    clock="2'",
    details={"player": "Ann"},
    score={"goals": {"A": 1, "B": 0}},
    headline="A 1–0 B",
    place=1,
    delay_status="RECONSTRUCTION_INACCURATE",
    reason="the score is 2–0",
)
FEED: list[FeedMessage] = [
    GOAL,
    replace(GOAL, seq=2, entry_id="2", time=GOAL.time - 5_000_000, title="corner"),
    replace(GOAL, seq=3, status="UPDATED", details={"player": "Bea"}),
    replace(GOAL, seq=4, entry_id="3", title="foul"),
    replace(GOAL, seq=5, entry_id="3", title="foul", status="DELETED"),
    Finished(event="a-v-b", epoch=1, seq=6, sent=0),
]


def _export(tmp_path: Path, *flags: str, feed: list[FeedMessage] = FEED) -> Result:
    path = tmp_path / "recording"
    path.unlink(missing_ok=True)
    with Recorder(path, CARD) as recorder:
        for message in feed:
            recorder.keep(message)
    return CliRunner().invoke(command, [str(path), *flags])


def _rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))


def test_the_timeline_as_it_stands(tmp_path: Path) -> None:
    """The newest version of each entry, in match order, without those deleted."""
    lines = _export(tmp_path).stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [(entry["entry_id"], entry["status"]) for entry in entries] == [
        ("2", "CONFIRMED"),
        ("1", "UPDATED"),
    ]
    assert entries[1]["details"] == {"player": "Bea"}
    assert entries[1]["time"] == "2023-11-14T22:14:20.123Z"


def test_places(tmp_path: Path) -> None:
    """In the timeline as it stands an entry has the place that it has now; in every version, the
    one with which it was published."""
    now = [json.loads(line) for line in _export(tmp_path).stdout.splitlines()]
    assert [(entry["entry_id"], entry["place"]) for entry in now] == [("2", 1), ("1", 2)]
    published = [json.loads(line) for line in _export(tmp_path, "--all").stdout.splitlines()]
    assert {entry["place"] for entry in published} == {1}


def test_every_version(tmp_path: Path) -> None:
    """With --all every version comes, in the order of seq."""
    entries = [json.loads(line) for line in _export(tmp_path, "--all").stdout.splitlines()]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]


def test_csv_columns(tmp_path: Path) -> None:
    """The table has the documented columns, quoted as CSV wants it."""
    (_, row) = _rows(_export(tmp_path, "--format", "csv"))
    assert tuple(row) == COLUMNS
    assert row == {
        "entry_id": "1",
        "seq": "3",
        "status": "UPDATED",
        "time": "2023-11-14T22:14:20.123Z",
        "clock": "2'",
        "title": "goal",
        "origin": "A",
        "text": 'GOAL for A: "Ann", of A',
        "for": "2",
        "against": "1",
        "present": "3",
        "latency_ms": "1000.0",
        "first_reported": "2023-11-14T22:14:21.000Z",
        "accepted": "2023-11-14T22:14:22.000Z",
        "relates_to": "",
        "headline": "A 1–0 B",
        "details": '{"player":"Bea"}',
        "score": '{"goals":{"A":1,"B":0}}',
        "place": "2",
        "delay_status": "RECONSTRUCTION_INACCURATE",
        "reason": "the score is 2–0",
        "by": "",
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_formula_reaches_a_spreadsheet(tmp_path: Path, start: str) -> None:
    """A text from the network that a spreadsheet would calculate is given an apostrophe."""
    evil = replace(GOAL, text=start + 'HYPERLINK("http://x")')
    (row,) = _rows(_export(tmp_path, "--format", "csv", feed=[evil]))
    assert row["text"] == "'" + plain(evil.text)


def test_line_ends_end_no_row(tmp_path: Path) -> None:
    """A text with line ends is one cell of one row, in which they are replaced."""
    (row,) = _rows(_export(tmp_path, "--format", "csv", feed=[replace(GOAL, text="a\r\nb\nc")]))
    assert row["text"] == "a\ufffd\ufffdb\ufffdc"


def test_the_columns_are_documented() -> None:
    """docs/CLI.md explains each column of the table."""
    page = (Path(__file__).parents[4] / "docs" / "CLI.md").read_text("utf-8")
    assert [name for name in COLUMNS if f"| `{name}` |" not in page] == []


def test_into_a_file(tmp_path: Path) -> None:
    """With --output the lines go into the file, and nothing to standard output."""
    result = _export(tmp_path, "--output", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "out").read_bytes() == _export(tmp_path).stdout_bytes


def test_faults(tmp_path: Path) -> None:
    """A file that is no recording is refused; a folder that is not there is a storage fault."""
    (tmp_path / "x").write_text("hello")
    result = CliRunner().invoke(command, [str(tmp_path / "x")])
    assert isinstance(result.exception, SettingError)
    result = _export(tmp_path, "--output", str(tmp_path / "no" / "out"))
    assert isinstance(result.exception, StorageFault)
