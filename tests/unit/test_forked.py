"""A process that is forked is what a Python is that was started anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Process, run
from tests.patience import PATIENCE

TELL = """
import json, locale, os, signal, sys, threading
signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE]
print(json.dumps({
    "arguments": sys.argv,
    "folder": os.getcwd(),
    "path": sys.path[0] or os.getcwd(),
    "environment": dict(os.environ),
    "parent": os.getppid(),
    "descriptors": sorted(map(int, os.listdir("/proc/self/fd"))),
    "signals": [str(signal.getsignal(number)).split(" at ")[0] for number in signals],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "threads": threading.active_count(),
    "name": __name__,
    "standard": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__],
    "streams": [
        [stream.encoding, stream.errors, stream.line_buffering, stream.write_through,
         type(stream.buffer).__name__]
        for stream in (sys.stdin, sys.stdout, sys.stderr)
    ],
    "said": sys.stdin.read(),
}))
print("over", file=sys.stderr)
sys.exit(3)
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="it is forked on Linux alone")


@linux
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_as_if_started_anew(tmp_path: Path, unbuffered: str) -> None:
    """Arguments, environment, folder, streams, signals, open files and parent are the same."""
    told: list[Any] = []
    for kind in (subprocess.Popen[str], Process):
        process = kind(
            [sys.executable, "-c", TELL, "one", "zwei é"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"NAME": "value", "PYTHONUNBUFFERED": unbuffered},
        )
        out, err = process.communicate("hello", timeout=PATIENCE)
        assert (process.returncode, err) == (3, "over\n")
        told.append(json.loads(out))
    new, forked = told
    assert forked == new
    assert forked["parent"] == os.getpid()
    assert forked["said"] == "hello"


def test_a_module() -> None:
    """A module is run by its name, with its arguments."""
    done = run([sys.executable, "-m", "touchline.cli", "version"], text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("touchline ")


@pytest.mark.parametrize("end", [Process.kill, Process.terminate])
def test_a_process_of_its_own(end: Callable[[Process], None]) -> None:
    """It is ended by a signal, and others live on."""
    program = "import sys; print('here', flush=True); sys.stdin.read()"
    one, other = (
        Process(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    )
    assert one.pid != other.pid
    assert [process.stdout.readline() for process in (one, other)] == ["here\n"] * 2
    end(one)
    number = signal.SIGKILL if end is Process.kill else signal.SIGTERM
    assert one.wait(PATIENCE) == -number
    assert other.poll() is None
    other.communicate(timeout=PATIENCE)
    assert other.returncode == 0
    for pipe in (one.stdin, one.stdout):
        pipe.close()


def test_what_is_not_caught_is_told() -> None:
    """An exception ends it with 1 and a traceback."""
    done = run([sys.executable, "-c", "1 / 0"], text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
