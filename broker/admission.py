"""What comes in: each frame is looked at before any work is done for it. Pure.

| a frame                                                    | outcome       |
|------------------------------------------------------------|---------------|
| under a routing id that is not its connection's key's      | WRONG_KEY     |
| of a key over its rate                                     | OVERLOADED    |
| that is not a single one                                   | BAD_MESSAGE   |
| while too many wait for the workers                        | OVERLOADED    |
"""

from __future__ import annotations

from ..protocol import keys
from ..protocol.errors import BadMessage, Overloaded, PeerError
from ..runtime.rate_limit import RateLimiter
from .options import Options

REPLY_BURST, REPLY_RATE = 100, 10.0
"""Refusals of this kind that one key is told at once, and a second from then on; more are dropped
without a word, so that a flood is not answered with a flood."""


class RequestLimiter:
    """Looks at frames; for one thread.

    Args:
        options: the broker's settings.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._requests = RateLimiter(options.request_rate, options.request_burst)
        self._replies = RateLimiter(REPLY_RATE, REPLY_BURST)
        self.rate_limited = 0
        """Frames over the rate of their key."""

    def refusal(
        self, routing_id: bytes, curve: bytes, frames: int, waiting: int, now: float
    ) -> PeerError | None:
        """Return why a frame is refused, None where it is let through.

        Args:
            routing_id: the connection that it came from.
            curve: the CURVE key of that connection; empty where nothing is encrypted.
            frames: how many came as one message.
            waiting: requests that wait for the workers.
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
        """Tell whether whoever sent a refused frame is told so."""
        return self._replies.take(curve or routing_id, 1, now)
