"""A viewer of an event: where it joins, which messages it gets next, when it is closed. Pure.

| the viewer                                    | gets                                             |
|-----------------------------------------------|--------------------------------------------------|
| joins at a position that continues            | `setup` (recovered), the next messages           |
| joins anywhere else, or at the end            | `setup`, a snapshot, the next messages           |
| reads, and is behind by what a queue may hold | the next messages                                |
| reads, and is further behind, or the feed is  | a snapshot that is marked as `switched`; with    |
| another one                                   | packets, which have none, it is closed           |
| is up to date when its heartbeat is due       | a heartbeat; the first comes at once, that of    |
|                                               | packets after an interval                        |
| is further behind and reads nothing           | it is closed after `stalled` seconds             |

Messages that were there when the viewer joined, or that came at once while it was reading, do not
count as a queue: the viewer reads them at its own pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...runtime.languages import SOURCE
from .channel import SNAPSHOT_ENTRIES, Channel, encode, frames_of
from .message_log import MessageLog
from .packets import heartbeat

Form = Literal["json", "packets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a viewer joins, and the form in which it gets the feed.

    Args:
        at: `end` for a snapshot and later messages, `start` for all messages, or a position.
        epoch, digest: of the feed at that position, as the viewer knows them; None: not known.
        heartbeat: seconds between its heartbeats.
        form: messages, or the packets of a feed of points.
        packet: the number of the first packet; 0: the next new one.
        entries: that a snapshot has at most.
        brief: whether the viewer knows already what a setup says of the sport.
        language: in which a setup says it.
    """

    at: int | Literal["end", "start"] = "end"
    epoch: int | None = None
    digest: bytes | None = None
    heartbeat: float = 10.0
    form: Form = "json"
    packet: int = 1
    entries: int = SNAPSHOT_ENTRIES
    brief: bool = False
    language: str = SOURCE


@dataclass(frozen=True, slots=True)
class Bounds:
    """The messages and bytes that may wait for a viewer, and the seconds for which a viewer beyond
    these may read nothing."""

    messages: int
    size: int
    stalled: float


class Viewer:
    """One viewer of a channel.

    Args:
        channel: the event.
        start: where it joins.
        bounds: of the messages that wait for it.
        now: monotonic seconds.

    `opening` returns its first messages, and `more` the next ones whenever the connection takes
    more. While it does not, `stalled` returns whether to close it.
    """

    def __init__(self, channel: Channel, start: Start, bounds: Bounds, now: float) -> None:
        self.channel = channel
        self.start = start
        self.position = 0
        self.beat_at = now + (start.heartbeat if start.form == "packets" else 0.0)
        """When its next heartbeat is due, monotonic seconds."""
        self.switches = 0
        """The number of snapshots that it got instead of messages that it had missed."""
        self.over = False
        """Whether the messages that it needs are no longer kept."""
        self._bounds = bounds
        self._history = 0  # the position up to which it reads at its own pace
        self._blocked = False  # the connection has been full since the viewer last had all messages
        self._generation = channel.generation
        self._behind_since: float | None = None

    def opening(self, now: float, wall: int) -> list[bytes]:
        """Return the first messages, as frames."""
        self._history = self.log.last
        if self.start.form == "packets":
            self.position = self._first_packet()
            return []
        at = {"start": 0, "end": -1}.get(str(self.start.at), self.start.at)
        if not isinstance(at, int):
            raise AssertionError(f"a viewer joins at {at!r}, which is not a position")
        recovered = at >= 0 and self.channel.continues(at, self.start.epoch, self.start.digest)
        self.position = at
        payloads = [
            self.channel.setup(
                heartbeat=self.start.heartbeat,
                recovered=recovered,
                wall=wall,
                brief=self.start.brief,
                language=self.start.language,
            )
        ]
        if not recovered:
            snapshot = self.channel.snapshot(now, self.start.entries)
            self.position = snapshot.seq
            payloads.append(snapshot.payload())
        return frames_of(payloads)

    def more(self, now: float) -> list[bytes]:
        """Return the next messages as frames; empty where the viewer has all."""
        self._behind_since = None
        if not self._blocked:
            self._history = self.log.last
        if self._beyond():
            self._generation = self.channel.generation
            self._blocked = False
            return self._switch(now)
        if self.position >= self.log.last:
            self._blocked = False
            return []
        frames, self.position = self.log.frames(self.position)
        return [frames]

    def stalled(self, now: float) -> bool:
        """Return whether to close the viewer, whose connection takes nothing now."""
        self._blocked = True
        if not self._beyond():
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = now
        return now - self._behind_since >= self._bounds.stalled

    @property
    def log(self) -> MessageLog:
        """The log that the viewer reads."""
        if self.start.form == "json":
            return self.channel.feed
        if self.channel.packets is None:
            raise AssertionError(f"packets of {self.channel.card.sport}")
        return self.channel.packets

    @property
    def current(self) -> bool:
        """Whether the viewer has all messages."""
        return self.position >= self.log.last and self._generation == self.channel.generation

    def beats(self, now: float) -> bool:
        """Return whether a heartbeat is due, and set the time of the next."""
        if now < self.beat_at:
            return False
        # From when it was due, so that heartbeats do not come later and later.
        following = self.beat_at + self.start.heartbeat
        self.beat_at = following if following > now else now + self.start.heartbeat
        return True

    def heartbeat(self, wall: int) -> bytes:
        """Return a heartbeat of a viewer that has all messages, JSON.

        Args:
            wall: microseconds since 1970 UTC.
        """
        if self.start.form == "packets":
            return encode(heartbeat(self.log.last, wall))
        return self.channel.heartbeat(self.start.heartbeat, wall)

    def _first_packet(self) -> int:
        return min(self.start.packet - 1, self.log.last) if self.start.packet else self.log.last

    def _beyond(self) -> bool:
        if self._generation != self.channel.generation or not self.log.has(self.position):
            return True
        messages, size = self.log.queued(max(self.position, self._history))
        return messages > self._bounds.messages or size > self._bounds.size

    def _switch(self, now: float) -> list[bytes]:
        if self.start.form == "packets":
            self.over = True
            return []
        self.switches += 1
        snapshot = self.channel.snapshot(now, self.start.entries)
        self.position = snapshot.seq
        return frames_of([snapshot.payload(switched=True)])
