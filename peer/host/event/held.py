"""Which held claims a change may let in. Pure.

What a sport forbids depends on the state at the claim's place in match order, and on what it takes
back or excludes: nothing of that changes by an entry that comes after it.
"""

from __future__ import annotations

from bisect import bisect_left

from ....protocol.messages import Entry
from ....protocol.times import SECOND
from ....timeline.states import LAST
from .claims import Claim
from .state import EventState

SPARE = 16
"""Claims that are held no longer among those by time, beyond as many as are held."""


class HeldClaims:
    """Says which held claims are to be decided again.

    Args:
        state: its held claims and its timeline are looked at.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        kinds = state.kinds.values()
        # Claims exclude or take back what is at most so far away; a mean strays by some windows.
        reach = max((max(4 * kind.window, kind.relates_within) for kind in kinds), default=0.0)
        self._reach = round(reach * SECOND)
        self._concerns = {kind.title for kind in kinds if kind.exclusive or kind.relates_to}
        self._since = LAST  # the earliest event time of what may concern others by its title

    def published(self, entry: Entry) -> None:
        """Note that a version of an entry was published; the timeline has it already."""
        if entry.title in self._concerns:
            self._since = min(self._since, entry.time)

    def due(self) -> list[Claim]:
        """Return the held claims that what changed since the last time may let in."""
        since = min(self._since, self._state.timeline.drain_changed())
        self._since = LAST
        if since == LAST:
            return []
        since -= self._reach
        held, until = self._state.held, self._state.held_until
        if len(until) > 2 * len(held) + SPARE:
            until[:] = sorted((claim.high, number) for number, claim in held.items())
        late = {number for _, number in until[bisect_left(until, (since, 0)) :] if number in held}
        return [claim for number in sorted(late) if (claim := held[number]).mean >= since]
