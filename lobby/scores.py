"""Scores that clients put on leaderboards. Pure."""

from __future__ import annotations

from ..protocol.errors import BadMessage, Overloaded
from . import incoming, outgoing
from .audience import Audience
from .connection import LobbyConnection, Spot
from .effects import Effects
from .records import BoardRow, Refresh, next_n
from .state import LobbyState


class Scores:
    """The scores that clients of one gateway put on leaderboards.

    Args:
        state: of the lobby.
        audience: the connections to send to.
        effects: applies the rows.
    """

    def __init__(self, state: LobbyState, audience: Audience, effects: Effects) -> None:
        self._state = state
        self._audience = audience
        self._effects = effects

    def put(self, connection: LobbyConnection, message: incoming.LeaderboardUpdate2) -> None:
        """Put a score on a leaderboard; without a score, announce that the leaderboard has changed.

        Raises:
            BadMessage: the user or the score is missing, or nothing in the name can be seen.
            Overloaded: the leaderboard is full, or this gateway keeps too many records.
        """
        spot = incoming.spot_of(message)
        if message.user is not None and message.score is not None:
            user = incoming.name_of(message.user)
            self._effects.put(self._row(spot, user, message.score, message.text))
            # The watchers get the leaderboard before the sender gets its new version.
            self._audience.send_changes()
            text = outgoing.updated(spot, self._audience.leaderboards.version(spot))
            self._audience.send(connection, "updated", text)
        elif message.user is message.score:
            self._audience.publish(Refresh(lobby=spot[0], prompt=spot[1]))
        else:
            raise BadMessage("leaderboard_update: user and score come together")

    def _row(self, spot: Spot, user: str, score: float, text: str) -> BoardRow:
        state = self._state
        rows = state.index.rows.get(spot, {})
        if user not in rows:
            most = state.options.rows
            if len(rows) >= most:
                raise Overloaded(f"{len(rows):,} people on the board, at most {most:,} allowed")
            state.check_space()
        newest = max(rows.values(), key=lambda row: row.n, default=None)
        return BoardRow(
            n=next_n(newest, state.wall),
            lobby=spot[0],
            prompt=spot[1],
            user=user,
            score=score,
            at=state.wall,
            text=text,
        )
