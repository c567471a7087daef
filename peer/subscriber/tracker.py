"""The order of a feed, made from what the network delivers: gaps, repair, digest. Pure.

Messages are counted as `received` (delivered in order, by SUB or by replay), `lost` (asked for
again), `repaired` (lost, then received by replay), `out_of_order` (late by itself, so not lost) and
`duplicate`. Messages that were published before this subscriber came are `history`, not lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...protocol import limits
from ...protocol.digest import EMPTY, chain
from ...protocol.messages import Block

JITTER_SECONDS = 0.5
"""The longest random pause before a gap is asked for, so that a thousand subscribers do not ask at
once."""

AGAIN_SECONDS = 2.0
"""How long a replay may be unanswered before it is asked for again."""

AHEAD = 100_000
"""The most messages that are held beyond a gap; further ones are dropped and asked for again."""

AHEAD_BYTES = 32 << 20
"""The most bytes of these."""

ASKED = 10_000
"""The most messages that are asked for at one time. How many are missing is the host's word, which
can be any number: nothing that is kept grows with it."""


@dataclass(slots=True)
class TrackerCounters:
    """The counts of a tracker, read when metrics are scraped."""

    received: int = 0
    history: int = 0
    lost: int = 0
    repaired: int = 0
    out_of_order: int = 0
    duplicate: int = 0
    epochs: int = 0
    diverged: int = 0


class Tracker:
    """Puts the published messages of one event in order.

    Args:
        jitter: gives a number from 0 to 1 each time it is called.
        keeps_bodies: `bodies` keeps each message, for a program that passes the feed on.
    """

    def __init__(self, jitter: Callable[[], float], *, keeps_bodies: bool = False) -> None:
        self.counters = TrackerCounters()
        self.seq = 0
        """Everything up to this seq has been delivered."""
        self.epoch = 0
        self.digest = EMPTY
        self.trail = bytearray()
        """The digest after each message, 16 bytes for each seq from 1 on."""
        self.bodies: list[bytes] = []
        """The messages as they were published, from seq 1 on, where they are kept."""
        self.newest = 0
        """The newest seq that is known to exist."""
        self._keeps_bodies = keeps_bodies
        self._jitter = jitter
        self._ahead: dict[int, bytes] = {}
        self._ahead_bytes = 0
        self.size = 0
        """The bytes of what was delivered, as `limits.FEED_BYTES` counts them; of feeds that are
        void as well."""
        self._furthest = 0  # highest seq that came by SUB
        self._live_from = 0  # first seq published since this subscriber came; 0: not known yet
        self._lost: set[int] = set()  # seqs that were asked for and have not come
        self._ask_at: float | None = None
        self._asked: tuple[int, int] | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.seq >= self.newest

    @property
    def ahead(self) -> int:
        """The number of messages that came and wait for others before them."""
        return len(self._ahead)

    def wait(self, now: float) -> None:
        """Expect what is missing to come by itself; it is asked for later."""
        if self._ask_at is not None:
            self._ask_at = now + AGAIN_SECONDS

    def is_live(self, seq: int) -> bool:
        """Return whether a message was published since this subscriber came."""
        return 0 < self._live_from <= seq

    def joined(self, epoch: int, seq: int, now: float) -> None:
        """Take the host's epoch and seq at an attach. A new subscriber asks for what is missing at
        once; a returning one waits as for any gap, since the messages may be on their way."""
        first, self._live_from = not self._live_from, self._live_from or seq + 1
        self._see_end(epoch, seq)
        if first and not self.whole:
            self._ask_at = now
        else:
            self._consider_gap(now)

    def published(self, epoch: int, seq: int, body: bytes, now: float) -> list[bytes]:
        """Take a message from SUB; return the bodies that are now in order."""
        self._see_epoch(epoch)
        if seq <= self.seq or seq in self._ahead:
            self.counters.duplicate += 1
            return []
        self.newest = max(self.newest, seq)
        if self._live_from == 0:
            self._live_from = seq
        if seq in self._lost:
            # It was only late: its replay will be the duplicate.
            self._lost.discard(seq)
            self.counters.lost -= 1
            self.counters.out_of_order += 1
        elif seq < self._furthest:
            self.counters.out_of_order += 1
        self._furthest = max(self._furthest, seq)
        self._hold(seq, body)
        return self._advance(now)

    def heartbeat(self, epoch: int, seq: int, digest: bytes, now: float) -> bool:
        """Take a heartbeat; return False where its digest shows that this is another feed."""
        self._see_end(epoch, seq)
        self._live_from = self._live_from or seq + 1
        self._consider_gap(now)
        return seq != self.seq or digest == self.digest

    def replayed(self, block: Block, now: float) -> list[bytes]:
        """Take a block of a replay; return the bodies that are now in order."""
        for seq, body in enumerate(block.frames, block.first):
            if seq <= self.seq or seq in self._ahead or not self._hold(seq, body):
                continue
            self.newest = max(self.newest, seq)
            if seq in self._lost:
                self._lost.discard(seq)
                self.counters.repaired += 1
            elif seq < self._live_from:
                self.counters.history += 1
        ready = self._advance(now)
        if not self.whole and (block.more or not ready):
            self._ask_at = now + AGAIN_SECONDS  # more is coming, or the host has no more
        elif not self.whole:
            self._asked = None
            self._ask_at = now  # a further gap, which has waited while this one was closed
        return ready

    def reset(self) -> None:
        """Forget the feed, to receive it again from its start; what was delivered is void."""
        self._ahead.clear()
        self._ahead_bytes = 0
        self._lost.clear()
        self._asked = None
        self._ask_at = None
        self._furthest = self._live_from = 0
        self.seq = self.newest = 0
        self.digest = EMPTY
        self.trail.clear()
        self.bodies.clear()

    def next_timer(self) -> float | None:
        """Return when `wanted` is to be called (monotonic seconds)."""
        return self._ask_at

    def wanted(self, now: float) -> tuple[int, int] | None:
        """Return the range (first, last) to ask a replay of now, or None."""
        if self._ask_at is None or now < self._ask_at:
            return None
        if self.whole:
            self._ask_at = None
            return None
        first = self.seq + 1
        last = min(self._ahead) - 1 if self._ahead else self.newest
        last = min(last, self.seq + ASKED)
        self._ask_at = now + AGAIN_SECONDS
        self._asked = (first, last)
        for seq in range(max(first, self._live_from), last + 1):
            if seq not in self._lost:
                self._lost.add(seq)
                self.counters.lost += 1
        return first, last

    def _hold(self, seq: int, body: bytes) -> bool:
        """Keep a message until those before it are there; return whether there is room. The next
        one always has."""
        size = self._ahead_bytes + len(body)
        if seq != self.seq + 1 and (len(self._ahead) >= AHEAD or size > AHEAD_BYTES):
            return False
        self._ahead[seq] = body
        self._ahead_bytes = size
        return True

    def _advance(self, now: float) -> list[bytes]:
        ready = []
        while (body := self._ahead.pop(self.seq + 1, None)) is not None:
            self.seq += 1
            self._ahead_bytes -= len(body)
            self.digest = chain(self.digest, body)
            self.trail += self.digest
            self.size += len(body) + limits.FEED_MESSAGE_BYTES
            if self._keeps_bodies:
                self.bodies.append(body)
            ready.append(body)
        self.counters.received += len(ready)
        self._consider_gap(now)
        return ready

    def _consider_gap(self, now: float) -> None:
        if self.whole:
            self._ask_at = None
            self._asked = None
        elif self._asked is not None and self.seq >= self._asked[1]:
            # There is a further gap, which has waited while the first was closed.
            self._asked = None
            self._ask_at = now
        elif self._ask_at is None:
            self._ask_at = now + self._jitter() * JITTER_SECONDS

    def _see_end(self, epoch: int, seq: int) -> None:
        """Take the newest seq under an epoch; a host that begins one may have less than was known
        of the host before, whose journal is lost."""
        if epoch > self.epoch:
            self.newest = max(self.seq, *self._ahead, 0)
        self._see_epoch(epoch)
        self.newest = max(self.newest, seq)

    def _see_epoch(self, epoch: int) -> None:
        if epoch > self.epoch:
            if self.epoch:
                self.counters.epochs += 1
            self.epoch = epoch
