"""Waiting lists: places are taken, resumed and given up. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..protocol.errors import Overloaded
from . import incoming, outgoing
from .audience import Audience
from .connection import LobbyConnection, Spot
from .effects import Effects
from .hosting import LobbyHosting
from .records import WaitingPlace, next_n, proof_of
from .state import LobbyState

PLACE_BYTES = 6
"""The random bytes of a place's id."""

TOKEN_BYTES = 16
"""The random bytes of the token that resumes a place."""


class WaitingLists:
    """The waiting lists of one gateway.

    Args:
        state: of the lobby.
        audience: the connections to send to.
        effects: applies the records of places.
        hosting: checks the hosts' keys.
        entropy: returns n random bytes for n.
    """

    def __init__(
        self,
        state: LobbyState,
        audience: Audience,
        effects: Effects,
        hosting: LobbyHosting,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._state = state
        self._audience = audience
        self._effects = effects
        self._hosting = hosting
        self._entropy = entropy
        self._last_joined = 0  # microseconds; no two places join at the same time

    def join(self, connection: LobbyConnection, message: incoming.WaitStart) -> None:
        """Give a connection of version 1 a place.

        Raises:
            BadMessage: the name shows nothing.
            Overloaded: the list is full, or this gateway keeps too many records.
        """
        place = self._new_place(incoming.spot_of(message), incoming.name_of(message.user))
        self._occupy(connection, place, missed=False)

    def join2(self, connection: LobbyConnection, message: incoming.WaitStart2) -> None:
        """Give a connection of version 2 a new place, or the one that its token resumes.

        Raises:
            NotAllowed: the host's key is not valid.
            BadMessage: the name shows nothing.
            Overloaded: the list is full, or this gateway keeps too many records.
        """
        state, spot = self._state, incoming.spot_of(message)
        if message.host_key:
            self._hosting.check_key(spot[0], message.host_key)
        place = self._resumed(spot, message.resume) if message.resume else None
        resumed = place is not None
        token = message.resume if resumed else self._entropy(TOKEN_BYTES).hex()
        if place is None:
            place = self._new_place(spot, incoming.name_of(message.user), token)
        place = msgspec.structs.replace(
            place,
            n=next_n(place, state.wall),
            away=False,
            host=place.host or bool(message.host_key),
            ready=place.ready or message.ready,
        )
        grace = state.options.resume_seconds
        text = outgoing.joined(place, token, resumed=resumed, grace=grace)
        self._audience.send(connection, "joined", text)
        self._occupy(connection, place, missed=resumed)
        if place.host:
            self._effects.host_returned(spot[0])

    def set_ready(self, connection: LobbyConnection, ready: bool) -> None:
        """Record whether the person on a place is ready."""
        place = self._state.union["w" + connection.place]
        if not isinstance(place, WaitingPlace):
            raise AssertionError(f"place {connection.place!r} of a waiting connection is not kept")
        if place.ready != ready:
            n = next_n(place, self._state.wall)
            self._effects.put(msgspec.structs.replace(place, n=n, ready=ready))

    def vacate(self, connection: LobbyConnection, *, keep: bool) -> None:
        """Give up the place of a connection that has ended, or keep it for a while."""
        state = self._state
        if not connection.place or state.holders.pop(connection.place, None) is None:
            return
        key = "w" + connection.place
        place = state.union[key]
        if not isinstance(place, WaitingPlace) or not state.union.owns(key):
            return
        if not keep:
            self._effects.drop(key)
            return
        state.timers.set(("away", place.id), state.now + state.options.resume_seconds)
        n = next_n(place, state.wall)
        self._effects.put(
            msgspec.structs.replace(place, n=n, away=True, seen=connection.sent_start)
        )

    def give_up(self, place: str) -> None:
        """Give up a place, by its id, that no connection has resumed in time."""
        if self._state.union.owns("w" + place):
            self._effects.drop("w" + place)

    def _occupy(self, connection: LobbyConnection, place: WaitingPlace, *, missed: bool) -> None:
        """Let a connection hold a place.

        Args:
            connection: the connection.
            place: the place.
            missed: whether it may have missed a start, which is then sent again.
        """
        state, spot = self._state, (place.lobby, place.prompt)
        begun = state.index.begun.get(spot)
        connection.sent_start = place.seen if missed or begun is None else begun.n
        before = state.holders.get(place.id)
        if before is not None:
            connection.sent_start = state.connections[before].sent_start
            self._effects.dismiss(state.connections[before])
        state.timers.cancel(("away", place.id))
        self._audience.watch(connection, "waiting", spot)
        connection.place, connection.host = place.id, place.host
        state.holders[place.id] = connection.number
        self._effects.put(place)
        if begun is not None:
            self._effects.send_start(connection, begun, place)

    def _new_place(self, spot: Spot, user: str, token: str = "") -> WaitingPlace:
        state = self._state
        waiting = len(state.index.places.get(spot, {}))
        most = state.options.waiting
        if waiting >= most:
            raise Overloaded(f"{waiting:,} people wait there, at most {most:,} allowed")
        state.check_space()
        self._last_joined = max(state.wall, self._last_joined + 1)
        return WaitingPlace(
            n=next_n(None, state.wall),
            id=self._entropy(PLACE_BYTES).hex(),
            lobby=spot[0],
            prompt=spot[1],
            user=user,
            label=state.index.label(spot, user),
            joined=self._last_joined,
            proof=proof_of(token) if token else "",
        )

    def _resumed(self, spot: Spot, token: str) -> WaitingPlace | None:
        """Return the place that a token resumes, whichever gateway keeps it."""
        proof = proof_of(token)
        places = self._state.index.places.get(spot, {}).values()
        return next((place for place in places if place.proof == proof), None)
