"""What a host counts of its journal and its leases, and how long reports take, for its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from ...protocol.messages import EntryStatus
from ...runtime.histogram import Histogram

TAP_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 120)
"""Upper bounds of the buckets from tap to stored, seconds."""

COMMIT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
"""Upper bounds of the buckets of a commit, and of what waits for one, seconds."""

VOTE_SECONDS = (1, 2, 5, 10, 30, 60, 300)
"""Upper bounds of the buckets from the first vote to a version of an entry, and from a question to
its answer, seconds."""

LEASE_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5)
"""Upper bounds of the buckets of how long the broker takes to grant a lease, seconds."""

STATUSES: tuple[str, ...] = get_args(EntryStatus)


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
        versions: from the first vote that led to it until an entry came to a status, by status.
        answers: from a question to a reporter until its answer.
    """

    fences: int = 0
    rows: int = 0
    stored_bytes: int = 0
    commit: Histogram = field(default_factory=lambda: Histogram(COMMIT_SECONDS))
    tap: Histogram = field(default_factory=lambda: Histogram(TAP_SECONDS))
    publish: Histogram = field(default_factory=lambda: Histogram(COMMIT_SECONDS))
    versions: dict[str, Histogram] = field(
        default_factory=lambda: {status: Histogram(VOTE_SECONDS) for status in STATUSES}
    )
    answers: Histogram = field(default_factory=lambda: Histogram(VOTE_SECONDS))

    def note_votes(self, versions: Sequence[tuple[str, float]], answers: Sequence[float]) -> None:
        """Count what a turn of an event led to.

        Args:
            versions: statuses to which entries came, each with the seconds that it took.
            answers: seconds that answers took.
        """
        for status, seconds in versions:
            self.versions[status].add(seconds)
        for seconds in answers:
            self.answers.add(seconds)
