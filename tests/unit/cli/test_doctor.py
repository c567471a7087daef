"""`touchline doctor`: what it finds, and what it says to do."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.integration.talk import identity, running
from touchline.broker import Options
from touchline.cli import doctor
from touchline.cli.main import touchline
from touchline.protocol.addresses import BrokerAddress


def run(*flags: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code and the findings by part, the last of each."""
    done: Result = CliRunner().invoke(
        touchline, ["doctor", "--json", *flags], standalone_mode=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return int(done.return_value or 0), {one["part"]: one for one in found}


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    """The address of a broker that runs."""
    home.mkdir(exist_ok=True)
    with running(Options(bind="127.0.0.1:0", database=f"sqlite:///{home / 'b.db'}")) as broker:
        yield broker.address


def test_all_is_well(address: str, home: Path) -> None:
    """A broker that answers, a key that it knows, files for this user alone: nothing to do."""
    assert CliRunner().invoke(touchline, ["login", address, "--name", "ann"]).exit_code == 0
    code, found = run("--broker", address, "--name", "ann")
    assert {part: one["state"] for part, one in found.items()} == {
        "broker's port": "good",
        "key": "good",
        "clock": "good",
        "files": "good",
        "disk": found["disk"]["state"],
        "file limit": found["file limit"]["state"],
    }
    assert code == (4 if found["disk"]["state"] == "wrong" else 0)


def test_nobody_is_enrolled_by_it(address: str, home: Path) -> None:
    """It makes no key, and enrols none."""
    _, found = run("--broker", address, "--name", "eve")
    assert found["key"]["state"] == "warning"
    assert "touchline login" in found["key"]["advice"]
    assert not (home / "identities" / "eve").exists()


def test_a_broker_that_is_away(home: Path) -> None:
    """A port that takes no connection is wrong, and the advice says what to start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    key = identity("broker").public
    code, found = run("--broker", str(BrokerAddress("127.0.0.1", port, key)), "--name", "ann")
    assert (code, found["broker's port"]["state"]) == (4, "wrong")
    assert "touchline broker" in found["broker's port"]["advice"]


def test_a_clock_that_is_wrong(address: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that differs by more than two seconds has to be set."""
    assert CliRunner().invoke(touchline, ["login", address, "--name", "ann"]).exit_code == 0
    wall = doctor.clock.wall
    ahead = SimpleNamespace(wall=lambda: wall() + 5_000_000)
    monkeypatch.setattr(doctor, "clock", ahead)
    code, found = run("--broker", address, "--name", "ann")
    assert (code, found["clock"]["state"]) == (4, "wrong")
    assert "5.0 s ahead" in found["clock"]["text"]


def test_files_of_others(home: Path) -> None:
    """A key that other users can read is named, with the command that closes it."""
    (home / "identities").mkdir(parents=True)
    (home / "identities" / "ann").write_text("x")
    (home / "identities" / "ann").chmod(0o644)
    (found,) = doctor.file_findings()
    assert (found.state, found.advice) == ("wrong", f"chmod -R go= {home}")
    assert "identities/ann" in found.text
    (home / "identities" / "ann").chmod(0o600)
    (found,) = doctor.file_findings()
    assert found.state == "good"


def test_room_and_limits(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is nearly full is wrong, a low limit of files a warning."""
    usage = SimpleNamespace(free=doctor.LEAST_FREE - 1, total=10**12)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    (disk,) = doctor.disk_findings(home / "not" / "there")
    assert disk.state == "wrong"
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1_024))
    (limit,) = doctor.limit_findings()
    assert (limit.state, "1,024" in limit.text) == ("warning", True)


def test_a_port_that_is_taken() -> None:
    """A port in use is wrong, a free one good."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        assert doctor.port_finding(port).state == "wrong"
    assert doctor.port_finding(port).state == "good"
