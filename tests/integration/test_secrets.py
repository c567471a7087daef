"""A whole run in which every process logs all that it can; every secret in it is looked for."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from tests.forked import Process
from tests.patience import PATIENCE, until
from touchline.peer import Link
from touchline.peer.identity import load_file
from touchline.protocol import messages

HOOK_TOKEN = "the-token-of-operators"
HOOK_SECRET = "the-secret-of-a-receiver"
PASSWORD = "the-password-of-a-database"


class Run:
    """Processes whose every word is kept."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.home = folder / "home"
        self.kept = folder / "kept"
        self.kept.mkdir()
        self.secrets: dict[str, str] = {}
        self._stack = stack
        self._number = 0

    def start(self, *command: str, **variables: str) -> tuple[Process, Path]:
        """Start a command that logs everything as JSON; return it and the file of its output."""
        self._number += 1
        name = f"{self._number}-{command[0]}"
        files: list[IO[bytes]] = [
            self._stack.enter_context((self.kept / f"{name}.{kind}").open("wb"))
            for kind in ("out", "err")
        ]
        process = Process(
            [sys.executable, "-m", "touchline.cli", *command],
            stdout=files[0],
            stderr=files[1],
            stdin=subprocess.DEVNULL,
            env=os.environ
            | {
                "TOUCHLINE_HOME": str(self.home),
                "TOUCHLINE_LOG_LEVEL": "debug",
                "TOUCHLINE_LOG_FORMAT": "json",
                "PYTHONUNBUFFERED": "1",
            }
            | variables,
        )
        self._stack.callback(_end, process)
        return process, self.kept / f"{name}.out"

    def serve(self, *command: str, **variables: str) -> tuple[Process, dict[str, Any]]:
        """Start a command that serves; return it and its first JSON line."""
        process, output = self.start(*command, "--json", **variables)
        until(lambda: b"\n" in output.read_bytes(), what=f"a line of {command[0]}")
        told: dict[str, Any] = json.loads(output.read_text("utf-8").splitlines()[0])
        return process, told

    def finish(self, *command: str, **variables: str) -> int:
        """Run a command to its end; return its exit code."""
        process, _ = self.start(*command, **variables)
        return process.wait(PATIENCE)

    def keep(self, name: str, text: str) -> None:
        """Keep what somebody else was told."""
        (self.kept / name).write_text(text, "utf-8")

    def logged(self, process: str) -> list[dict[str, Any]]:
        """Return the lines that the processes of a kind have logged."""
        files = sorted(self.kept.glob(f"*-{process}.err"))
        lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def leaks(self) -> list[tuple[str, str]]:
        """Return (file, name of the secret) for each secret that is found in what was kept."""
        found = []
        for file in sorted(self.kept.iterdir()):
            text = file.read_text("utf-8", "replace")
            found += [(file.name, name) for name, one in self.secrets.items() if one in text]
        return found


def _end(process: Process) -> None:
    process.kill()
    process.wait()


def forms(secret: bytes) -> Iterator[tuple[str, str]]:
    """Yield how bytes may be written."""
    yield "hex", secret.hex()
    yield "base64", base64.b64encode(secret).decode().rstrip("=")
    yield "base64url", base64.urlsafe_b64encode(secret).decode().rstrip("=")
    yield "repr", repr(secret)[2:-1]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with ExitStack() as stack:
        yield Run(tmp_path, stack)


def joined(run: Run, broker: str, name: str, event: str) -> None:
    """Add what the broker gives a peer to the secrets."""
    with Link(broker, name, load_file(run.home / "identities" / name)) as link:
        invitation = link.ask(messages.Join(id=0, event=event, role="reporter"), PATIENCE)
        assert isinstance(invitation, messages.Invitation)
        run.secrets[f"token of {name}"] = invitation.token


