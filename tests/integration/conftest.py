"""A world of a broker, hosts, reporters and subscribers, on threads and as processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq

from tests.forked import Process
from tests.patience import PATIENCE, patient, until
from touchline.broker import Broker
from touchline.broker import Options as BrokerOptions
from touchline.peer import Host, Journal, Link, Notice, Reporter, Subscriber
from touchline.peer.grades.book import Book
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import messages
from touchline.protocol.messages import Entry, Finished, Heartbeat
from touchline.protocol.times import SECOND

from .talk import identity

BEAT = 5.0
"""Seconds between a host's heartbeats: no test is busy elsewhere for so long that the reporters
which it does not pump meanwhile are taken for lost."""

BROKER_BEAT = 0.5
"""Seconds between a link's heartbeats, by which it finds a broker that was away."""

WHO = """
from hashlib import sha256
from touchline.protocol.keys import Identity
def who(name): return Identity(sha256(name.encode()).digest())
"""

BROKER = (
    WHO
    + """
import sys, threading
from touchline.broker import Broker, Options
options = Options(
    bind=sys.argv[1],
    database=sys.argv[2],
    heartbeat=0.5,
    lease_seconds=6.0,
    operators=(who("operator").public,),
)
broker = Broker(options, who("broker"))
thread = threading.Thread(target=broker.run)
thread.start()
broker.ready.wait()
print(broker.address, flush=True)
thread.join()
"""
)

HOST = (
    WHO
    + """
import json, sys, threading
from touchline.peer import Host, Journal
from touchline.peer.host.options import Options
broker, journal, name, event, verdict = sys.argv[1:]
kept = Journal(journal)
options = Options(
    name=name, broker=broker, heartbeat=5.0, presence=20.0, verdict=verdict
)
host = Host(options, who(name), kept, (event,))
thread = threading.Thread(target=host.run)
thread.start()
while thread.is_alive() and not host.ready.wait(0.02):
    pass
print(json.dumps([error.code for error in host.lost.values()] or "ready"), flush=True)
thread.join()
kept.close()
"""
)

SUBSCRIBER = (
    WHO
    + """
import json, sys
from dataclasses import asdict
from touchline.peer import Link, Subscriber
broker, event, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Link(broker, "fan", who("fan")) as link, Subscriber(event, link) as feed:
    said = False
    while True:
        item = feed.next(0.2)
        tracker = feed.core.tracker
        if feed.session.open and not said:
            said = True
            print("open", flush=True)
        if tracker.seq >= last and tracker.whole and item is None:
            break
    print(json.dumps({"digest": tracker.digest.hex(), "seq": tracker.seq,
                      **asdict(tracker.counters)}), flush=True)
"""
)

REPORTER = (
    WHO
    + """
import sys
from pathlib import Path
from touchline.peer import Link, Reporter
broker, event, outbox, count = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
link = Link(broker, "ann", who("ann"))
reporter = Reporter(event, link, outbox)
base = int(sys.argv[5])
for i in range(count):
    print(reporter.say("goal", "A", time=base + i * 60_000_000), flush=True)
if not count:
    reporter.wait_open(3_600)
    while reporter.pending:
        reporter.pump(0.1)
    print("delivered", flush=True)
else:
    while True:
        reporter.pump(0.1)
"""
)


