"""Who was there when a claim was made, and has left since. Pure.

Somebody who had the time to speak and did not has said something by that. It stays said when the
person leaves: or the few who stay to the end could confirm afterwards what all others passed over.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from operator import or_

from ....protocol.times import SECOND

SPEAK = 6 * SECOND
"""Microseconds: who stays so long after a claim's first report has had the time to speak."""

GRAIN = SECOND
"""Microseconds: those who leave within so long are kept together, as if they had left first."""


class Departures:
    """Keeps when reporters left who took part until then."""

    def __init__(self) -> None:
        self._walls: list[int] = []  # in order
        self._left: list[int] = []  # bits of those who left then
        self._later: list[int] | None = None  # bits of those who left then or later

    @property
    def any(self) -> bool:
        """Whether any have left."""
        return bool(self._walls)

    def add(self, bits: int, wall: int) -> None:
        """Note that reporters have left.

        Args:
            bits: of those among them that took part.
            wall: until when they were there at least, microseconds since 1970 UTC.
        """
        if not bits:
            return
        if self._walls:
            wall = max(wall, self._walls[-1])  # clocks are set back
        if self._walls and wall - self._walls[-1] < GRAIN:
            self._left[-1] |= bits
        else:
            self._walls.append(wall)
            self._left.append(bits)
        self._later = None

    def forget(self, bits: int) -> None:
        """Take out reporters whose silence counts no longer, as that of those who are excluded."""
        self._left = [left & ~bits for left in self._left]
        self._later = None

    def silent_about(self, received: int) -> int:
        """Return the bits of those who left after they had had the time to speak of a claim.

        Args:
            received: when its first report came, microseconds since 1970 UTC.
        """
        if not self._walls:
            return 0
        if self._later is None:
            self._later = list(accumulate(reversed(self._left), or_))[::-1]
        first = bisect_left(self._walls, received + SPEAK)
        return self._later[first] if first < len(self._later) else 0
