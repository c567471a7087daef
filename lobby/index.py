"""The records that are in force, by lobby and prompt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import TypeVar

import msgspec

from ..protocol.times import SECOND
from .connection import Spot
from .options import Options
from .records import Begun, BoardRow, Hosted, LobbyRecord, WaitingPlace

T = TypeVar("T")

MOST_ALSO = 3
"""How often a label repeats `also`; from then on labels are numbered."""

_order = attrgetter("joined", "id")


class RecordIndex:
    """The places, rows, starts and hosts that are in force.

    Args:
        options: the lobby's settings.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.places: dict[Spot, dict[str, WaitingPlace]] = {}
        self.rows: dict[Spot, dict[str, BoardRow]] = {}
        self.begun: dict[Spot, Begun] = {}
        self.hosts: dict[str, Hosted] = {}

    def put(self, before: LobbyRecord | None, after: LobbyRecord | None) -> None:
        """Replace the record in force under a key."""
        if before is not None:
            self._remove(before)
        match after:
            case WaitingPlace():
                self.places.setdefault((after.lobby, after.prompt), {})[after.id] = after
            case BoardRow():
                self.rows.setdefault((after.lobby, after.prompt), {})[after.user] = after
            case Begun():
                self.begun[after.lobby, after.prompt] = after
            case Hosted():
                self.hosts[after.lobby] = after

    def _remove(self, record: LobbyRecord) -> None:
        match record:
            case WaitingPlace():
                _take_out(self.places, (record.lobby, record.prompt), record.id)
            case BoardRow():
                _take_out(self.rows, (record.lobby, record.prompt), record.user)
            case Begun():
                self.begun.pop((record.lobby, record.prompt), None)
            case Hosted():
                self.hosts.pop(record.lobby, None)

    def ends(self, record: LobbyRecord) -> int | None:
        """Return when a record ends by itself (wall time, microseconds); None: never."""
        match record:
            case BoardRow():
                return record.at + round(self._options.keep_seconds * SECOND)
            case Begun():
                return record.at + round(self._options.start_seconds * SECOND)
            case Hosted() if record.left:
                return record.left + round(self._options.host_seconds * SECOND)
        return None

    def waiting(self, spot: Spot) -> list[WaitingPlace]:
        """Return a waiting list in the order of joining, with all labels different."""
        waiting = self._in_order(spot)
        labels = {place.label for place in waiting}
        if len(labels) < len(waiting):
            # Two people with one name joined at two gateways at the same time. Until the gateway of
            # the later one gives it a new label, it is shown with the label that it will get.
            seen: set[str] = set()
            for at, place in enumerate(waiting):
                if place.label in seen:
                    label = _free(place.user, labels)
                    labels.add(label)
                    waiting[at] = msgspec.structs.replace(place, label=label)
                seen.add(waiting[at].label)
        return waiting

    def _in_order(self, spot: Spot) -> list[WaitingPlace]:
        return sorted(self.places.get(spot, {}).values(), key=_order)

    def label(self, spot: Spot, user: str, but: str = "") -> str:
        """Return the label of a place: `bob`, and `also bob` for the second.

        Args:
            spot: its waiting list.
            user: the name that the client gave.
            but: the id of the place that the label is for.
        """
        others = [place for place in self.places.get(spot, {}).values() if place.id != but]
        taken = {place.label for place in others}
        if user not in taken:
            return user
        # No label is the name of another person either: `also bob` may be a name.
        return _free(user, taken | {place.user for place in others})

    def clashing(self, place: WaitingPlace) -> Sequence[WaitingPlace]:
        """Return the later places with the label of this place."""
        alike = [p for p in self._in_order((place.lobby, place.prompt)) if p.label == place.label]
        return alike[1:]

    def ranked(self, spot: Spot) -> list[BoardRow]:
        """Return a leaderboard: the highest score first, and of equal scores the earlier."""
        rows = self.rows.get(spot, {}).values()
        return sorted(rows, key=lambda row: (-row.score, row.at, row.user))


def _free(user: str, taken: set[str]) -> str:
    """Return a label of a name that is taken, as existing clients know it: `also` before it."""
    also = ("also " * count + user for count in range(1, MOST_ALSO + 1))
    # Many people of one name would otherwise make labels as long as they are many.
    numbered = (f"also {user} ({count})" for count in range(MOST_ALSO + 2, len(taken) + 6))
    return next(label for label in chain(also, numbered) if label not in taken)


def _take_out(table: dict[Spot, dict[str, T]], spot: Spot, key: str) -> None:
    inner = table.get(spot)
    if inner is not None:
        inner.pop(key, None)
        if not inner:
            del table[spot]
