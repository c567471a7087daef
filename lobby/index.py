"""The records that are in force, by lobby and prompt. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import TypeVar

import msgspec

from .connection import Spot
from .options import Options
from .records import Begun, Hosted, Kept, Place, Row

_SECOND = 1_000_000

T = TypeVar("T")

_order = attrgetter("joined", "id")


class Index:
    """Who waits where, which scores there are, what was started, who hosts.

    Args:
        options: the lobby's settings.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.places: dict[Spot, dict[str, Place]] = {}
        self.rows: dict[Spot, dict[str, Row]] = {}
        self.begun: dict[Spot, Begun] = {}
        self.hosts: dict[str, Hosted] = {}

    def put(self, before: Kept | None, after: Kept | None) -> None:
        """Take in what has changed under one key."""
        if before is not None:
            self._remove(before)
        match after:
            case Place():
                self.places.setdefault((after.lobby, after.prompt), {})[after.id] = after
            case Row():
                self.rows.setdefault((after.lobby, after.prompt), {})[after.user] = after
            case Begun():
                self.begun[after.lobby, after.prompt] = after
            case Hosted():
                self.hosts[after.lobby] = after

    def _remove(self, record: Kept) -> None:
        match record:
            case Place():
                _take_out(self.places, (record.lobby, record.prompt), record.id)
            case Row():
                _take_out(self.rows, (record.lobby, record.prompt), record.user)
            case Begun():
                self.begun.pop((record.lobby, record.prompt), None)
            case Hosted():
                self.hosts.pop(record.lobby, None)

    def ends(self, record: Kept) -> int | None:
        """Return when a lasting record ends (wall time, microseconds); None: not by itself."""
        match record:
            case Row():
                return record.at + round(self._options.keep_seconds * _SECOND)
            case Begun():
                return record.at + round(self._options.start_seconds * _SECOND)
            case Hosted() if record.left:
                return record.left + round(self._options.host_seconds * _SECOND)
        return None

    def waiting(self, spot: Spot) -> list[Place]:
        """Return who waits, those who came first first, no two under one label."""
        waiting = self._in_order(spot)
        labels = {place.label for place in waiting}
        if len(labels) < len(waiting):
            # Two came to two gateways at one time; until one of these gives a new label, as here:
            seen: set[str] = set()
            for at, place in enumerate(waiting):
                if place.label in seen:
                    label = _free(place.user, labels)
                    labels.add(label)
                    waiting[at] = msgspec.structs.replace(place, label=label)
                seen.add(waiting[at].label)
        return waiting

    def _in_order(self, spot: Spot) -> list[Place]:
        return sorted(self.places.get(spot, {}).values(), key=_order)

    def label(self, spot: Spot, user: str, but: str = "") -> str:
        """Return the name under which somebody is shown: `bob`, a second one `bob (2)`.

        Args:
            spot: where.
            user: the name that was given.
            but: the id of the place that it is for.
        """
        others = [place for place in self.places.get(spot, {}).values() if place.id != but]
        taken = {place.label for place in others}
        if user not in taken:
            return user
        # A name that somebody was given is not taken for a label either.
        return _free(user, taken | {place.user for place in others})

    def clashing(self, place: Place) -> Iterable[Place]:
        """Yield the places whose label an earlier one has too."""
        alike = [p for p in self._in_order((place.lobby, place.prompt)) if p.label == place.label]
        return alike[1:]

    def ranked(self, spot: Spot) -> list[Row]:
        """Return a leaderboard: the highest score first, of equal ones the earlier."""
        rows = self.rows.get(spot, {}).values()
        return sorted(rows, key=lambda row: (-row.score, row.at, row.user))


def _free(user: str, taken: set[str]) -> str:
    labels = (f"{user} ({count})" for count in range(2, len(taken) + 3))
    return next(label for label in labels if label not in taken)


def _take_out(table: dict[Spot, dict[str, T]], spot: Spot, key: str) -> None:
    inner = table.get(spot)
    if inner is not None:
        inner.pop(key, None)
        if not inner:
            del table[spot]
