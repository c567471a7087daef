"""`touchline sports`: the sports, their actions and rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from touchline import sports
from touchline.cli.sports import command
from touchline.protocol.errors import NotFound, SettingError

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_list() -> None:
    """Every installed sport is listed, with its name first."""
    names = [line.split("\t")[0] for line in run("list").stdout.splitlines()]
    assert tuple(names) == sports.list()


def test_list_json() -> None:
    """With --json each sport is an object."""
    listed = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert {"name": "tennis", "text": "Tennis"} in listed


@pytest.mark.parametrize("name", ["football", "tennis", "race"])
def test_show_tells_all(name: str) -> None:
    """Each action, detail and rule of a sport has a line."""
    out = run("show", name).stdout
    sport = sports.get(name)
    for kind in sport.kinds():
        assert f"\n{kind.title}\t{kind.text}\t" in out
        for detail in kind.details:
            assert f"\n{kind.title}\t{detail.name}\t" in out
    for rule in sport.rules:
        assert f"\n{rule.name}\t" in out


def test_show_json() -> None:
    """With --json a sport is one object with all that a program needs to offer its actions."""
    shown = json.loads(run("show", "tennis", "--json").stdout)
    point = shown["actions"][0]
    assert (point["title"], point["needs_origin"]) == ("point", True)
    assert "ace" in point["details"][0]["choices"]
    best_of = next(rule for rule in shown["rules"] if rule["name"] == "best_of")
    assert (best_of["default"], best_of["choices"]) == (3, [3, 5])


def test_show_under_a_rule() -> None:
    """The kicks of a shoot-out are shown where the rule gives them."""
    assert "shootout_scored" not in run("show", "football").stdout
    assert "shootout_scored" in run("show", "football", "--rule", "shootout=true").stdout


def test_show_a_definition() -> None:
    """A custom sport's actions are those of its file."""
    out = run("show", "custom", "--definition", str(EXAMPLES / "quiz.toml")).stdout
    assert "\nlast_orders\tLast orders\tmay be left out\t120\t" in out


def test_unknown_sport() -> None:
    """A sport that is not installed is not found, and those that are are named."""
    with pytest.raises(NotFound, match="football"):
        run("show", "chess")


def test_bad_definition(tmp_path: Path) -> None:
    """A file that defines no sport is refused by its name."""
    file = tmp_path / "empty.toml"
    file.write_text("")
    with pytest.raises(SettingError, match=r"--definition: .*empty\.toml"):
        run("show", "custom", "--definition", str(file))
