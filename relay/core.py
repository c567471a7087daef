"""What one relay puts into the stream of one event, given the last message that is there. Pure.

A relay stores each message under the condition that the last of its subject is the one that it
knows; NATS refuses it otherwise. So of two relays, or of one that was stopped for an hour, one at a
time adds to the feed, and always the next message.

    LOOK ──ask for the last message──▶ LOOKING ──found──▶ READY ──store the next──▶ STORING
      ▲                                   │                 ▲                        │  │  │
      │◀────────── failed ────────────────┘                 └───────── stored ───────┘  │  │
      │◀──────────────────── another was there (refused, duplicate) ────────────────────┘  │
      └◀──────────────────────────────────── failed ───────────────────────────────────────┘

`TABLE` is the whole of it; what is not in it changes nothing.

The feed in the stream may be another than the host's, where the host's machine was lost with its
journal. Then the host's feed follows in the stream from its first message on: a message of seq 1
voids what is before it. Only the feed of a host of a newer epoch does so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from msgspec.structs import replace

from ..peer.subscriber.tracker import Tracker
from ..protocol import codec
from ..protocol.digest import DIGEST_BYTES
from ..protocol.errors import PeerError
from ..protocol.messages import Relayed
from ..protocol.relay import FeedPlace

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the relay looks again where it got no further: they double from the one to the
other. The first time it looks at once."""


class StoredMessage(NamedTuple):
    """The last message of an event's subject.

    Args:
        number: its sequence in the stream, which is that of all subjects.
        place: what its headers say.
    """

    number: int
    place: FeedPlace


class RelayState(Enum):
    """Where a relay stands with one event."""

    LOOK = auto()
    """The last message is to be asked for, after a pause."""
    LOOKING = auto()
    """It has been asked for."""
    READY = auto()
    """It is known; the next message is stored when there is one."""
    STORING = auto()
    """A message is under way."""


class RelayInput(Enum):
    """What can happen to it."""

    ASKED = auto()
    FOUND = auto()
    SENT = auto()
    STORED = auto()
    OVERTAKEN = auto()
    """NATS refuses the message, or has it already: another relay was there."""
    FAILED = auto()


