"""When a claim is looked at again, although nothing was said: silence speaks too. Pure."""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush

from ....timeline.event_clock import EventClock
from .claims import Claim

AGES = (1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 25.0)
"""Seconds after the first report, on the event's clock."""

APART = 0.1
"""Seconds on the event's clock between two times at which claims are looked at: of a crowd's many
claims those that are due within it are looked at together, in one turn of the host's loop."""


class Looks:
    """Keeps when which claim is due.

    Args:
        clock: the event's.
    """

    def __init__(self, clock: EventClock) -> None:
        self._after = [clock.real(age) for age in AGES]
        self._due: list[tuple[float, int, Claim]] = []
        self._apart = clock.real(APART)
        self._not_before = 0.0  # monotonic; claims were looked at a moment ago

    def begin(self, claim: Claim, now: float) -> None:
        """Let a claim be looked at from now on (monotonic seconds), from the first age on."""
        claim.looks = 0
        heappush(self._due, (now + self._after[0], claim.number, claim))

    def resume(self, claim: Claim, age: float, now: float) -> None:
        """Look at a claim again that is so many seconds old on the event's clock.

        One that is older than all ages and is not settled is looked at once more: when it was due,
        nobody looked.
        """
        looks = bisect_right(AGES, age)
        if looks < len(AGES):
            due = now + self._after[looks] * (1 - age / AGES[looks])
        elif claim.standing in ("", "PROVISIONAL"):
            looks, due = len(AGES) - 1, now + self._after[-1]
        else:
            return
        claim.looks = looks
        heappush(self._due, (due, claim.number, claim))

    def age(self, claim: Claim) -> float:
        """Return the age at which a claim is due now, in tenths of a second."""
        return 10 * AGES[claim.looks]

    def go_on(self, claim: Claim) -> None:
        """Let a claim that was due be looked at again at its next age."""
        looks = claim.looks
        if looks + 1 < len(AGES):
            claim.looks = looks + 1
            due = claim.looked + self._after[looks + 1] - self._after[looks]
            heappush(self._due, (due, claim.number, claim))

    def due(self, now: float, most: int = 1 << 62) -> list[Claim]:
        """Return the claims that are due, at most so many, and forget them."""
        found: list[Claim] = []
        if now < self._not_before:
            return found
        while len(found) < most and self._due and self._due[0][0] <= now:
            at, _, claim = heappop(self._due)
            claim.looked = at
            found.append(claim)
        if found and len(found) < most:
            self._not_before = now + self._apart
        return found

    def clear(self) -> None:
        """Forget all of them."""
        self._due.clear()
        self._not_before = 0.0

    def next(self) -> float | None:
        """Return when the next claim is due (monotonic seconds)."""
        return max(self._due[0][0], self._not_before) if self._due else None
