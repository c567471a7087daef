"""What a client counts: datagrams received, lost, out of order, received twice. Pure."""

from __future__ import annotations

MOST_MISSING = 100_000
"""The most datagrams that are taken for lost; a count further ahead is not of this sequence."""


class Statistics:
    """Statistics of the received datagrams, from the count within each.

    They can't show what was lost before the first and after the last datagram. A datagram that
    comes late counts as out of order, and no longer as lost.
    """

    def __init__(self) -> None:
        self.received = 0
        """Datagrams received, each counted once."""
        self.out_of_order = 0
        self.twice = 0
        self.strange = 0
        """Datagrams that are not valid."""
        self.highest = 0
        self._first = 0
        self._missing: set[int] = set()

    @property
    def lost(self) -> int:
        """Datagrams that are missing between the first and the last."""
        return len(self._missing)

    def take(self, count: int) -> bool:
        """Count a datagram; return whether it is the newest.

        Args:
            count: the count in the datagram.
        """
        if not self.received:
            self._first = self.highest = count
        elif count > self.highest:
            if count - self.highest + len(self._missing) > MOST_MISSING:
                self.strange += 1
                return False
            self._missing.update(range(self.highest + 1, count))
            self.highest = count
        elif count in self._missing:
            self._missing.remove(count)
            self.out_of_order += 1
            self.received += 1
            return False
        elif count < self._first:
            # It was sent before the first that came: the datagrams between them are missing.
            self._missing.update(range(max(count, self._first - MOST_MISSING) + 1, self._first))
            self._first = count
            self.out_of_order += 1
            self.received += 1
            return False
        else:
            self.twice += 1
            return False
        self.received += 1
        return True

    def __str__(self) -> str:
        text = f"{self.received:,} received, {self.lost:,} lost, {self.out_of_order:,} out of order"
        text += f", {self.twice:,} twice" if self.twice else ""
        return text + (f", {self.strange:,} unreadable" if self.strange else "")
