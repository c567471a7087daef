"""The groups in which the gateways of one broker share their lobbies, over one link.

They need no thread. The lobbies are spread over several groups, so that no group has to hold them
all. Tested in `tests/integration/test_lobby.py`.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator

from ..peer import Link
from ..protocol import messages
from ..protocol.errors import TouchlineError
from .group import Group, News

GROUPS = 16
"""The number of groups; all gateways of a broker must agree on it and on the names."""

ASK_SECONDS = 5.0
"""How long the broker may take to answer."""

FLUSH_SECONDS = 0.5
"""How long leaving the groups may take."""


def member_id(instance: str) -> str:
    """Return the id that the broker gives to the member with this instance secret."""
    return hashlib.sha256(instance.encode()).hexdigest()[:16]


def group_of(lobby: str) -> str:
    """Return the name of the group in which a lobby is shared."""
    return f"lobby.{zlib.crc32(lobby.encode()) % GROUPS:x}"


class Replication:
    """All groups of one gateway.

    Args:
        link: to the broker; closed with `close`.
        instance: the secret of this process.
    """

    def __init__(self, link: Link, instance: str) -> None:
        self.link = link
        names = [f"lobby.{number:x}" for number in range(GROUPS)]
        self._groups = {name: Group(name, instance) for name in names}
        self._news: list[News] = []  # from answers of the broker, for the next turn

    @property
    def shared(self) -> bool:
        """Whether the groups are shared with other gateways."""
        return all(group.shared for group in self._groups.values())

    @property
    def trouble(self) -> str:
        """Why the groups are not shared; empty where they are."""
        return next((group.trouble for group in self._groups.values() if not group.shared), "")

    def put(self, lobby: str, key: str, body: bytes | None) -> None:
        """Keep a record of a lobby, or (None) remove it."""
        self._groups[group_of(lobby)].put(key, body)

    def publish(self, lobby: str, body: bytes) -> None:
        """Send a publication of a lobby to all other gateways."""
        self._groups[group_of(lobby)].publish(body)

    def turn(self, now: float) -> Iterator[News]:
        """Receive, and send the requests that are due; yield the news of other gateways.

        Args:
            now: monotonic seconds.
        """
        # libzmq signals a socket's descriptor once, and sending may use up the signal: so after
        # each request the socket is read again.
        sent = True
        while sent:
            yield from self._receive(now)
            sent = self._send_due(now)

    def next_timer(self, now: float) -> float:
        """Return when `turn` is to be called at the latest (monotonic seconds)."""
        due = [group.next_timer(now) for group in self._groups.values()]
        link = self.link.next_timer()
        return min(due if link is None else [*due, link])

    def close(self) -> None:
        """Leave the groups, and close the link."""
        if self.shared:
            for group in self._groups.values():
                self._send(group, group.leave(), 0.0)
            self.link.flush(FLUSH_SECONDS)
        self.link.close()

    def _receive(self, now: float) -> Iterator[News]:
        self.link.poll(now)
        news, self._news = self._news, []
        yield from news
        for push in self.link.pushed():
            if push.room in self._groups:
                yield from self._groups[push.room].pushed(push, now)
        for group in self._groups.values():
            yield from group.handle_timer(now)

    def _send_due(self, now: float) -> bool:
        sent = False
        for group in self._groups.values():
            for request in group.requests(now):
                sent = True
                self._send(group, request, now)
        return sent

    def _send(self, group: Group, request: messages.GroupRequest, now: float) -> None:
        def then(reply: messages.BrokerReply | TouchlineError, at: float) -> None:
            self._news += group.answered(request, reply, at)

        try:
            self.link.request(request, then, now, ASK_SECONDS)
        except TouchlineError as error:
            group.answered(request, error, now)


def opened(connect: Callable[[], Link], instance: str) -> Replication | TouchlineError:
    """Return the groups, or why there is no link to the broker, without waiting."""
    try:
        return Replication(connect(), instance)
    except TouchlineError as error:
        return error
