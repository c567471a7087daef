"""The processes: the real shells on sockets, disks and clocks of the simulation, and their people.

`Host`, `Reporter`, `Subscriber` and `Link` run as they are, turn by turn; only what they take from
outside (ZeroMQ, the clock, chance, the journal's database) is put in their modules' places by
`staged`. The broker is its core on records in memory.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

import zmq

from touchline.broker import pools
from touchline.broker.admission import RequestLimiter
from touchline.broker.core import Core as BrokerCore
from touchline.broker.options import Options as BrokerOptions
from touchline.peer.grades.book import Book
from touchline.peer.host import service as host_service
from touchline.peer.host import sockets as host_sockets
from touchline.peer.host.admission import REQUEST_BURST
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link import Link
from touchline.peer.link import service as link_service
from touchline.peer.reporter import service as reporter_service
from touchline.peer.reporter.core import ReporterCore
from touchline.peer.reporter.outbox import Outbox
from touchline.peer.reporter.service import Reporter
from touchline.peer.subscriber import service as subscriber_service
from touchline.peer.subscriber.service import Subscriber
from touchline.protocol import codec
from touchline.protocol.errors import EventOver, Revoked, TouchlineError
from touchline.protocol.keys import Identity, to_text
from touchline.protocol.messages import (
    Ask,
    Attach,
    Card,
    DrainHost,
    Happening,
    Heartbeat,
    HostPing,
    PlaceEvent,
    Report,
)
from touchline.protocol.times import SECOND
from touchline.runtime import clock
from touchline.timeline.feed import Notice

from .invariants import BEGIN, Ledger, Watchman
from .network import START, Network, Node
from .registry import MemoryRepository
from .sockets import ConnectionGuard, Context, Socket, ZapAuthenticator
from .verdicts import Verdicts
from .violation import demand

PLACE = "127.0.0.1:5670"
"""Where the broker listens."""


class DemoRunner(Protocol):
    """What the processes have in common."""

    network: Network
    ledger: Ledger
    watchman: Watchman
    verdicts: Verdicts
    card: Card
    rng: Random

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""


def wall(network: Network) -> int:
    """Return the true wall time, microseconds since 1970."""
    return BEGIN + round((network.now - START) * SECOND)


@cache
def identity(name: str) -> Identity:
    """Return the key of somebody."""
    return Identity(hashlib.sha256(name.encode()).digest())


def peer_id(name: str) -> str:
    """Return the id under which the broker knows somebody."""
    return identity(name).peer


BROKER = f"touchline://{PLACE}?key={to_text(identity('broker').public)}"
"""The broker's address."""


