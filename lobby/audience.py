"""The connections that watch something, and what is sent to them when it changes. Pure."""

from __future__ import annotations

from ..protocol.errors import PeerError
from . import outgoing
from .connection import (
    LobbyConnection,
    Outgoing,
    OutgoingClose,
    OutgoingText,
    Purpose,
    Spot,
)
from .leaderboards import Leaderboards
from .records import Refresh, encode
from .state import LobbyState


class Audience:
    """The connections of a lobby as receivers.

    Args:
        state: of the lobby.
    """

    def __init__(self, state: LobbyState) -> None:
        self.leaderboards = Leaderboards(state.index)
        self.closing: list[tuple[int, int]] = []
        """The numbers of the connections that this turn closes, and their codes."""
        self._state = state
        self._out: list[Outgoing] = []
        self._published: list[tuple[str, bytes]] = []

    def drain(self) -> list[Outgoing]:
        """Return the texts to send and the connections to close, in order, each once."""
        out, self._out = self._out, []
        return out

    def drain_published(self) -> list[tuple[str, bytes]]:
        """Return the publications for other gateways (lobby, body), each once."""
        published, self._published = self._published, []
        return published

    def watch(self, connection: LobbyConnection, purpose: Purpose, spot: Spot) -> None:
        """Give a connection its purpose."""
        connection.purpose, connection.spot = purpose, spot
        self._state.watching[purpose, spot].add(connection.number)

    def unwatch(self, connection: LobbyConnection) -> None:
        """Send no more changes to a connection."""
        watching = self._state.watching.get((connection.purpose, connection.spot))
        if watching is None:
            return
        watching.discard(connection.number)
        if not watching:
            del self._state.watching[connection.purpose, connection.spot]
            if connection.purpose == "board":
                self.leaderboards.forget(connection.spot)

    def send(self, connection: LobbyConnection, kind: str, text: str) -> None:
        """Send a text to a connection; see `OutgoingText` for `kind`."""
        connection.active = self._state.now
        self._out.append(OutgoingText(connection.number, kind, text))

    def refuse(self, connection: LobbyConnection, error: PeerError) -> None:
        """Send an error to a connection."""
        self.send(connection, "error", outgoing.error(error))

    def close(self, connection: LobbyConnection, code: int) -> None:
        """Close a connection after the texts that were sent to it."""
        self._out.append(OutgoingClose(connection.number, code, outgoing.CLOSED[code]))
        self.closing.append((connection.number, code))

    def publish(self, refresh: Refresh) -> None:
        """Ask the connections here and at other gateways to fetch something again."""
        self.refresh(refresh)
        self._published.append((refresh.lobby, encode(refresh)))

    def refresh(self, refresh: Refresh) -> None:
        """Ask the connections here to fetch something again."""
        purpose: Purpose = "prompts" if refresh.prompt is None else "board"
        for connection in self._state.watchers(purpose, (refresh.lobby, refresh.prompt or "")):
            self.send(connection, "refresh", outgoing.refresh(refresh, connection.version))

    def send_changes(self) -> None:
        """Send each changed waiting list and leaderboard to the connections that watch it."""
        changed, self._state.changed_lists = self._state.changed_lists, set()
        for spot in sorted(changed):
            self._send_list(spot)
        changed, self._state.changed_boards = self._state.changed_boards, set()
        for spot in self.leaderboards.renewed(changed):
            for connection in self._state.watchers("board", spot):
                if connection.version == 2:
                    self.send(connection, "leaderboard", self.leaderboards.text(spot))
                else:
                    self.send(connection, "refresh", outgoing.REFRESH)

    def _send_list(self, spot: Spot) -> None:
        connections = self._state.watchers("waiting", spot)
        if not connections:
            return
        waiting = self._state.index.waiting(spot)
        hosted = spot[0] in self._state.index.hosts
        texts: dict[int, str] = {}
        for connection in connections:
            text = texts.get(connection.version)
            if text is None and connection.version == 2:
                text = outgoing.update2(spot, waiting, hosted=hosted, shared=self._state.shared)
            elif text is None:
                text = outgoing.update(waiting)
            texts[connection.version] = text
            if connection.sent_list != text:
                connection.sent_list = text
                self.send(connection, "update", text)
