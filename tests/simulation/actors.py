"""The processes: the real shells on sockets, disks and clocks of the simulation, and their people.

`Host`, `Reporter`, `Subscriber` and `Link` run as they are, turn by turn; only what they take from
outside (ZeroMQ, the clock, chance, the journal's database) is put in their modules' places by
`staged`. The broker is its core on records in memory.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

import zmq

from touchline.broker.core import Core as BrokerCore
from touchline.broker.options import Options as BrokerOptions
from touchline.peer import wire
from touchline.peer.host import service as host_service
from touchline.peer.host.core import EventCore
from touchline.peer.link import Link
from touchline.peer.link import service as link_service
from touchline.peer.reporter import service as reporter_service
from touchline.peer.reporter.outbox import Outbox
from touchline.peer.reporter.service import Reporter
from touchline.peer.steady import steady
from touchline.peer.subscriber import service as subscriber_service
from touchline.peer.subscriber.core import Notice
from touchline.peer.subscriber.service import Subscriber
from touchline.protocol.errors import EventOver, TouchlineError
from touchline.protocol.messages import Card, Heartbeat
from touchline.protocol.times import SECOND

from .invariants import BEGIN, Ledger, Violation, Watchman, demand
from .network import START, Network, Node
from .registry import MemoryBooks
from .sockets import Context

BROKER = "127.0.0.1:5670"
"""The broker's address."""


class Stage(Protocol):
    """What the processes have in common."""

    network: Network
    ledger: Ledger
    watchman: Watchman
    card: Card
    rng: Random

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""


def wall(network: Network) -> int:
    """Return the true wall time, microseconds since 1970."""
    return BEGIN + round((network.now - START) * SECOND)


def peer_id(name: str) -> str:
    """Return the id under which the broker knows somebody."""
    return hashlib.sha256(secret(name).encode()).hexdigest()[:16]


def secret(name: str) -> str:
    """Return the secret by which somebody is known to the broker."""
    return f"the secret of {name}"


class BrokerNode(Node):
    """The broker."""

    def __init__(self, stage: Stage, token_seconds: float) -> None:
        super().__init__(stage.network, "broker")
        self._stage = stage
        self.books = MemoryBooks()
        self._options = BrokerOptions(
            heartbeat=10.0, lease_seconds=15.0, token_seconds=token_seconds
        )

    def start(self) -> None:
        """Begin, with the records that there are."""
        self.running = True
        self._core = BrokerCore(self.books, self._options, self._stage.rng.randbytes)
        self._router = Context(self.network, self).socket(zmq.ROUTER)
        self._router.bind(f"tcp://{BROKER}")

    def turn(self) -> None:
        """Answer everybody."""
        while True:
            try:
                routing_id, frame = self._router.recv_multipart()
            except zmq.Again:
                return
            now = self.network.now
            reply = self._core.receive(routing_id, frame, now, wall(self.network))
            if routing_id in self._router.routes:
                self._router.send_multipart((routing_id, reply))


class KeptOutbox(Outbox):
    """The outbox of one person, which outlives their process."""

    def close(self) -> None:
        """Keep what there is."""

    def end(self) -> None:
        """Close it for good."""
        super().close()


