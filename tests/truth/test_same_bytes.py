"""The same votes give the same verdicts, times and counts, byte by byte, wherever it is done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def printed(python: Path, **environment: str) -> str:
    """Return what `fingerprint` prints where it is run by a Python."""
    done = subprocess.run(
        [str(python), "-m", "tests.truth.fingerprint"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def here() -> str:
    found = printed(Path(sys.executable), PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C")
    assert len(found.splitlines()) == 3
    return found


@pytest.mark.parametrize(
    ("hashing", "zone", "locale"),
    [("1", "Asia/Kathmandu", "C.UTF-8"), ("2", "America/St_Johns", "tr_TR.UTF-8")],
)
def test_whatever_the_surroundings(hashing: str, zone: str, locale: str) -> None:
    """Neither hashes nor time zone nor locale change anything."""
    around = {"PYTHONHASHSEED": hashing, "TZ": zone, "LC_ALL": locale}
    assert printed(Path(sys.executable), **around) == here()


@pytest.mark.parametrize("minor", [12, 13])
def test_on_another_python(minor: int, tmp_path: Path) -> None:
    """Another version of Python gives the same."""
    if sys.version_info[:2] == (3, minor):
        pytest.skip(f"this is Python 3.{minor}; it is compared with itself above")
    found = interpreter(minor)
    if found is None:
        pytest.skip(f"no Python 3.{minor} here")
    subprocess.run([str(found), "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    needs = [
        need
        for need in setup["options"]["install_requires"].splitlines()
        if need and not need.startswith("#")
    ]
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    got = subprocess.run(
        [*pip, "-c", "constraints.txt", *needs], cwd=ROOT, capture_output=True, check=False
    )
    if got.returncode:
        pytest.skip(f"what Touchline needs can't be fetched for Python 3.{minor}")
    (tmp_path / "touchline").symlink_to(ROOT)
    assert printed(python, PYTHONPATH=str(tmp_path), PYTHONHASHSEED="3") == here()


def interpreter(minor: int) -> Path | None:
    """Return a Python 3 of a minor version that runs; None where there is none."""
    known = Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3")
    for path in (shutil.which(f"python3.{minor}"), *known):
        if (
            path
            and not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode
        ):
            return Path(path)
    return None
