"""The rooms in which the gateways of one broker share their lobbies, over one link. No thread.

The lobbies are spread over several rooms, so that no room has to hold them all.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator

from ..peer import Link
from ..protocol import messages
from ..protocol.errors import TouchlineError
from .group import Group, News

ROOMS = 16
"""All gateways of a broker have to agree on this and on the names."""

ASK_SECONDS = 5.0
"""How long the broker is waited for."""

FLUSH_SECONDS = 0.5
"""How long leaving may take at the end."""


def member_id(instance: str) -> str:
    """Return the id under which others see the member of this instance, as the broker makes it."""
    return hashlib.sha256(instance.encode()).hexdigest()[:16]


def room_of(lobby: str) -> str:
    """Return the name of the room in which a lobby is shared."""
    return f"lobby.{zlib.crc32(lobby.encode()) % ROOMS:x}"


class Shared:
    """All rooms of one gateway.

    Args:
        link: to the broker; closed with `close`.
        instance: the secret of this process.
    """

    def __init__(self, link: Link, instance: str) -> None:
        self.link = link
        names = [f"lobby.{number:x}" for number in range(ROOMS)]
        self._rooms = {name: Group(name, instance) for name in names}
        self._asked: dict[int, tuple[Group, messages.GroupRequest]] = {}

    @property
    def shared(self) -> bool:
        """Whether other gateways are seen."""
        return all(room.shared for room in self._rooms.values())

    @property
    def trouble(self) -> str:
        """Why they are not; empty where they are."""
        return next((room.trouble for room in self._rooms.values() if not room.shared), "")

    def put(self, lobby: str, key: str, body: bytes | None) -> None:
        """Keep a record of a lobby, or (None) remove it."""
        self._rooms[room_of(lobby)].put(key, body)

    def post(self, lobby: str, body: bytes) -> None:
        """Say something to all other gateways."""
        self._rooms[room_of(lobby)].post(body)

    def turn(self, now: float) -> Iterator[News]:
        """Take what has come, and ask what is to be asked.

        Args:
            now: monotonic seconds.
        """
        asked = True
        while asked:  # what was sent may have let an answer in unseen: ZeroMQ tells of it once
            yield from self._taken(now)
            asked = self._ask(now)

    def next_timer(self, now: float) -> float:
        """Return when `turn` is to be called at the latest (monotonic seconds)."""
        due = [room.next_timer(now) for room in self._rooms.values()]
        link = self.link.next_timer()
        return min(due if link is None else [*due, link])

    def close(self) -> None:
        """Leave the rooms, and close the link."""
        if self.shared:
            for room in self._rooms.values():
                self._send(room, room.depart(), 0.0)
            self.link.flush(FLUSH_SECONDS)
        self.link.close()

    def _taken(self, now: float) -> Iterator[News]:
        for number, answer in self.link.poll(now):
            room, request = self._asked.pop(number)
            yield from room.answered(request, answer, now)
        for push in self.link.pushed():
            if push.room in self._rooms:
                yield from self._rooms[push.room].pushed(push, now)
        for room in self._rooms.values():
            yield from room.handle_timer(now)

    def _ask(self, now: float) -> bool:
        asked = False
        for room in self._rooms.values():
            for request in room.requests(now):
                asked = True
                self._send(room, request, now)
        return asked

    def _send(self, room: Group, request: messages.GroupRequest, now: float) -> None:
        try:
            self._asked[self.link.send(request, now, ASK_SECONDS)] = (room, request)
        except TouchlineError as error:
            room.answered(request, error, now)


def opened(connect: Callable[[], Link], instance: str) -> Shared | TouchlineError:
    """Return the rooms, or why there is no link to the broker; nobody is waited for."""
    try:
        return Shared(connect(), instance)
    except TouchlineError as error:
        return error
