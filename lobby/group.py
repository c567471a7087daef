"""A group at the broker as one of its members sees it; the protocol calls it a room. Pure.

The member beats, puts its records, also those that the broker has lost, and gives the news of other
members. When it has missed pushes, or the broker has started again, it asks for all records. After
a restart of the broker, the records of other members stay valid until these have had time to put
them again. When the broker does not answer, the group is not shared, and the records of others are
gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..protocol import limits, messages
from ..protocol.errors import Overloaded, TouchlineError

BEATS = 3
"""The number of beats within the time for which the broker keeps a member."""

FIRST_SECONDS = 15.0
"""How long the broker keeps a silent member, until the broker's first answer gives the time."""

AGAIN_SECONDS = 0.25
"""The shortest time between two beats."""

BATCH_BYTES = limits.FRAME_BYTES // 2
"""The most bytes of keys and bodies in a `put`; at most one `put` is unanswered."""

MOST_PUBLISHED = 200
"""The most publications that wait for the broker; the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """The record of another member under a key; None: it keeps none any more."""

    member: str
    key: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class GroupPublication:
    """A publication of another member."""

    body: bytes


News = MemberRecord | GroupPublication


class Group:
    """One group.

    Args:
        name: of the group.
        instance: the secret of this process.
    """

    def __init__(self, name: str, instance: str) -> None:
        self.name = name
        self.shared = False
        """Whether the broker answers, so that the records of other members are known."""
        self.trouble = ""
        """Why the group is not shared; empty where it is, or the reason is not known yet."""
        self._instance = instance
        self._own: dict[str, bytes] = {}
        self._others: dict[tuple[str, str], bytes] = {}  # by member and key
        # Until when records stay valid that their member has not put again since a restart.
        self._doubted: dict[tuple[str, str], float] = {}
        self._dirty: dict[str, None] = {}  # own keys to put, in order
        self._published: deque[bytes] = deque(maxlen=MOST_PUBLISHED)
        self._putting: list[str] = []
        self._known = False  # the broker's newest answer knows the member
        self._beating = False
        self._beat_at = 0.0
        self._answered_at = 0.0
        self._seconds = FIRST_SECONDS
        self._member = ""
        self._epoch = 0
        self._rev = 0

    def put(self, key: str, body: bytes | None) -> None:
        """Keep a record, or remove it where the body is None."""
        if body is None:
            self._own.pop(key, None)
        else:
            self._own[key] = body
        self._dirty[key] = None

    def publish(self, body: bytes) -> None:
        """Send a publication to all other members; it is dropped while the group is not shared."""
        if self.shared:
            self._published.append(body)

    def requests(self, now: float) -> list[messages.GroupRequest]:
        """Return the requests that are due to the broker; `answered` takes the answer to each."""
        requests: list[messages.GroupRequest] = []
        if not self._beating and now >= self._beat_at:
            self._beating = True
            self._beat_at = now + self._seconds / BEATS
            requests.append(
                messages.JoinGroup(
                    id=0,
                    room=self.name,
                    instance=self._instance,
                    epoch=self._epoch,
                    rev=self._rev,
                )
            )
        if self._known and self._dirty and not self._putting:
            requests.append(self._batch())
        while self._known and self._published:
            requests.append(
                messages.PublishToGroup(
                    id=0, room=self.name, instance=self._instance, body=self._published.popleft()
                )
            )
        return requests

    def leave(self) -> messages.LeaveGroup:
        """Return the request with which the member leaves."""
        return messages.LeaveGroup(id=0, room=self.name, instance=self._instance)

    def next_timer(self, now: float) -> float:
        """Return when `requests` and `handle_timer` are to be called (monotonic seconds)."""
        if self._known and (self._published or (self._dirty and not self._putting)):
            return now
        due = [self._answered_at + self._seconds] if self.shared else []
        if not self._beating:
            due.append(self._beat_at)
        due += [min(self._doubted.values())] if self._doubted else []
        return min(due, default=now + self._seconds)

    def answered(
        self,
        request: messages.GroupRequest,
        answer: messages.BrokerReply | TouchlineError,
        now: float,
    ) -> list[News]:
        """Take the answer to a request; return the news of other members in it."""
        if isinstance(request, messages.JoinGroup):
            self._beating = False
            if isinstance(answer, messages.GroupJoined):
                return self._joined(answer, now)
            if isinstance(answer, TouchlineError):
                self.trouble = answer.sentence
                if not self.shared:
                    self._beat_at = max(self._beat_at, now + AGAIN_SECONDS)
            return []
        if isinstance(request, messages.PutRecords):
            if isinstance(answer, TouchlineError):
                self._dirty = dict.fromkeys([*self._putting, *self._dirty])
            self._putting = []
        if isinstance(answer, TouchlineError):
            # The broker may not know the member any more: it has started again, or missed its
            # beats.
            self.trouble = answer.sentence
            self._known = False
            if not isinstance(answer, Overloaded):  # a full group is tried again at the next beat
                self._beat_soon(now)
        return []

    def pushed(
        self, message: messages.GroupChanged | messages.GroupMessage, now: float
    ) -> list[News]:
        """Take a push of the broker; return the news of other members in it."""
        if isinstance(message, messages.GroupMessage):
            return [GroupPublication(message.body)] if message.member != self._member else []
        if not self.shared or message.epoch != self._epoch or message.rev <= self._rev:
            return []
        if message.rev != self._rev + 1:
            self._beat_soon(now)  # a push was missed: ask for all records
            return []
        self._rev = message.rev
        news: list[News] = []
        for record in message.records:
            if record.member != self._member:
                news += self._changed(record.member, record.key, record.body)
        return news

    def handle_timer(self, now: float) -> list[News]:
        """Forget other members when the broker is silent, and records that were not put again;
        return that as news."""
        if self.shared and now - self._answered_at >= self._seconds:
            self.shared = self._known = False
            self._epoch = self._rev = 0
            self._doubted.clear()
            return self._forget(list(self._others))
        gone = [record for record, due in self._doubted.items() if due <= now]
        return self._forget(gone)

    def _batch(self) -> messages.PutRecords:
        records: list[messages.GroupRecord] = []
        size = 0
        for key in self._dirty:
            body = self._own.get(key)
            size += len(key.encode()) + len(body or b"") + 16
            if records and (size > BATCH_BYTES or len(records) >= limits.ROOM_BATCH):
                break
            records.append(messages.GroupRecord(key=key, body=body))
        self._putting = [record.key for record in records]
        for key in self._putting:
            del self._dirty[key]
        return messages.PutRecords(id=0, room=self.name, instance=self._instance, records=records)

    def _beat_soon(self, now: float) -> None:
        self._rev = 0
        self._beat_at = min(self._beat_at, now + AGAIN_SECONDS)

    def _joined(self, gathered: messages.GroupJoined, now: float) -> list[News]:
        anew = gathered.epoch != self._epoch
        self.shared, self._known, self.trouble = True, True, ""
        self._seconds = gathered.seconds
        self._answered_at = now
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

    def _compare(self, records: Iterable[messages.GroupRecord], anew: float | None) -> list[News]:
        """Return the news of other members.

        A missing record is gone, unless the broker has started again: its member may not have put
        it again yet.

        Args:
            records: all records of the broker.
            anew: now, where the broker has started again; None otherwise.
        """
        news: list[News] = []
        found = set()
        for record in records:
            if record.member != self._member:
                found.add((record.member, record.key))
                news += self._changed(record.member, record.key, record.body)
        missing = [one for one in self._others if one not in found]
        if anew is None:
            return news + self._forget([one for one in missing if one not in self._doubted])
        for one in missing:
            self._doubted.setdefault(one, anew + self._seconds)
        return news

    def _changed(self, member: str, key: str, body: bytes | None) -> list[News]:
        self._doubted.pop((member, key), None)
        if body is None:
            return self._forget([(member, key)])
        if self._others.get((member, key)) == body:
            return []
        self._others[member, key] = body
        return [MemberRecord(member, key, body)]

    def _forget(self, gone: Iterable[tuple[str, str]]) -> list[News]:
        news: list[News] = []
        for member, key in gone:
            self._doubted.pop((member, key), None)
            if self._others.pop((member, key), None) is not None:
                news.append(MemberRecord(member, key, None))
        return news
