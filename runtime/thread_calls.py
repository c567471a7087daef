"""Calls to a thread that has a loop of its own: each is carried out or refused, whenever it comes.

The thread's end is no exception: what waits then is refused, and so is what comes afterwards.
Whoever waits for the outcome of a call would otherwise wait for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


def _nothing() -> None:
    """Tell nobody."""


class ThreadCalls:
    """The calls to one thread.

    Args:
        wake: ends the thread's wait; from any thread.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._waiting: deque[tuple[Callable[[], object], Callable[[], object]]] = deque()
        self._ended = False
        # What comes while the thread ends is either among what it refuses, or refused at once.
        self._lock = threading.Lock()

    def put(self, call: Callable[[], object], refuse: Callable[[], object] = _nothing) -> None:
        """Have the thread call something soon; any thread may do so.

        Args:
            call: the thread calls it, unless it ends before.
            refuse: is called instead where it does, there or here.
        """
        with self._lock:
            ended = self._ended
            if not ended:
                self._waiting.append((call, refuse))
        if ended:
            refuse()
        else:
            self._wake()

    def run(self) -> None:
        """Call what waits, the oldest first; on the thread."""
        while self._waiting:
            self._waiting.popleft()[0]()

    def end(self) -> None:
        """Refuse what waits, and all that is still to come; on the thread, last of all."""
        with self._lock:
            self._ended = True
        while self._waiting:
            self._waiting.popleft()[1]()
