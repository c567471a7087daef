"""What a subscriber gets of a feed, in order."""

from __future__ import annotations

from ..protocol.messages import Message, Published


class Notice(Message, frozen=True):
    """Something about the feed that is not on it.

    Args:
        kind: `stale` (nothing heard for two heartbeats), `live` (heard again), `epoch` (the host
            started anew or another took over), `diverged` (another feed under the same name; it
            is read again from its start), `waiting` (no host, or the broker is away), or a kind of
            `silence.Cause` when that has changed.
        text: a sentence for people.
    """

    kind: str
    text: str

    @property
    def voids(self) -> bool:
        """Whether all that the feed said before is void."""
        return self.kind == "diverged"


Item = Published | Notice
"""What a subscriber gets, in order."""
