"""`touchline demo` with real processes: right, honest, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE, until

from .test_metrics import targets

COMMAND = [sys.executable, "-m", "touchline.cli", "demo"]


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose temporary folder must be empty afterwards, with no process left."""
    yield {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    assert list(tmp_path.iterdir()) == []
    # The last of them, multiprocessing's own, sees that it is over by its pipe.
    until(lambda: _processes_under(tmp_path) == [], what="the end of all processes")


def _processes_under(folder: Path) -> list[str]:
    """Return the commands of live processes whose environment names the folder (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def _run(environment: dict[str, str], *flags: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [*COMMAND, "--json", *flags], env=environment, capture_output=True, check=False
    )
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_final_at_full_speed(temporary: dict[str, str]) -> None:
    """The final comes out right although the crowd errs in 15 % and repeats itself."""
    code, lines = _run(temporary, "--speed", "max", "--wrong", "0.15", "--seed", "5")
    demo = lines[-1]
    assert code == 0, demo
    assert demo["type"] == "demo"
    assert demo["headline"] == "Argentina 3–3 France (4–2 pens)"
    assert (demo["total"]["missed"], demo["total"]["wrong"]) == (0, 0)
    assert demo["total"]["found"] == demo["total"]["true"] == 46
    assert demo["wrong_sayings"] > 30
    assert demo["repeats"] > 0
    assert demo["unsent"] == 0
    assert demo["encrypted"] is True
    assert (demo["alarms"], demo["delayed"], demo["reconstructed"]) == (0, 0, 0)
    screen = next(line for line in lines if line["type"] == "summary")
    assert screen["digest"] == demo["subscriber"]["digest"]


def test_another_match_in_time(temporary: dict[str, str]) -> None:
    """A match with an own goal and a sending-off, paced by its clock, comes out right."""
    flags = ("--match", "uruguay-russia-2018", "--speed", "250", "--reporters", "9")
    code, lines = _run(temporary, *flags)
    assert code == 0
    assert lines[-1]["headline"] == "Uruguay 3–0 Russia"
    assert lines[-1]["total"]["seconds_to_accept"] is not None


def test_an_outage(temporary: dict[str, str]) -> None:
    """While everybody is cut off the feed raises alarms; what happened then is reconstructed and
    marked, the crowd confirms the score, and the match comes out right."""
    flags = ("--match", "uruguay-russia-2018", "--speed", "125", "--reporters", "8")
    code, lines = _run(temporary, *flags, "--outage", "46-80")
    demo = lines[-1]
    assert code == 0
    assert demo["headline"] == "Uruguay 3–0 Russia"
    assert (demo["total"]["missed"], demo["total"]["wrong"]) == (0, 0)
    assert demo["alarms"] == sum(line["type"] == "alarm" for line in lines) >= 1
    assert (demo["outages"], demo["confirmed"], demo["delayed"]) == (1, 1, 0)
    assert demo["reconstructed"] > 0
    assert demo["inaccurate"] == 0
    kinds = [line["kind"] for line in lines if line["type"] == "notice"]
    assert [kind for kind in kinds if kind in {"venue_lost", "reconstructing"}] == [
        "venue_lost",
        "reconstructing",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle(temporary: dict[str, str], number: signal.Signals) -> None:
    """Ctrl+C or SIGTERM in the middle ends everything that the demo started; until then its broker
    serves metrics, and lists the host's."""
    demo = subprocess.Popen(
        [*COMMAND, "--reporters", "4", "--metrics", "127.0.0.1:0"],
        env=temporary,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert demo.stdout is not None
    assert demo.stderr is not None
    try:
        page = demo.stderr.readline().decode()
        while "first half" not in demo.stdout.readline().decode():
            assert demo.poll() is None
        (listed,) = targets(page.removeprefix("metrics at ").strip())
        assert listed["labels"]["job"] == "touchline-host"
    finally:
        demo.send_signal(number)
        _, errors = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 130
    assert b"Traceback" not in errors


def test_bad_flags() -> None:
    """A speed or match that can't be stops the demo before it starts anything."""
    for flags, code in ((["--speed", "slow"], 2), (["--match", "nothing"], 3)):
        done = subprocess.run(
            [*COMMAND, *flags], capture_output=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == code
        assert done.stderr.startswith(b"error: ")


def test_temporary_folder() -> None:
    """The fixture's check can fail: a file left behind is seen."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SOME": folder}
        sleeper = subprocess.Popen([sys.executable, "-c", "input()"], env=environment,
                                   stdin=subprocess.PIPE)  # fmt: skip
        assert len(_processes_under(Path(folder))) == 1
        sleeper.communicate(b"\n")
