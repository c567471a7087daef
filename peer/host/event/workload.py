"""How much a turn of the host's loop has to do for an event. Pure.

What is over the measure of a turn waits for the next one: pings, joins and stops are served in
between. All is counted in steps of a sport's fold, some microseconds each.
"""

from __future__ import annotations

from .state import EventState

TURN = 25_000
"""The steps of a turn, after which no further report is taken in."""

PUBLISHED = 40
"""What it takes to put together, encode and send a version of an entry."""

JUDGED = 10
"""What it takes to look at a claim."""


VERIFIED = 20
"""What it takes to verify a signature."""


class Workload:
    """Counts what is done in a turn, and foresees what is still to be done in it.

    Args:
        state: its claims to judge, its timeline and its feed are looked at.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        self._folded = self._seq = 0  # where timeline and feed stood when the turn began
        self._judged = 0  # claims looked at in this turn
        self._verified = 0  # signatures verified in it
        self._per_claim = float(PUBLISHED)  # steps that a claim has taken of late

    def begin(self) -> None:
        """Begin a turn."""
        if self._judged:
            self._per_claim = (self._per_claim + max(JUDGED, self.spent / self._judged)) / 2
        self._folded, self._seq = self._state.timeline.applied, self._state.feed.seq
        self._judged = self._verified = 0

    def add_verified(self, signatures: int) -> None:
        """Count signatures that are verified."""
        self._verified += signatures

    def add_judged(self) -> None:
        """Count a claim that is looked at."""
        self._judged += 1

    @property
    def spent(self) -> int:
        """The steps that this turn has taken so far."""
        state = self._state
        published = state.feed.seq - self._seq
        folded = state.timeline.applied - self._folded
        verified = VERIFIED * self._verified
        return folded + PUBLISHED * published + JUDGED * self._judged + verified

    @property
    def full(self) -> bool:
        """Whether this turn has enough to do."""
        return self.spent + self._per_claim * len(self._state.to_judge) >= TURN
