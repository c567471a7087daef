"""How many files a process may open."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from touchline.runtime.descriptors import raise_limit

RAISE = """
import resource
from touchline.runtime.descriptors import raise_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
print(raise_limit() == hard == resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_the_limit_is_raised_to_what_the_system_permits() -> None:
    """A process that began with 100 files may open as many as the hard limit says."""
    done = subprocess.run([sys.executable, "-c", RAISE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_a_limit_that_the_system_does_not_grant(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system refuses the hard limit that it names, the old limit stays, with a word."""

    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert raise_limit() == 256
    assert "256 open files" in caplog.text
