"""Passes: which connections may speak to rooms, so that the records are not asked each time. Pure.

Rooms are served by the thread that passes frames on. Whose a connection is, is on record: a worker
looks it up, and what the connection asks meanwhile is kept, in order. Its word holds for a while
only, so that a peer that was revoked is heard no longer than that.
"""

from __future__ import annotations

from ..protocol.errors import Overloaded

SECONDS = 5.0
"""Seconds for which a pass is good: a third of what a member of a room stays without a word."""

MOST_KEPT = 200
"""Requests of one connection that wait for the word on it."""

MOST = 10_000
"""Passes that are remembered; with more, those that are no longer good are forgotten."""


class SessionCache:
    """Who may speak to rooms; for one thread."""

    def __init__(self) -> None:
        self._good_until: dict[bytes, float] = {}  # in the order in which they were given
        self._kept: dict[bytes, list[bytes]] = {}

    def holds(self, routing_id: bytes, now: float) -> bool:
        """Tell whether a connection has a pass (`now`: monotonic seconds)."""
        return now < self._good_until.get(routing_id, 0.0) and routing_id not in self._kept

    def keep(self, routing_id: bytes, frame: bytes) -> bool:
        """Keep a request until there is word; True where that is yet to be asked for.

        Raises:
            Overloaded: too many wait.
        """
        kept = self._kept.get(routing_id)
        if kept is None:
            self._kept[routing_id] = [frame]
            return True
        if len(kept) >= MOST_KEPT:
            raise Overloaded(
                f"{len(kept)} requests to rooms wait, at most {MOST_KEPT} allowed; try again later"
            )
        kept.append(frame)
        return False

    def resolve(self, routing_id: bytes, now: float, *, good: bool) -> list[bytes]:
        """Take the word on a connection and return what was kept, in order."""
        self._good_until.pop(routing_id, None)
        if good:
            self._trim(now)
            self._good_until[routing_id] = now + SECONDS
        return self._kept.pop(routing_id, [])

    def _trim(self, now: float) -> None:
        """Forget the oldest, where there are too many or they are good no longer."""
        while self._good_until:
            oldest = next(iter(self._good_until))
            if self._good_until[oldest] > now and len(self._good_until) < MOST:
                return
            del self._good_until[oldest]
