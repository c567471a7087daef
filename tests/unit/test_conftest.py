"""The rules for all tests hold: each is broken here on purpose, in a run of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

CONFTEST = Path(__file__).parents[1] / "conftest.py"


def outcome(folder: Path, source: str, demand: str = "") -> dict[str, int]:
    """Run tests under our conftest; return how many there were of each outcome."""
    (folder / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (folder / "test_it.py").write_text(source, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "TOUCHLINE_DEMAND": demand, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    counts = result.stdout.splitlines()[-1].partition(" in ")[0].replace("errors", "error")
    return {word: int(count) for count, word in (part.split() for part in counts.split(", "))}


def test_contexts(tmp_path: Path) -> None:
    """A context left open or dropped fails its test alone; one closed, or of a longer fixture that
    closes it, does not."""
    found = outcome(
        tmp_path,
        """
import gc, pytest, zmq

kept = []

@pytest.fixture(scope="module")
def long():
    with zmq.Context() as context:
        yield context

def test_closed():
    zmq.Context().term()

def test_long(long):
    long.socket(zmq.PUSH).close()

def test_left_open():
    kept.append(zmq.Context())

def test_left_with_a_socket():
    kept.append(zmq.Context())
    kept.append(kept[-1].socket(zmq.PUSH))

def test_after():
    zmq.Context().term()
""",
    )
    assert found == {"passed": 5, "error": 2}


def test_dropped_context(tmp_path: Path) -> None:
    """A test that drops a context without closing it fails."""
    found = outcome(tmp_path, "import gc, zmq\ndef test_it():\n    zmq.Context()\n    gc.collect()")
    assert found["failed"] == 1


SIGNALS = """
import os, pytest, signal, subprocess, sys

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it(number):
    os.kill(os.getpid(), number)
    program = "import os, sys; os.kill(os.getpid(), int(sys.argv[1]))"
    started = subprocess.run([sys.executable, "-c", program, str(int(number))], stderr=-3)
    assert started.returncode == -number
"""


def test_signals_that_the_caller_ignores(tmp_path: Path) -> None:
    """A run that `nohup` and a shell's `&` keep from ending ends by no signal; what it starts
    does."""
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)
    }
    try:
        found = outcome(tmp_path, SIGNALS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert found == {"passed": 2}


SKIPS = """
import pytest

def test_runs():
    pass

def test_postgresql():
    pytest.skip("no PostgreSQL at 127.0.0.1")

@pytest.mark.skipif(True, reason="the shared data is absent")
def test_data():
    pass

@pytest.fixture
def tool():
    pytest.skip("promtool is not installed")

def test_tool(tool):
    pass

@pytest.mark.xfail(strict=True)
def test_known():
    assert False
"""


@pytest.mark.parametrize(
    ("demand", "found"),
    [
        ("", {"passed": 1, "skipped": 3, "xfailed": 1}),
        ("postgresql", {"passed": 1, "failed": 1, "skipped": 2, "xfailed": 1}),
        ("all", {"passed": 1, "failed": 1, "error": 2, "xfailed": 1}),
    ],
)
def test_demand(tmp_path: Path, demand: str, found: dict[str, int]) -> None:
    """A skip whose reason is demanded fails, wherever it was decided; others stay skips."""
    assert outcome(tmp_path, SKIPS, demand) == found


@pytest.mark.parametrize(
    ("demand", "wanted"),
    [
        ("", False),
        (",", False),
        ("promtool", False),
        ("postgresql", True),
        ("promtool, PostgreSQL", True),
        ("all", True),
        ("all,-postgresql", False),
        ("all,-chromium", True),
        ("-chromium", False),
    ],
)
def test_demanded(demand: str, wanted: bool, pytestconfig: pytest.Config) -> None:
    """Words demand by any part of the reason, whatever the case; a minus excuses."""
    (rules,) = (p for p in pytestconfig.pluginmanager.get_plugins() if hasattr(p, "demanded"))
    assert rules.demanded("no PostgreSQL at 127.0.0.1", demand) is wanted


def test_demand_of_a_file(tmp_path: Path) -> None:
    """A whole file that is skipped fails as well where its reason is demanded."""
    source = "import pytest\npytest.importorskip('promtool')\ndef test_it(): pass"
    assert outcome(tmp_path, source) == {"skipped": 1}
    assert outcome(tmp_path, source, "promtool") == {"error": 1}


def test_a_file_runs_in_one_process(tmp_path: Path) -> None:
    """Several processes share the files, not the tests of one."""
    source = "import os, pytest\n\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n"
    source += f"    open({str(tmp_path)!r} + f'/{{__name__}}-{{os.getpid()}}.pid', 'w').close()\n"
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    for name in ("test_one", "test_two"):
        (tmp_path / f"{name}.py").write_text(source, "utf-8")
    flags = ("-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadscope")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, "--no-loadscope-reorder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
    assert len(list(tmp_path.glob("test_one-*.pid"))) == 1
    assert len(list(tmp_path.glob("test_two-*.pid"))) == 1
