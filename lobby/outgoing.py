"""What the lobby says to its clients, as JSON text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ..protocol.errors import PeerError
from ..protocol.times import to_rfc3339
from .connection import BAD_MESSAGE, IDLE, SLOW, TAKEN, TOO_MANY, Spot
from .records import Begun, Place, Refresh, Row

REFRESH = "refresh"
"""To viewers of version 1: a text that is no JSON, as existing clients expect it."""

CLOSED = {
    1000: "",
    BAD_MESSAGE: "bad message",
    SLOW: "too slow",
    TOO_MANY: "too many",
    IDLE: "nothing was said for too long",
    TAKEN: "the place was taken up on another connection",
}
"""What is said beside a close code."""


def _text(**message: object) -> str:
    return msgspec.json.encode(message).decode()


def error(refused: PeerError) -> str:
    """Say why a message can't be."""
    return _text(type="error", code=refused.code, reason=refused.sentence)


def update(waiting: Iterable[Place]) -> str:
    """Say who waits, to version 1: names, of which no two are the same."""
    return _text(type="update", users=[place.label for place in waiting])


def update2(spot: Spot, waiting: Iterable[Place], *, hosted: bool, shared: bool) -> str:
    """Say who waits, to version 2.

    Args:
        spot: the lobby and the prompt.
        waiting: those who came first first.
        hosted: the lobby has a host.
        shared: those at other gateways are among them.
    """
    users = [
        {
            "id": place.id,
            "user": place.user,
            "label": place.label,
            "ready": place.ready,
            "connected": not place.away,
            "host": place.host,
        }
        for place in waiting
    ]
    lobby, prompt = spot
    return _text(
        type="update", lobby_id=lobby, prompt_id=prompt, users=users, hosted=hosted, shared=shared
    )


def start(begun: Begun, version: int) -> str:
    """Say that it begins; `n` of version 2 is the same however often it is said."""
    if version != 2:
        return _text(type="start")
    time = to_rfc3339(begun.at)
    return _text(type="start", lobby_id=begun.lobby, prompt_id=begun.prompt, n=begun.n, time=time)


def joined(place: Place, token: str, *, resumed: bool, grace: float) -> str:
    """Tell somebody their place, and the token with which it is taken up again within `grace` s."""
    return _text(
        type="joined",
        id=place.id,
        user=place.user,
        label=place.label,
        resume=token,
        resumed=resumed,
        grace=grace,
        host=place.host,
    )


def hosting(lobby: str, key: str, grace: float) -> str:
    """Tell a host its key, with which it is host again within `grace` seconds."""
    return _text(type="hosting", lobby_id=lobby, key=key, grace=grace)


def leaderboard(spot: Spot, version: int, rows: Sequence[Row]) -> str:
    """Say what stands on a leaderboard; equal scores have one rank."""
    ranks: dict[float, int] = {}
    shown = [
        {
            "rank": ranks.setdefault(row.score, place),
            "user": row.user,
            "score": row.score,
            "text": row.text,
        }
        for place, row in enumerate(rows, 1)
    ]
    lobby, prompt = spot
    return _text(type="leaderboard", lobby_id=lobby, prompt_id=prompt, version=version, rows=shown)


def updated(spot: Spot, version: int) -> str:
    """Confirm a row: the leaderboard has this version now."""
    return _text(type="updated", lobby_id=spot[0], prompt_id=spot[1], version=version)


def refresh(said: Refresh, version: int) -> str:
    """Say that what is watched is to be fetched again."""
    if version != 2:
        return REFRESH
    if said.prompt is None:
        return _text(type="refresh", lobby_id=said.lobby)
    return _text(type="refresh", lobby_id=said.lobby, prompt_id=said.prompt)


def pong(time: float, wall: int) -> str:
    """Answer a ping with its own time and ours."""
    return _text(type="pong", time=time, server_time=to_rfc3339(wall))
