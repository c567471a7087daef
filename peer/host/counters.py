"""What a host counts of its journal and its leases, and how long reports take, for its metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...runtime.histogram import Histogram

TAP_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 120)
"""Upper bounds of the buckets from tap to stored, seconds."""

COMMIT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
"""Upper bounds of the buckets of a commit, and of what waits for one, seconds."""

LEASE_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5)
"""Upper bounds of the buckets of how long the broker takes to grant a lease, seconds."""


@dataclass(slots=True)
class HostCounters:
    """Plain integers, which a collector reads when metrics are scraped.

    Args:
        fences: how often an event was fenced.
        rows: of the journal that were stored: the turns of events.
        stored_bytes: in these rows.
        commit: how long the journal took to store what a turn of the host's loop led to.
        tap: from when a reporter made a report, by its clock as it was measured, until it was on
            disk, its receipt on the way; what waited in an outbox is as late as it is.
        publish: from the turn in which an entry was accepted until it was sent.
    """

    fences: int = 0
    rows: int = 0
    stored_bytes: int = 0
    commit: Histogram = field(default_factory=lambda: Histogram(COMMIT_SECONDS))
    tap: Histogram = field(default_factory=lambda: Histogram(TAP_SECONDS))
    publish: Histogram = field(default_factory=lambda: Histogram(COMMIT_SECONDS))
