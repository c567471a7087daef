"""A broker and a host with one event, each in a process of its own, and peers on bare sockets."""

from __future__ import annotations

import hashlib
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zmq
from msgspec.structs import replace

from touchline.broker.options import Options as BrokerOptions
from touchline.broker.service import Broker
from touchline.peer import Host, Journal, Link
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import codec, messages, signing
from touchline.protocol.keys import Identity
from touchline.protocol.times import SECOND
from touchline.runtime import clock
from touchline.runtime.collector import spare_collector

from . import raw
from .processes import Child, orders

BOUND = 1_000_000
"""No limit of connections or rates is what is measured."""

APART = 1 << 26
"""Microseconds between fouls, a minute and some seconds."""

DAYS = 400
"""Reports begin so long ago: all rounds of a run have room before now."""


def _begin() -> int:
    # In the middle of a step, so that a corrected clock does not lead to another one: see `mark`.
    first = clock.wall() - DAYS * 86_400 * SECOND
    return first - first % APART + APART // 8


@dataclass
class Venue:
    """One event that is hosted.

    Args:
        address: the broker's whole address.
        event: the event's id.
        broker, host: their processes.
        endpoints: the host's.
        folder: of their databases.
        secure: whether connections are encrypted.
    """

    address: str
    event: str
    broker: Child
    host: Child
    endpoints: messages.Endpoints
    folder: Path
    secure: bool
    context: zmq.Context[zmq.Socket[bytes]]
    _begin: int = field(default_factory=_begin)
    _fouls: int = 0
    _members: list[Member] = field(default_factory=list)

    def member(self, name: str, role: messages.Role = "reporter") -> Member:
        """Attach a peer."""
        made = Member(self.context, self.address, self.event, name, role)
        self._members.append(made)
        return made

    def members(self, count: int, role: messages.Role = "reporter") -> list[Member]:
        """Attach so many peers."""
        return [self.member(f"{role}{number}", role) for number in range(count)]

    def fouls(self, count: int) -> list[int]:
        """Return the times of the next fouls; no two calls return the same."""
        first, self._fouls = self._fouls, self._fouls + count
        return [self._begin + number * APART for number in range(first, first + count)]


def mark(at: int) -> bytes:
    """Return what the entry of a foul has, and no other, as MessagePack has its time.

    The last three bytes are left out: the host corrects the clocks of its reporters.
    """
    return b"\xa4time\xcf" + at.to_bytes(8, "big")[:5]


