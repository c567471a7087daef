"""What comes in at the ROUTER: each frame is looked at before any work is done for it. Pure.

| a frame                                               | outcome    |
|-------------------------------------------------------|------------|
| under a routing id that is not its connection's key's | WRONG_KEY  |
| of a key over its rate                                | OVERLOADED |
"""

from __future__ import annotations

from ...protocol import keys
from ...protocol.errors import Overloaded, PeerError
from ...runtime.rate_limit import RateLimiter, TokenBucket

REQUEST_RATE, REQUEST_BURST = 100.0, 1_000
"""Requests a second that one key may go on with, and at once after it was quiet: a gateway that
follows hundreds of events pings for each of them."""

REPLAY_COST = 10
"""What a replay counts for, in requests: its answer may be a whole feed."""

STRANGE_RATE, STRANGE_BURST = 1.0, 30
"""Unknown tokens that one key may present; each is asked about at the broker."""

ASK_RATE, ASK_BURST = 150.0, 1_500
"""What the broker is asked on behalf of others, in all: it brakes its hosts as well, and their
leases must not suffer from those who knock."""

TOLD_RATE, TOLD_BURST = 10.0, 100
"""Refusals that one key is told; more are dropped without a word, so that a flood is not answered
with a flood."""


class HostRequestLimiter:
    """Looks at requests, and says what may be asked of the broker."""

    def __init__(self) -> None:
        self._requests = RateLimiter(REQUEST_RATE, REQUEST_BURST)
        self._strange = RateLimiter(STRANGE_RATE, STRANGE_BURST)
        self._told = RateLimiter(TOLD_RATE, TOLD_BURST)
        self._asks = TokenBucket(ASK_RATE, ASK_BURST)

    def judge(self, routing_id: bytes, curve: bytes, now: float) -> PeerError | None:
        """Return why a frame is refused, None where it is let through.

        Args:
            routing_id: the connection that it came from.
            curve: the CURVE key of that connection; empty where nothing is encrypted.
            now: monotonic seconds.
        """
        if wrong := keys.misrouted(routing_id, curve):
            return wrong
        if not self._requests.take(curve or routing_id, 1, now):
            return Overloaded(f"more than {REQUEST_RATE:g} requests a second; try again later")
        return None

    def tells(self, routing_id: bytes, curve: bytes, now: float) -> bool:
        """Tell whether whoever sent a refused frame is told so."""
        return self._told.take(curve or routing_id, 1, now)

    def check_replay(self, routing_id: bytes, curve: bytes, now: float) -> None:
        """Count a replay for what it costs.

        Raises:
            Overloaded: it is too much.
        """
        if not self._requests.take(curve or routing_id, REPLAY_COST - 1, now):
            raise Overloaded(
                f"more than {REQUEST_RATE / REPLAY_COST:g} replays a second; try again later"
            )

    def check_strange(self, routing_id: bytes, curve: bytes, now: float) -> None:
        """Count an unknown token.

        Raises:
            Overloaded: too many unknown tokens, of this key or of all together.
        """
        if not self._strange.take(curve or routing_id, 1, now):
            raise Overloaded(f"more than {STRANGE_RATE:g} unknown tokens a second; try again later")
        if not self.may_ask(now):
            raise Overloaded("the broker is being asked about too many others; try again later")

    def may_ask(self, now: float) -> bool:
        """Tell whether the broker may be asked one thing more on behalf of others."""
        return self._asks.take(1, now)


class AdaptiveBatch:
    """How many frames of a socket are taken in one turn: fewer while most are refused, so that a
    flood does not hold up what others say.

    Args:
        most: in a turn in which all is well.
        least: in a flood.
    """

    def __init__(self, most: int, least: int) -> None:
        self._most = most
        self._least = least
        self.frames = most
        """How many are taken in the next turn."""

    def note(self, taken: int, refused: int) -> None:
        """Note what became of the frames of a turn."""
        if taken == self.frames and 2 * refused > taken:
            self.frames = max(self._least, self.frames // 4)
        else:
            self.frames = min(self._most, 2 * self.frames)
