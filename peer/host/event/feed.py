"""What a host has published for one event, in sequence, and the digest over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ....protocol import codec, limits
from ....protocol.digest import EMPTY, chain
from ....protocol.messages import Block, FeedState

FULL = limits.FEED_BYTES // 8 * 7
"""The size from which on a feed is full; the rest is for how the event ends, and for its owners."""


class FeedPosition(NamedTuple):
    """Where a feed stands: all of it that was let out."""

    epoch: int
    seq: int
    digest: bytes
    state: FeedState


class Feed:
    """The published messages of one event; the one at index i has seq i + 1.

    Args:
        event: its id.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._bodies: list[bytes] = []
        self.digest = EMPTY
        self.size = 0
        """Its bytes, as `limits.FEED_BYTES` counts them."""

    @property
    def seq(self) -> int:
        """The seq of the newest message, 0 before the first."""
        return len(self._bodies)

    def append(self, body: bytes) -> None:
        """Add a message that was published."""
        self._bodies.append(body)
        self.digest = chain(self.digest, body)
        self.size += len(body) + limits.FEED_MESSAGE_BYTES

    def replay(
        self, request: int, first: int, last: int, newest: int | None = None
    ) -> Iterator[bytes]:
        """Yield the encoded blocks that answer a replay request.

        Args:
            request: the request's id, repeated in each block.
            first, last: seqs, both included; last 0: up to the newest. What is not there yet is
                left out; at least one block comes.
            newest: the newest seq that may be let out; None: any.
        """
        newest = self.seq if newest is None else newest
        last = min(last or newest, newest)
        at = max(first, 1)
        while True:
            # Blocks end at multiples of BLOCK_FRAMES, so that most are the same for everybody.
            end = min(last, -(-at // limits.BLOCK_FRAMES) * limits.BLOCK_FRAMES)
            frames = self._bodies[at - 1 : end] if at <= last else []
            end = self._fit(frames, at)
            yield codec.encode(
                Block(
                    id=request,
                    event=self._event,
                    first=at,
                    frames=frames,
                    more=end < last,
                )
            )
            if end >= last:
                return
            at = end + 1

    @staticmethod
    def _fit(frames: list[bytes], at: int) -> int:
        """Cut a block to its limit in bytes; return the seq at which it ends."""
        room = limits.BLOCK_BYTES // 2
        for count, body in enumerate(frames):
            room -= len(body)
            if room < 0 and count:
                del frames[count:]
                break
        return at + len(frames) - 1
