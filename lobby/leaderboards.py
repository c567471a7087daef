"""The leaderboards as they are shown: each with a version that grows when its rows change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import outgoing
from .connection import Spot
from .index import RecordIndex
from .records import BoardRow


class Leaderboards:
    """The leaderboards of one gateway.

    Versions come from the rows' own `n`, on which gateways agree; where a row of another gateway
    comes late, the version still grows here.

    Args:
        index: the rows in force.
    """

    def __init__(self, index: RecordIndex) -> None:
        self._index = index
        self._shown: dict[Spot, tuple[list[BoardRow], int]] = {}

    def renewed(self, spots: Iterable[Spot]) -> Iterator[Spot]:
        """Yield those of some leaderboards whose version has grown."""
        for spot in sorted(spots):
            before = self._shown.get(spot, ([], 0))[1]
            if self.version(spot) != before:
                yield spot

    def version(self, spot: Spot) -> int:
        """Return a leaderboard's version; 0 where it never had a row."""
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
        """Forget a leaderboard that no connection watches, if it has no row."""
        if not self._index.rows.get(spot):
            self._shown.pop(spot, None)
