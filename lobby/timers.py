"""The timers of a lobby. Pure."""

from __future__ import annotations

import heapq

SPARE = 1_000
"""How many more cancelled timers than others may be in the heap."""

Timer = tuple[str, int | str]
"""The kind of a timer, and the connection, place or key that it is for."""


class Timers:
    """The timers of a lobby, each set at most once.

    A cancelled timer stays in the heap until it is due: to take it out of the middle would cost
    more than to skip it. Since the timer of a closed connection may be due only in hours, the heap
    is built anew before cancelled timers outnumber the others.
    """

    def __init__(self) -> None:
        self._due: dict[Timer, float] = {}
        self._heap: list[tuple[float, Timer]] = []

    def __len__(self) -> int:
        """Return the size of the heap, including cancelled timers."""
        return len(self._heap)

    def __contains__(self, timer: Timer) -> bool:
        return timer in self._due

    def set(self, timer: Timer, due: float) -> None:
        """Set a timer, or set it anew.

        Args:
            timer: the timer.
            due: monotonic seconds.
        """
        self._due[timer] = due
        heapq.heappush(self._heap, (due, timer))
        if len(self._heap) > 2 * len(self._due) + SPARE:
            self._heap = [(due, timer) for timer, due in self._due.items()]
            heapq.heapify(self._heap)

    def cancel(self, timer: Timer) -> None:
        """Cancel a timer, if it is set."""
        self._due.pop(timer, None)

    def next(self) -> float | None:
        """Return when the first timer is due (monotonic seconds); None without a timer."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Timer | None:
        """Remove and return the earliest timer that is due; None without one."""
        due = self.next()
        if due is None or due > now:
            return None
        _, timer = heapq.heappop(self._heap)
        del self._due[timer]
        return timer
