"""The interface of what brings a feed to its subscriber.

| source | is | brings |
|---|---|---|
| `host_source.HostSource` | a session with the event's host | PUB; replays by ROUTER |
| `stream_source.StreamSource` | a stream of NATS that a relay fills | all from the stream |

A source hands what comes to the subscriber's core, carries out what the core wants, and says what
is known of a silence. All methods are called on the subscriber's thread and must not wait.
"""

from __future__ import annotations

from typing import Protocol

from ...protocol.errors import TouchlineError
from ...protocol.messages import Setup
from ...runtime.poll_loop import Source
from .silence import Cause


class FeedSource(Protocol):
    """The source of one event's feed."""

    @property
    def event(self) -> str:
        """The event's id."""

    @property
    def setup(self) -> Setup | None:
        """What the feed is of; None before it is known."""

    @property
    def hosted(self) -> bool | None:
        """Whether the event has a host; None where that is not known."""

    @property
    def away(self) -> str:
        """Why the next to be asked can't answer, in a sentence; empty where it can."""

    @property
    def waiting(self) -> str:
        """What the feed waits for, in a sentence; empty where it waits for nothing."""

    @property
    def failure(self) -> TouchlineError | None:
        """Why the feed can't be followed any longer; None while it can."""

    def turn(self, now: float) -> None:
        """Hand over what has come, and ask for what the core wants.

        Args:
            now: monotonic seconds.
        """

    def silence(self) -> Cause:
        """Return the cause of a silence, as far as the source knows it."""

    def sockets(self) -> list[Source]:
        """Return what a poller has to watch; it may change with each turn."""

    def next_timer(self) -> float | None:
        """Return when `turn` is to be called at the latest (monotonic seconds)."""

    def close(self) -> None:
        """Leave the event."""
