"""The records that are in force, by lobby and prompt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TypeVar

import msgspec

from ..protocol.times import SECOND
from .connection import Spot
from .options import Options
from .records import Begun, BoardRow, Hosted, LobbyRecord, WaitingPlace

T = TypeVar("T")

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
        """Replace the record that was in force under one key."""
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
        """Return when a record ends by itself (wall time, microseconds); None for never."""
        match record:
            case BoardRow():
                return record.at + round(self._options.keep_seconds * SECOND)
            case Begun():
                return record.at + round(self._options.start_seconds * SECOND)
            case Hosted() if record.left:
                return record.left + round(self._options.host_seconds * SECOND)
        return None

    def waiting(self, spot: Spot) -> list[WaitingPlace]:
        """Return a waiting list, the first to join first, no two under one label."""
        waiting = self._in_order(spot)
        labels = {place.label for place in waiting}
        if len(labels) < len(waiting):
            # Two of one name joined at two gateways at the same time. Until the later one's gateway
            # gives it a new label, it is shown under the label that it will get.
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
        """Return the label of a place: `bob`, of a second one `bob (2)`.

        Args:
            spot: its waiting list.
            user: the name that was given.
            but: the id of the place that the label is for.
        """
        others = [place for place in self.places.get(spot, {}).values() if place.id != but]
        taken = {place.label for place in others}
        if user not in taken:
            return user
        # A name that was given is not taken for a label either: `bob (2)` may be a person's name.
        return _free(user, taken | {place.user for place in others})

    def clashing(self, place: WaitingPlace) -> Sequence[WaitingPlace]:
        """Return the places whose label an earlier place has too."""
        alike = [p for p in self._in_order((place.lobby, place.prompt)) if p.label == place.label]
        return alike[1:]

    def ranked(self, spot: Spot) -> list[BoardRow]:
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