TABLE: Mapping[RelayState, Mapping[RelayInput, RelayState]] = {
    RelayState.LOOK: {RelayInput.ASKED: RelayState.LOOKING},
    RelayState.LOOKING: {
        RelayInput.FOUND: RelayState.READY,
        RelayInput.FAILED: RelayState.LOOK,
    },
    RelayState.READY: {RelayInput.SENT: RelayState.STORING},
    RelayState.STORING: {
        RelayInput.STORED: RelayState.READY,
        RelayInput.OVERTAKEN: RelayState.LOOK,
        RelayInput.FAILED: RelayState.LOOK,
    },
}


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask for the last message of the subject; `found` or `failed` takes the answer."""


@dataclass(frozen=True, slots=True)
class Store:
    """Store a message; `stored`, `overtaken` or `failed` takes the answer.

    Args:
        body: as the host published it.
        place: for the headers.
        expected: the sequence of the last message of the subject; 0: there is none.
    """

    body: bytes
    place: FeedPlace
    expected: int


@dataclass(slots=True)
class RelayCounters:
    """The counts of one event, read when metrics are scraped."""

    stored: int = 0
    overtaken: int = 0
    failed: int = 0
    begun_anew: int = 0


@dataclass(slots=True)
class RelayCore:
    """The relay of one event.

    Args:
        tracker: of the host's feed; it keeps the bodies.
    """

    tracker: Tracker
    state: RelayState = RelayState.LOOK
    last: StoredMessage | None = None
    """The last message in the stream as far as it is known; None where there is none."""
    counters: RelayCounters = field(default_factory=RelayCounters)
    _tries: int = 0  # in a row without getting further
    _due: float = 0.0  # when to look, monotonic
    _came: deque[tuple[int, float]] = field(default_factory=deque)  # seq and when it came

    def next(self, now: float) -> LookUp | Store | None:
        """Return what is to be done now; the shell does it and gives the answer.

        Args:
            now: monotonic seconds.
        """
        self.note_arrivals(now)
        if self.state is RelayState.LOOK and now >= self._due:
            self._move(RelayInput.ASKED)
            return LookUp()
        if self.state is not RelayState.READY:
            return None
        seq = self._next_seq()
        if not 1 <= seq <= self.tracker.seq:
            return None
        self._move(RelayInput.SENT)
        if seq == 1 and self.last is not None:
            self.counters.begun_anew += 1
        body = self.tracker.bodies[seq - 1]
        place = FeedPlace(self._epoch_of(body), seq, self._digest(seq), self.tracker.epoch)
        return Store(body, place, self.last.number if self.last is not None else 0)

    def next_timer(self) -> float | None:
        """Return when `next` is to be called at the latest (monotonic seconds)."""
        return self._due if self.state is RelayState.LOOK else None

    def found(self, last: StoredMessage | None) -> None:
        """Take the last message of the subject; None: there is none."""
        if self._move(RelayInput.FOUND):
            self.last = last
            self._drop_arrivals()

    def stored(self, number: int, place: FeedPlace) -> None:
        """Take note that a message is in the stream.

        Args:
            number: its sequence there.
            place: as it was sent.
        """
        if self._move(RelayInput.STORED):
            self.last = StoredMessage(number, place)
            self.counters.stored += 1
            self._tries = 0
            self._drop_arrivals()

    def overtaken(self, now: float) -> None:
        """Take note that another message was there first."""
        if self._move(RelayInput.OVERTAKEN):
            self.counters.overtaken += 1
            self._pause(now)

    def failed(self, now: float) -> None:
        """Take note that there was no answer, or a fault of NATS: the message may be there."""
        if self._move(RelayInput.FAILED):
            self.counters.failed += 1
            self._pause(now)

    @property
    def position(self) -> int:
        """The seq up to which the host's feed is in the stream; 0 where another feed is there, or
        it is not known."""
        if self.last is None or not self._is_ours(self.last.place):
            return 0
        return self.last.place.seq

    @property
    def covers(self) -> int:
        """The seq up to which a heartbeat of the host may be passed on; -1: none may."""
        if self.last is None:
            return 0 if self.state in (RelayState.READY, RelayState.STORING) else -1
        return self.last.place.seq if self._is_ours(self.last.place) else -1

    @property
    def behind(self) -> int:
        """The number of messages of the host that are not in the stream."""
        return self.tracker.seq - self.position

    @property
    def oldest(self) -> float | None:
        """When the oldest of them came, monotonic seconds; None where there is none."""
        return self._came[0][1] if self._came else None

    @property
    def trouble(self) -> str:
        """Why nothing can be stored, in a sentence; empty where it can."""
        if self.last is None or self.state is not RelayState.READY:
            return ""
        there, own = self.last.place, self.tracker
        if not own.epoch:
            return ""
        if there.host_epoch > own.epoch:
            return (
                f"the stream has the feed of a host of epoch {there.host_epoch}, "
                f"this relay's is of {own.epoch}"
            )
        if there.seq <= own.seq and not self._is_ours(there) and there.host_epoch == own.epoch:
            return f"the stream has another feed of the same epoch, {own.epoch}"
        return ""

    def _next_seq(self) -> int:
        """Return the seq to be stored next; 0: none may be now."""
        own = self.tracker
        if self.last is None:
            return 1
        there = self.last.place
        if there.host_epoch > own.epoch:
            return 0
        if self._is_ours(there):
            return there.seq + 1
        # Another feed, unless ours has only not come so far yet.
        other = there.seq <= own.seq or own.whole
        return 1 if other and there.host_epoch < own.epoch else 0

    def _is_ours(self, place: FeedPlace) -> bool:
        return place.seq <= self.tracker.seq and self._digest(place.seq) == place.digest

    def _digest(self, seq: int) -> bytes:
        at = (seq - 1) * DIGEST_BYTES
        return bytes(self.tracker.trail[at : at + DIGEST_BYTES])

    def _epoch_of(self, body: bytes) -> int:
        try:
            return codec.decode_published(body).epoch
        except PeerError:  # of a newer host, which publishes what is not known here
            return self.tracker.epoch

    def _move(self, found: RelayInput) -> bool:
        after = TABLE[self.state].get(found)
        if after is None:
            return False
        self.state = after
        return True

    def _pause(self, now: float) -> None:
        self._due = now
        if self._tries:
            self._due += min(FIRST_PAUSE * 2 ** (self._tries - 1), LONGEST_PAUSE)
        self._tries = min(self._tries + 1, 10)

    def note_arrivals(self, now: float) -> None:
        """Note when messages of the host came; `next` does so, too.

        Args:
            now: monotonic seconds.
        """
        known = self._came[-1][0] if self._came else self.position
        if self.tracker.seq < known:  # another feed
            self._came.clear()
            known = self.position
        self._came.extend((seq, now) for seq in range(known + 1, self.tracker.seq + 1))

    def _drop_arrivals(self) -> None:
        position = self.position
        while self._came and self._came[0][0] <= position:
            self._came.popleft()


def replaces(card: Relayed, epoch: int, there: Relayed | None, there_epoch: int) -> bool:
    """Return whether a card is to be stored.

    Args:
        card: of the host, and `epoch` the host's.
        there: the last card in the stream, None where there is none, and `there_epoch` of the host
            that it is of.
    """
    if there is None:
        return True
    return epoch >= there_epoch and replace(card, sent=there.sent) != there
