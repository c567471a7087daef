"""`touchline simulate`: matches and crowds from a seed, in formats that are read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from touchline import sports
from touchline.cli.simulate import command
from touchline.protocol import times
from touchline.protocol.errors import SettingError
from touchline.sports import matchfile


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


@pytest.mark.parametrize("sport", ["football", "tennis", "volleyball"])
def test_a_match_that_can_be_read_and_played(sport: str) -> None:
    """What is printed is a match file whose actions are legal and whose note tells the seed."""
    match = matchfile.read(run(sport, "--seed", "5").stdout)
    assert (match.sport, match.note) == (sport, "simulated with seed 5")
    rules = sports.get(sport)
    folded = sports.fold(
        rules, rules.start(match.origins, match.rules, match.lineups), match.actions
    )
    assert not folded.left_out
    assert rules.over(folded.state)


@pytest.mark.parametrize("sport", ["football", "tennis", "volleyball"])
def test_the_seed_decides(sport: str) -> None:
    """The same seed gives the same lines, another seed others; with and without a crowd."""
    for more in ([], ["--crowd"]):
        first = run(sport, "--seed", "5", *more).stdout
        assert run(sport, "--seed", "5", *more).stdout == first
        assert run(sport, "--seed", "6", *more).stdout != first


def test_flags_of_a_football_match() -> None:
    """Sides and rules are those of the flags."""
    match = matchfile.read(
        run("football", "--origin", "Ham", "--origin", "Spam", "--extra-time", "--shootout").stdout
    )
    assert match.origins == ("Ham", "Spam")
    assert match.rules == {"extra_time": True, "shootout": True}


def test_flags_of_a_tennis_match() -> None:
    """Players and rules are those of the flags."""
    match = matchfile.read(
        run(
            *("tennis", "--origin", "Ann", "--origin", "Bea", "--best-of", "5", "--no-ad"),
            *("--final-set", "advantage"),
        ).stdout
    )
    assert match.origins == ("Ann", "Bea")
    assert match.rules == {"best_of": 5, "final_set": "advantage", "no_ad": True}


@pytest.mark.parametrize("origins", [["A"], ["A", "A"], ["A", ""], ["A", "B", "C"]])
def test_two_sides(origins: list[str]) -> None:
    """A match has two different sides, each with a name."""
    flags = [flag for origin in origins for flag in ("--origin", origin)]
    with pytest.raises(SettingError, match="--origin"):
        run("football", *flags)


def test_output_file(tmp_path: Path) -> None:
    """With -o the match is in the file and standard output is empty."""
    file = tmp_path / "m.jsonl"
    result = run("football", "-o", str(file))
    assert result.stdout == ""
    assert file.read_text("utf-8") == run("football").stdout
    with pytest.raises(SettingError, match="--output"):
        run("football", "-o", str(tmp_path / "no" / "m.jsonl"))


def test_crowd() -> None:
    """A crowd's sayings come in the order in which they are said, each about an action there is."""
    match = matchfile.read(run("football", "--seed", "2").stdout)
    out = run("football", "--seed", "2", "--crowd", "--reporters", "4", "--wrong", "0.5").stdout
    sayings = [json.loads(line) for line in out.splitlines()]
    moments = [times.from_rfc3339(one["at"]) for one in sayings]
    assert moments == sorted(moments)
    assert len({one["reporter"] for one in sayings}) == 4
    assert {one["kind"] for one in sayings} == {"right", "wrong", "repeat"}
    for one in sayings:
        assert one["truth"] is None or 0 <= one["truth"] < len(match.actions)
        if one["kind"] == "right":
            assert one["action"]["title"] == match.actions[one["truth"]].title


def test_crowd_flags() -> None:
    """A crowd that misses nothing, errs never and repeats nothing says each action once each."""
    arguments = ["tennis", "--reporters", "3", "--coverage", "1", "--wrong", "0", "--duplicates"]
    match = matchfile.read(run("tennis").stdout)
    out = run(*arguments, "0", "--crowd").stdout
    assert out.count("\n") == 3 * len(match.actions)


def test_a_crowd_that_can_not_be() -> None:
    """A probability over 1 is refused by its flag."""
    result = run("football", "--crowd", "--wrong", "1.5")
    assert result.exit_code == 2
    assert "--wrong" in result.stderr
