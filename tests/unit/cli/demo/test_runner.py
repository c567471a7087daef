"""The demo's runner leaves nothing behind, whenever it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from touchline.cli.demo import runner
from touchline.cli.demo.performers import Crowd
from touchline.cli.demo.runner import DemoRunner
from touchline.sports import matches

MATCH = "uruguay-russia-2018"

IDLE = "input()"

STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
input()
"""


class Programs:
    """What the runner starts here instead of its own programs."""

    def __init__(self) -> None:
        self.code = IDLE
        self.then: Callable[[Any], object] = lambda process: None
        self.started: list[subprocess.Popen[bytes]] = []
        self._start = subprocess.Popen

    def start(self, _command: object, **_more: object) -> subprocess.Popen[bytes]:
        """Stand in for `Popen`."""
        process = self._start(
            [sys.executable, "-c", self.code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.started.append(process)
        self.then(process)
        return process

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    made = Programs()
    monkeypatch.setattr(runner.subprocess, "Popen", made.start)
    yield made
    made.close()


@pytest.fixture
def demo() -> DemoRunner:
    crowd = Crowd(MATCH, 2, 0.9, 0.1, 1)
    return DemoRunner(matches.load(MATCH), crowd, 0.0, insecure=False, as_json=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_process_is_started(
    demo: DemoRunner, programs: Programs, number: signal.Signals
) -> None:
    """The process that was being started when the signal came is ended, the folder removed."""
    programs.then = lambda _: os.kill(os.getpid(), number)
    with pytest.raises(KeyboardInterrupt), demo:
        demo._touchline("broker")
    (process,) = programs.started
    assert process.poll() is not None
    assert not demo._home.exists()


def test_another_signal_while_all_is_ended(
    demo: DemoRunner, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever presses Ctrl+C again does not keep the runner from ending what it started."""
    end = demo._end

    def end_meanwhile() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        end()

    monkeypatch.setattr(demo, "_end", end_meanwhile)
    programs.then = lambda _: os.kill(os.getpid(), signal.SIGINT)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), demo:
        demo._touchline("broker")
    (process,) = programs.started
    assert process.poll() is not None
    assert not demo._home.exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_process_that_does_not_end(
    demo: DemoRunner, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is deaf to SIGTERM is killed."""
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.05)
    programs.code, programs.then = STUBBORN, lambda process: process.stdout.readline()
    with demo:
        demo._touchline("host")
    (process,) = programs.started
    assert process.returncode == -signal.SIGKILL
    assert not demo._home.exists()


def test_a_fault_while_all_is_ended(demo: DemoRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is removed whatever goes wrong before."""
    monkeypatch.setattr(demo, "_end", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError), demo:
        pass
    assert not demo._home.exists()
