"""The effects of a new record in force under a key. Pure.

Records of this gateway and of others take effect in the same way: by `Effects.apply`.
"""

from __future__ import annotations

import msgspec

from ..protocol.times import SECOND
from . import outgoing
from .audience import Audience
from .connection import TAKEN, LobbyConnection
from .records import (
    LASTING,
    Begun,
    BoardRow,
    Hosted,
    LobbyRecord,
    RecordChange,
    WaitingPlace,
    key_of,
    next_n,
)
from .state import LobbyState

CLOCK_SECONDS = 5.0
"""The most by which the clocks of two gateways may differ without a start being sent wrongly."""

OVER_SECONDS = 60.0
"""How long a record is kept after its end, so that other gateways can drop it too."""


class Effects:
    """The effects of records.

    Args:
        state: of the lobby.
        audience: the connections to send to.
    """

    def __init__(self, state: LobbyState, audience: Audience) -> None:
        self._state = state
        self._audience = audience

    def put(self, record: LobbyRecord) -> None:
        """Keep a record at this gateway, and apply it."""
        self.apply(self._state.union.put(record))

    def drop(self, key: str) -> None:
        """Stop keeping a record, and apply that."""
        self.apply(self._state.union.drop(key))

    def apply(self, change: RecordChange) -> None:
        """Apply a change of the record in force under a key."""
        state = self._state
        before, after = change.before, change.after
        if after is None and isinstance(before, LASTING) and not state.is_over(before):
            state.index.put(before, None)
            self._adopt(before)
            return
        if after is not None:
            self._set_end(change.key, after)
        if after is not None and state.is_over(after):
            after = None
        state.index.put(before, after)
        for record in (before, after):
            self._mark_changed(record)
        match after:
            case WaitingPlace():
                self._relabel(after)
            case Begun():
                self._send_begun(after)
            case Hosted() if after.left and state.hosts_here(after.lobby):
                self.host_returned(after.lobby)
        self._release(change.key)

    def check_record(self, key: str) -> None:
        """Drop a record whose time is over; called when it may be."""
        state = self._state
        record = state.union[key]
        if record is None:
            return
        if not state.is_over(record):
            self._set_end(key, record)
        elif state.union.owns(key):
            self.drop(key)
        else:
            self.apply(RecordChange(key, record, None))

    def host_returned(self, lobby: str) -> None:
        """Record that the host of a lobby is connected to this gateway."""
        hosted = self._state.index.hosts.get(lobby)
        if hosted is not None and (hosted.left or not self._state.union.owns(key_of(hosted))):
            n = next_n(hosted, self._state.wall)
            self.put(msgspec.structs.replace(hosted, n=n, left=0))

    def dismiss(self, connection: LobbyConnection) -> None:
        """Close a connection whose place another connection has resumed."""
        self._audience.unwatch(connection)
        self._state.holders.pop(connection.place, None)
        connection.place = ""
        self._audience.close(connection, TAKEN)

    def send_start(self, connection: LobbyConnection, begun: Begun, place: WaitingPlace) -> None:
        """Send a start to a connection that waited when it came and has not got it."""
        fresh = begun.at + CLOCK_SECONDS * SECOND >= place.joined
        if begun.n > connection.sent_start and fresh:
            connection.sent_start = begun.n
            self._audience.send(connection, "start", outgoing.start(begun, connection.version))

    def _mark_changed(self, record: LobbyRecord | None) -> None:
        state = self._state
        match record:
            case WaitingPlace():
                state.changed_lists.add((record.lobby, record.prompt))
            case BoardRow():
                state.changed_boards.add((record.lobby, record.prompt))
            case Hosted():
                state.changed_lists |= {s for s in state.index.places if s[0] == record.lobby}

    def _set_end(self, key: str, record: LobbyRecord) -> None:
        state = self._state
        ends = state.index.ends(record)
        if ends is not None and ("record", key) not in state.timers:
            left = (ends - state.wall) / SECOND
            state.timers.set(("record", key), state.now + (left if left > 0 else OVER_SECONDS))

    def _adopt(self, record: LobbyRecord) -> None:
        """Keep a record of a gateway that is gone."""
        state = self._state
        if isinstance(record, Hosted) and not record.left:
            left = 0 if state.hosts_here(record.lobby) else state.wall
            record = msgspec.structs.replace(record, n=next_n(record, state.wall), left=left)
        self.put(record)

    def _relabel(self, place: WaitingPlace) -> None:
        """Give a new label to a place of this gateway where an earlier place has the same label."""
        state = self._state
        for other in state.index.clashing(place):
            if state.union.owns(key_of(other)):
                label = state.index.label((other.lobby, other.prompt), other.user, but=other.id)
                n = next_n(other, state.wall)
                self.put(msgspec.structs.replace(other, n=n, label=label))
                return

    def _send_begun(self, begun: Begun) -> None:
        for connection in self._state.watchers("waiting", (begun.lobby, begun.prompt)):
            place = self._state.union["w" + connection.place]
            if isinstance(place, WaitingPlace):
                self.send_start(connection, begun, place)

    def _release(self, key: str) -> None:
        """Dismiss the connection whose place another gateway keeps now."""
        number = self._state.holders.get(key[1:]) if key[:1] == "w" else None
        if number is not None and not self._state.union.owns(key):
            self.dismiss(self._state.connections[number])
