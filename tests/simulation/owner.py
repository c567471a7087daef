"""Who owns the event, and rules on it once it is over."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any

from msgspec.structs import replace

from touchline.peer.connection import HostConnection
from touchline.peer.link import Link
from touchline.peer.requests import AGAIN, AGAIN_SECONDS
from touchline.peer.session import Session
from touchline.protocol import codec, signing
from touchline.protocol.messages import Error, Ruled, Ruling

from .actors import BROKER, DemoRunner, identity, wall
from .hosting import HostNode
from .network import Node
from .sockets import Context

NAME = "owner"

DOWN_SECONDS = 1.0
"""How long a host is gone that dies of a ruling."""


class OwnerNode(Node):
    """Sends its rulings one after the other, each until it has an answer, as `touchline events`
    does; the host may die of one.

    Args:
        stage: what is shared.
        host: serves the event.
        rng: chance of its own, so that all else stays as it is without rulings.
    """

    def __init__(self, stage: DemoRunner, host: HostNode, rng: Random) -> None:
        super().__init__(stage.network, NAME)
        self.made: list[Ruling] = []  # in the order of the answers
        self.refused: list[Ruling] = []
        self._stage = stage
        self._host = host
        self._rng = rng
        self._rulings: deque[Ruling] = deque()
        self._sent: dict[int, float] = {}  # monotonic, by the id of the request
        self._session: Session | None = None
        self._connection: HostConnection | None = None

    def rule(self, act: Any, **fields: Any) -> None:
        """Rule in a moment, after what is still to be answered."""
        key = identity(NAME)
        ruling = Ruling(
            id=0,
            event=self._stage.card.event,
            ruling=f"{self._rng.getrandbits(64):016x}",
            time=wall(self.network),
            act=act,
            reason="as the stewards found",
            key=key.public,
            signature=b"",
            **fields,
        )
        self._rulings.append(replace(ruling, signature=key.sign(signing.ruling_content(ruling))))
        if not self.running:
            self.start()
        self.ready()

    @property
    def waiting(self) -> int:
        """The rulings that have no answer yet."""
        return len(self._rulings)

    def start(self) -> None:
        """Connect."""
        self.running = True
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, identity(NAME), ("viewer",), context)
        self._session = Session(self._stage.card.event, "viewer", brief=True)
        self._connection = HostConnection(self._session, link)

    def turn(self) -> float | None:
        """Take an answer in, and send what has none."""
        session, connection, now = self._session, self._connection, self.network.now
        if session is None or connection is None:
            return None
        for reply in connection.pump(now, wall(self.network)):
            if isinstance(reply, Ruled) and reply.id in self._sent:
                self._answered(self.made, f"seq {reply.seq}")
            elif isinstance(reply, Error) and reply.id in self._sent and reply.code not in AGAIN:
                self._answered(self.refused, f"{reply.code} {reply.reason}")
        if self._rulings and session.open:
            due = max(self._sent.values(), default=-AGAIN_SECONDS) + AGAIN_SECONDS
            if now < due:
                return due
            self._send(self._rulings[0], session, connection)
        timers = [connection.next_timer(), now + AGAIN_SECONDS if self._rulings else None]
        return min((timer for timer in timers if timer is not None), default=None)

    def _answered(self, among: list[Ruling], how: str) -> None:
        ruling = self._rulings.popleft()
        self._sent.clear()
        among.append(ruling)
        self._stage.tell(NAME, f"{ruling.act}: {how}")

    def _send(self, ruling: Ruling, session: Session, connection: HostConnection) -> None:
        if not self._sent and self._rng.random() < 0.3:
            self._host.doom(self._rng.choice(["before", "after", "amid"]))
            self.network.at(self.network.now + DOWN_SECONDS, self._revive)
        number = session.request_id()
        self._sent[number] = self.network.now
        connection.send(codec.encode(replace(ruling, id=number)))

    def _revive(self) -> None:
        self._host.die_doomed()
        self._host.start()

    def die(self) -> None:
        """End the process."""
        self._session = self._connection = None
        self.drop()