class BrokerNode(Node):
    """The broker.

    Args:
        stage: what is shared.
        token_seconds: how long a token is valid.
        offset: microseconds by which its clock is ahead.
        address: returns where the connection of a CURVE key comes from.
    """

    def __init__(
        self,
        stage: DemoRunner,
        token_seconds: float,
        offset: int,
        address: Callable[[bytes], str] = lambda _: "",
    ) -> None:
        super().__init__(stage.network, "broker")
        self._stage = stage
        self._offset = offset
        self._address = address
        self.repository = MemoryRepository()
        self._options = BrokerOptions(
            heartbeat=10.0, lease_seconds=15.0, token_seconds=token_seconds
        )

    def start(self) -> None:
        """Begin, with the records that there are."""
        self.running = True
        self._core = BrokerCore(self.repository, self._options, self._stage.rng.randbytes)
        self._limiter = RequestLimiter(self._options)
        context = Context(self.network, self)
        ZapAuthenticator(context, self._core.admits)
        self._router = context.socket(zmq.ROUTER)
        self._router.setsockopt(zmq.CURVE_SERVER, 1)
        self._router.setsockopt(zmq.CURVE_PUBLICKEY, identity("broker").curve_public)
        self._router.bind(f"tcp://{PLACE}")

    def turn(self) -> None:
        """Answer everybody."""
        while True:
            try:
                first, frame = self._router.recv_multipart(copy=False)
            except zmq.Again:
                return
            now, curve = self.network.now, bytes.fromhex(frame.get("User-Id"))
            refused = self._limiter.refusal(first.bytes, curve, 1, 0, now)
            if refused is None:
                here = wall(self.network) + self._offset
                address = self._address(curve)
                reply = self._core.receive(first.bytes, frame.bytes, now, here, curve, address)
            else:
                reply = self._core.refuse(frame.bytes, refused)
            if first.bytes in self._router.routes:
                self._router.send_multipart((first.bytes, reply))

    def honours(self, event: str, peer: str) -> bool:
        """Return whether it gives the lease of an event to no other peer now."""
        last = self.repository.lease(event)
        here = wall(self.network) + self._offset
        return last is not None and last.peer == peer and last.expires > here

    def drain(self, name: str) -> None:
        """Let a host have its events given to others."""
        member = self.repository.member(peer_id(name))
        if member is None:
            raise AssertionError(f"{name} is drained, and is not enrolled")
        here = wall(self.network) + self._offset
        pools.drain(self.repository, member, "host", DrainHost(id=0), here)

    def place(self, event: str, name: str = "", *, drop: bool = False) -> None:
        """Let an operator give an event to a host, to any where none is named, or take it away."""
        record = self.repository.event(event)
        operator = self.repository.member(peer_id(name)) or next(
            iter(self.repository.members("", 1))
        )
        if record is None:
            raise AssertionError(f"{event} is not known")
        here = wall(self.network) + self._offset
        request = PlaceEvent(id=0, event=event, peer=peer_id(name) if name else "", drop=drop)
        pools.place(self.repository, operator, "operator", record, request, here)

    def revoke(self, name: str) -> None:
        """Let an operator put somebody out."""
        member = self.repository.member(peer_id(name))
        if member is not None:
            self.repository.put_member(replace(member, revoked=wall(self.network) + self._offset))
            self.repository.void(member.peer)


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
        answers: they take the host's questions whether something happened.
        forges: their reports carry signatures of another key.
    """

    def __init__(
        self,
        stage: DemoRunner,
        name: str,
        offset: int,
        *,
        answers: bool = False,
        forges: bool = False,
    ) -> None:
        super().__init__(stage.network, name)
        self.offset = offset
        self.answers = answers
        self.forges = forges
        self.outbox = KeptOutbox(Path(":memory:"))
        self.said: list[int] = []
        self.reporter: Reporter | None = None
        self.over = False  # the broker or host says that the event is over
        self.revoked = False  # an operator has put this person out
        self.answer: Callable[[ReporterNode], None] = lambda _: None  # when asked for the score
        # When asked whether something happened.
        self.think: Callable[[ReporterNode, Ask], None] = lambda *_: None
        self._thought: set[int] = set()  # the claims of these questions
        self._stage = stage
        self._memory: list[tuple[str, str, int, dict[str, Any]]] = []  # seen, and not yet said

    def start(self) -> None:
        """Start the process; what was seen meanwhile is said."""
        if self.running:
            return
        self.running = True
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, identity(self.name), ("reporter",), context)
        self.reporter = Reporter(
            self._stage.card.event,
            link,
            Path(self.name),
            lambda: wall(self.network) + self.offset,
            answers=self.answers,
        )
        if self.forges:
            self.reporter.core = ReporterCore(self._stage.card.event, identity("forger"))
        memory, self._memory = self._memory, []
        for title, origin, time, details in memory:
            self.say(title, origin, time, **details)
        self.ready()

    def say(self, title: str, origin: str, time: int, *, seen: int = 0, **details: Any) -> None:
        """Report what happened at a true wall time, now or when the process is back.

        Args:
            title, origin, time, details: what happened.
            seen: the newest claim that the reporter was shown before.
        """
        if self.reporter is None:
            self._memory.append((title, origin, time, details))
            return
        n = self.reporter.say(title, origin, time + self.offset, details, seen=seen)
        self._stage.tell(self.name, f"says {n}: {title} {origin} {details or ''}")
        self.said.append(n)
        self.ready()

    def confirm(self, score: str) -> None:
        """State the score, as the host has asked."""
        if self.reporter is not None and not self.over:
            self._stage.tell(self.name, f"confirms {score}")
            self.said.append(self.reporter.confirm(score))
            self.ready()

    def answer_to(self, claim: int, yes: bool) -> None:
        """Say whether something happened, as the host has asked."""
        if self.reporter is not None and not self.over:
            self._stage.tell(self.name, f"answers {claim}: {'yes' if yes else 'no'}")
            self.said.append(self.reporter.answer(claim, yes))
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
            demand(self.revoked, f"{self.name} is turned away: {error.code} {error}")
            self._stage.tell(self.name, f"is turned away: {error.code}")
            self.over = True
            return None
        if reporter.asked is not None:
            reporter.asked = None
            self.answer(self)
        for claim, ask in list(reporter.asked_about.items()):
            if claim not in self._thought:
                self._thought.add(claim)
                self._stage.tell(self.name, f"is asked {claim}: {ask.text}")
                self.think(self, ask)
        return reporter.next_timer()

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

    def __init__(self, stage: DemoRunner, name: str) -> None:
        super().__init__(stage.network, name)
        self.feed: Subscriber | None = None
        self.seq = 0
        self.slow = 0.0  # seconds that each turn takes longer
        self.over = False  # turned away for good
        self.revoked = False  # an operator has put this person out
        self.noticed: Callable[[SubscriberNode, Notice], None] = lambda *_: None
        self._stage = stage

    def start(self) -> None:
        """Start the process, which knows nothing yet."""
        if self.running:
            return
        self.running = True
        self.seq = 0
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, identity(self.name), ("viewer",), context)
        self.feed = Subscriber(self._stage.card.event, link, lambda: wall(self.network))
        self.ready()

    def ready(self) -> None:
        """Wake the process, later where it is slow."""
        self.wake(self.network.now + 0.0005 + self.slow)

    def turn(self) -> float | None:
        """Take in what there is and show it."""
        feed = self.feed
        if feed is None or self.over:
            return None
        try:
            feed._turn()
        except TouchlineError as error:
            demand(self.revoked, f"{self.name} is turned away: {error.code} {error}")
            self._stage.tell(self.name, f"is turned away: {error.code}")
            self.over = True
            return None
        items = feed.core.items()
        while items:
            item = items.popleft()
            if isinstance(item, Notice):
                self._stage.tell(self.name, f"{item.kind}: {item.text}")
                demand(item.kind != "diverged", f"{self.name}: {item.text}")
                self.noticed(self, item)
            elif not isinstance(item, Heartbeat):
                self.seq = self._stage.ledger.shown(self.name, self.seq, item)
        return feed.next_timer()

    def die(self) -> None:
        """End the process."""
        self.feed = None
        self.drop()


class CrookNode(Node):
    """Somebody who may watch, and tries to be somebody else, or to be too many.

    Args:
        stage: what is shared.
        loot: gives the tokens and badges that can be stolen at the moment.
    """

    def __init__(self, stage: DemoRunner, loot: Callable[[], list[str]]) -> None:
        super().__init__(stage.network, "crook")
        self._stage = stage
        self._loot = loot
        self._feed: Subscriber | None = None
        self._push: Socket | None = None
        self._again_at = 0.0  # when the next is tried
        self._tried = False  # tokens have been presented since it came in

    def start(self) -> None:
        """Come in as a viewer."""
        if self.running:
            return
        self.running = True
        self._tried = False
        self.network.acting = self
        context: Any = Context(self.network, self)
        link = Link(BROKER, self.name, identity(self.name), ("viewer",), context)
        self._feed = Subscriber(self._stage.card.event, link, lambda: wall(self.network))
        self.ready()

    def turn(self) -> float | None:
        """Follow the event, and now and then try what is not allowed."""
        feed = self._feed
        if feed is None:
            return None
        try:
            feed._turn()
        except Revoked:
            # The word is of the holder of a stolen token, which has gone through this session's
            # connection; a session that presents its own is right to give up.
            demand(self._tried, "the crook is revoked, and has presented its own token alone")
            self._stage.tell(self.name, "is turned away, and comes again")
            self.leave()
            self.start()
            return None
        feed.core.items().clear()
        now = self.network.now
        if feed.session.open and feed.session.setup is not None and now >= self._again_at:
            self._again_at = now + 0.5 + self._stage.rng.random()
            self._try_tokens(feed, [feed.session.setup.badge, *self._loot()])
            self._tried = True
            self._flood(feed)
        due = feed.next_timer()
        trying = [self._again_at] if self._again_at > now else []
        return min([*trying, *([] if due is None else [due])], default=None)

    def _try_tokens(self, feed: Subscriber, tokens: list[str]) -> None:
        connection = feed.source._connection  # type: ignore[attr-defined]  # the host's
        endpoints = connection.endpoints
        if self._push is None and endpoints is not None:
            self._push = connection.open(zmq.PUSH, endpoints.pull)  # type: ignore[assignment]  # a stand-in
            self._push.connect(endpoints.pull)
        time, rng = wall(self.network), self._stage.rng
        for token in tokens:
            connection.send(codec.encode(Attach(id=2**60, token=token, time=time)))
            goal = Happening("goal", "A", time)
            n = rng.choice([1, 2, 10**6 + rng.randint(0, 10**6)])
            self._send(codec.encode(Report(token=token, n=n, time=time, event=goal)))

    def _flood(self, feed: Subscriber) -> None:
        connection = feed.source._connection  # type: ignore[attr-defined]  # the host's
        if self._stage.rng.random() < 0.05:
            for _ in range(REQUEST_BURST + 200):
                connection.send(codec.encode(HostPing(id=2**60, event=feed.session.event, time=0)))
                self._send(b"nonsense")

    def _send(self, frame: bytes) -> None:
        if self._push is not None:
            with suppress(zmq.Again):
                self._push.send(frame)

    def leave(self) -> None:
        """End the process."""
        self._feed = self._push = None
        self.drop()


@contextmanager
def staged(
    network: Network,
    rng: Random,
    outboxes: Mapping[str, Outbox],
    hosted: Callable[[Card, HostOptions, Book | None], HostedEvent],
) -> Iterator[None]:
    """Put the simulation in the places of what the shells take from outside.

    Args:
        network: the sockets and the clock.
        rng: the chance.
        outboxes: by name of the file.
        hosted: makes a host's events.
    """
    sockets = SimpleNamespace(**{name: getattr(zmq, name) for name in zmq.__all__})
    sockets.Context = lambda: Context(network)

    def unique() -> UUID:
        return UUID(int=rng.getrandbits(128), version=4)

    places: list[tuple[Any, str, Any]] = [
        (clock, "now", network.monotonic),
        (clock, "wall", lambda: wall(network)),
        (clock, "elapsed", network.monotonic),
        (host_service, "zmq", sockets),
        (host_service, "uuid4", unique),
        (host_service, "HostedEvent", hosted),
        (link_service, "os", SimpleNamespace(urandom=rng.randbytes)),
        (host_sockets, "time", SimpleNamespace(sleep=_no_sleep)),
        (host_service, "ZapAuthenticator", ZapAuthenticator),
        (host_service, "ConnectionGuard", ConnectionGuard),
        (reporter_service, "Outbox", lambda path: outboxes[path.name]),
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
