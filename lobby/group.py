"""A room at the broker as one of its members sees it. Pure.

It beats, brings its own records and those that the broker does not know of, and tells what others
keep. When pushes were missed, or the broker has started anew, it is told everything again; after a
restart of the broker the records of others are believed in until they had time to bring them again.
When the broker does not answer, it is alone, and the records of others are gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..protocol import limits, messages
from ..protocol.errors import Overloaded, TouchlineError

BEATS = 3
"""Beats within the time for which the broker keeps a member."""

FIRST_SECONDS = 15.0
"""How long a member stays, before the broker has said so itself."""

AGAIN_SECONDS = 0.25
"""The shortest time between two times of gathering."""

BATCH_BYTES = limits.FRAME_BYTES // 2
"""Keys and bodies in one `put`; there is at most one under way."""

MOST_POSTS = 200
"""Posts that wait for the room; of more, the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What another member keeps under a key; None: nothing any more."""

    member: str
    key: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Told:
    """What another member said to all."""

    body: bytes


News = Heard | Told


class Group:
    """One room.

    Args:
        name: the room's.
        instance: the secret of this process.
    """

    def __init__(self, name: str, instance: str) -> None:
        self.name = name
        self.shared = False
        """Whether the broker answers, so that the others are seen."""
        self.trouble = ""
        """Why it is not shared, once that is known."""
        self._instance = instance
        self._own: dict[str, bytes] = {}
        self._others: dict[tuple[str, str], bytes] = {}  # by member and key
        self._doubted: dict[
            tuple[str, str], float
        ] = {}  # not told of since the restart: until when
        self._dirty: dict[str, None] = {}  # own keys to be put, in order
        self._posts: deque[bytes] = deque(maxlen=MOST_POSTS)
        self._putting: list[str] = []
        self._known = False  # the broker knew us when it was last asked
        self._gathering = False
        self._gather_at = 0.0
        self._gathered_at = 0.0
        self._seconds = FIRST_SECONDS
        self._member = ""
        self._epoch = 0
        self._rev = 0

    def put(self, key: str, body: bytes | None) -> None:
        """Keep a record, or (None) remove it."""
        if body is None:
            self._own.pop(key, None)
        else:
            self._own[key] = body
        self._dirty[key] = None

    def post(self, body: bytes) -> None:
        """Say something to all others; while alone, to nobody."""
        if self.shared:
            self._posts.append(body)

    def requests(self, now: float) -> list[messages.GroupRequest]:
        """Return what is to be asked of the broker now; each is to be answered by `answered`."""
        asked: list[messages.GroupRequest] = []
        if not self._gathering and now >= self._gather_at:
            self._gathering = True
            self._gather_at = now + self._seconds / BEATS
            asked.append(
                messages.Gather(
                    id=0,
                    room=self.name,
                    instance=self._instance,
                    epoch=self._epoch,
                    rev=self._rev,
                )
            )
        if self._known and self._dirty and not self._putting:
            asked.append(self._batch())
        while self._known and self._posts:
            asked.append(
                messages.Post(
                    id=0, room=self.name, instance=self._instance, body=self._posts.popleft()
                )
            )
        return asked

    def depart(self) -> messages.Depart:
        """Return the request with which the room is left."""
        return messages.Depart(id=0, room=self.name, instance=self._instance)

    def next_timer(self, now: float) -> float:
        """Return when `requests` and `handle_timer` are to be called (monotonic seconds)."""
        if self._known and (self._posts or (self._dirty and not self._putting)):
            return now
        due = [self._gathered_at + self._seconds] if self.shared else []
        if not self._gathering:
            due.append(self._gather_at)
        due += [min(self._doubted.values())] if self._doubted else []
        return min(due, default=now + self._seconds)

    def answered(
        self,
        request: messages.GroupRequest,
        answer: messages.BrokerReply | TouchlineError,
        now: float,
    ) -> list[News]:
        """Take the answer to one request."""
        if isinstance(request, messages.Gather):
            self._gathering = False
            if isinstance(answer, messages.Gathered):
                return self._gather(answer, now)
            if isinstance(answer, TouchlineError):
                self.trouble = answer.sentence
                if not self.shared:
                    self._gather_at = max(self._gather_at, now + AGAIN_SECONDS)
            return []
        if isinstance(request, messages.Put):
            if isinstance(answer, TouchlineError):
                self._dirty = dict.fromkeys([*self._putting, *self._dirty])
            self._putting = []
        if isinstance(answer, TouchlineError):
            # It may not know us any more: it has started anew, or thought that we had gone.
            self.trouble = answer.sentence
            self._known = False
            if not isinstance(answer, Overloaded):  # a full room is tried again at the next beat
                self._gather_soon(now)
        return []

    def pushed(self, message: messages.Changed | messages.Posted, now: float) -> list[News]:
        """Take what the broker says by itself."""
        if isinstance(message, messages.Posted):
            return [Told(message.body)] if message.member != self._member else []
        if not self.shared or message.epoch != self._epoch or message.rev <= self._rev:
            return []
        if message.rev != self._rev + 1:
            self._gather_soon(now)  # something was missed; all will be told again
            return []
        self._rev = message.rev
        news: list[News] = []
        for record in message.records:
            if record.member != self._member:
                news += self._heard(record.member, record.key, record.body)
        return news

    def handle_timer(self, now: float) -> list[News]:
        """Do what is due: forget others when the broker is silent, or when they did not return."""
        if self.shared and now - self._gathered_at >= self._seconds:
            self.shared = self._known = False
            self._epoch = self._rev = 0
            self._doubted.clear()
            return self._forget(list(self._others))
        gone = [one for one, due in self._doubted.items() if due <= now]
        return self._forget(gone)

    def _batch(self) -> messages.Put:
        records: list[messages.Record] = []
        size = 0
        for key in self._dirty:
            body = self._own.get(key)
            size += len(key.encode()) + len(body or b"") + 16
            if records and (size > BATCH_BYTES or len(records) >= limits.ROOM_BATCH):
                break
            records.append(messages.Record(key=key, body=body))
        self._putting = [record.key for record in records]
        for key in self._putting:
            del self._dirty[key]
        return messages.Put(id=0, room=self.name, instance=self._instance, records=records)

    def _gather_soon(self, now: float) -> None:
        self._rev = 0
        self._gather_at = min(self._gather_at, now + AGAIN_SECONDS)

    def _gather(self, gathered: messages.Gathered, now: float) -> list[News]:
        anew = gathered.epoch != self._epoch
        self.shared, self._known, self.trouble = True, True, ""
        self._seconds = gathered.seconds
        self._gathered_at = now
        self._member = gathered.member
        self._epoch, self._rev = gathered.epoch, gathered.rev
        if not gathered.whole:
            return []
        mine = {r.key: r.body for r in gathered.records if r.member == self._member}
        under_way = set(self._putting)
        for key in {**mine, **self._own}:
            if mine.get(key) != self._own.get(key) and key not in under_way:
                self._dirty[key] = None
        return self._compare(gathered.records, now if anew else None)

    def _compare(self, records: Iterable[messages.Record], anew: float | None) -> list[News]:
        """Tell what has changed of others; where the room is new, doubt before believing it gone.

        Args:
            records: all that the broker knows.
            anew: now, where the room is not the one that was known; None where it is.
        """
        news: list[News] = []
        told = set()
        for record in records:
            if record.member != self._member:
                told.add((record.member, record.key))
                news += self._heard(record.member, record.key, record.body)
        missing = [one for one in self._others if one not in told]
        if anew is None:
            return news + self._forget([one for one in missing if one not in self._doubted])
        for one in missing:
            self._doubted.setdefault(one, anew + self._seconds)
        return news

    def _heard(self, member: str, key: str, body: bytes | None) -> list[News]:
        self._doubted.pop((member, key), None)
        if body is None:
            return self._forget([(member, key)])
        if self._others.get((member, key)) == body:
            return []
        self._others[member, key] = body
        return [Heard(member, key, body)]

    def _forget(self, gone: Iterable[tuple[str, str]]) -> list[News]:
        news: list[News] = []
        for member, key in gone:
            self._doubted.pop((member, key), None)
            if self._others.pop((member, key), None) is not None:
                news.append(Heard(member, key, None))
        return news
