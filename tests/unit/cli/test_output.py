"""What commands write, into pipes, disks and encodings that do not take it: as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.patience import PATIENCE, until
from touchline.cli import output

COMMAND = (sys.executable, "-m", "touchline.cli")

WRITING = (
    ("--help",),
    ("--version",),
    ("broker", "--help"),
    ("sports", "list"),
    ("sports", "show", "football"),
    ("sports", "list", "--json"),
    ("config", "show"),
    ("simulate", "football", "--seed", "1"),
)
"""Commands that write by click, by tables, as JSON lines and by themselves."""

FULL = Path("/dev/full")

needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "TOUCHLINE_HOME": str(home), **more}


@pytest.fixture
def gone() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_the_reader_has_gone(arguments: tuple[str, ...], gone: int, tmp_path: Path) -> None:
    """A command whose reader wants no more ends in silence, and nothing is wrong."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(tmp_path),
        stdout=gone,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@needs_full
@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_the_device_is_full(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A command that can't write its output says so in a sentence, and its exit code is 7."""
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert done.stderr == b"error: standard output: No space left on device\n"
    assert done.returncode == 7


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_there_is_no_standard_output(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A command that is started without standard output has done its work when it ends."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["<&- >&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_taken(closed: str, tmp_path: Path) -> None:
    """No file gets the number of a standard stream that is closed, and a fault has its code."""
    program = (
        "import os\nfrom touchline.cli import output\noutput.prepare()\n"
        "kept = open('file', 'w')\nkept.write('what was kept')\nkept.flush()\n"
        "for number in 1, 2: os.write(number, b'stray')\n"
        "print('a word')\n"
        "os._exit(open('file').read() != 'what was kept')\n"
    )
    for arguments, code in (([sys.executable, "-c", program], 0), ([*COMMAND, "nonsense"], 2)):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *arguments],
            env=environment(tmp_path, PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == code


@needs_full
@pytest.mark.parametrize("as_json", [False, True], ids=["", "--json"])
def test_a_fault_keeps_its_code(as_json: bool, tmp_path: Path) -> None:
    """A command that fails, and can't write that either, ends with the code of its failure."""
    flags = ["--json"] if as_json else []
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "sports", "show", "chess", *flags],
            env=environment(tmp_path),
            stdout=full,
            stderr=full,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 3


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_an_encoding_lacks_is_replaced(unbuffered: str, tmp_path: Path) -> None:
    """Characters that a code page lacks are question marks; JSON is UTF-8 all the same."""
    env = environment(tmp_path, PYTHONIOENCODING="cp1252", PYTHONUNBUFFERED=unbuffered)
    program = (
        "import click\nfrom touchline.cli import main, shared\n"
        "@click.command\n"
        "def tell():\n"
        "    click.echo('Müller \\N{SOCCER BALL} –')\n"
        "    shared.emit({'ball': '\\N{SOCCER BALL}'})\n"
        "main.Commands.get_command = lambda *_: tell\n"
        "main.main(['tell'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == "Müller ? –\n".encode("cp1252") + '{"ball":"⚽"}\n'.encode()


@needs_full
def test_what_serves_goes_on(tmp_path: Path) -> None:
    """A broker whose lines can't be written serves until it is stopped."""
    with (
        FULL.open("wb") as full,
        subprocess.Popen(
            [*COMMAND, "broker", "--bind", "127.0.0.1:0"],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        try:
            # The address is kept before it is told.
            until(lambda: list(tmp_path.rglob("brokers*")) or process.poll() is not None)
            with suppress(ProcessLookupError):
                process.terminate()
            _, told = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, told) == (0, b"")


@needs_full
def test_who_writes_nothing_has_not_failed() -> None:
    """Some ask a stream what it is by writing nothing, and let nobody know what came of it: a full
    device is noticed with the first line, so that a command which follows an event ends."""
    with FULL.open("wb") as full:
        device = output._Device(full.fileno(), "wb", closefd=False)
        device.required = True
        assert device.write(b"") == 0
        with pytest.raises(OSError, match="No space"):
            device.write(b"a line")
