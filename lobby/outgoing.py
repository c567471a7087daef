"""What the lobby sends to its clients, as JSON text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ..protocol.errors import PeerError
from ..protocol.times import to_rfc3339
from .connection import BAD_MESSAGE, IDLE, SLOW, TAKEN, TOO_MANY, Spot
from .records import Begun, BoardRow, Refresh, WaitingPlace

REFRESH = "refresh"
"""The refresh of version 1: existing clients expect this text, which is not JSON."""

CLOSED = {
    1000: "",
    BAD_MESSAGE: "bad message",
    SLOW: "too slow",
    TOO_MANY: "too many",
    IDLE: "no message for too long",
    TAKEN: "another connection has resumed the place",
}
"""The reason sent with each close code."""


def _text(**message: object) -> str:
    return msgspec.json.encode(message).decode()


def error(refused: PeerError) -> str:
    """Return the message that refuses a message of a client."""
    return _text(type="error", code=refused.code, reason=refused.sentence)


def update(waiting: Iterable[WaitingPlace]) -> str:
    """Return a waiting list for version 1: its labels, all different."""
    return _text(type="update", users=[place.label for place in waiting])


def update2(spot: Spot, waiting: Iterable[WaitingPlace], *, hosted: bool, shared: bool) -> str:
    """Return a waiting list for version 2.

    Args:
        spot: the lobby and the prompt.
        waiting: the places, the first to join first.
        hosted: whether the lobby has a host.
        shared: whether the list includes the places of other gateways.
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
    """Return a start; in version 2, its `n` is the same each time that it is sent."""
    if version != 2:
        return _text(type="start")
    time = to_rfc3339(begun.at)
    return _text(type="start", lobby_id=begun.lobby, prompt_id=begun.prompt, n=begun.n, time=time)


def joined(place: WaitingPlace, token: str, *, resumed: bool, grace: float) -> str:
    """Return a place, with the token that resumes it within `grace` seconds."""
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
    """Return a host's key, with which it may return within `grace` seconds."""
    return _text(type="hosting", lobby_id=lobby, key=key, grace=grace)


def leaderboard(spot: Spot, version: int, rows: Sequence[BoardRow]) -> str:
    """Return a leaderboard; equal scores have one rank."""
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
    """Return the confirmation of a row, with the leaderboard's new version."""
    return _text(type="updated", lobby_id=spot[0], prompt_id=spot[1], version=version)


def refresh(record: Refresh, version: int) -> str:
    """Return the request to fetch a leaderboard or prompts again."""
    if version != 2:
        return REFRESH
    if record.prompt is None:
        return _text(type="refresh", lobby_id=record.lobby)
    return _text(type="refresh", lobby_id=record.lobby, prompt_id=record.prompt)


def pong(time: float, wall: int) -> str:
    """Return the answer to a ping, with its time and ours."""
    return _text(type="pong", time=time, server_time=to_rfc3339(wall))
