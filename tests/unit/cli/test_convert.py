"""`touchline convert`: the match file, the summary, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from touchline.cli.convert import FORMATS, command
from touchline.protocol.errors import SettingError
from touchline.sports import convert, matchfile

FILES = Path(__file__).parents[1] / "sports" / "convert" / "files"
CUP = str(FILES / "cup.txt")
EVENTS = str(FILES / "events.json")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_formats_are_those_that_there_are() -> None:
    """The flag offers each format that has a parser."""
    assert tuple(convert.FORMATS) == FORMATS


def test_the_match_goes_to_standard_output_and_the_summary_beside_it() -> None:
    """What is printed can be piped on; kinds that no action says are told with their number."""
    result = run(EVENTS, "--from", "statsbomb", "--starts", "2023-01-01T15:00:00Z")
    match = matchfile.read(result.stdout)
    assert match.origins == ("Lindau", "Ulm")
    assert f"Lindau–Ulm: {len(match.actions)} actions\n" in result.stderr
    assert "no action for 1 thing in the file:\n    1 × Pass\n" in result.stderr


def test_json_summary(tmp_path: Path) -> None:
    """With --output and --json, the summary is one object on standard output."""
    output = tmp_path / "final.jsonl"
    result = run(*(CUP, "--from", "openfootball", "--match", "Porto", "-o", str(output), "--json"))
    summary = json.loads(result.stdout)
    match = matchfile.read(output.read_text("utf-8"))
    assert summary == {
        "type": "converted",
        "title": "Lindau–Porto Alto",
        "sport": "football",
        "actions": len(match.actions),
        "headline": "Lindau 3–3 Porto Alto (5–4 pens)",
        "score": {
            "goals": {"Lindau": 3, "Porto Alto": 3},
            "period": "shootout",
            "shootout": {"Lindau": 5, "Porto Alto": 4},
        },
        "result": {
            "goals": {"Lindau": 3, "Porto Alto": 3},
            "shootout": {"Lindau": 5, "Porto Alto": 4},
        },
        "agrees": True,
        "unknown": {"Referee": 1},
        "forbidden": [],
    }


def test_another_result_and_forbidden_actions_are_told(tmp_path: Path) -> None:
    """A result that the actions do not lead to, and what the rules forbid, are named."""
    path = tmp_path / "cup.txt"
    path.write_text(
        "Jun 1 2020\nA v B 2-0\n (Ann 5')\nYellow cards: Ann 5'; -\nRed cards: Ann 6', 7'; -"
    )
    result = run(str(path), "--from", "openfootball")
    assert 'but the file says {"goals":{"A":2,"B":0}}' in result.stderr
    assert "the rules forbid 1 actions:" in result.stderr
    assert "red_card: Ann has already been sent off" in result.stderr


def test_a_bad_file_is_refused_with_its_name_and_place(tmp_path: Path) -> None:
    """The error has the setting's code, the file and the line."""
    path = tmp_path / "bad.txt"
    path.write_text("Jun 1 2020\nA v B 1-0\n (5')")
    with pytest.raises(SettingError) as refused:
        run(str(path), "--from", "openfootball")
    assert refused.value.code == "BAD_SETTING"
    assert refused.value.sentence == f"{path}: line 3: minute 5 has no name"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingError, match="byte 0: not UTF-8"):
        run(str(path), "--from", "openfootball")


def test_a_start_that_is_no_time() -> None:
    """A start without a zone is refused by the flag's name."""
    result = run(CUP, "--from", "openfootball", "--starts", "2020-01-01")
    assert result.exit_code == 2
    assert "--starts" in result.stderr


def test_a_mapping(tmp_path: Path) -> None:
    """A CSV file is explained by a TOML file."""
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        'sport="race"\norigins=["Ada"]\nstarts="2024-05-01T18:00:00Z"\ntime="t"\nunit="seconds"\n'
        'action="a"\norigin="o"\n[actions]\ngo="start"\nin="finish"\n'
    )
    rows = tmp_path / "rows.csv"
    rows.write_text("t,a,o\n0,go,\n61.5,in,Ada\n")
    result = run(str(rows), "--from", "csv", "--mapping", str(mapping))
    assert [one.title for one in matchfile.read(result.stdout).actions] == ["start", "finish"]
