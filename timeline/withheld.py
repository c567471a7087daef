"""A reporter's own view of a feed, which keeps from it what others say before it has spoken. Pure.

What a reporter sees first it tends to repeat. A provisional entry, and the score that it makes, are
therefore withheld until the reporter has said the same or is asked about it, until the entry is
decided, or for `SECONDS`. What comes after it waits behind it, so that no score tells of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable
from typing import NamedTuple

from ..protocol.messages import Entry
from ..protocol.times import SECOND
from .feed import Item

SECONDS = 6.0
"""How long a provisional entry is withheld: the host takes votes of that time for independent."""

NEAR_SECONDS = 30.0
"""How far a report and an entry of the same thing are apart at most."""


class OwnStatement(NamedTuple):
    """What the reporter has said.

    Args:
        title, origin: the action.
        time: when it happened, microseconds of event time.
        entry_id: the entry to which it belongs; empty where it is not known.
    """

    title: str
    origin: str
    time: int
    entry_id: str = ""


class WithheldFeed:
    """Hands a feed on, each item when its reporter may see it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Item]] = deque()
        self._newest: dict[str, str] = {}  # the newest status of each entry, by id
        self._shown: set[str] = set()

    def put(self, item: Item, now: float) -> None:
        """Take the next item of the feed.

        Args:
            item: each once, in order.
            now: monotonic seconds.
        """
        self._waiting.append((now, item))
        if isinstance(item, Entry):
            self._newest[item.entry_id] = item.status

    def due(
        self, now: float, spoken: Iterable[OwnStatement] = (), asked: Container[int] = ()
    ) -> list[Item]:
        """Return the items that may be seen now, in order, each once.

        Args:
            now: monotonic seconds.
            spoken: what the reporter has said.
            asked: the claims about which the reporter is asked.
        """
        known = list(spoken)
        found = []
        while self._waiting:
            came, item = self._waiting[0]
            if now - came < SECONDS and self._withholds(item, known, asked):
                break
            self._waiting.popleft()
            found.append(item)
            if isinstance(item, Entry):
                self._shown.add(item.entry_id)
        return found

    def _withholds(self, item: Item, spoken: list[OwnStatement], asked: Container[int]) -> bool:
        if not isinstance(item, Entry) or item.entry_id in self._shown:
            return False
        if self._newest[item.entry_id] != "PROVISIONAL":
            return False
        if item.entry_id.isdecimal() and int(item.entry_id) in asked:
            return False
        return not any(_is_of(item, one) for one in spoken)


def _is_of(entry: Entry, said: OwnStatement) -> bool:
    if said.entry_id:
        return said.entry_id == entry.entry_id
    alike = (said.title, said.origin) == (entry.title, entry.origin)
    return alike and abs(said.time - entry.time) <= NEAR_SECONDS * SECOND
