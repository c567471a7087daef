"""What a subscriber makes of a feed: entries in order, latency, and whether it is still live.
Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...protocol import codec, messages
from ...protocol.errors import PeerError
from ...protocol.messages import Block, Entry, Finished, Heartbeat
from .tracker import Tracker

LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
"""Upper bounds of the latency histogram, seconds."""

KEPT_LATENCIES = 10_000
"""The newest latencies, from which percentiles are taken."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the feed that is not on it.

    Args:
        kind: `stale` (nothing heard for two heartbeats), `live` (heard again), `epoch` (the host
            started anew or another took over), `diverged` (another feed under the same name; it
            is read again from its start), `waiting` (no host, or the broker is away).
        text: a sentence for people.
    """

    kind: str
    text: str


Item = Entry | Finished | Heartbeat | Notice
"""What a subscriber gets, in order."""


@dataclass(slots=True)
class Latency:
    """Host to subscriber, for what came by SUB, in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    total: float = 0.0
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_LATENCIES))

    def add(self, seconds: float) -> None:
        """Count one."""
        self.buckets[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.total += seconds
        self.newest.append(seconds)

    def percentile(self, percent: float) -> float | None:
        """Return a percentile of the newest 10,000, seconds; None before the first."""
        if not self.newest:
            return None
        ranked = sorted(self.newest)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


class SubscriberCore:
    """One subscriber's view of one event.

    Args:
        jitter: gives a number from 0 to 1 each time it is called.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self.tracker = Tracker(jitter)
        self.latency = Latency()
        self.refused = 0  # frames that could not be read
        self.finished = False
        self.stale = False
        self.heard: float | None = None  # monotonic; when SUB last brought anything
        self.interval = 10.0  # seconds between the host's heartbeats
        self.present = 0
        self.claims = 0
        self._items: deque[Item] = deque()

    def items(self) -> deque[Item]:
        """Return what is ready, oldest first; the caller takes from it."""
        return self._items

    def joined(self, setup: messages.Setup, now: float) -> None:
        """Note what the host said as one attached."""
        self.interval = setup.heartbeat
        if self.heard is None:
            self.heard = now
        tracker = self.tracker
        if setup.seq < tracker.seq:
            self._diverge(f"the host's feed ends at {setup.seq}, ours at {tracker.seq}")
        elif setup.seq == tracker.seq and setup.digest != tracker.digest:
            self._diverge(f"the host's digest at seq {setup.seq} is not ours")
        self._note_epoch(setup.epoch)
        self.tracker.joined(setup.epoch, setup.seq, now)

    def published(self, frame: bytes, now: float, wall: int) -> None:
        """Take a frame from SUB.

        Args:
            frame: topic and body.
            now: monotonic seconds.
            wall: the host's wall clock as it is reckoned here, microseconds.
        """
        try:
            _, body = codec.split_topic(frame)
            message = codec.decode_published(body)
        except PeerError:
            self.refused += 1
            return
        self._hear(now)
        self._note_epoch(message.epoch)
        if isinstance(message, Heartbeat):
            self._beat(message, now)
            return
        self.latency.add(max(0.0, (wall - message.sent) / 1e6))
        ready = self.tracker.published(message.epoch, message.seq, body, now)
        if len(ready) == 1 and ready[0] is body:
            self._deliver(message)
        else:
            self._deliver_bodies(ready)

    def replayed(self, block: Block, now: float) -> None:
        """Take a block of a replay."""
        self._deliver_bodies(self.tracker.replayed(block, now))

    def notice(self, kind: str, text: str) -> None:
        """Put a notice among the items."""
        self._items.append(Notice(kind, text))

    def next_timer(self, *, asking: bool = True) -> float | None:
        """Return when `handle_timer` wants to be called next (monotonic seconds).

        Args:
            asking: replays can be asked for; while they can't, no time for it is named.
        """
        times = [self.tracker.next_timer() if asking else None]
        if self.heard is not None and not self.stale:
            times.append(self.heard + 2 * self.interval)
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> bool:
        """Do what is due; True where the feed has just gone stale, to be looked up again."""
        if self.heard is None or self.stale or now < self.heard + 2 * self.interval:
            return False
        self.stale = True
        silent = now - self.heard
        self.notice("stale", f"nothing heard for {silent:.1f} s, two heartbeats are missing")
        return True

    def _hear(self, now: float) -> None:
        self.heard = now
        if self.stale:
            self.stale = False
            self.notice("live", "the feed is live again")

    def _beat(self, beat: Heartbeat, now: float) -> None:
        self.interval = beat.interval
        self.present, self.claims = beat.present, beat.claims
        if self.tracker.heartbeat(beat.epoch, beat.seq, beat.digest, now):
            self._items.append(beat)
        else:
            self._diverge(f"the host's digest at seq {beat.seq} is not ours")
            self.tracker.joined(beat.epoch, beat.seq, now)

    def _diverge(self, why: str) -> None:
        self.notice("diverged", f"{why}: the feed is read again from its start")
        self.tracker.counters.diverged += 1
        self.tracker.reset()

    def _note_epoch(self, epoch: int) -> None:
        if self.tracker.epoch and epoch > self.tracker.epoch:
            self.notice("epoch", f"the host began epoch {epoch}")

    def _deliver_bodies(self, bodies: list[bytes]) -> None:
        for body in bodies:
            try:
                message = codec.decode_published(body)
            except PeerError:
                self.refused += 1
                continue
            if not isinstance(message, Heartbeat):
                self._deliver(message)

    def _deliver(self, message: Entry | Finished) -> None:
        self.finished = self.finished or isinstance(message, Finished)
        self._items.append(message)
