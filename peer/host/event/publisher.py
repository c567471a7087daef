"""What goes on the feed: on record first, then in sequence, then out. Pure."""

from __future__ import annotations

from .state import EventState
from .turn import Turn


class Publisher:
    """Puts messages on the feed.

    Args:
        state: its feed grows, and its next heartbeat is put off.
        turn: what it collects leaves once it is on disk.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn

    def send(self, body: bytes) -> None:
        """Put an encoded message on record and on the feed."""
        state = self._state
        self._turn.record(body)
        state.feed.append(body)
        self._turn.publish(body)
        # A message says where the feed stands as a heartbeat does.
        state.heartbeat_at = state.now + state.options.heartbeat
        state.published_at = state.sent_at = state.now
