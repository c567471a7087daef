"""Who comes in, as people see it: brokers known by name, invitations, revocation, plain text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Process, run
from tests.patience import PATIENCE

TOUCHLINE = [sys.executable, "-m", "touchline.cli"]
CREATE = ("events", "create", "A v B", "--sport", "football", "--origin", "A", "--origin", "B")


class Place:
    """A user's folder, and what is run there; nothing says where the broker is but that folder."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._stack = stack
        known = {name: value for name, value in os.environ.items() if "TOUCHLINE" not in name}
        self._environment = {**known, "TOUCHLINE_HOME": str(home)}

    def start(self, *arguments: str) -> dict[str, Any]:
        """Start a command that stays, and return the first object that it prints."""
        process = self._stack.enter_context(
            Process(
                [*TOUCHLINE, *arguments, "--json"],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        self._stack.callback(process.kill)
        assert process.stdout is not None
        first: dict[str, Any] = json.loads(process.stdout.readline())
        return first

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        done = run([*TOUCHLINE, *arguments], env=self._environment, text=True, timeout=PATIENCE)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Run a command with --json; return the last object that it prints."""
        code, out, _ = self.run(*arguments, "--json")
        return code, json.loads(out.splitlines()[-1])

    def code(self, *arguments: str) -> str:
        """Run a command that fails, and return the code of its error."""
        code, error = self.json(*arguments)
        assert code != 0
        return str(error["code"])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def club(tmp_path: Path, stack: ExitStack) -> Place:
    """Where the broker runs."""
    return Place(tmp_path / "club", stack)


@pytest.fixture
def guest(tmp_path: Path, stack: ExitStack) -> Place:
    """Somebody else's machine."""
    return Place(tmp_path / "guest", stack)


def test_nobody_types_a_key(club: Place) -> None:
    """Broker, event, host, reports and a follower on one machine: encrypted, and no address, key
    or name of a broker is said anywhere."""
    assert "?key=" in club.start("broker", "--bind", "127.0.0.1:0")["address"]
    _, out, _ = club.run(*CREATE)
    event = out.strip()
    assert club.start("host", event)["event"] == event
    goal = ("report", event, "goal", "--origin", "A")
    assert club.run(*goal, "--name", "anna", "--wait", "0")[0] == 0
    assert club.json(*goal, "--name", "ben")[1]["outcome"] == "accepted"
    code, out, err = club.run("export", event)
    assert (code, err) == (0, "")
    assert json.loads(out)["evidence"]["for"] == 2


def test_by_invitation(club: Place, guest: Place) -> None:
    """At a broker that asks for it nobody comes in without a code; who has one comes in with its
    role and no more; who is revoked is out."""
    bound = ("--bind", "127.0.0.1:0", "--name", "chair")
    address = club.start("broker", *bound, "--enrolment", "invited")["address"]
    _, out, _ = club.run(*CREATE, "--name", "chair")
    event = out.strip()
    club.start("host", event, "--name", "chair")

    login = ("login", address, "--as", "club", "--name", "anna")
    assert guest.code(*login) == "UNKNOWN_KEY"
    assert guest.code(*login, "--invite", "aaaa-bbbb-cccc") == "BAD_INVITE"
    assert guest.code("events", "search") == "BAD_SETTING"  # nothing was kept
    invited = club.json("invite", "--uses", "1", "--expires", "1h", "--name", "chair")[1]
    code, told = guest.json(*login, "--invite", invited["code"])
    assert (code, told["role"], told["name"]) == (0, "reporter", "anna")
    assert guest.code(*login[:2], "--name", "ben", "--invite", invited["code"]) == "BAD_INVITE"

    said = guest.json("report", event, "goal", "--origin", "A", "--wait", "0")
    assert (said[0], said[1]["outcome"]) == (0, "stored")
    for request in (CREATE, ("members",), ("invite",), ("revoke", "chair", "--yes")):
        assert guest.code(*request) == "NOT_ALLOWED", request
    raised = club.json("invite", "--role", "host", "--name", "chair")[1]
    assert guest.json("login", "club", "--invite", raised["code"])[1]["role"] == "host"
    assert guest.run(*CREATE)[0] == 0

    _, out, _ = club.run("members", "--json", "--name", "chair")
    roles = {one["name"]: one["role"] for one in map(json.loads, out.splitlines())}
    assert roles == {"chair": "operator", "anna": "host"}
    assert club.run("revoke", "ANNA", "--yes", "--name", "chair")[0] == 0
    assert guest.code("events", "search") in {"UNTRUSTED", "REVOKED"}
    assert guest.code(*login, "--invite", raised["code"]) in {"UNTRUSTED", "REVOKED"}
    _, out, _ = club.run("members", "--name", "chair")
    assert "revoked" in out


def test_a_name_has_one_key(club: Place, guest: Place) -> None:
    """On another machine a name is another key, and belongs to the first; the same secret there
    is the same person."""
    address = club.start("broker", "--bind", "127.0.0.1:0")["address"]
    assert club.json("login", "--name", "anna", address)[0] == 0
    assert guest.code("login", "--name", "anna", address) == "NAME_TAKEN"
    secret = club.run("identity", "export", "anna", "--secret")[1]
    peers = {club.json("identity", "show", "anna")[1]["peer"]}
    file = Path(guest._environment["TOUCHLINE_HOME"]) / "identities" / "anna"
    file.write_text(secret)
    peers.add(guest.json("login", "--name", "anna", address)[1]["peer"])
    assert len(peers) == 1


def test_the_operator_keeps_the_name(club: Place, guest: Place) -> None:
    """A stranger of the same login name does not lock the operator out, and is told the name that
    it has got; where a stranger had the name first, the operator has another one."""
    address = club.start("broker", "--bind", "127.0.0.1:0")["address"]
    code, told = guest.json("login", address)
    assert (code, told["name"].rpartition("-")[2]) == (0, "2")
    assert guest.run("events", "search")[0] == 0
    assert club.json("members")[0] == 0
    late = guest.start("broker", "--bind", "127.0.0.1:0")["address"]
    assert club.json("login", "--as", "late", late)[1]["name"] == told["name"]


def test_another_broker_at_the_address(club: Place, guest: Place) -> None:
    """Where another key answers than the one that is known, nothing is said to it: UNTRUSTED."""
    address = club.start("broker", "--bind", "127.0.0.1:0")["address"]
    key = guest.start("broker", "--bind", "127.0.0.1:0")["address"].partition("?key=")[2]
    code, error = guest.json("login", f"{address.partition('?')[0]}?key={key}")
    assert (code, error["code"]) == (8, "UNTRUSTED")
    code, _, error = guest.run("events", "search", "--broker", address.partition("?")[0])
    assert (code, "is not known" in error) == (2, True)


def test_plain_text_has_to_be_asked_for(club: Place, guest: Place) -> None:
    """A broker that encrypts nothing is found by those alone who say so, and each of them is told
    in red; those who do not say so are not let near it, nor they near one that encrypts."""
    plain = club.start("broker", "--bind", "127.0.0.1:0", "--insecure")["address"]
    place = plain.removeprefix("touchline://").removesuffix("?insecure")
    assert club.code("events", "search") == "BAD_SETTING"
    code, _, error = club.run("events", "search", "--insecure", "--broker", place)
    assert (code, error.count("INSECURE")) == (0, 1)
    key = guest.start("broker", "--bind", "127.0.0.1:0")["address"]
    assert club.code("login", f"touchline://{place}?{key.partition('?')[2]}") == "UNTRUSTED"
    at = key.removeprefix("touchline://").partition("?")[0]
    assert club.run("events", "search", "--insecure", "--broker", at)[0] in {5, 8}
