"""Which reporters take part: those who spoke lately, and those who have just come. Pure.

Somebody who is present and never says anything, or nothing but what is published already, must not
make the crowd seem larger than it is, nor may those who fell silent be forgotten at once: a few who
collude would then be a majority.
"""

from __future__ import annotations

from collections import deque

from ....protocol.times import SECOND
from ....timeline.event_clock import EventClock
from .claims import Claim
from .roster import Roster

OCCASIONS = 6
SECONDS = 600
"""A reporter is active that spoke in the last so many occasions, or so many seconds."""

NEWCOMER_OCCASIONS = 3
NEWCOMER_SECONDS = 180
"""So is a newcomer, for so long. All seconds are those of the event's clock."""

SLICE_SECONDS = 60
"""Occasions of one slice are forgotten together."""


class Activity:
    """Keeps who spoke when. An occasion is a claim that two reporters made.

    Args:
        clock: the event's.
        roster: the reporters.
    """

    def __init__(self, clock: EventClock, roster: Roster) -> None:
        self._clock = clock
        self._roster = roster
        self._occasions = 0
        self._latest: deque[tuple[int, Claim]] = deque()  # wall time at which each began
        self._slices: deque[list[int]] = deque()  # [number of the slice, bits of who spoke]
        self._forgot_at = -1  # wall time; when the slices that are too old were forgotten
        self._newcomers: deque[tuple[int, int, int]] = deque()  # wall time, occasion, bit
        self._new_bits = 0  # of all of these
        self._spoken = 0  # bits of all who spoke in occasions that are no longer the latest

    def begin(self, claim: Claim, wall: int) -> None:
        """Note that a second reporter made a claim: an occasion to speak.

        Args:
            claim: its voters are looked up when it is asked who is active.
            wall: microseconds since 1970 UTC.
        """
        self._occasions += 1
        self._latest.append((wall, claim))
        if len(self._latest) <= OCCASIONS:
            return
        began, past = self._latest.popleft()
        bits = past.spoken
        self._spoken |= bits
        self._forgot_at = -1
        number = self._slice(began)
        if self._slices and self._slices[-1][0] == number:
            self._slices[-1][1] |= bits
        else:
            self._slices.append([number, bits])

    def arrive(self, bit: int, wall: int) -> None:
        """Note that a reporter has come for the first time."""
        self._newcomers.append((wall, self._occasions, bit))
        self._new_bits |= bit

    def ever(self) -> int:
        """Return the bits of the reporters that spoke at any time."""
        bits = self._spoken
        for _, claim in self._latest:
            bits |= claim.spoken
        return bits

    def active(self, wall: int) -> int:
        """Return the bits of the reporters that are present, count, and take part.

        Args:
            wall: microseconds since 1970 UTC.
        """
        if wall != self._forgot_at:
            self._forgot_at = wall
            since = self._slice(wall) - SECONDS // SLICE_SECONDS
            while self._slices and self._slices[0][0] < since:
                self._slices.popleft()
        bits = 0
        for _, spoken in self._slices:
            bits |= spoken
        for _, claim in self._latest:
            # `claim.spoken`, without the calls: for each claim that is judged.
            bits |= claim.voters & ~claim.dependent | claim.yes | claim.no
        bits |= self._new(wall, bits)
        roster = self._roster
        return bits & roster.present_bits & ~(roster.on_probation | roster.following)

    def _new(self, wall: int, speaking: int) -> int:
        newcomers = self._newcomers
        while newcomers and self._settled(newcomers[0], wall):
            self._new_bits ^= newcomers.popleft()[2]
        bits = self._new_bits & ~speaking
        if bits & self._roster.unanswering:
            bits &= ~(self._roster.unanswering & ~self.ever())
        return bits

    def _settled(self, newcomer: tuple[int, int, int], wall: int) -> bool:
        came, occasion, _ = newcomer
        return (
            self._occasions - occasion >= NEWCOMER_OCCASIONS
            and self._clock.elapsed(came, wall) >= NEWCOMER_SECONDS * SECOND
        )

    def _slice(self, wall: int) -> int:
        return self._clock.elapsed(0, wall) // (SLICE_SECONDS * SECOND)