def test_no_secret_is_told(run: Run) -> None:
    """No private key, token, code, cookie or password is in a log, a metric, an error or what a
    command prints that is not asked for it; one report is found in the logs of all processes."""
    database = f"sqlite:///{run.home / 'broker.db'}"
    broker, told = run.serve(
        "broker", "--bind", "127.0.0.1:0", "--database", database, "--name", "op",
        "--enrolment", "invited", "--metrics", "127.0.0.1:0",
    )  # fmt: skip
    address, pages = told["address"], [told["metrics"]]
    with Link(address, "op", load_file(run.home / "identities" / "op")) as link:
        codes = [
            link.ask(messages.Invite(id=0, role=role, uses=2), PATIENCE)
            for role in ("host", "reporter")
        ]
    host_code, code = (str(reply.code) for reply in codes if isinstance(reply, messages.Invited))
    run.secrets |= {"code of a host": host_code, "code of a reporter": code}
    run.secrets |= {
        f"{name}, spaced": re.sub(r"[\s-]", "", one) for name, one in list(run.secrets.items())
    }
    for name, one in (("host", host_code), ("web", host_code), ("ann", code)):
        assert run.finish("login", address, "--name", name, "--invite", one) == 0
    assert run.finish("login", address, "--name", "eve", "--invite", "aaaa-bbbb-cccc") != 0
    with Link(address, "host", load_file(run.home / "identities" / "host")) as link:
        made = link.ask(
            messages.Create(id=0, title="A v B", sport="football", key="1", origins=["A", "B"]),
            PATIENCE,
        )
        assert isinstance(made, messages.Event)
        event = made.card.event
    who = ("--broker", address)
    host, _ = run.serve(
        "host", event, *who, "--name", "host", "--verdict", "fixed:1", "--metrics", "127.0.0.1:0"
    )
    gateway, told = run.serve(
        "gateway", *who, "--name", "web", "--port", "0", "--metrics", "127.0.0.1:0",
        "--webhook-private", "--webhook-http",
        TOUCHLINE_GATEWAY_WEBHOOK_TOKEN=HOOK_TOKEN,
    )  # fmt: skip
    pages.append(told["metrics"])
    watch, seen = run.start("watch", event, *who, "--name", "ann", "--json", "--stay")
    assert run.finish("report", event, "goal", "--origin", "A", *who, "--name", "ann") == 0
    assert run.finish("report", event, "goal", "--origin", "Z", *who, "--name", "ann") == 4
    with httpx.Client(base_url=told["url"], timeout=PATIENCE) as browser:
        answer = browser.post("/api/session", json={"event": event, "name": "kim", "code": code})
        assert answer.status_code == 201, answer.text
        run.secrets |= {f"cookie {name}": one for name, one in browser.cookies.items()}
        happened = {"title": "corner", "origin": "B", "time": time.time()}
        answer = browser.post(
            f"/api/events/{event}/reports",
            json=[{"type": "event", "id": "1", "event": {"type": "event", **happened}}],
        )
        run.keep("reported.http", answer.text)
        assert answer.status_code == 200, answer.text
        for token in (HOOK_TOKEN, "the-wrong-token-entirely"):
            answer = browser.post(
                f"/api/events/{event}/webhooks",
                json={"url": "http://127.0.0.1:9/hook?key=abc", "secret": HOOK_SECRET},
                headers={"authorization": f"Bearer {token}"},
            )
        assert answer.status_code in {401, 403}
        run.keep("refused.http", answer.text)
        until(lambda: b'"corner"' in seen.read_bytes(), what="the report of the page")
        for path in ("/", f"/api/events/{event}", f"/api/events/{event}/score", "/api/nothing"):
            run.keep(f"answer{path.replace('/', '-')}.http", browser.get(path).text)
    joined(run, address, "ann", event)
    for n, page in enumerate(pages):
        for path in ("/metrics", "/targets"):
            url = page.replace("/metrics", path)
            with httpx.Client(timeout=PATIENCE) as client:
                run.keep(f"{n}{path.replace('/', '-')}.http", client.get(url).text)
    away = f"postgresql+psycopg://touchline:{PASSWORD}@127.0.0.1:9/x"
    assert run.finish("host", event, *who, "--name", "ann", "--journal", away) != 0
    assert run.finish("broker", "--bind", "127.0.0.1:0", "--database", away) != 0
    broken = f"postgresql+nothing://touchline:{PASSWORD}@127.0.0.1:9/x"
    assert run.finish("host", event, *who, "--name", "ann", "--journal", broken) != 0
    assert run.finish("broker", "--bind", "127.0.0.1:0", "--database", broken) != 0
    for process in (watch, gateway, host, broker):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    ann = load_file(run.home / "identities" / "ann").peer
    traced, output = run.start("trace", f"{ann}/1", "--name", "host", "--json")
    assert traced.wait(PATIENCE) == 0
    steps = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [one["step"] for one in steps] == ["said", "stored", "accepted", "published"]
    keys = [*sorted((run.home / "identities").iterdir()), *sorted(run.home.rglob("*.key"))]
    for file in keys:
        run.secrets |= {f"{file.name}, {how}": one for how, one in forms(load_file(file).seed)}
    run.secrets |= {"token": HOOK_TOKEN, "secret": HOOK_SECRET, "password": PASSWORD}
    assert len(run.secrets) > 20
    assert run.leaks() == []
    # What is looked for can be found at all.
    run.keep("a leak", f"{PASSWORD} {load_file(keys[0]).seed.hex()}")
    assert len(run.leaks()) == 2
    mine = {"event": event, "report": f"{ann}/1"}
    for process, text in (
        ("report", "a report is kept"),
        ("host", "a report was stored"),
        ("report", "a report's fate is known"),
    ):
        lines = [line for line in run.logged(process) if mine.items() <= line.items()]
        assert text in [line["text"] for line in lines], process
    (entry,) = {line["entry"] for line in lines if "entry" in line}
    published = [line for line in run.logged("host") if line.get("entry") == entry]
    assert "an entry was published" in [line["text"] for line in published]
    assert [line["peer"] for line in run.logged("broker") if line.get("type") == "join"].count(ann)
    assert [line for line in run.logged("gateway") if line.get("path") == "/api/session"]
