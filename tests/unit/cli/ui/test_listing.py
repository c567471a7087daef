"""Lists as a table, JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json

import click
import pytest
from click.testing import CliRunner, Result

from touchline.cli.main import _asks_for_json
from touchline.cli.ui.listing import FORMS, listing, listing_option

OBJECTS = [
    {"name": "a,b", "n": 1, "some": ["x"], "none": None},
    {"name": "=1+1", "n": 2, "more": True},
]


@click.command()
@listing_option
def command(form: str) -> None:
    listing(form, OBJECTS, ("name", "n"), [("a,b", "1"), ("=1+1", "2")])


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_a_table_unless_asked_for_more() -> None:
    """Without a flag the rows are printed."""
    assert _run().stdout == "a,b\t1\n=1+1\t2\n"


@pytest.mark.parametrize("flags", [["--json"], ["-o", "jsonl"], ["--output=jsonl"]])
def test_json_lines(flags: list[str]) -> None:
    """An object a line, by either flag."""
    assert [json.loads(line) for line in _run(*flags).stdout.splitlines()] == OBJECTS


def test_json_is_one_array() -> None:
    """One array of all objects, also where there are none."""
    assert json.loads(_run("-o", "json").stdout) == OBJECTS


def test_csv_has_every_key() -> None:
    """A column for each key of any object; values that are no text are JSON, and no spreadsheet
    calculates what a stranger wrote."""
    head, first, second = csv.reader(io.StringIO(_run("-o", "csv").stdout))
    assert head == ["name", "n", "some", "none", "more"]
    assert first == ["a,b", "1", '["x"]', "", ""]
    assert second == ["'=1+1", "2", "", "", "true"]


def test_the_forms_are_documented() -> None:
    """--help names every form, and another one is refused."""
    assert all(form in _run("--help").stdout for form in FORMS)
    assert _run("-o", "xml").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (["x", "--json"], True),
        (["x", "-o", "json"], True),
        (["x", "-ojsonl"], True),
        (["x", "--output=json"], True),
        (["x", "-o", "csv"], False),
        (["x", "json"], False),
        (["x", "-o"], False),
    ],
)
def test_who_asks_for_json_gets_errors_as_json(arguments: list[str], asks: bool) -> None:
    """An error is an object where the list would have been of objects."""
    assert _asks_for_json(arguments) == asks
