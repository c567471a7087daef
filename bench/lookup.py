"""Looking events up at the broker: hello, a search of two words, join.

The registry is a file of SQLite with so many events, written beforehand. Each client has one
request under way at a time; requests are encoded beforehand. A hello is of a peer that is enrolled
and says it again; a join is of a peer that has a token, as after each reconnect.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import zmq

from touchline.broker.options import Options
from touchline.broker.service import Broker
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import addresses, codec, messages
from touchline.runtime.collector import spare_collector

from .comparison import Comparison, Contestant, Round, Size
from .processes import child, cpu, orders
from .venue import BOUND, key

KINDS = ("hello", "search", "join")
REQUESTS = 2_000
"""The requests of a round, of each kind."""

SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo zu"
WORDS = 3_000
"""The words of which titles are made."""


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    small = size.share < 0.1
    found = []
    for events in (300,) if small else (1_000, 100_000):
        for clients in (2,) if small else (1, 16, 128):
            count = max(clients, size.of(REQUESTS, 20))
            contestants = [
                Contestant(
                    f"Touchline, {kind}{', CURVE' if secure else ''}",
                    "SQLite, WAL, full sync",
                    partial(_touchline, kind, events, clients, count, secure=secure),
                )
                for secure in (False, True)
                for kind in KINDS
            ]
            found.append(
                Comparison(
                    "lookup",
                    f"Lookups, {events:,} events, {clients} clients",
                    contestants,
                    "CPU µs a request",
                    rounds=3,
                )
            )
    return found


def titles(count: int) -> list[str]:
    """Return the titles of events, the same each time: two names of two words."""
    lot = random.Random(7)
    syllables = SYLLABLES.split()
    words = ["".join(lot.choices(syllables, k=3)).title() for _ in range(WORDS)]
    return [" ".join(lot.choices(words, k=2)) + " - " + " ".join(lot.choices(words, k=2))
            for _ in range(count)]  # fmt: skip


def event_id(number: int) -> str:
    """Return the id of an event of the registry."""
    return f"event-{number:07d}"


def fill(url: str, count: int) -> None:
    """Write a registry with so many events; a peer enrols the first time that it says hello."""
    import sqlalchemy as sa

    from touchline.broker.database import SqlRegistry
    from touchline.broker.repository import PeerRecord
    from touchline.broker.tables import CLOCK, EVENTS

    owner = key("owner")
    registry = SqlRegistry(url, connections=1)
    with registry.begin(write=True) as repository:
        repository.put_member(
            PeerRecord(owner.peer, owner.public, owner.curve_public, "owner", "host", 1)
        )
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        rows = [
            {
                "event": event_id(number),
                "creator": owner.peer,
                "key": str(number),
                "status": "scheduled",
                "revision": number + 1,
                "card": codec.encode(
                    messages.Card(
                        event=event_id(number),
                        title=title,
                        sport="football",
                        origins=title.split(" - "),
                        created=number + 1,
                    )
                ),
            }
            for number, title in enumerate(titles(count))
        ]
        connection.execute(sa.insert(EVENTS), rows)
        connection.execute(sa.update(CLOCK).values(revision=count))
    engine.dispose()
    registry.close()


@contextmanager
def _touchline(
    kind: str, events: int, clients: int, count: int, *, secure: bool
) -> Iterator[Round]:
    with (
        TemporaryDirectory(prefix="touchline-bench-") as folder,
        child(serve, folder, events, secure) as server,
    ):
        address = addresses.broker(server.answer())
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        sockets = [_connected(context, address, number, secure=secure) for number in range(clients)]
        lot = random.Random(kind)
        of = titles(events)
        for kind_ in ("search", "join"):  # what is done once, whoever asks first
            for number, socket in enumerate(sockets):
                socket.send(_request(kind_, number, number % events, of))
                socket.recv()

        def round_() -> dict[str, float]:
            asked = [
                _request(kind, number % clients, number % clients, of)
                if kind == "join"
                else _request(kind, number % clients, lot.randrange(events), of)
                for number in range(count)
            ]
            spent, began = cpu(server.pid), time.perf_counter()
            took = ask(sockets, asked)
            seconds = time.perf_counter() - began
            spent = cpu(server.pid) - spent
            return {
                "CPU µs a request": spent / count * 1e6,
                "requests/s": count / seconds,
                "p99 ms": quantiles(took, n=100, method="inclusive")[98] * 1e3,
            }

        try:
            yield round_
        finally:
            context.destroy(linger=0)


def serve(parent: Connection, folder: str, events: int, secure: bool) -> None:
    """Run a broker on a registry with so many events."""
    spare_collector()  # as `touchline broker` does
    url = f"sqlite:///{Path(folder)}/broker.db"
    fill(url, events)
    options = Options(
        bind="127.0.0.1:0",
        database=url,
        insecure=not secure,
        key_connections=BOUND,
        address_connections=BOUND,
        request_rate=1e6,
        request_burst=BOUND,
    )
    broker = Broker(options, key("broker") if secure else None)
    serving = threading.Thread(target=broker.run)
    serving.start()
    broker.ready.wait()
    parent.send(broker.address)
    for _ in orders(parent):
        pass
    broker.stop()
    serving.join()


def _connected(
    context: zmq.Context[zmq.Socket[bytes]],
    address: addresses.BrokerAddress,
    number: int,
    *,
    secure: bool,
) -> zmq.Socket[bytes]:
    """Return a socket that has said hello."""
    identity = key(f"client{number}")
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.ROUTING_ID, own_routing_id(identity))
    if secure:
        lock(socket, identity, address.key)
    socket.connect(address.endpoints[0])
    socket.send(_request("hello", number, 0, []))
    answer = codec.decode_broker_reply(socket.recv())
    assert isinstance(answer, messages.Welcome), answer
    return socket


def _request(kind: str, client: int, event: int, of: list[str]) -> bytes:
    if kind == "hello":
        identity = key(f"client{client}")
        return codec.encode(messages.Hello(id=1, name=f"client{client}", key=identity.public))
    if kind == "join":
        return codec.encode(messages.Join(id=1, event=event_id(event), role="viewer"))
    words = of[event].split()
    return codec.encode(messages.Search(id=1, text=f"{words[0]} {words[3]}", limit=20))


def ask(sockets: list[zmq.Socket[bytes]], asked: list[bytes]) -> list[float]:
    """Send requests, one at a time of each client; return the seconds that each took."""
    poller = zmq.Poller()
    waiting: dict[zmq.Socket[bytes], float] = {}
    rest = iter(asked)
    for socket, frame in zip(sockets, rest):  # noqa: B905  # the rest is sent below
        poller.register(socket, zmq.POLLIN)
        waiting[socket] = time.perf_counter()
        socket.send(frame)
    took: list[float] = []
    while waiting:
        for socket, _ in poller.poll():
            socket.recv()
            now = time.perf_counter()
            took.append(now - waiting.pop(socket))
            frame = next(rest, None)
            if frame is not None:
                waiting[socket] = time.perf_counter()
                socket.send(frame)
    return took
