"""Declared settings as flags: what the command line, variables and a file make of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
from click.testing import CliRunner

from touchline.cli.settings import effective, name_variables, problems, read, settings
from touchline.protocol.errors import SettingError
from touchline.runtime import settings as declarations
from touchline.runtime.settings import Setting


def _number(flag: str, text: str) -> int:
    if not text.isdigit():
        raise SettingError(f"{flag}: {text!r} is not a number")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oven:
    """What the command of these tests takes."""

    heat: Annotated[float, Setting("--heat", "degrees", 50, 300, "How hot it is.")] = 200.0
    racks: Annotated[
        tuple[int, ...], Setting("--rack", read=_number, metavar="N", help="Which racks.")
    ] = ()
    mode: Annotated[Literal["grill", "fan"], Setting("--mode", help="How it heats.")] = "fan"
    light: Annotated[bool, Setting("--light/--dark", help="Turn the light on.")] = False
    label: Annotated[str, Setting("--label", help="Its name.", otherwise="as the brand")] = ""
    inner: Annotated[int, Setting("oven inner", "parts", 1, 9, "Only for programs.")] = 3

    def __post_init__(self) -> None:
        declarations.check(self)
        if self.mode == "grill" and self.heat < 200:
            raise SettingError("--mode: grill needs 200 degrees")


@click.group("kitchen", context_settings={"auto_envvar_prefix": "KITCHEN"})
def kitchen() -> None:
    """Hold the command."""


@kitchen.command("oven")
@settings(Oven)
@click.option("--json", "as_json", is_flag=True)
@click.argument("dish")
def oven(dish: str, as_json: bool, **values: Any) -> None:
    """Print what it was called with."""
    click.echo(repr(Oven(**values)))


name_variables(kitchen, "KITCHEN")


def run(*arguments: str, **variables: str) -> str:
    result = CliRunner().invoke(kitchen, ["oven", "pie", *arguments], env=variables)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def context(values: dict[str, Any] | None = None) -> click.Context:
    return click.Context(
        kitchen, info_name="kitchen", auto_envvar_prefix="KITCHEN", default_map=values
    )


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kitchen.toml"
    path.write_text(text)
    return path


# ── flags ────────────────────────────────────────────────────────────────────────────────────


def test_defaults_come_from_the_class() -> None:
    """Without flags a command is called with the defaults of its options."""
    assert run().strip() == repr(Oven())


def test_flags_become_fields() -> None:
    """Each flag is a field: read, repeated, one of two names, or a choice."""
    said = run("--heat", "250", "--rack", "1", "--rack", "2", "--mode", "grill", "--light")
    assert said.strip() == repr(Oven(heat=250.0, racks=(1, 2), mode="grill", light=True))
    assert "light=False" in run("--light", "--dark")


def test_an_alias_is_another_flag_for_the_same() -> None:
    """`touchline broker` takes its database by either flag; the variable is the first one's."""
    command = import_module("touchline.cli.broker").command
    (found,) = [param for param in command.params if "--registry" in param.opts]
    assert found.opts == ["--database", "--registry"]
    assert command.make_context("broker", ["--registry", "x"]).params["database"] == "x"


def test_a_bad_value_stops_the_start() -> None:
    """What is out of bounds or cannot be read is refused by the options, not by click."""
    with pytest.raises(SettingError, match=r"^--heat: 20\.0 degrees; between 50 and 300 allowed$"):
        run("--heat", "20")
    with pytest.raises(SettingError, match=r"^--rack: 'x' is not a number$"):
        run("--rack", "x")
    assert "is not a valid float" in run("--heat", "hot")


def test_help_shows_unit_bounds_and_default() -> None:
    """`--help` says of each setting what it counts, its bounds and its default."""
    said = " ".join(run("--help").split())
    assert "--heat DEGREES How hot it is. [default: 200.0; 50<=x<=300]" in said
    assert "--rack N Which racks. --mode [grill|fan] How it heats. [default: fan]" in said
    assert "--light / --dark Turn the light on. [default: dark]" in said
    assert "--label TEXT Its name. [default: (as the brand)]" in said
    assert "inner" not in said


