"""Is somebody there? Silence told from contact, for every pair of peers that beat. Pure.

Reporter and host, host and subscriber: each knows the interval at which the other says something
at the least. Two of these without a word are silence; it is told at once, and again at fixed
distances until there is contact.
"""

from __future__ import annotations

from math import inf


class Liveness:
    """The watch over one peer, or over several of which one is enough.

    Args:
        interval: seconds within which something is to be heard.
        again: seconds between the first telling of a silence and the next; never, unless given.
        missed: intervals without a word that are silence.
    """

    def __init__(self, interval: float, again: float = inf, missed: int = 2) -> None:
        self.interval = interval
        self.heard_at: float | None = None
        """Monotonic seconds; None while there is nobody to watch over."""
        self.silent = False
        self._again = again
        self._missed = missed
        self._next_told = inf

    def heard(self, now: float) -> bool:
        """Note a word, which begins the watch; tell whether it ends a silence."""
        self.heard_at = now
        ended, self.silent = self.silent, False
        return ended

    def resume(self, now: float, *, told: float) -> None:
        """Go on with a silence that an earlier run of this process had told.

        Args:
            now: monotonic seconds.
            told: seconds since it was last told.
        """
        self.heard_at = now
        self.silent = True
        self._next_told = now + max(0.0, self._again - told)

    def forgive(self, seconds: float) -> None:
        """Leave out a time in which the watcher itself was asleep, and could hear nobody."""
        if self.heard_at is not None:
            self.heard_at += seconds
            self._next_told += seconds

    def stop(self) -> None:
        """End the watch: whoever was watched over has left in good order."""
        self.heard_at = None
        self.silent = False

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called next (monotonic seconds)."""
        if self.heard_at is None:
            return None
        due = self._next_told if self.silent else self.heard_at + self._missed * self.interval
        return None if due == inf else due

    def handle_timer(self, now: float) -> bool:
        """Tell whether silence is to be told now: for the first time, or again."""
        due = self.next_timer()
        if due is None or now < due:
            return False
        # From the time at which it was due, not from now: the distances do not drift. A process
        # that was itself asleep does not catch up on what it missed.
        self._next_told = due + self._again
        if self._next_told <= now:
            self._next_told = now + self._again
        self.silent = True
        return True
