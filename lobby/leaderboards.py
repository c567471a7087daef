"""The leaderboards as they are shown: each with a version that grows when its rows change. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from . import outgoing
from .connection import Spot
from .index import Index
from .records import Row


class Leaderboards:
    """The leaderboards of one gateway.

    Versions come from the rows' own `n`, which gateways agree on; where a row comes late from
    another gateway, the version still grows here.

    Args:
        index: the rows in force.
    """

    def __init__(self, index: Index) -> None:
        self.changed: set[Spot] = set()
        """Boards to be looked at."""
        self._index = index
        self._shown: dict[Spot, tuple[list[Row], int]] = {}

    def renewed(self) -> Iterator[Spot]:
        """Yield the boards that are not what they were."""
        changed, self.changed = self.changed, set()
        for spot in sorted(changed):
            before = self._shown.get(spot, ([], 0))[1]
            if self.version(spot) != before:
                yield spot

    def version(self, spot: Spot) -> int:
        """Return a board's version; 0 where nothing has ever stood on it."""
        rows, version = self._shown.get(spot, ([], 0))
        ranked = self._index.ranked(spot)
        if ranked != rows:
            version = max([version + 1, *(row.n for row in ranked)])
            self._shown[spot] = (ranked, version)
        return version

    def text(self, spot: Spot) -> str:
        """Return what is said of a board."""
        return outgoing.leaderboard(spot, self.version(spot), self._index.ranked(spot))

    def forget(self, spot: Spot) -> None:
        """Forget a board that nobody watches, if nothing stands on it."""
        if not self._index.rows.get(spot):
            self._shown.pop(spot, None)
