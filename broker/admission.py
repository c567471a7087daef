"""Admission: the broker checks each message before a worker handles it. Pure.

| the message                                                | outcome       |
|------------------------------------------------------------|---------------|
| has a routing id that belongs to another key               | WRONG_KEY     |
| exceeds the rate of its key                                | OVERLOADED    |
| has more or fewer frames than one                          | BAD_MESSAGE   |
| comes while too many requests wait for the workers         | OVERLOADED    |
"""

from __future__ import annotations

from ..protocol import keys
from ..protocol.errors import BadMessage, Overloaded, PeerError
from ..runtime.rate_limit import RateLimiter
from .options import Options

REPLY_BURST, REPLY_RATE = 100, 10.0
"""Refusals that the broker sends to one key at once, and per second from then on. It sends no
reply to further refused messages, so that it does not answer a flood with a flood."""


class RequestLimiter:
    """Decides which messages reach the workers; for one thread.

    Args:
        options: the broker's settings.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._requests = RateLimiter(options.request_rate, options.request_burst)
        self._replies = RateLimiter(REPLY_RATE, REPLY_BURST)
        self.rate_limited = 0
        """Messages over the rate of their key."""

    def refusal(
        self, routing_id: bytes, curve: bytes, frames: int, waiting: int, now: float
    ) -> PeerError | None:
        """Return the error that refuses a message, None if the message is admitted.

        Args:
            routing_id: the connection that sent the message.
            curve: the CURVE key of that connection; empty in plain text.
            frames: the number of frames of the message.
            waiting: the number of requests that wait for the workers.
            now: monotonic seconds.
        """
        if wrong := keys.misrouted(routing_id, curve):
            return wrong
        if not self._requests.take(curve or routing_id, 1, now):
            self.rate_limited += 1
            return Overloaded(
                f"more than {self._options.request_rate:g} requests a second; try again later"
            )
        if frames != 1:
            return BadMessage(f"a message of {frames} frames, 1 allowed; connect with DEALER")
        if waiting >= self._options.queue:
            return Overloaded(
                f"{waiting:,} requests wait, at most {self._options.queue:,} allowed; try again "
                "later"
            )
        return None

    def may_reply(self, routing_id: bytes, curve: bytes, now: float) -> bool:
        """Return whether to send an error reply to the connection of a refused message.

        Args:
            routing_id: the connection that sent the message.
            curve: the CURVE key of that connection; empty in plain text.
            now: monotonic seconds.
        """
        return self._replies.take(curve or routing_id, 1, now)