class World:
    """A broker, an event, and everybody who takes part, all ended with the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.began = time.time_ns() // 1_000 - 3_600 * SECOND
        self.context: zmq.Context[Any] = stack.enter_context(_context())
        self.address = ""
        self.event = ""
        self.plain = False  # set before anything is started: nothing is encrypted
        self.threads: dict[Host, threading.Thread] = {}

    # ── broker ───────────────────────────────────────────────────────────────────────────────

    def with_broker(self, **settings: Any) -> World:
        """Run the broker on a thread, and create the event."""
        options = BrokerOptions(
            bind="127.0.0.1:0",
            database=f"sqlite:///{self.folder / 'broker.db'}",
            heartbeat=BROKER_BEAT,
            insecure=self.plain,
            **{
                "lease_seconds": 6.0,
                "operators": (identity("operator").public,),
                **settings,
            },
        )
        broker = Broker(options, None if self.plain else identity("broker"))
        thread = threading.Thread(target=broker.run)
        thread.start()
        self.stack.callback(lambda: (broker.stop(), thread.join(PATIENCE)))
        assert broker.ready.wait(PATIENCE)
        self.address = broker.address
        return self.with_event()

    def broker_process(self) -> subprocess.Popen[str]:
        """Start the broker as a process, where it was before if it was."""
        bind = self.address.removeprefix("touchline://").partition("?")[0] or "127.0.0.1:0"
        process = self.process(BROKER, bind, f"sqlite:///{self.folder / 'broker.db'}")
        self.address = self.line(process)
        return process

    def with_event(self, *, alone: bool = False) -> World:
        """Create the event.

        Args:
            alone: the key of `host` alone may host it, so that it goes on without the broker.
        """
        hosts = [] if alone else ["any"]
        create = messages.Create(
            id=0, title="A v B", sport="football", key="k", origins=["A", "B"], hosts=hosts
        )
        reply = self.link("host" if alone else "creator").ask(create)
        assert isinstance(reply, messages.Event)
        self.event = reply.card.event
        return self

    def process(self, program: str, *arguments: object) -> subprocess.Popen[str]:
        process = Process(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.stack.callback(_end, process)
        return process

    # ── peers ────────────────────────────────────────────────────────────────────────────────

    def link(self, name: str, kind: type[Link] = Link) -> Link:
        made = kind(self.address, name, identity(name), context=self.context)
        return patient(self.stack.enter_context(made))

    def host_process(self, name: str = "host", verdict: str = "quorum") -> subprocess.Popen[str]:
        """Start a host with a journal of its name; it is ready when this returns."""
        process = self.start_host(name, verdict)
        assert self.told(process) == "ready"
        return process

    def start_host(self, name: str = "host", verdict: str = "quorum") -> subprocess.Popen[str]:
        return self.process(HOST, self.address, self.journal(name), name, self.event, verdict)

    def journal(self, name: str = "host") -> str:
        return f"sqlite:///{self.folder / name}.db"

    def host(
        self,
        name: str = "host",
        journal: Journal | None = None,
        book: Book | None = None,
        **options: Any,
    ) -> Host:
        """Run a host on a thread; it is ready, or refused, when this returns."""
        journal = journal or Journal(self.journal(name))
        usual = {"name": name, "broker": self.address, "heartbeat": BEAT, "presence": 20.0}
        made = HostOptions(**{**usual, **options})
        host = Host(made, identity(name), journal, (self.event,), book=book)
        thread = self.threads[host] = threading.Thread(target=host.run)
        thread.start()
        self.stack.callback(self.end, host)
        self.until(lambda: host.ready.is_set() or not thread.is_alive())
        return host

    def end(self, host: Host) -> None:
        """End a host that runs on a thread, so that its journal can be opened again."""
        host.stop()
        self.threads[host].join(PATIENCE)
        host._journal.close()

    def reporter(self, name: str, link: Link | None = None, *, answers: bool = False) -> Reporter:
        outbox = self.folder / f"outbox of {name}"
        made = Reporter(self.event, link or self.link(name), outbox, answers=answers)
        return self.stack.enter_context(made)

    def subscriber(
        self, name: str = "fan", kind: type[Link] = Link, link: Link | None = None
    ) -> Subscriber:
        made = Subscriber(self.event, link or self.link(name, kind))
        return self.stack.enter_context(made)

    def subscriber_process(self, last: int) -> subprocess.Popen[str]:
        """A subscriber that ends when it has all up to `last`, and tells its counters."""
        return self.process(SUBSCRIBER, self.address, self.event, last)

    def reporter_process(self, outbox: Path, count: int) -> subprocess.Popen[str]:
        """A reporter that says `count` goals, or, of none, delivers what is in its outbox."""
        return self.process(REPORTER, self.address, self.event, outbox, count, self.began)

    def at(self, number: int) -> int:
        """The time of one of a row of actions a minute apart, in the past."""
        return self.began + number * 60 * SECOND

    def token(self, name: str, role: messages.Role = "reporter") -> str:
        """A token of somebody's for the event, so that the host's door lets them in."""
        invitation = self.link(name).ask(messages.Join(id=0, event=self.event, role=role))
        assert isinstance(invitation, messages.Invitation)
        return invitation.token

    # ── what tests do ────────────────────────────────────────────────────────────────────────

    def feed(self, name: str = "fan", kind: type[Link] = Link, link: Link | None = None) -> Feed:
        """A subscriber, and what it has got."""
        return Feed(self.subscriber(name, kind, link))

    def goal(self, number: int, *reporters: Reporter) -> None:
        """Let reporters say that A scored."""
        for reporter in reporters:
            reporter.say("goal", "A", time=self.at(number))

    def restored(self, name: str = "host") -> HostedEvent:
        """What the journal of a host that is gone holds."""
        journal = Journal(self.journal(name))
        card = journal.card(self.event)
        assert card is not None
        core = HostedEvent(card, HostOptions())
        core.restore(journal.turns(self.event))
        journal.close()
        return core

    @contextmanager
    def bare(
        self, kind: int, who: str = "ann", host: str = "host", route: bytes = b""
    ) -> Iterator[zmq.Socket[bytes]]:
        """A bare socket with somebody's key, not connected yet.

        Args:
            kind: of the socket.
            who: whose key it has.
            host: whose key the other end is to have.
            route: its routing id; one that fits its key unless given.
        """
        bare: zmq.Socket[bytes] = self.context.socket(kind)
        bare.linger = 1_000
        bare.routing_id = route or own_routing_id(identity(who))
        if not self.plain:
            lock(bare, identity(who), identity(host).public)
        try:
            yield bare
        finally:
            bare.close()

    @contextmanager
    def raw(
        self, kind: int, endpoint: str, who: str = "ann", route: bytes = b""
    ) -> Iterator[zmq.Socket[bytes]]:
        """A bare socket at an endpoint of the host, for what no peer would send."""
        with self.bare(kind, who, route=route) as bare:
            bare.connect(endpoint)
            yield bare

    @staticmethod
    def told(process: subprocess.Popen[str]) -> Any:
        """The next line that a process prints, JSON read."""
        return json.loads(World.line(process))

    @staticmethod
    def line(process: subprocess.Popen[str]) -> str:
        """The next line that a process prints."""
        assert process.stdout is not None
        return process.stdout.readline().strip()

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    until = staticmethod(until)


@contextmanager
def _context() -> Iterator[zmq.Context[Any]]:
    context: zmq.Context[Any] = zmq.Context()
    yield context
    context.destroy(linger=0)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


class Feed:
    """A subscriber and what it has got."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.messages: list[Entry | Finished] = []
        self.notices: list[str] = []
        self.beats = 0

    def pump(self) -> None:
        while (item := self.subscriber.next(0.0)) is not None:
            if isinstance(item, Notice):
                self.notices.append(item.kind)
            elif isinstance(item, Entry | Finished):
                self.messages.append(item)
            else:
                self.beats += isinstance(item, Heartbeat)

    @property
    def seqs(self) -> list[int]:
        return [message.seq for message in self.messages]

    @property
    def newest(self) -> dict[str, Entry]:
        """The newest version of each entry."""
        return {each.entry_id: each for each in self.messages if isinstance(each, Entry)}

    @property
    def tracker(self) -> Any:
        return self.subscriber.core.tracker

    @property
    def open(self) -> bool:
        return self.subscriber.session.open

    def has(self, host: Host, event: str) -> bool:
        """Whether it is where the host is."""
        feed = host.events[event].feed
        return (self.tracker.seq, self.tracker.digest) == (feed.seq, feed.digest)
