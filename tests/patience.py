"""How long a test waits for what has to come: far longer than any machine needs.

No test measures speed. What does not come within `PATIENCE` never will, and how long it takes on a
busy machine is no concern of a test's. A second in which others want the machine too counts for
less, as `until` sees it; `TOUCHLINE_PATIENCE=5` shortens all for somebody who breaks the code on
purpose.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

from touchline.peer import Link

PATIENCE = float(os.environ.get("TOUCHLINE_PATIENCE", "180"))
"""Seconds."""

SLOWEST = 4.0
"""A second counts for no less than a part of so many."""

PATIENCE_MS = round(PATIENCE * 1_000)
"""The same for pollers, milliseconds."""


class Pumped(Protocol):
    """What does its work when it is pumped."""

    def pump(self) -> object:
        """Do what there is to do."""


def _share() -> float:
    """Return what a second counts for: less where more want to run than there are cores."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return 1 / min(max(1.0, load), SLOWEST)


def until(
    true: Callable[[], object], *pumped: Pumped, what: str = "it", pause: float = 0.01
) -> None:
    """Wait until something is so.

    Args:
        true: tells whether it is.
        pumped: works meanwhile.
        what: is waited for, for the error.
        pause: seconds between two looks.

    Raises:
        AssertionError: it is not so after `PATIENCE` seconds of a machine that is not busy.
    """
    waited, looked = 0.0, time.monotonic()
    idle = threading.Event()
    while not true():
        now = time.monotonic()
        waited, looked = waited + (now - looked) * _share(), now
        assert waited < PATIENCE, f"{what} did not come to be within {PATIENCE:g} s"
        for peer in pumped:
            peer.pump()
        idle.wait(pause)


def spend(seconds: float, *pumped: Pumped) -> None:
    """Let time pass in which something might happen that must not; peers work meanwhile."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, *pumped)


def patient(link: Link) -> Link:
    """Let a link wait for answers as long as tests wait."""
    ask = link.ask
    link.ask = lambda message, timeout=PATIENCE: ask(message, timeout)  # type: ignore[method-assign]
    return link
