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
        state: the lobby's.
        audience: is told.
        effects: of what is decided here.
        entropy: entropy(n) gives n random bytes.
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
            NotAllowed: the lobby has a host, and the connection is not the host's.
            Overloaded: too many records are kept here.
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
            NotAllowed: only a host starts this prompt.
            Overloaded: too many records are kept here.
        """
        if not prompt:
            raise BadMessage("start: a host that does not wait must name the prompt_id")
        if prompt != connection.spot[1] and not connection.host:
            raise NotAllowed("only a host starts a prompt that it does not wait for")
        self.start(connection, (connection.spot[0], prompt))

    def check_key(self, lobby: str, key: str) -> None:
        """Refuse a key that is not the host's.

        Raises:
            NotAllowed: it is not.
        """
        hosted = self._host_of(lobby)
        if hosted is None or hosted.proof != proof_of(key):
            raise NotAllowed(f"that is not the key of the host of lobby {lobby}")

    def become_host(self, connection: LobbyConnection, lobby: str, key: str) -> None:
        """Make a connection the host of a lobby.

        Args:
            connection: has no purpose yet.
            lobby: its id.
            key: of a host that returns; empty for a new one.

        Raises:
            Conflict: the lobby has another host.
            Overloaded: too many records are kept here.
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
        """Note that a connection of the host has ended; the last one's end is what counts."""
        state = self._state
        hosted = state.index.hosts.get(lobby)
        if hosted is None or state.hosts_here(lobby) or not state.union.owns(key_of(hosted)):
            return
        left = state.wall - (round(state.options.host_seconds * SECOND) if for_good else 0)
        n = next_n(hosted, state.wall)
        self._effects.put(msgspec.structs.replace(hosted, n=n, left=left))

    def _host_of(self, lobby: str) -> Hosted | None:
        """Return the host of a lobby, connected or expected back."""
        hosted = self._state.index.hosts.get(lobby)
        return None if hosted is None or self._state.is_over(hosted) else hosted