def test_variables_bear_the_flags_names() -> None:
    """A variable is named by its flag, besides the name that its parameter gives it."""
    assert "heat=60.0" in run(KITCHEN_OVEN_HEAT="60")
    assert "racks=(3, 4)" in run(KITCHEN_OVEN_RACK="3 4")
    assert "racks=(5,)" in run(KITCHEN_OVEN_RACKS="5")


# ── the configuration file ───────────────────────────────────────────────────────────────────


def test_a_file_is_read(tmp_path: Path) -> None:
    """A table is a command and a key a flag, with - or _ in it."""
    found = read(context(), file(tmp_path, "[oven]\nheat = 60\nrack = [1, 2]\njson = true\n"))
    assert found.values == {"oven": {"heat": 60, "racks": [1, 2], "as_json": True}}
    assert (found.count, found.problems) == (3, [])
    assert list(problems(context(), found.values)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("heat = 3", "heat: there is no command 'heat'"),
        ("oven = 3", "oven: a command takes a table; write [oven]"),
        ("[oven]\nhat = 3", "oven.hat: there is no flag --hat"),
        ("[oven]\ninner = 3", "oven.inner: there is no flag --inner"),
        ("[oven]\nheat = true", "oven.heat: True is not a number"),
        ("[oven]\nheat = [1]", "oven.heat: [1] is not a number"),
        ("[oven]\nrack = 3", "oven.rack: 3 is not a list; write [3]"),
        ("[oven]\nrack = [[3]]", "oven.rack: [3] is not a text"),
        ("[oven]\njson = 3", "oven.json: 3 is not true or false"),
        ("[oven]\nlabel = true", "oven.label: True is not a text"),
    ],
)
def test_what_no_flag_takes_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """A key that is not a flag, or a value of another kind, is named by its key."""
    assert [str(one) for one in read(context(), file(tmp_path, text)).problems] == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("heat = 20", "oven.heat: 20.0 degrees; between 50 and 300 allowed"),
        ("heat = 'hot'", "oven.heat: 'hot' is not a valid float."),
        ("rack = ['x']", "oven.rack: 'x' is not a number"),
        ("mode = 'steam'", "oven.mode: 'steam' is not one of 'grill', 'fan'."),
        ("mode = 'grill'\nheat = 100", "oven: --mode: grill needs 200 degrees"),
    ],
)
def test_what_is_not_valid_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """A value out of bounds, or not valid beside another, is named by its key."""
    found = read(context(), file(tmp_path, f"[oven]\n{text}\n"))
    assert found.problems == []
    assert [str(one) for one in problems(context(), found.values)] == [problem]


def test_every_problem_is_named(tmp_path: Path) -> None:
    """One problem does not hide the next."""
    found = read(context(), file(tmp_path, "[oven]\nheat = 20\nrack = ['x']\n"))
    assert [one.key for one in problems(context(), found.values)] == ["oven.heat", "oven.rack"]


# ── where a value comes from ─────────────────────────────────────────────────────────────────


def test_the_source_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag wins over a variable, that over the file, and that over the default."""
    given: dict[str, Any] = {"oven": {"heat": 60, "mode": "grill", "light": True}}
    monkeypatch.setenv("KITCHEN_OVEN_HEAT", "70")
    monkeypatch.setenv("KITCHEN_OVEN_MODE", "fan")
    found = effective(context(given), "oven", oven, ["--heat", "80"])
    assert {one.option.name: (one.value, one.source) for one in found} == {
        "heat": (80.0, "flag"),
        "racks": ((), "default"),
        "mode": ("fan", "environment"),
        "light": (True, "file"),
        "label": ("", "default"),
        "as_json": (False, "default"),
    }


def test_a_groups_commands_are_shown() -> None:
    """The settings of a group are those of the commands in it."""
    found = list(effective(context(), "kitchen", kitchen))
    assert {one.command for one in found} == {"kitchen oven"}


def test_a_flag_that_there_is_not_is_refused() -> None:
    """What the command does not take ends in a usage error."""
    with pytest.raises(click.UsageError, match="--hat"):
        list(effective(context(), "oven", oven, ["--hat", "3"]))
