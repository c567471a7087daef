"""A feed as its subscriber sees it: entries in order, latency, whether it is live. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...protocol import codec, limits, messages
from ...protocol.errors import PeerError, TooLarge, TouchlineError
from ...protocol.messages import (
    Alarm,
    Block,
    Entry,
    FeedMessage,
    FeedState,
    Finished,
    Heartbeat,
    Pending,
    Recount,
    Restored,
)
from ...runtime.histogram import Histogram
from ...timeline.feed import Item, Notice
from ..liveness import Liveness, bounded
from .silence import QUIET, Cause, cause
from .tracker import Tracker

LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
"""Upper bounds of the latency histogram, seconds."""

SCREEN_SECONDS = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)
"""Upper bounds of the buckets from tap to screen, seconds."""

KEPT_LATENCIES = 10_000
"""The number of newest latencies from which percentiles are taken."""


NEW = frozenset({"PROVISIONAL", "CONFIRMED"})
"""The status of an entry whose claim has just been decided."""


@dataclass(slots=True)
class Latency:
    """Seconds from when the host sent a message until it was delivered here, in order: what had to
    be asked for again, and what waited behind it, are as late as they are."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    total: float = 0.0
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_LATENCIES))

    def add(self, seconds: float) -> None:
        """Count a latency, seconds."""
        self.buckets[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.total += seconds
        self.newest.append(seconds)

    def percentile(self, percent: float) -> float | None:
        """Return a percentile of the newest latencies, seconds; None before the first."""
        if not self.newest:
            return None
        ranked = sorted(self.newest)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


class SubscriberCore:
    """One subscriber's view of one event.

    Args:
        jitter: gives a number from 0 to 1 each time it is called.
        keeps_bodies: the tracker keeps the bodies as they were published.
        event: its id; a host's word of another event is not taken. Empty: that of any.
    """

    def __init__(
        self, jitter: Callable[[], float], *, keeps_bodies: bool = False, event: str = ""
    ) -> None:
        self._event = event
        self.tracker = Tracker(jitter, keeps_bodies=keeps_bodies)
        self.latency = Latency()
        self.tap_to_screen = Histogram(SCREEN_SECONDS)
        """From when an action happened, as its reporters tapped it, until its entry was shown."""
        self._timing: messages.Timing | None = None  # the event's own clock
        self.failure: TouchlineError | None = None
        """Why no more of this feed is taken; None while it is."""
        self.refused = 0  # frames that could not be read
        self.beat = b""
        """The newest heartbeat among the items, as it was published."""
        self.finished = False
        self.hidden = False
        """Whether the event is a canary's, which metrics do not count."""
        self.state: FeedState = "live"
        self.last_received = 0  # wall time at which the host heard a reporter before the alarm
        self.trouble = ""  # why the host takes nothing in
        self.moved = False  # it has handed the event over, and nobody has asked for the next
        self._beat_seq = 0  # the feed up to here is in the state that the newest heartbeat gave
        self.present = 0
        self.claims = 0
        self.disputed = 0
        self.pending: tuple[Pending, ...] = ()
        """The open claims of the newest heartbeat, without those that have become entries since."""
        self.recounts: tuple[Recount, ...] = ()
        """The votes of entries that the newest heartbeat brought up to date."""
        self.cause = QUIET
        self._liveness = Liveness(10.0)
        self._items: deque[Item] = deque()

    @property
    def stale(self) -> bool:
        """Whether nothing has come from the host for two heartbeats."""
        return self._liveness.silent

    @property
    def heard(self) -> float | None:
        """When the newest frame came by SUB, monotonic seconds; None before the first."""
        return self._liveness.heard_at

    @property
    def interval(self) -> float:
        """Seconds between the host's heartbeats."""
        return self._liveness.interval

    def items(self) -> deque[Item]:
        """Return the items that are ready, oldest first; the caller removes what it has taken."""
        return self._items

    def joined(self, setup: messages.Setup, now: float, *, asked: int | None = None) -> None:
        """Take the setup with which the host answered `attach`.

        Args:
            setup: the answer.
            now: monotonic seconds.
            asked: the seq up to which this subscriber had the feed when it sent `attach`; its
                present seq unless given. SUB may have overtaken the answer.
        """
        self._liveness.interval = bounded(setup.heartbeat)
        self.hidden = setup.card.hidden
        self._timing = setup.card.timing
        if self.heard is None:
            self._liveness.heard(now)
        tracker = self.tracker
        least = tracker.seq if asked is None else min(asked, tracker.seq)
        if setup.seq < least:
            self._diverge(f"the host's feed ends at {setup.seq}, ours at {least}")
        elif setup.seq == tracker.seq and setup.digest != tracker.digest:
            self._diverge(f"the host's digest at seq {setup.seq} is not ours")
        self._note_epoch(setup.epoch)
        self.tracker.joined(setup.epoch, setup.seq, now)

    def published(self, frame: bytes, now: float, wall: int) -> None:
        """Take a frame from SUB.

        Args:
            frame: topic and body.
            now: monotonic seconds.
            wall: the host's wall clock as estimated here, microseconds.
        """
        if self.failure is not None:
            return
        try:
            _, body = codec.split_topic(frame)
            message = codec.decode_published(body)
        except PeerError:
            self.refused += 1
            return
        if not self._is_ours(message):
            self.refused += 1
            return
        self._hear(now)
        self._note_epoch(message.epoch)
        if isinstance(message, Heartbeat):
            self._beat(message, body, now)
            return
        ready = self.tracker.published(message.epoch, message.seq, body, now)
        if len(ready) == 1 and ready[0] is body:
            self._deliver(message, wall)
        else:
            self._deliver_bodies(ready, wall)
        self._check_size()

    def replayed(self, block: Block, now: float, wall: int) -> None:
        """Take a block of a replay; the times are those of `published`."""
        if self.failure is None:
            self._deliver_bodies(self.tracker.replayed(block, now), wall)
            self._check_size()

    def notice(self, kind: str, text: str) -> None:
        """Put a notice among the items."""
        self._items.append(Notice(kind, text))

    def next_timer(self, *, asking: bool = True) -> float | None:
        """Return when `handle_timer` wants to be called next (monotonic seconds).

        Args:
            asking: whether replays can be asked for now; if not, their timer is left out.
        """
        times = [self.tracker.next_timer() if asking else None]
        times.append(self._liveness.next_timer())
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> bool:
        """Do what is due; return whether the feed has gone stale, so that the host is to be looked
        up again."""
        if not self._liveness.handle_timer(now):
            return False
        silent = now - (self.heard or now)
        self.notice("stale", f"nothing heard for {silent:.1f} s, two heartbeats are missing")
        return True

    def restarted(self, why: str) -> None:
        """Void the feed, of which the source has another.

        Args:
            why: a sentence without its end.
        """
        self._diverge(why)

    def look_why(self, silence: Cause) -> None:
        """Find the cause of the silence; give a notice where it has changed.

        Args:
            silence: why nothing comes, by the feed's source; counts where the feed is stale.
        """
        found = cause(
            silence=silence if self.stale else None,
            state=self.state,
            last_received=self.last_received,
            disputed=self.disputed,
            trouble=self.trouble,
        )
        if found.kind != self.cause.kind:
            self.notice(found.kind, found.text)
        self.cause = found

    def _hear(self, now: float) -> None:
        if self._liveness.heard(now):
            self.notice("live", "the feed is live again")

    def _beat(self, beat: Heartbeat, body: bytes, now: float) -> None:
        self._liveness.interval = bounded(beat.interval)
        self.present, self.claims, self.disputed = beat.present, beat.claims, beat.disputed
        self.state, self.trouble, self._beat_seq = beat.state, beat.trouble, beat.seq
        self.pending = () if self.finished else tuple(beat.pending)
        self.recounts = tuple(beat.recounts)
        self.moved = self.moved or beat.moved
        if self.tracker.heartbeat(beat.epoch, beat.seq, beat.digest, now):
            self.beat = body
            self._items.append(beat)
        else:
            self._diverge(f"the host's digest at seq {beat.seq} is not ours")
            self.tracker.joined(beat.epoch, beat.seq, now)

    def _diverge(self, why: str) -> None:
        self.notice("diverged", f"{why}: the feed is read again from its start")
        self.tracker.counters.diverged += 1
        self.tracker.reset()
        self._beat_seq = 0
        self.pending = ()

    def _note_epoch(self, epoch: int) -> None:
        if self.tracker.epoch and epoch > self.tracker.epoch:
            self.notice("epoch", f"the host began epoch {epoch}")

    def _deliver_bodies(self, bodies: list[bytes], wall: int) -> None:
        for seq, body in enumerate(bodies, self.tracker.seq - len(bodies) + 1):
            try:
                message = codec.decode_published(body)
            except PeerError:
                self.refused += 1
                continue
            if isinstance(message, Heartbeat) or message.seq != seq or not self._is_ours(message):
                self.refused += 1  # the host says of another place or event what it is asked of one
                continue
            self._deliver(message, wall)

    def _check_size(self) -> None:
        if self.tracker.size > limits.FEED_BYTES:
            self.failure = TooLarge(
                f"the feed has {self.tracker.size:,} bytes, at most {limits.FEED_BYTES:,} allowed"
            )

    def _is_ours(self, message: FeedMessage | Heartbeat) -> bool:
        return not self._event or message.event == self._event

    def _deliver(self, message: FeedMessage, wall: int) -> None:
        if self.tracker.is_live(message.seq):
            self.latency.add(max(0.0, (wall - message.sent) / 1e6))
            if isinstance(message, Entry) and message.sent == message.accepted:
                self._count_screen(message, wall)
        match message:
            case Entry():
                self._decide(message)
            case Alarm():
                self.last_received = message.last_received
                self._turn_to("suspended", message.seq)
            case Restored():
                self._turn_to("live", message.seq)
            case Finished():
                self.finished = message.over
                self.pending = ()
                self._turn_to("finished" if message.over else "live", message.seq)
        self._items.append(message)

    def _count_screen(self, entry: Entry, wall: int) -> None:
        """Count how long the first version of an entry took from the tap."""
        timing, time = self._timing, entry.time
        if timing is not None and not timing.speed:
            return  # its clock has no relation to any other
        if timing is not None and timing.began:
            time = timing.began + round((time - timing.starts) / timing.speed)
        self.tap_to_screen.add(max(0.0, (wall - time) / 1e6))

    def _decide(self, entry: Entry) -> None:
        """Remove the claim behind a new entry from the open ones, as the next heartbeat will. Of
        claims with the same action and origin it is the one that is nearest in time."""
        if entry.seq <= self._beat_seq or entry.status not in NEW:
            return
        alike = [
            one for one in self.pending if (one.title, one.origin) == (entry.title, entry.origin)
        ]
        if alike:
            decided = min(alike, key=lambda one: abs(one.time - entry.time))
            self.pending = tuple(one for one in self.pending if one is not decided)
            self.claims -= 1

    def _turn_to(self, state: FeedState, seq: int) -> None:
        # A replayed message may be older than the heartbeat that led to the replay.
        if seq > self._beat_seq:
            self.state = state
