"""Which held claims a change may let in. Pure.

What a sport forbids depends on the state at the claim's place in match order, and on what it takes
back or excludes: nothing of that changes by an entry that comes after it. Of some actions nothing
changes by what happened long before, either (`capabilities.Recent`).
"""

from __future__ import annotations

from bisect import bisect_left, insort

from ....protocol.messages import Entry
from ....protocol.times import SECOND
from ....sports.capabilities import Recent
from ....timeline.states import FIRST, LAST
from .claims import Claim
from .state import EventState

SPARE = 16
"""Claims that are held no longer among those by time, beyond as many as are held."""


class HeldClaims:
    """Keeps the held claims by their time, and says which are to be decided again.

    Args:
        state: its held claims change; its timeline is looked at.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        kinds = state.kinds.values()
        # Claims exclude or take back what is at most so far away; a mean strays by some windows.
        reach = max((max(4 * kind.window, kind.relates_within) for kind in kinds), default=0.0)
        self._reach = round(reach * SECOND)
        self._concerns = {kind.title for kind in kinds if kind.exclusive or kind.relates_to}
        self._recent = state.sport.recent if isinstance(state.sport, Recent) else {}
        # By how long before a claim what permits it can have happened (microseconds): the latest
        # time that each can be of, and its number, in order; and of some that are held no longer.
        self._until: dict[int, list[tuple[int, int]]] = {}
        # The event times of the first and of the last of what may concern others by its title.
        self._first, self._last = LAST, FIRST[0]

    def add(self, claim: Claim) -> None:
        """Hold a claim."""
        if claim.number not in self._state.held:
            insort(self._until.setdefault(self._before(claim), []), (claim.high, claim.number))
        self._state.held[claim.number] = claim

    def published(self, entry: Entry) -> None:
        """Note that a version of an entry was published; the timeline has it already."""
        if entry.title in self._concerns:
            self._first = min(self._first, entry.time)
            self._last = max(self._last, entry.time)

    def due(self) -> list[Claim]:
        """Return the held claims that what changed since the last time may let in."""
        first, last = self._state.timeline.drain_changed()
        first, last = min(self._first, first), max(self._last, last)
        self._first, self._last = LAST, FIRST[0]
        if first == LAST:
            return []
        # What a score that was stated adds depends on all that was reported before it.
        last = max(last, self._state.timeline.stated_until)
        found: list[Claim] = []
        for before in self._until:
            found += self._between(before, first - self._reach, last + before + self._reach)
        return sorted(found, key=lambda claim: claim.number)

    def _between(self, before: int, first: int, last: int) -> list[Claim]:
        """Return the held claims of one list that may be of between two times."""
        held, until = self._state.held, self._until[before]
        if len(until) > 2 * len(held) + SPARE:
            until[:] = sorted({one for one in until if one[1] in held})
        # The latest time that a claim can be of is at most two windows after its mean.
        ends = bisect_left(until, (last + self._reach, 0))
        found = dict.fromkeys(number for _, number in until[bisect_left(until, (first, 0)) : ends])
        claims = [held[number] for number in found if number in held]
        return [claim for claim in claims if first <= claim.mean <= last]

    def _before(self, claim: Claim) -> int:
        if claim.index.titles:
            return LAST  # it may be any of several actions
        return round(self._recent.get(claim.index.title, LAST // SECOND) * SECOND)