class ReporterNode(Node):
    """A person who reports.

    Args:
        stage: what is shared.
        name: theirs.
        offset: microseconds by which their clock is ahead.
    """

    def __init__(self, stage: Stage, name: str, offset: int) -> None:
        super().__init__(stage.network, name)
        self.offset = offset
        self.outbox = KeptOutbox(Path(":memory:"))
        self.said: list[int] = []
        self.reporter: Reporter | None = None
        self.over = False  # the broker or host says that the event is over
        self.answer: Callable[[ReporterNode], None] = lambda _: None  # when asked for the score
        self._stage = stage
        self._memory: list[tuple[str, str, int, dict[str, Any]]] = []  # seen, and not yet said

    def start(self) -> None:
        """Start the process; what was seen meanwhile is said."""
        if self.running:
            return
        self.running = True
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, secret(self.name), ("reporter",), context)
        self.reporter = Reporter(
            self._stage.card.event, link, Path(self.name), lambda: wall(self.network) + self.offset
        )
        memory, self._memory = self._memory, []
        for title, origin, time, details in memory:
            self.say(title, origin, time, **details)
        self.ready()

    def say(self, title: str, origin: str, time: int, **details: Any) -> None:
        """Report what happened at a true wall time, now or when the process is back."""
        if self.reporter is None:
            self._memory.append((title, origin, time, details))
            return
        n = self.reporter.say(title, origin, time + self.offset, details)
        self._stage.tell(self.name, f"says {n}: {title} {origin} {details or ''}")
        self.said.append(n)
        self.ready()

    def confirm(self, score: str) -> None:
        """State the score, as the host has asked."""
        if self.reporter is not None and not self.over:
            self._stage.tell(self.name, f"confirms {score}")
            self.said.append(self.reporter.confirm(score))
            self.ready()

    def turn(self) -> float | None:
        """Pump once."""
        reporter = self.reporter
        if reporter is None or self.over:
            return None
        try:
            reporter.pump(0.0)
        except EventOver:
            self.over = True
            return None
        except TouchlineError as error:
            raise Violation(f"{self.name} is turned away: {error.code} {error}") from error
        if reporter.asked is not None:
            reporter.asked = None
            self.answer(self)
        return reporter._next_timer()

    def leave(self) -> None:
        """End the process in good order."""
        if self.reporter is not None:
            self.reporter.close()
        self.die()

    def die(self) -> None:
        """End the process; the outbox is on disk."""
        self.reporter = None
        self.drop()

    @property
    def pending(self) -> int:
        """Reports that are not known to be stored, or not even said."""
        return len(self.outbox.pending()) + len(self._memory)


class SubscriberNode(Node):
    """Somebody who follows."""

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(stage.network, name)
        self.feed: Subscriber | None = None
        self.seq = 0
        self.slow = 0.0  # seconds that each turn takes longer
        self._stage = stage

    def start(self) -> None:
        """Start the process, which knows nothing yet."""
        if self.running:
            return
        self.running = True
        self.seq = 0
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, secret(self.name), ("viewer",), context)
        self.feed = Subscriber(self._stage.card.event, link, lambda: wall(self.network))
        self.ready()

    def ready(self) -> None:
        """Wake the process, later where it is slow."""
        self.wake(self.network.now + 0.0005 + self.slow)

    def turn(self) -> float | None:
        """Take in what there is and show it."""
        feed = self.feed
        if feed is None:
            return None
        feed._turn()
        items = feed.core.items()
        while items:
            item = items.popleft()
            if isinstance(item, Notice):
                self._stage.tell(self.name, f"{item.kind}: {item.text}")
                demand(item.kind != "diverged", f"{self.name}: {item.text}")
            elif not isinstance(item, Heartbeat):
                self.seq = self._stage.ledger.shown(self.name, self.seq, item)
        return feed._next_timer()

    def die(self) -> None:
        """End the process."""
        self.feed = None
        self.drop()


@contextmanager
def staged(
    network: Network,
    rng: Random,
    outboxes: Mapping[str, Outbox],
    core: Callable[[], type[EventCore]],
) -> Iterator[None]:
    """Put the simulation in the places of what the shells take from outside.

    Args:
        network: the sockets and the clock.
        rng: the chance.
        outboxes: by name of the file.
        core: gives the class of a host's events.
    """
    clock = SimpleNamespace(
        monotonic=network.monotonic, time_ns=lambda: wall(network) * 1_000, sleep=_no_sleep
    )
    sockets = SimpleNamespace(**{name: getattr(zmq, name) for name in zmq.__all__})
    sockets.Context = lambda: Context(network)

    def unique() -> UUID:
        return UUID(int=rng.getrandbits(128), version=4)

    places: list[tuple[Any, str, Any]] = [
        (host_service, "time", clock),
        (host_service, "zmq", sockets),
        (host_service, "steady", lambda clock: steady(clock, network.monotonic)),
        (host_service, "uuid4", unique),
        (host_service, "EventCore", core()),
        (link_service, "time", clock),
        (link_service, "os", SimpleNamespace(urandom=rng.randbytes)),
        (wire, "uuid4", unique),
        (reporter_service, "time", clock),
        (reporter_service, "Outbox", lambda path: outboxes[path.name]),
        (subscriber_service, "time", clock),
        (subscriber_service, "random", rng),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in places]
    log = logging.getLogger("touchline")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        for module, name, value in places:
            setattr(module, name, value)
        yield
    finally:
        log.setLevel(level)
        for module, name, value in before:
            setattr(module, name, value)


def _no_sleep(_seconds: float) -> None:
    raise AssertionError("a process of the simulation can't sleep")
