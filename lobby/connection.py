"""The connections of a lobby, and what the lobby sends to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..runtime.rate_limit import TokenBucket

RATE = 20.0
"""Messages a second that a connection may keep up."""

BURST = 60.0
"""The most messages that a connection may send at once."""

BAD_MESSAGE, SLOW, TOO_MANY, IDLE, TAKEN, RESTART = 4000, 4008, 4009, 4010, 4011, 1012
"""Close codes; `docs/GATEWAY.md` explains them."""

Spot = tuple[str, str]
"""The ids of a lobby and a prompt."""

Purpose = Literal["", "waiting", "board", "prompts", "host", "other"]


def _limit() -> TokenBucket:
    return TokenBucket(RATE, BURST)


@dataclass(slots=True)
class LobbyConnection:
    """One connection.

    Args:
        number: of the connection; no other connection gets it.
        active: when either side last sent a message, monotonic seconds.
        version: of its first message; 0 before.
        purpose: what the connection is for; empty before its first message.
        spot: what it waits for or watches; for a host and for prompts, the prompt is empty.
        place: the id of its place on the waiting list.
        host: whether it may start the lobby.
        errors: the number of its refused messages.
        sent_start: the number of the newest start that was sent to it.
        sent_list: the newest waiting list that was sent to it, as text.
        limit: of its messages.
    """

    number: int
    active: float
    version: Literal[0, 1, 2] = 0
    purpose: Purpose = ""
    spot: Spot = ("", "")
    place: str = ""
    host: bool = False
    errors: int = 0
    sent_start: int = 0
    sent_list: str = ""
    limit: TokenBucket = field(default_factory=_limit)


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """A text for a connection; of waiting texts of some kinds, the newest replaces the others."""

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
