"""The state of a lobby, which all its parts share. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ..protocol.errors import Overloaded
from .connection import LobbyConnection, Purpose, Spot
from .index import RecordIndex
from .options import Options
from .records import LobbyRecord, RecordUnion
from .timers import Timers


def _watching() -> defaultdict[tuple[Purpose, Spot], set[int]]:
    return defaultdict(set)


@dataclass(slots=True, kw_only=True)
class LobbyState:
    """The state of one gateway's lobby.

    Args:
        options: the lobby's settings.
        union: the records of this gateway and of all others.
        index: the records that are in force, by lobby and prompt.
        timers: what is due, and when.
        connections: the open connections by number.
        watching: the numbers of the connections with a purpose, by purpose and spot.
        holders: the numbers of the connections that hold a place here, by the place's id.
        changed_lists: waiting lists that have changed since they were sent.
        changed_boards: leaderboards that have changed since they were sent.
        counters: messages that were refused, by the error's code, and those that were `ignored`.
        shared: whether the lobbies of other gateways are known.
        now: monotonic seconds of this turn.
        wall: microseconds since 1970 of this turn.
    """

    options: Options
    union: RecordUnion
    index: RecordIndex
    timers: Timers = field(default_factory=Timers)
    connections: dict[int, LobbyConnection] = field(default_factory=dict)
    watching: defaultdict[tuple[Purpose, Spot], set[int]] = field(default_factory=_watching)
    holders: dict[str, int] = field(default_factory=dict)
    changed_lists: set[Spot] = field(default_factory=set)
    changed_boards: set[Spot] = field(default_factory=set)
    counters: Counter[str] = field(default_factory=Counter)
    shared: bool = False
    now: float = 0.0
    wall: int = 0

    def watchers(self, purpose: Purpose, spot: Spot) -> list[LobbyConnection]:
        """Return the connections with a purpose at a spot."""
        return [self.connections[number] for number in self.watching.get((purpose, spot), ())]

    def is_over(self, record: LobbyRecord) -> bool:
        """Return whether a record's time is over."""
        ends = self.index.ends(record)
        return ends is not None and ends <= self.wall

    def hosts_here(self, lobby: str) -> bool:
        """Return whether a host of the lobby is connected to this gateway."""
        found = self.watchers("host", (lobby, ""))
        for spot in self.index.places:
            if spot[0] == lobby:
                found += self.watchers("waiting", spot)
        return any(connection.host for connection in found)

    def check_space(self) -> None:
        """Check that this gateway may keep one more record.

        Raises:
            Overloaded: it keeps as many as it may.
        """
        if self.union.own >= self.options.records:
            raise Overloaded(
                f"{self.union.own:,} places, rows and hosts, "
                f"at most {self.options.records:,} allowed"
            )
