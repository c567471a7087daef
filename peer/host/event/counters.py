"""What a hosted event counts, for its metrics."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

LATENCY_BUCKETS = (0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60)
"""Upper bounds of the report-to-entry histogram, seconds."""


Received = tuple[int, int, int, int]
"""The messages that a viewer has received, lost, repaired, and received again."""

UNSEEN: Received = (0, 0, 0, 0)
"""What a viewer has received that has said nothing yet."""


@dataclass(slots=True)
class EventCounters:
    """Plain integers, which a collector reads when metrics are scraped.

    `disputed`, `disputed_since` and `suspended_since` are as the newest heartbeat has them; all
    others only grow.
    """

    stored: int = 0
    duplicate: int = 0
    recovered: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    alarms: int = 0
    clocks_set: int = 0
    expired: int = 0
    heartbeats: int = 0
    questions: int = 0
    answers: int = 0
    disputed: int = 0
    disputed_since: float | None = None
    """Since when there has been a disputed claim, monotonic seconds; None while there is none."""
    suspended_since: float | None = None
    """Since when the feed has been suspended or reconstructed, likewise."""
    replayed: int = 0
    joined: int = 0
    viewers_received: int = 0
    viewers_lost: int = 0
    viewers_repaired: int = 0
    viewers_duplicate: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    latency_sum: float = 0.0

    def add_viewer(self, before: Received, now: Received) -> Received:
        """Add what a viewer has received, lost, repaired and received again since its ping before.

        A viewer that has received less than before is another process of the same peer. What it
        has lost may fall where a message was only late; the sum does not.

        Returns:
            what to hold its next ping against.
        """
        if now[0] < before[0]:
            before = UNSEEN
        received, lost, repaired, duplicate = map(max, before, now)
        self.viewers_received += received - before[0]
        self.viewers_lost += lost - before[1]
        self.viewers_repaired += repaired - before[2]
        self.viewers_duplicate += duplicate - before[3]
        return received, lost, repaired, duplicate

    def set_state(self, now: float, *, disputed: int, suspended: bool) -> None:
        """Take how an event stands.

        Args:
            now: monotonic seconds.
            disputed: the claims that are disputed.
            suspended: whether an outage has not ended, or is not put together.
        """
        self.disputed = disputed
        self.disputed_since = (self.disputed_since or now) if disputed else None
        self.suspended_since = (self.suspended_since or now) if suspended else None

    def add_latency(self, seconds: float) -> None:
        """Count the time from the first report of an action to its entry."""
        self.latency[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.latency_sum += seconds

    def add_entry(self, status: str, delay_status: str) -> None:
        """Count a published version of an entry."""
        delay = delay_status or "live"
        self.entries[status] = self.entries.get(status, 0) + 1
        self.delays[delay] = self.delays.get(delay, 0) + 1

    def refuse(self, code: str) -> None:
        """Count a refused report."""
        self.refused[code] = self.refused.get(code, 0) + 1
