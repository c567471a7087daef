"""The connections of a lobby, and what the lobby sends to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..runtime.rate_limit import TokenBucket

RATE = 20.0
"""Messages a second that a connection may send for long."""

BURST = 60.0
"""Messages that a connection may send at once."""

BAD_MESSAGE, SLOW, TOO_MANY, IDLE, TAKEN, RESTART = 4000, 4008, 4009, 4010, 4011, 1012
"""Close codes; `docs/GATEWAY.md` says what they mean."""

Spot = tuple[str, str]
"""A lobby's id and a prompt's."""

Purpose = Literal["", "waiting", "board", "prompts", "host", "other"]


def _limit() -> TokenBucket:
    return TokenBucket(RATE, BURST)


@dataclass(slots=True)
class LobbyConnection:
    """One connection.

    Args:
        number: of the connection, never used again.
        active: when either side last sent something, monotonic seconds.
        version: of its first message; 0 before.
        purpose: what the connection is for; empty before its first message.
        spot: what it waits for or watches; that of a host or of prompts has an empty prompt.
        place: the id of its place on the waiting list.
        host: whether it may start the lobby.
        errors: refused messages so far.
        told_start: the number of the start that it was told last.
        told_list: the waiting list that it was told last, as text.
        limit: how much it may still send.
    """

    number: int
    active: float
    version: Literal[0, 1, 2] = 0
    purpose: Purpose = ""
    spot: Spot = ("", "")
    place: str = ""
    host: bool = False
    errors: int = 0
    told_start: int = 0
    told_list: str = ""
    limit: TokenBucket = field(default_factory=_limit)


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """A text for a connection. Of several of one `kind` that wait, the newest is enough."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class OutgoingClose:
    """The end of a connection, after the texts before it."""

    number: int
    code: int
    reason: str


Outgoing = OutgoingText | OutgoingClose
