"""The watch over a peer that sends regularly: is it still there? Pure.

Host and reporter, subscriber and host: each knows the longest interval between two messages of the
other. Two intervals without a message are a silence. The watch reports a silence when it begins,
and again at fixed distances until the next message.
"""

from __future__ import annotations

from math import inf

LEAST_SECONDS = 0.1
"""The shortest interval that a host may set."""


def bounded(interval: float) -> float:
    """Return the interval of a host that says so, seconds: one that says next to nothing would have
    its peers ping it, and call it silent, without a pause."""
    return max(interval, LEAST_SECONDS)


class Liveness:
    """The watch over one peer, or over several peers of which one is enough.

    Args:
        interval: seconds within which a message is expected.
        again: seconds between two reports of the same silence; by default it is reported once.
        missed: intervals without a message that are a silence.
    """

    def __init__(self, interval: float, again: float = inf, missed: int = 2) -> None:
        self.interval = interval
        self.heard_at: float | None = None
        """Monotonic seconds of the newest message; None while no peer is watched."""
        self.silent = False
        self._again = again
        self._missed = missed
        self._next_report = inf  # monotonic; when a silence that goes on is reported again

    def heard(self, now: float) -> bool:
        """Record a message, which begins the watch; return whether it ends a silence."""
        self.heard_at = now
        ended, self.silent = self.silent, False
        return ended

    def resume(self, now: float, *, reported: float) -> None:
        """Continue a silence that an earlier run of this process has reported.

        Args:
            now: monotonic seconds.
            reported: seconds since its newest report.
        """
        self.heard_at = now
        self.silent = True
        self._next_report = now + max(0.0, self._again - reported)

    def forgive(self, seconds: float) -> None:
        """Leave out seconds in which this process itself was stopped and could receive nothing."""
        if self.heard_at is not None:
            self.heard_at += seconds
            self._next_report += seconds

    def stop(self) -> None:
        """End the watch: the peer has left in good order."""
        self.heard_at = None
        self.silent = False

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called next (monotonic seconds)."""
        if self.heard_at is None:
            return None
        due = self._next_report if self.silent else self.heard_at + self._missed * self.interval
        return None if due == inf else due

    def handle_timer(self, now: float) -> bool:
        """Return whether a silence is to be reported now: for the first time, or again."""
        due = self.next_timer()
        if due is None or now < due:
            return False
        # Counted from the time at which it was due, so that the distances do not drift. A process
        # that was itself stopped does not catch up on the reports that it missed.
        self._next_report = due + self._again
        if self._next_report <= now:
            self._next_report = now + self._again
        self.silent = True
        return True
