"""The messages that wait for a connection: in order, and of some kinds only the newest. Pure."""

from __future__ import annotations

from typing import Protocol

from ..gateway.feed.message_log import framed
from .connection import OutgoingClose, OutgoingText

MOST_WAITING = 100
"""The most messages that wait for a client."""

_SUPERSEDED = {"update", "refresh", "leaderboard", "start"}
"""Kinds of messages of which the newest replaces those before it."""


class Sink(Protocol):
    """A receiver of frames, such as a `RawWebSocket`."""

    @property
    def open(self) -> bool:
        """Whether frames may still be written."""

    @property
    def clear(self) -> bool:
        """Whether the system takes more bytes now."""

    def write(self, frames: bytes) -> None:
        """Write whole frames."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


class OutgoingQueue:
    """The messages for one connection.

    Args:
        sink: takes the frames.
    """

    def __init__(self, sink: Sink) -> None:
        self.closing: OutgoingClose | None = None
        """The end of the connection, once it is to end; None before."""
        self.blocked = 0.0
        """Since when messages wait, monotonic seconds; 0: none does."""
        self._sink = sink
        self._waiting: dict[str, bytes] = {}
        self._count = 0

    def put(self, message: OutgoingText, now: float) -> None:
        """Send a message, now or when the connection takes it."""
        self._count += 1
        # A message that no later one replaces gets a key of its own.
        superseded = message.kind in _SUPERSEDED
        key = message.kind if superseded else f"{message.kind} {self._count}"
        self._waiting.pop(key, None)
        self._waiting[key] = message.text.encode()
        self.flush(now)

    def flush(self, now: float) -> bool:
        """Send the waiting messages, and close the connection if it is to end; return whether all
        are sent.

        Args:
            now: monotonic seconds.
        """
        while self._waiting and self._sink.open and self._sink.clear:
            kind = next(iter(self._waiting))
            for frame in framed(self._waiting.pop(kind)):
                self._sink.write(frame)
        if not self._sink.open:
            self._waiting.clear()
        if self._waiting:
            self.blocked = self.blocked or now
            return False
        self.blocked = 0.0
        if self.closing is not None:
            self.close(self.closing.code, self.closing.reason)
        return True

    def close(self, code: int, reason: str) -> None:
        """Close the connection at once."""
        self._sink.close(code, reason)

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Return whether too many messages wait, or any for more than some seconds."""
        return len(self._waiting) > MOST_WAITING or bool(
            self.blocked and now - self.blocked >= seconds
        )
