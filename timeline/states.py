"""The states that a sport comes to step by step, kept at checkpoints. Pure.

A late step is folded in from the checkpoint before it, when a state behind it is asked for, and no
further than to the first checkpoint at which the state is what it was without it. Of several late
steps all are folded at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Generic, TypeVar

from ..sports import State

SPACING = 16
"""Of so many steps one state is kept at the least."""

RECENT = 64
"""So many of the last states are all kept: most look-ups are of these."""

Key = tuple[int, int]
"""A place in match order: an event time, and a number among what has the same time."""

LAST = 1 << 62
"""A number after that of every claim: what stands behind all steps of one time."""

FIRST: Key = (-1, -1)
"""Before every step."""

END: Key = (LAST, LAST)
"""After every step."""

Step = TypeVar("Step")


class States(Generic[Step]):
    """The states before and after steps that stand in order.

    Args:
        start: the state before all steps.
        after: after(state, step): the state that a step leads to; states that are equal lead to
            equal ones.
    """

    def __init__(self, start: State, after: Callable[[State, Step], State]) -> None:
        self._start = start
        self._after = after
        self._keys: list[Key] = []
        self._steps: list[Step] = []
        # After each step, where it is kept. Those from `_unknown` on are as they were before the
        # steps up to `_changed` came or went, and hold only if the fold comes to them again.
        self._states: list[State | None] = []
        self._unknown = 0
        self._changed = -1
        self._read = (-1, start)  # what was read last and is not kept
        self.applied = 0
        """How many steps were folded so far, those folded again included."""
        self.moved = FIRST
        """From this key on every state is what it was before the last changes."""
        self.changed = END
        """The first key at which something changed; the reader sets this and the next back."""
        self.changed_until = FIRST
        """The last key at which something changed."""

    def insert(self, key: Key, step: Step) -> None:
        """Put a step in, behind those of the same key."""
        place = bisect_right(self._keys, key)
        self._keys.insert(place, key)
        self._steps.insert(place, step)
        self._states.insert(place, None)
        self._changed += self._changed >= place
        self._change(place, key)

    def remove(self, key: Key) -> None:
        """Take the step of a key out."""
        place = bisect_left(self._keys, key)
        del self._keys[place], self._steps[place], self._states[place]
        self._changed -= self._changed > place
        self._change(place, key)
        if place == len(self._steps):
            self.moved = END  # no step follows at which a fold could find the state of before

    def before(self, key: Key) -> State:
        """Return the state in which a step of this key would happen."""
        return self._at(bisect_left(self._keys, key) - 1)

    def until(self, key: Key) -> State:
        """Return the state after the last step up to a key, that of the key included."""
        return self._at(bisect_right(self._keys, key) - 1)

    @property
    def last(self) -> State:
        """The state after all steps."""
        return self._at(len(self._steps) - 1)

    def _change(self, place: int, key: Key) -> None:
        self._unknown = min(self._unknown, place)
        self._changed = max(self._changed, place)
        if self._read[0] >= place:
            self._read = (-1, self._start)
        self.changed = min(self.changed, key)
        self.changed_until = max(self.changed_until, key)

    def _at(self, place: int) -> State:
        if place >= self._unknown:
            self._fold(place)
        # Nearly every state that is asked for is a recent one, and kept.
        kept = self._states[place] if place >= 0 else self._start
        return self._known(place) if kept is None else kept

    def _known(self, place: int) -> State:
        """Return the state after a step of which it is known, from the checkpoint before it."""
        kept = place
        read, state = self._read
        while kept > read and kept >= 0 and self._states[kept] is None:
            kept -= 1
        if kept > read or read > place:
            while kept >= 0 and self._states[kept] is None:
                kept -= 1
            state = self._states[kept] if kept >= 0 else self._start
        for step in self._steps[kept + 1 : place + 1]:
            state = self._after(state, step)
            self.applied += 1
        if kept < place:
            self._read = (place, state)
        return state

    def _fold(self, last: int) -> None:
        """Fold up to a step at the least, and note where the states are what they were."""
        states, after = self._states, self._after
        place, count = self._unknown, len(self._steps)
        state = self._known(place - 1)
        self.moved = END
        kept = place - 1
        while kept >= 0 and states[kept] is None:
            kept -= 1
        while place <= last:
            was = states[place]
            state = after(state, self._steps[place])
            self.applied += 1
            if was is not None and place >= self._changed and (was is state or was == state):
                self.moved = self._keys[place]
                self._unknown, self._changed = count, -1
                return
            keep = place >= count - RECENT or place - kept >= SPACING
            states[place] = state if keep else None
            kept = place if keep else kept
            place += 1
        self._unknown = place
        if place < count:
            # What follows is as it was before the changes up to here.
            self._changed = max(self._changed, place)
            return
        self._changed = -1
        old = count - 1 - RECENT
        if old > 0 and any(one is not None for one in states[max(0, old - SPACING + 1) : old]):
            states[old] = None
