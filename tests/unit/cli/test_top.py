"""`touchline top` where it prints once."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from touchline.cli import top


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top, "BETWEEN_SECONDS", 0.0)


def test_a_process_that_is_away_is_shown() -> None:
    """Nothing answers at port 1: the table says so, and how to see more is not told to a pipe."""
    done = CliRunner().invoke(top.command, ["--metrics", "127.0.0.1:1"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith("1 alert")
    assert "TouchlineTargetDown" in done.stdout


def test_as_json() -> None:
    """Each row is an object with its type."""
    done = CliRunner().invoke(top.command, ["--metrics", "127.0.0.1:1", "--json"])
    process, alert = map(json.loads, done.stdout.splitlines())
    assert (process["type"], process["state"]) == ("process", "down")
    assert (alert["type"], alert["name"]) == ("alert", "TouchlineTargetDown")


def test_an_address_that_is_not_valid() -> None:
    """A wrong address is a wrong call."""
    done = CliRunner().invoke(top.command, ["--metrics", "ftp://x"])
    assert done.exit_code != 0
