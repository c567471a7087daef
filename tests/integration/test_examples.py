"""The programs in `examples/`, run as a reader of them would."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

PATIENCE = 60.0
"""Seconds after which a line that has not come is missed; no measure of speed."""


class Program:
    """A program whose lines are read as they come."""

    def __init__(self, home: Path, *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=home,
            env=os.environ | {"TOUCHLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self, wanted: Callable[[str], bool] = bool) -> str:
        """Return the next line that is wanted."""
        seen = []
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"the line has not come; before it came {seen}")
            if wanted(line):
                return line
            seen.append(line)

    def end(self) -> int:
        """Interrupt the program, and return its exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait until the program has ended by itself, and return its exit code."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the program at once, if it still runs, and the reading of its lines."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start programs that share a home; those that still run at the end are killed."""
    programs: list[Program] = []

    def start(*command: str) -> Program:
        programs.append(Program(tmp_path, *command))
        return programs[-1]

    yield start
    for program in reversed(programs):
        program.close()


def example(name: str) -> str:
    return str(EXAMPLES / f"{name}.py")


def test_every_example_does_what_it_says(run: Callable[..., Program], tmp_path: Path) -> None:
    """An event is hosted in a program, two people report, two programs follow, a proof holds."""
    broker = run("-m", "touchline.cli", "broker", "--bind", "127.0.0.1:0")
    address = broker.line(lambda line: "touchline://" in line).strip().split()[-1]
    host = run(example("host"), address, "A v B", "A", "B")
    event = host.line()
    followers = [
        run(example("follow"), address, event),
        run(example("follow_asyncio"), address, event),
    ]

    for name in ("ann", "ben"):
        report = run(example("report"), address, event, name, "goal", "A")
        assert "report 1: " in report.line()
        assert report.wait() == 0

    assert host.line(lambda line: "GOAL" in line).endswith("A 1–0 B")
    for follower in followers:
        assert follower.line(lambda line: "GOAL" in line).endswith("A 1–0 B")
        follower.end()
    assert host.end() == 0

    exported = run(
        *("-m", "touchline.cli", "export", event, "--format", "proof"),
        *("--name", "example-host", "--journal", f"sqlite:///{event}.db"),
        *("--output", "event.proof"),
    )
    assert exported.wait() == 0
    verified = run(example("verify"), "event.proof")
    assert "1 entries follow from signed reports" in verified.line()
    assert verified.wait() == 0
    assert broker.end() == 0


def test_a_changed_proof_is_refused(run: Callable[..., Program], tmp_path: Path) -> None:
    """The example names the line of a file that is no proof, and ends with exit code 1."""
    (tmp_path / "bad.proof").write_bytes(b"{}\n")
    verified = run(example("verify"), "bad.proof")
    assert "does not hold: line 1" in verified.line()
    assert verified.wait() == 1
