"""Lobbies in memory: gateways with clients, and the groups of a broker between them; no sockets."""

from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec
import pytest

from touchline.broker.groups import Groups
from touchline.lobby.connection import OutgoingClose
from touchline.lobby.core import LobbyCore
from touchline.lobby.group import Group, News
from touchline.lobby.options import Options
from touchline.lobby.replication import member_id
from touchline.protocol import codec, messages
from touchline.protocol.errors import PeerError, TouchlineError, Unreachable, from_wire

SECOND = 1_000_000
ROOM = "lobby.0"


class Client:
    """One connection: what it was told, and how it was closed."""

    def __init__(self, hall: Hall, number: int) -> None:
        self.hall = hall
        self.number = number
        self.texts: list[str] = []
        self.closed: int | None = None

    def send(self, text: str | bytes = "", /, **message: Any) -> Client:
        said = text or json.dumps(message)
        self.hall.core.receive(self.number, said, self.hall.clock.now, self.hall.clock.wall)
        self.hall.carry_out()
        return self

    def drop(self, code: int = 1006) -> None:
        """Let the link break, or (1000) be closed."""
        self.hall.core.closed(self.number, code, self.hall.clock.now, self.hall.clock.wall)
        self.hall.carry_out()

    def take(self, kind: str = "") -> list[Any]:
        """What has come since the last time: JSON read, other texts as they are; of one type."""
        texts, self.texts = self.texts, []
        said = [json.loads(text) if text.startswith("{") else text for text in texts]
        return [one for one in said if not kind or (one != "refresh" and one["type"] == kind)]

    @property
    def users(self) -> list[Any]:
        """The newest list of those who wait."""
        updates = self.take("update")
        assert updates, "no update came"
        newest = updates[-1]["users"]
        return [one["label"] if isinstance(one, dict) else one for one in newest]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.wall = 1_700_000_000 * SECOND

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.wall += round(seconds * SECOND)


class Hall:
    """The lobby of one gateway and its clients, and the one group in which it is shared."""

    def __init__(self, clock: Clock, name: str = "a", **options: Any) -> None:
        instance = f"the secret of hall {name}"
        bits = itertools.count(1)
        self.clock = clock
        self.routing_id = b"x" + name.encode() * 8
        self.me = member_id(instance)
        self.core = LobbyCore(
            Options(**options),
            self.me,
            lambda size: (name.encode() + next(bits).to_bytes(2, "big")).rjust(size, b"\0"),
        )
        self.group = Group(ROOM, instance)
        self.clients: dict[int, Client] = {}

    def client(self, text: str | bytes = "", /, **message: Any) -> Client:
        """A new connection, with its first message if one is given."""
        number = self.core.opened(self.clock.now, self.clock.wall)
        client = self.clients[number] = Client(self, number)
        self.carry_out()
        return client.send(text, **message) if text or message else client

    def wait(self, user: object, lobby: object = "L", prompt: object = "P", **more: Any) -> Client:
        fields = {"user": user, "lobby_id": lobby, "prompt_id": prompt}
        return self.client(type="wait_start", **fields, **more)

    def go(self, seconds: float) -> None:
        self.clock.go(seconds)
        self.core.handle_timer(self.clock.now, self.clock.wall)
        self.carry_out()

    def carry_out(self) -> None:
        for message in self.core.drain():
            client = self.clients[message.number]
            assert client.closed is None, "something was sent after the close"
            if isinstance(message, OutgoingClose):
                client.closed = message.code
            else:
                client.texts.append(message.text)
        for _, key, body in self.core.drain_records():
            self.group.put(key, body)
        for _, publication in self.core.drain_published():
            self.group.publish(publication)


class House:
    """A broker's groups, and gateways that share them while the broker is there."""

    def __init__(self, *names: str, **options: Any) -> None:
        self.clock = Clock()
        self.groups: Groups | None = None
        self.runs = 0
        self.lost: set[str] = set()  # names of halls that pushes do not reach
        self.halls = {name: Hall(self.clock, name, **options) for name in names}
        self.start()
        self.run()

    def __getitem__(self, name: str) -> Hall:
        return self.halls[name]

    def start(self) -> None:
        """Start the broker, anew if it ran."""
        self.runs += 1
        self.groups = Groups(self.runs * 1_000)

    def stop(self) -> None:
        self.groups = None

    def kill(self, name: str) -> None:
        """Let a gateway vanish without a word."""
        del self.halls[name]

    def run(self, seconds: float = 0.0) -> None:
        """Let time pass, a quarter second at a time, and let gateways and broker talk."""
        for _ in range(max(1, round(seconds * 4))):
            if seconds:
                self.clock.go(0.25)
            if self.groups is not None:
                self.push(self.groups.handle_timer(self.clock.now))
            for hall in list(self.halls.values()):
                self.turn(hall)

    def turn(self, hall: Hall) -> None:
        now, wall = self.clock.now, self.clock.wall
        hall.core.handle_timer(now, wall)
        self.news(hall, hall.group.handle_timer(now))
        for _ in range(10):
            requests = hall.group.requests(now)
            for number, request in enumerate(requests):
                answer = self.ask(hall, msgspec.structs.replace(request, id=number))
                self.news(hall, hall.group.answered(request, answer, now))
            if not requests:
                break
        else:
            raise AssertionError("a group asks without end")
        hall.core.set_shared(hall.group.shared)
        hall.carry_out()

    def ask(
        self, hall: Hall, request: messages.GroupRequest
    ) -> messages.BrokerReply | TouchlineError:
        if self.groups is None:
            return Unreachable("no answer")
        try:
            told = self.groups.receive(hall.routing_id, codec.encode(request), self.clock.now)
        except PeerError as error:
            return from_wire(error.code, error.sentence)
        *pushed, (routing_id, reply) = told
        assert routing_id == hall.routing_id
        self.push(pushed)
        return codec.decode_broker_reply(reply)

    def push(self, frames: list[tuple[bytes, bytes]]) -> None:
        for routing_id, frame in frames:
            for name, hall in list(self.halls.items()):
                if hall.routing_id == routing_id and name not in self.lost:
                    message = codec.decode_broker_reply(frame)
                    assert isinstance(message, messages.GroupChanged | messages.GroupMessage)
                    self.news(hall, hall.group.pushed(message, self.clock.now))

    def news(self, hall: Hall, news: list[News]) -> None:
        hall.core.receive_news(news, self.clock.now, self.clock.wall)
        hall.carry_out()


@pytest.fixture
def hall() -> Hall:
    return Hall(Clock())


@pytest.fixture
def house() -> House:
    return House("a", "b")
