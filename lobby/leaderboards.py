"""The leaderboards as clients see them: each has a version that grows with each change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import outgoing
from .connection import Spot
from .index import RecordIndex
from .records import BoardRow


class Leaderboards:
    """The leaderboards of one gateway.

    A version comes from the `n` of the rows, on which gateways agree; where a row of another
    gateway comes late, the version grows here all the same.

    Args:
        index: the rows in force.
    """

    def __init__(self, index: RecordIndex) -> None:
        self._index = index
        self._shown: dict[Spot, tuple[list[BoardRow], int]] = {}

    def renewed(self, spots: Iterable[Spot]) -> Iterator[Spot]:
        """Yield the leaderboards among `spots` whose version has grown."""
        for spot in sorted(spots):
            before = self._shown.get(spot, ([], 0))[1]
            if self.version(spot) != before:
                yield spot

    def version(self, spot: Spot) -> int:
        """Return the version of a leaderboard; 0 where it has never had a row."""
        rows, version = self._shown.get(spot, ([], 0))
        ranked = self._index.ranked(spot)
        if ranked != rows:
            version = max([version + 1, *(row.n for row in ranked)])
            self._shown[spot] = (ranked, version)
        return version

    def text(self, spot: Spot) -> str:
        """Return the message that shows a leaderboard."""
        return outgoing.leaderboard(spot, self.version(spot), self._index.ranked(spot))

    def forget(self, spot: Spot) -> None:
        """Forget a leaderboard that no connection watches, where it has no row."""
        if not self._index.rows.get(spot):
            self._shown.pop(spot, None)
