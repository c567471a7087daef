"""A core on records in a database of the test's own, with a clock and randomness that are given."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from touchline.broker.core import Core
from touchline.broker.options import Options
from touchline.broker.registry import SqlRegistry
from touchline.protocol import codec, messages
from touchline.protocol.errors import NotFound, SettingError

SECOND = 1_000_000
POSTGRESQL = os.environ.get(
    "TOUCHLINE_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/test"
)


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

    `bench.ann(messages.Show(id=1, event="x"))` is what the broker replies to ann.
    """

    def __init__(self, registry: SqlRegistry, options: Options) -> None:
        self.now = 0.0
        self.wall = 1_000 * SECOND
        bits = itertools.count(1)
        self.entropy: Callable[[int], bytes] = lambda size: next(bits).to_bytes(size, "little")
        self.registry = registry
        self.options = options
        self.start()
        for name in ("ann", "bob", "eve"):
            self.hello(name)

    def start(self) -> None:
        """Start the core anew on the same records."""
        self.core = Core(self.registry, self.options, self.entropy, sport=find_sport)

    def hello(self, name: str, routing_id: bytes = b"") -> messages.BrokerReply:
        return self.ask(
            routing_id or name.encode() * 5,
            messages.Hello(id=1, name=name, identity=f"the secret of {name}"),
        )

    def ask(self, routing_id: bytes, request: object) -> messages.BrokerReply:
        return self.send(routing_id, codec.encode(request))

    def send(self, routing_id: bytes, frame: bytes) -> messages.BrokerReply:
        reply = self.core.receive(routing_id, frame, self.now, self.wall)
        return codec.decode_broker_reply(reply)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.wall += round(seconds * SECOND)

    def ann(self, request: object) -> Any:
        return self.ask(b"ann" * 5, request)

    def bob(self, request: object) -> Any:
        return self.ask(b"bob" * 5, request)

    def eve(self, request: object) -> Any:
        return self.ask(b"eve" * 5, request)

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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of either kind, dropped afterwards."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'broker.sqlite3'}"
        return
    engine = sa.create_engine(POSTGRESQL, connect_args={"connect_timeout": 3})
    schema = f"touchline_test_{uuid.uuid4().hex[:12]}"
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    except sa.exc.OperationalError as error:
        engine.dispose()
        where = engine.url.render_as_string(hide_password=True)
        pytest.skip(f"no PostgreSQL at {where}: {str(error.orig).splitlines()[0]}")
    url = sa.make_url(POSTGRESQL).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()
