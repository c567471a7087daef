"""Hosts of lobbies, and starts. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..protocol.errors import BadMessage, Conflict, NotAllowed
from ..protocol.times import SECOND
from . import outgoing
from .audience import Audience
from .connection import LobbyConnection, Spot
from .effects import Effects
from .records import Begun, Hosted, key_of, next_n, proof_of
from .state import LobbyState

KEY_BYTES = 16
"""The random bytes of a host's key."""


class LobbyHosting:
    """The hosts of a gateway's lobbies.

    Args:
        state: of the lobby.
        audience: the connections to send to.
        effects: applies the records of hosts and starts.
        entropy: returns n random bytes for n.
    """

    def __init__(
        self,
        state: LobbyState,
        audience: Audience,
        effects: Effects,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._state = state
        self._audience = audience
        self._effects = effects
        self._entropy = entropy

    def start(self, connection: LobbyConnection, spot: Spot) -> None:
        """Start a prompt.

        Raises:
            NotAllowed: the lobby has a host, which is not this connection.
            Overloaded: this gateway keeps too many records.
        """
        state = self._state
        if not connection.host and self._host_of(spot[0]) is not None:
            raise NotAllowed(f"lobby {spot[0]} has a host; only the host may start it")
        state.check_space()
        n = next_n(state.index.begun.get(spot), state.wall)
        self._effects.put(Begun(n=n, lobby=spot[0], prompt=spot[1], at=state.wall))

    def start_named(self, connection: LobbyConnection, prompt: str) -> None:
        """Start the named prompt of the connection's lobby.

        Raises:
            BadMessage: no prompt is named.
            NotAllowed: only a host may start this prompt.
            Overloaded: this gateway keeps too many records.
        """
        if not prompt:
            raise BadMessage("start: a host that does not wait must name the prompt_id")
        if prompt != connection.spot[1] and not connection.host:
            raise NotAllowed("only a host may start a prompt that it does not wait for")
        self.start(connection, (connection.spot[0], prompt))

    def check_key(self, lobby: str, key: str) -> None:
        """Check the key of a lobby's host.

        Raises:
            NotAllowed: it is not the host's key.
        """
        hosted = self._host_of(lobby)
        if hosted is None or hosted.proof != proof_of(key):
            raise NotAllowed(f"the key is not that of the host of lobby {lobby}")

    def become_host(self, connection: LobbyConnection, lobby: str, key: str) -> None:
        """Make a connection the host of a lobby.

        Args:
            connection: a connection without a purpose.
            lobby: its id.
            key: of a host that returns; empty for a new host.

        Raises:
            Conflict: the lobby has another host.
            Overloaded: this gateway keeps too many records.
        """
        state = self._state
        hosted = self._host_of(lobby)
        if hosted is not None and hosted.proof != proof_of(key):
            raise Conflict(f"lobby {lobby} has a host already")
        self._audience.watch(connection, "host", (lobby, ""))
        connection.host = True
        if hosted is None:
            state.check_space()
            key = self._entropy(KEY_BYTES).hex()
            n = next_n(state.union[key_of(Hosted(n=0, lobby=lobby, proof=""))], state.wall)
            self._effects.put(Hosted(n=n, lobby=lobby, proof=proof_of(key)))
        else:
            self._effects.host_returned(lobby)
        text = outgoing.hosting(lobby, key, state.options.host_seconds)
        self._audience.send(connection, "hosting", text)

    def host_left(self, lobby: str, *, for_good: bool) -> None:
        """Record that the host has left; called when one of its connections ends."""
        state = self._state
        hosted = state.index.hosts.get(lobby)
        if hosted is None or state.hosts_here(lobby) or not state.union.owns(key_of(hosted)):
            return
        left = state.wall - (round(state.options.host_seconds * SECOND) if for_good else 0)
        n = next_n(hosted, state.wall)
        self._effects.put(msgspec.structs.replace(hosted, n=n, left=left))

    def _host_of(self, lobby: str) -> Hosted | None:
        """Return the host of a lobby, which is connected or may return."""
        hosted = self._state.index.hosts.get(lobby)
        return None if hosted is None or self._state.is_over(hosted) else hosted
