"""Rate limits by the token bucket. Pure.

A bucket holds up to `burst` and fills at `rate` a second; what is asked for is taken out of it. A
key that has been quiet may ask for much at once, and one that goes on gets `rate`.
"""

from __future__ import annotations

from collections.abc import Hashable

MOST_BUCKETS = 10_000
"""Keys that one `RateLimiter` tells apart; the longest unheard gives way, with a full bucket."""


class TokenBucket:
    """What a key may still ask for.

    Args:
        rate: what comes in again, a second; 0: nothing does.
        burst: the most that it holds; it is full at first.
    """

    __slots__ = ("_at", "_left", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._left = burst
        self._at: float | None = None  # monotonic seconds, of the last look; None before the first

    def take(self, n: float, now: float) -> bool:
        """Take `n` out and return True; return False where so much is not left, and take nothing.

        Args:
            n: how much is asked for; more than `burst` is never given.
            now: monotonic seconds; a time before the last is taken for the last.
        """
        self._fill(now)
        if self._left < n:
            return False
        self._left -= n
        return True

    def take_most(self, n: int, now: float) -> int:
        """Take as many whole ones out as there are, `n` at most; return how many."""
        self._fill(now)
        taken = min(n, int(self._left))
        self._left -= taken
        return taken

    def give(self, n: float) -> None:
        """Put back what was taken and not needed after all."""
        self._left = min(self.burst, self._left + n)

    def _fill(self, now: float) -> None:
        if self._at is None:
            self._at = now
        elif now > self._at:
            self._left = min(self.burst, self._left + (now - self._at) * self.rate)
            self._at = now


class RateLimiter:
    """A bucket for each key: a peer, a connection.

    Args:
        rate, burst: those of each bucket.
        most: keys that are told apart.
    """

    def __init__(self, rate: float, burst: float, most: int = MOST_BUCKETS) -> None:
        self.rate = rate
        self.burst = burst
        self._most = most
        self._buckets: dict[Hashable, TokenBucket] = {}  # the longest unheard first

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, n: float, now: float) -> bool:
        """Take `n` out of a key's bucket, as `TokenBucket.take` does."""
        bucket = self._buckets.pop(key, None)
        if bucket is None:
            if len(self._buckets) >= self._most:
                del self._buckets[next(iter(self._buckets))]
            bucket = TokenBucket(self.rate, self.burst)
        self._buckets[key] = bucket
        return bucket.take(n, now)

    def give(self, key: Hashable, n: float) -> None:
        """Put back into a key's bucket what was not needed after all."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.give(n)
