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
from touchline.sports import shipped
from touchline.sports.custom.schema import schema

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_list() -> None:
    """Every installed sport is listed with its name first, and every contest that comes along."""
    names = [line.split("\t")[0] for line in run("list").stdout.splitlines()]
    assert tuple(names) == (*sports.list(), *shipped.names())


def test_show_a_contest_that_comes_along() -> None:
    """It is shown by its own name, as with its file."""
    out = run("show", "handball").stdout
    assert "Handball: actions" in out
    by_file = run("show", "custom", "--definition", str(EXAMPLES / "handball.toml")).stdout
    assert out.splitlines()[1:] == by_file.splitlines()[1:]


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
    assert (best_of["default"], best_of["choices"]) == (3, [1, 3, 5])


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


def test_check_a_good_file(tmp_path: Path) -> None:
    """A good file is told so, and a list of actions is played with the score after each."""
    played = tmp_path / "evening.txt"
    played.write_text("right Owls question=1\nwrong Cats question=1\n")
    arguments = ("check", str(EXAMPLES / "quiz.toml"), "--play", str(played))
    out = run(*arguments).stdout
    assert "quiz.toml: Pub quiz, 4 actions, is good\n" in out
    assert "    1  Right answer: Owls (question 1), 1–0  Owls 1–0 Cats\n" in out
    first, *_, last = map(json.loads, run(*arguments, "--json").stdout.splitlines())
    assert first == {
        "type": "checked",
        "text": "Pub quiz",
        "actions": ["right", "wrong", "phone", "last_orders"],
    }
    assert (last["line"], last["score"]["points"]) == (2, {"Owls": 1, "Cats": -1})


def test_check_a_bad_file(tmp_path: Path) -> None:
    """A mistake is named by file, line and column; so is a line of the list that cannot be."""
    bad = tmp_path / "bad.toml"
    bad.write_text('[[actions]]\ntitle = "a"\npoints = "1"\n')
    with pytest.raises(SettingError) as refused:
        run("check", str(bad))
    expected = f"{bad}: line 3, column 1: actions[1].points: '1' is not a number"
    assert refused.value.sentence == expected
    bad.write_text("left Owls")
    with pytest.raises(SettingError, match=r"bad\.toml: line 1: no action 'left'"):
        run("check", str(EXAMPLES / "quiz.toml"), "--play", str(bad))
    bad.write_bytes(b"#" * (1 << 20) + b"##")
    with pytest.raises(SettingError, match="more than the 1,048,576 bytes allowed"):
        run("check", str(bad))


def test_the_schema_is_printed() -> None:
    """The schema is JSON as the package has it."""
    assert json.loads(run("schema").stdout) == schema()


def test_check_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    """It is told with the place of the byte."""
    file = tmp_path / "café.toml"
    file.write_bytes('win_at = 3\ntext = "café"\n'.encode("latin-1"))
    refused = CliRunner().invoke(command, ["check", str(file)])
    assert "line 2, column 12: byte 0xe9 is not UTF-8" in str(refused.exception)
