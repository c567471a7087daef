"""What the processes leave on the disk can be read by their user alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE, until

Json = dict[str, Any]

TOKEN = "the operator's token"


class Machine:
    """Processes of a user whose umask lets everybody do everything."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self._stack = stack
        self._environment = os.environ | {"TOUCHLINE_HOME": str(home)}

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a process, which is killed at the end of the test."""
        process = subprocess.Popen(
            [sys.executable, "-m", "touchline.cli", *map(str, arguments), "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            umask=0,
        )
        self._stack.callback(process.communicate)
        self._stack.callback(process.kill)
        return process

    def serve(self, *arguments: object) -> Json:
        """Start a process; return what it says first, once it is ready."""
        process = self.start(*arguments)
        assert process.stdout is not None
        said: Json = json.loads(process.stdout.readline())
        return said

    def run(self, *arguments: object) -> Json:
        """Run a process to its end; return what it says first."""
        said, _ = self.start(*arguments).communicate(timeout=PATIENCE)
        first: Json = json.loads(said.splitlines()[0])
        return first

    def modes(self) -> dict[str, int]:
        """Return the mode of everything that is there, by its path."""
        return {
            str(path.relative_to(self.home)): stat.S_IMODE(path.stat().st_mode)
            for path in self.home.rglob("*")
        }


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path / "home", stack)


def report_from_a_browser(url: str, event: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as http:
        answer = http.post("/api/session", json={"event": event, "name": "bob"})
        assert answer.status_code == 201, answer.text
        goal = {"type": "event", "title": "goal", "origin": "A", "details": {}}
        answer = http.post(
            f"/api/events/{event}/reports", json=[{"type": "event", "id": "1", "event": goal}]
        )
        assert answer.status_code == 200, answer.text


def test_only_their_user_can_read_what_processes_leave(machine: Machine) -> None:
    """Databases, journals, outboxes, sessions, recordings and keys, and the folders made for them,
    those of a browser's reporter included; they are looked at while all are in use."""
    machine.serve("broker", "--bind", "127.0.0.1:0")
    sides = ("--sport", "football", "--origin", "A", "--origin", "B")
    event = machine.run("events", "create", "A v B", *sides)["event"]
    machine.serve("host", event, "--alone")
    gateway = machine.serve(
        *("gateway", "--port", 0, "--folder", machine.home / "web/gateway"),
        *("--webhook-token", TOKEN),
    )
    recording = machine.home / "recording"
    machine.start("record", event, "--output", recording)
    machine.run("report", event, "goal", "--origin", "A", "--name", "ann")
    report_from_a_browser(gateway["url"], event)
    seen: dict[str, int] = {}

    def complete() -> bool:
        seen.update(machine.modes())
        names = {Path(path).name for path in seen}
        return recording.exists() and recording.stat().st_size > 0 and "outbox.db" in names

    until(complete)
    databases = [path for path in seen if path.endswith(("-wal", "-shm"))]
    assert len(databases) >= 5, seen
    wanted = {
        path: 0o700 if (machine.home / path).is_dir() else 0o600
        for path in seen
        if (machine.home / path).exists()
    }
    assert {path: oct(seen[path]) for path in wanted if seen[path] != wanted[path]} == {}
    assert stat.S_IMODE(machine.home.stat().st_mode) == 0o700
