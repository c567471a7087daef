"""The connections of a lobby: what each is for, and how much it may still say. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RATE = 20.0
"""Messages a second that a connection may send for long."""

BURST = 60.0
"""Messages that it may send at once."""

BAD_MESSAGE, SLOW, TOO_MANY, IDLE, TAKEN, RESTART = 4000, 4008, 4009, 4010, 4011, 1012
"""Close codes; `docs/GATEWAY.md` says what they mean."""

Spot = tuple[str, str]
"""A lobby's id and a prompt's."""

Purpose = Literal["", "waiting", "board", "prompts", "host", "other"]


@dataclass(slots=True)
class LobbyConnection:
    """One connection.

    Args:
        heard: when something was last said on it, by either side; monotonic seconds.
        version: of its first message; 0 before.
        spot: what it waits for or watches; a host's or prompts' has an empty prompt.
        place: the id of its place on the waiting list.
        host: may start the lobby.
        errors: refused messages so far.
        seen: the start that was told last.
        told: the list of those who wait, as it was told last.
    """

    heard: float
    version: Literal[0, 1, 2] = 0
    purpose: Purpose = ""
    spot: Spot = ("", "")
    place: str = ""
    host: bool = False
    errors: int = 0
    seen: int = 0
    told: str = ""
    credit: float = field(default=BURST, kw_only=True)
    counted: float = field(default=0.0, kw_only=True)

    def may_speak(self, now: float) -> bool:
        """Count a message; tell whether it is within the connection's rate."""
        self.credit = min(BURST, self.credit + (now - self.counted) * RATE) - 1.0
        self.counted = now
        return self.credit >= 0.0


@dataclass(frozen=True, slots=True)
class Say:
    """A text for a connection. Of several of one `kind` that wait, the newest is enough."""

    conn: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """A connection is to be closed, after what was said to it."""

    conn: int
    code: int
    reason: str


Out = Say | Close