@contextmanager
def venue(*, secure: bool = False, scraped: bool = False, **options: Any) -> Iterator[Venue]:
    """Host an event of football until the context ends.

    Args:
        secure: whether connections are encrypted.
        scraped: whether the host's metrics are read each second.
        options: further ones of the host.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 8_000)
    with TemporaryDirectory(prefix="touchline-bench-") as name:
        broker = Child(_broker, f"{name}/broker.db", secure)
        try:
            address = broker.answer()
            event = _event(address)
            host = Child(_host, address, f"{name}/host.db", event, options, scraped)
            try:
                endpoints, page = host.answer()
                with _scraped(page):
                    yield Venue(
                        address, event, broker, host, endpoints, Path(name), secure, context
                    )
            finally:
                host.end()
        finally:
            context.destroy(linger=0)
            broker.end()


@contextmanager
def _scraped(page: str) -> Iterator[None]:
    """Read a metrics page each second; an empty URL is not read."""
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(1.0):
            with urllib.request.urlopen(page) as answer:
                answer.read()

    reader = threading.Thread(target=scrape)
    if page:
        reader.start()
    try:
        yield
    finally:
        ended.set()
        if page:
            reader.join()


def _event(address: str) -> str:
    with Link(address, "bench", key("bench")) as link:
        # It starts in 1970: a minute between fouls, the first of them was weeks ago.
        created = link.ask(
            messages.Create(
                id=0,
                title="Bench",
                sport="football",
                origins=["A", "B"],
                key="bench",
                starts=1,
                hosts=["any"],
            )
        )
    assert isinstance(created, messages.Event)
    return created.card.event


def _broker(parent: Connection, file: str, secure: bool) -> None:
    options = BrokerOptions(
        bind="127.0.0.1:0",
        database=f"sqlite:///{file}",
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


def _host(
    parent: Connection,
    broker: str,
    journal: str,
    event: str,
    further: dict[str, Any],
    scraped: bool,
) -> None:
    spare_collector()  # as `touchline host` does
    stored = Journal(f"sqlite:///{journal}")
    options = HostOptions(
        broker=broker,
        report_rate=1e9,
        key_connections=100_000,
        address_connections=100_000,
        **further,
    )
    host = Host(options, key("host"), stored, (event,))
    endpoints = host.endpoints
    serving = threading.Thread(target=host.run)
    serving.start()
    host.ready.wait()
    with ExitStack() as stack:
        page = ""
        if scraped:
            from touchline.monitoring.host import host_collector
            from touchline.monitoring.server import serve

            page = stack.enter_context(serve("127.0.0.1:0", host_collector(host))).url
        parent.send((endpoints, page))
        for _ in orders(parent):
            parent.send(len(host.events[event].timeline.standing))
    host.stop()
    serving.join()
    stored.close()


class Member:
    """A peer that has attached to the host with a bare DEALER."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        event: str,
        name: str,
        role: messages.Role,
    ) -> None:
        self.key = key(name)
        self.role = role
        self.event = event
        with Link(address, name, self.key, context=context) as link:
            invitation = link.ask(messages.Join(id=0, event=event, role=role))
            self.secure = link.secure
        assert isinstance(invitation, messages.Invitation), invitation
        assert invitation.endpoints is not None
        self.invitation, self.endpoints = invitation, invitation.endpoints
        self._context = context
        self.routing_id = own_routing_id(self.key)
        self.dealer = self.connected(zmq.DEALER, self.endpoints.router, self.routing_id)
        self.dealer.send(self.attach())
        setup = codec.decode_host_reply(self.dealer.recv())
        assert isinstance(setup, messages.Setup), setup
        self.badge = setup.badge
        self.n = 0

    def attach(self) -> bytes:
        """Return the request by which it attaches."""
        return codec.encode(messages.Attach(id=1, token=self.invitation.token, time=clock.wall()))

    def connected(self, kind: int, endpoint: str, routing_id: bytes = b"") -> zmq.Socket[bytes]:
        """Return a socket of its own that is connected to an endpoint of the host."""
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        if routing_id:
            socket.setsockopt(zmq.ROUTING_ID, routing_id)
        if self.secure:
            lock(socket, self.key, self.invitation.key)
        socket.connect(endpoint)
        return socket

    def light(self) -> raw.Frames:
        """Give up the DEALER for a light connection that has attached; in plain text alone."""
        self.dealer.close(linger=0)
        made = raw.Frames(raw.zmtp(self.endpoints.router, "DEALER", own_routing_id(self.key)))
        made.socket.sendall(raw.frame(self.attach()))
        codec.decode_host_reply(made.next())
        return made

    def reports(self, times: list[int], *, signed: bool = False) -> list[bytes]:
        """Return its next reports, encoded: a foul at each of these times."""
        return [codec.encode(one) for one in self._reports(times, signed=signed)]

    def batch(self, times: list[int]) -> bytes:
        """Return its next reports in one encoded frame."""
        said = [
            messages.Said(n=one.n, time=one.time, event=one.event)
            for one in self._reports(times, signed=False)
        ]
        return codec.encode(messages.ReportBatch(token=self.badge, reports=said))

    def _reports(self, times: list[int], *, signed: bool) -> Iterator[messages.Report]:
        for at in times:
            self.n += 1
            origin = ("A", "B")[at // APART % 2]
            happening = messages.Happening("foul", origin, at)
            report = messages.Report(token=self.badge, n=self.n, time=at, event=happening)
            if signed:
                signature = self.key.sign(signing.content(self.event, report))
                report = replace(report, signature=signature)
            yield report


def key(name: str) -> Identity:
    """Return the key of a peer of the bench, the same each time."""
    return Identity(hashlib.sha256(name.encode()).digest())
