"""`touchline broker`: its flags, what it says, how it ends."""

from __future__ import annotations

import dataclasses
import json
import threading
from typing import Any

import pytest
from click.testing import CliRunner

from touchline.broker.counters import Counters
from touchline.broker.options import Options
from touchline.cli.broker import command
from touchline.protocol.errors import AddressTaken, SettingError


class Stub:
    """A broker that listens, answers something, and ends by itself."""

    address_given = "tcp://127.0.0.1:5670"
    error: Exception | None = None
    made: Options

    def __init__(self, options: Options) -> None:
        type(self).made = options
        self.ready = threading.Event()
        self.address = ""
        self.counters = Counters()

    def census(self) -> None:
        return None

    def stop(self) -> None:
        raise AssertionError("nobody asked it to stop")

    def run(self) -> None:
        if self.error:
            raise self.error
        self.address = self.address_given
        self.counters.requests.update(["hello", "create"])
        self.ready.set()


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> type[Stub]:
    kind = type("Stub", (Stub,), {})
    monkeypatch.setattr("touchline.broker.Broker", kind)
    return kind


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_every_option_is_a_flag() -> None:
    """Each setting of a broker is a flag of the same name, with the same default."""
    flags = {option.name: option.default for option in command.params}
    defaults = dataclasses.asdict(Options())
    assert {name: flags[name] for name in defaults} == defaults


def test_flags_become_options(stub: type[Stub]) -> None:
    """What the flags say is what the broker is made with."""
    run("--bind", "127.0.0.1:0", "--workers", "3", "--lease-seconds", "2.5", "--queue", "7")
    assert stub.made == Options(bind="127.0.0.1:0", workers=3, lease_seconds=2.5, queue=7)


def test_a_bad_value_names_its_flag(stub: type[Stub]) -> None:
    """A value that can't be stops the start."""
    with pytest.raises(SettingError, match="--workers"):
        run("--workers", "0")


def test_it_says_where_and_what_next(stub: type[Stub]) -> None:
    """At the usual address the next commands need no --broker."""
    result = run()
    assert "broker listening on 127.0.0.1:5670" in result.stdout
    assert "touchline events create TITLE" in result.stdout
    assert "touchline host EVENT" in result.stdout
    assert result.stdout.endswith("broker stopped: 2 requests, 0 refusals\n")


def test_another_address_is_told_to_the_next_commands(stub: type[Stub]) -> None:
    """At any other address the next commands are shown with it."""
    stub.address_given = "tcp://127.0.0.1:7000"
    assert "touchline host --broker 127.0.0.1:7000 EVENT" in run().stdout


def test_json(stub: type[Stub]) -> None:
    """With --json every line is an object, the last one the sum."""
    lines = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert lines == [
        {"type": "listening", "address": "tcp://127.0.0.1:5670", "metrics": None},
        {"type": "stopped", "requests": 2, "refusals": 0},
    ]


def test_metrics_page_is_told(stub: type[Stub]) -> None:
    """With --metrics it says where the page is."""
    assert "metrics at http://127.0.0.1:" in run("--metrics", "127.0.0.1:0").stdout


def test_a_broker_that_does_not_start(stub: type[Stub]) -> None:
    """Its error comes out, and nothing says that it listens."""
    stub.error = AddressTaken("tcp://127.0.0.1:5670 is in use")
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, AddressTaken)
    assert "listening" not in result.stdout
