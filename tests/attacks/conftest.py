"""The processes that are attacked, and bare clients with keys of their own that attack them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Process, run
from tests.patience import PATIENCE, until

Json = dict[str, Any]

TOUCHLINE = (sys.executable, "-m", "touchline.cli")


class Victim:
    """A command of Touchline's as a process of its own, which prints JSON lines.

    Args:
        home: where its files are.
        files: the soft and the hard limit of its open files; 0: as they are.
        arguments: the command and its flags.
    """

    def __init__(self, home: Path, files: tuple[int, int], *arguments: str) -> None:
        command = [*TOUCHLINE, *arguments]
        kind: type[subprocess.Popen[str]] = Process
        if any(files):
            soft, hard = files
            # The hard limit can't be set below the soft one.
            limits = f'ulimit -S -n {soft}; ulimit -H -n {hard}; exec "$@"'
            command, kind = ["sh", "-c", limits, "sh", *command], subprocess.Popen
        self.lines: list[Json] = []
        self.log: list[str] = []
        self.process = kind(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(home)},
        )
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._take)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.log.append)),
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(stream: Any, take: Callable[[str], None]) -> None:
        for line in stream:
            take(line)

    def _take(self, line: str) -> None:
        with contextlib.suppress(ValueError):
            self.lines.append(json.loads(line))

    def told(self, kind: str) -> Json:
        """Return the first line of a type, once it has come."""

        def found() -> list[Json]:
            assert self.process.poll() is None, "".join(self.log)
            return [line for line in self.lines if line.get("type") == kind]

        until(found, what=f"{kind!r} from {self.process.args}")
        return found()[0]

    @property
    def memory(self) -> int:
        """The memory that it holds, in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") // 1_000_000

    @property
    def files_allowed(self) -> tuple[int, int]:
        """The soft and the hard limit of its open files."""
        text = Path(f"/proc/{self.process.pid}/limits").read_text()
        found = re.search(r"Max open files +(\d+) +(\d+)", text)
        assert found
        return int(found[1]), int(found[2])

    @property
    def files(self) -> int:
        """The files that it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class Scene:
    """A broker, a host of one event, a gateway: each started by the test that needs it."""

    def __init__(self, home: Path, stack: contextlib.ExitStack) -> None:
        self.home = home
        self._stack = stack
        self.address = ""
        self.event = ""

    def start(self, *arguments: str, files: tuple[int, int] = (0, 0)) -> Victim:
        victim = Victim(self.home, files, *arguments)
        self._stack.callback(victim.close)
        return victim

    def broker(self, *flags: str, files: tuple[int, int] = (0, 0)) -> Victim:
        victim = self.start("broker", "--bind", "127.0.0.1:0", "--json", *flags, files=files)
        self.address = victim.told("listening")["address"]
        return victim

    def host(
        self,
        *flags: str,
        files: tuple[int, int] = (0, 0),
        sport: tuple[str, ...] = ("--sport", "football"),
    ) -> Victim:
        """Start a host of a new event at the broker."""
        made = self.once(
            "events", "create", "Hill v Harbour", *sport, "--origin", "Hill",
            "--origin", "Harbour", "--broker", self.address,
        )  # fmt: skip
        self.event = made.strip()
        victim = self.start(
            "host", self.event, "--broker", self.address, "--json", *flags, files=files
        )
        victim.told("hosting")
        return victim

    def gateway(self, *flags: str, files: tuple[int, int] = (0, 0)) -> Victim:
        victim = self.start(
            "gateway", "--broker", self.address, "--port", "0", "--json", *flags, files=files
        )
        victim.told("listening")
        return victim

    def once(self, *arguments: str) -> str:
        """Run a command to its end; return what it printed."""
        done = run(
            [*TOUCHLINE, *arguments],
            text=True,
            timeout=PATIENCE,
            env=os.environ | {"TOUCHLINE_HOME": str(self.home)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with contextlib.ExitStack() as stack:
        yield Scene(tmp_path, stack)
