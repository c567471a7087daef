"""What the processes leave on the disk: for their user alone, and without tokens or badges."""

from __future__ import annotations

import json
import os
import re
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
from touchline.peer import Link, Reporter
from touchline.protocol.keys import Identity
from touchline.protocol.tokens import digest

Json = dict[str, Any]

TOKEN = "the operator's token"
CODE = "a code of eight or more"

TOKEN_LIKE = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""The form of tokens and badges, UUIDs of version 4."""


class Machine:
    """Processes of a user.

    Args:
        home: the user's folder, which the processes make.
        stack: ends them.
        umask: of the user; 0 lets everybody do everything.
    """

    def __init__(self, home: Path, stack: ExitStack, umask: int) -> None:
        self.home = home
        self._umask = umask
        self._stack = stack
        self._environment = os.environ | {"TOUCHLINE_HOME": str(home)}

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a process, which is killed at the end of the test."""
        process = subprocess.Popen(
            [sys.executable, "-m", "touchline.cli", *map(str, arguments), "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            umask=self._umask,
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


@pytest.fixture(params=[0o000, 0o022], ids=lambda mask: f"umask {mask:03o}")
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path / "home", stack, request.param)


def report_from_a_browser(url: str, event: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as http:
        answer = http.post("/api/session", json={"event": event, "name": "bob"})
        assert answer.status_code == 201, answer.text
        goal = {"type": "event", "title": "goal", "origin": "A", "details": {}}
        answer = http.post(
            f"/api/events/{event}/reports", json=[{"type": "event", "id": "1", "event": goal}]
        )
        assert answer.status_code == 200, answer.text


def organise(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as http:
        answer = http.post("/api/organiser", json={"name": "eve", "code": CODE})
        assert answer.status_code == 201, answer.text


def test_only_their_user_can_read_what_processes_leave(machine: Machine) -> None:
    """Databases, journals, outboxes, sessions, recordings and keys, and the folders made for them,
    those of a browser's reporter and organiser included; they are looked at while all are in use.
    So are a copy of a database, and what is restored from it."""
    machine.serve("broker", "--bind", "127.0.0.1:0")
    sides = ("--sport", "football", "--origin", "A", "--origin", "B")
    event = machine.run("events", "create", "A v B", *sides)["event"]
    machine.serve("host", event, "--alone")
    gateway = machine.serve(
        *("gateway", "--port", 0, "--folder", machine.home / "web/gateway"),
        *("--webhook-token", TOKEN, "--organiser-code", CODE),
    )
    organise(gateway["url"])
    copy = machine.home / "copy"
    machine.run("backup", machine.home / "broker.sqlite3", copy)
    machine.run("restore", copy, machine.home / "restored/broker.sqlite3")
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
    made = {
        "copy",
        "restored/broker.sqlite3",
        "web/gateway/organisers",
        "web/gateway/organisers.db",
    }
    assert made <= set(seen)
    wanted = {
        path: 0o700 if (machine.home / path).is_dir() else 0o600
        for path in seen
        if (machine.home / path).exists()
    }
    assert {path: oct(seen[path]) for path in wanted if seen[path] != wanted[path]} == {}
    assert stat.S_IMODE(machine.home.stat().st_mode) == 0o700


def test_no_file_holds_a_token_or_badge(tmp_path: Path) -> None:
    """Of a whole run with broker, host, gateway and reporters as processes, and one reporter in
    this process, whose token and badge are known here; nor does any file hold what looks like the
    token or badge of another."""
    with ExitStack() as stack:
        machine = Machine(tmp_path / "home", stack, 0o022)
        broker = machine.serve("broker", "--bind", "127.0.0.1:0")
        sides = ("--sport", "football", "--origin", "A", "--origin", "B")
        event = machine.run("events", "create", "A v B", *sides)["event"]
        machine.serve("host", event, "--alone")
        gateway = machine.serve("gateway", "--port", 0)
        machine.run("report", event, "goal", "--origin", "A", "--name", "ann")
        report_from_a_browser(gateway["url"], event)
        link = stack.enter_context(Link(broker["address"], "cid", Identity(b"c" * 32)))
        reporter = stack.enter_context(Reporter(event, link, tmp_path / "home/cid.db"))
        setup = reporter.wait_open(PATIENCE)
        reporter.say("goal", "B")
        until(lambda: not reporter.pending, reporter)
        session = reporter.session
        assert session.invitation is not None
        secrets = {session.invitation.token.encode(), setup.badge.encode()}
        stored = {}
        for path in machine.home.rglob("*"):
            if path.is_file():
                stored[path] = path.read_bytes()
        assert len([path for path in stored if path.suffix == ".db"]) >= 4, stored.keys()
        assert digest(setup.badge).encode() in b"".join(stored.values()), (
            "it is known by its digest"
        )
        found = {path.name for path, text in stored.items() for one in secrets if one in text}
        assert not found
        like = {path.name: TOKEN_LIKE.findall(text) for path, text in stored.items()}
        assert {name: texts for name, texts in like.items() if texts} == {}
