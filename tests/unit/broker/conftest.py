"""A core on records in a database of the test's own, with a clock and randomness that are given."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from touchline.broker.core import Core
from touchline.broker.database import SqlRegistry
from touchline.broker.options import Options
from touchline.protocol import codec, keys, messages
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.keys import Identity

SECOND = 1_000_000


@functools.cache
def identity(name: str) -> Identity:
    """Return the key of somebody of this name."""
    return Identity(hashlib.sha256(name.encode()).digest())


class Duel:
    """A sport of two origins; stumbles over a rule that it does not expect."""

    def start(self, origins: list[str], rules: dict[str, Any], lineups: object) -> object:
        if len(origins) != 2:
            raise SettingError(f"a duel has 2 origins, not {len(origins)}")
        return {"first to": rules.get("to", 1) + 0}


def find_sport(name: str) -> Any:
    if name != "duel":
        raise NotFound(f"no sport {name!r}; there are duel")
    return Duel()


class Bench:
    """A broker's core, the time, and peers that talk to it.

    `bench.ann(messages.Show(id=1, event="x"))` is what the broker replies to ann. Ann, Bob and Eve
    have said hello; the connections of all prove the key of whoever asks.
    """

    def __init__(self, registry: SqlRegistry, options: Options) -> None:
        self.now = 0.0
        self.wall = 1_000 * SECOND
        bits = itertools.count(1)
        self.entropy: Callable[[int], bytes] = lambda size: next(bits).to_bytes(size, "little")
        self.registry = registry
        self.options = options
        self.addresses: dict[str, str] = {}
        """Where somebody's connections come from; nobody's is known unless it is here."""
        self.start()
        for name in ("ann", "bob", "eve"):
            self.hello(name)

    def start(self) -> None:
        """Start the core anew on the same records."""
        self.core = Core(self.registry, self.options, self.entropy, sport=find_sport)

    def line(self, name: str) -> bytes:
        """Return the routing id of somebody's connection."""
        return keys.routing_id(identity(name).curve_public, name.encode().ljust(16))

    def hello(self, who: str, routing_id: bytes = b"", **fields: Any) -> Any:
        """Have somebody say hello, on a connection of their own."""
        key = identity(who).public
        request = messages.Hello(**{"id": 1, "name": who, "key": key, **fields})
        return self.ask(who, request, routing_id)

    def ask(self, name: str, request: object, routing_id: bytes = b"") -> Any:
        """Have somebody ask, who holds their key."""
        return self.send(name, codec.encode(request), routing_id)

    def send(self, name: str, frame: bytes, routing_id: bytes = b"") -> Any:
        """Have somebody send a frame, whatever is in it."""
        curve = b"" if self.options.insecure else identity(name).curve_public
        place = routing_id or self.line(name)
        address = self.addresses.get(name, "")
        reply = self.core.receive(place, frame, self.now, self.wall, curve, address)
        return codec.decode_broker_reply(reply)

    def set(self, **changes: Any) -> None:
        """Start the core anew with other settings."""
        self.options = replace(self.options, **changes)
        self.start()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.wall += round(seconds * SECOND)

    def ann(self, request: object) -> Any:
        return self.ask("ann", request)

    def bob(self, request: object) -> Any:
        return self.ask("bob", request)

    def eve(self, request: object) -> Any:
        return self.ask("eve", request)

    def event(self, title: str = "Ann against Bob", **fields: Any) -> str:
        """Have ann create an event; its title is its key."""
        request = messages.Create(
            id=1, title=title, sport="duel", key=title, **{"origins": ["Ann", "Bob"], **fields}
        )
        return str(self.ann(request).card.event)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    registry = SqlRegistry(f"sqlite:///{tmp_path / 'broker.sqlite3'}")
    yield Bench(registry, Options(lease_seconds=15, token_seconds=3_600))
    registry.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of either kind, dropped afterwards."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'broker.sqlite3'}"
    url: str = request.getfixturevalue("postgresql")
    return url
