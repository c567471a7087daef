"""The session cache: the connections that may send requests to groups. Pure.

The thread that forwards frames answers requests to groups, and must not wait for the database. A
worker looks up which peer a connection belongs to; meanwhile the cache keeps the connection's
requests, in order. A result is valid for `SECONDS`, so that a revoked peer is refused after that.
"""

from __future__ import annotations

from ..protocol.errors import Overloaded

SECONDS = 5.0
"""Seconds for which a result is valid: a third of the time after which a silent member is removed
from its group."""

MOST_KEPT = 200
"""The most requests of one connection that wait for its result."""

MOST = 10_000
"""The most connections in the cache; one more removes the oldest."""


class SessionCache:
    """The connections that may send requests to groups; for one thread."""

    def __init__(self) -> None:
        self._valid_until: dict[bytes, float] = {}  # monotonic seconds, oldest result first
        self._kept: dict[bytes, list[bytes]] = {}

    def holds(self, routing_id: bytes, now: float) -> bool:
        """Return whether a connection may send requests to groups (`now`: monotonic seconds)."""
        return now < self._valid_until.get(routing_id, 0.0) and routing_id not in self._kept

    def keep(self, routing_id: bytes, frame: bytes) -> bool:
        """Keep a request of a connection until `resolve`; return whether to ask a worker now.

        A further request of the same connection waits for the first one's result.

        Raises:
            Overloaded: too many requests of the connection wait.
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
        """Record a worker's result, and return the connection's kept requests, in order.

        Args:
            routing_id: the connection.
            now: monotonic seconds.
            good: whether the connection may send requests to groups.
        """
        self._valid_until.pop(routing_id, None)
        if good:
            self._trim(now)
            self._valid_until[routing_id] = now + SECONDS
        return self._kept.pop(routing_id, [])

    def clear(self) -> None:
        """Forget all results, so that a worker is asked again about each connection."""
        self._valid_until.clear()

    def _trim(self, now: float) -> None:
        """Remove results that are no longer valid, and the oldest if the cache is full."""
        while self._valid_until:
            oldest = next(iter(self._valid_until))
            if self._valid_until[oldest] > now and len(self._valid_until) < MOST:
                return
            del self._valid_until[oldest]
