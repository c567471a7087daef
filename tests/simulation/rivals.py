"""Two hosts for one event, from a seed: cut off from the broker, stopped, killed.

Each of them may have the event, and starts again until the broker lets it. What leaves them is
judged by the broker's lease, and by what each has on its disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.host.service import Host
from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Heartbeat
from touchline.runtime.timers import seconds_left

from .actors import BROKER, BrokerNode, ReporterNode, identity, peer_id, staged, wall
from .disk import Disk, Store
from .invariants import essence, readable, same
from .network import START, Network, Node, Weather
from .sockets import Killed, sleep_amid_a_turn
from .violation import Violation, demand

EVENT = "e"
TROUBLE = 240.0
"""Seconds in which things go wrong."""

CALM = 120.0
"""Seconds in which all must be well again afterwards."""


Told = tuple[str, int]
"""A report: the peer, and the event time that it states."""


class RivalStage(Protocol):
    """What a host needs of the simulation that it is in."""

    network: Network
    rng: Random

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""

    def published(self, host: RivalHost, frame: bytes) -> None:
        """Judge a frame on PUB."""

    def replied(self, host: RivalHost, node: Node, frame: bytes) -> None:
        """Judge a frame on ROUTER."""


class RivalHost(Node):
    """A host that starts again whenever the broker has refused it the event.

    Args:
        stage: the simulation.
        name: its name.
        verdict: its policy.
        store: what it shares with the hosts that it stands by for; None: it stands by for none.
        more: further options.
    """

    def __init__(
        self,
        stage: RivalStage,
        name: str,
        verdict: str = "fixed:1",
        store: Store | None = None,
        **more: Any,
    ) -> None:
        super().__init__(stage.network, name)
        self.journal = Disk(store=store)
        self.host: Host | None = None
        self._stage = stage
        self._verdict = verdict
        self._shared = store is not None
        self._more = more
        self._beat_at = 0.0  # while it waits for a copy: when its feeds say so next
        self.gone = False  # for good

    @property
    def serves(self) -> bool:
        """Whether it has the event, and says so to its peers."""
        return self.host is not None and EVENT in self.host.events and not self.host.fenced

    def start(self) -> None:
        """Start the process."""
        if self.running or self.gone:
            return
        self.begin()
        self.network.acting = self
        self.journal.open()
        journal: Any = self.journal
        options = HostOptions(
            name=self.name,
            broker=BROKER,
            heartbeat=2.0,
            presence=60.0,
            verdict=self._verdict,
            standby=self._shared,
            journal="postgresql://stands/in" if self._shared else "",
            **self._more,
        )
        now = self.network
        events = () if options.follow else (EVENT,)
        self.host = Host(options, identity(self.name), journal, events, lambda: wall(now))
        context: Any = self.host._context
        context.published = lambda frame: self._stage.published(self, frame)
        context.replied = lambda node, frame: self._stage.replied(self, node, frame)
        self.ready()

    def turn(self) -> float | None:
        """One turn of the loop in `Host.run`."""
        host = self.host
        if host is None:
            raise AssertionError("a host that is not there has a turn")
        try:
            if host.stalled:
                return self._wait_for_copy(host)
            host._turn()
        except Killed:
            return None
        if not host.busy:
            self.die(1.0 + 2.0 * self._stage.rng.random())
            return None
        return self.network.now + seconds_left(self.network.now, host.next_timer())

    def _wait_for_copy(self, host: Host) -> float:
        """One round of the loop in `Host._wait_for_room`."""
        now = self.network.now
        if now >= self._beat_at:
            self._beat_at = now + host._options.heartbeat
            host._publish_trouble()
        host._answer_meanwhile(now)
        if not host.stalled:
            return now
        timers = (self._beat_at, host._link.next_timer(), host.leases.next_timer())
        return now + seconds_left(now, *timers, host._next_of_copies())

    def sleep(self, seconds: float) -> None:
        """Let all others go on, in the middle of a turn.

        Raises:
            Killed: the process was killed meanwhile.
        """
        sleep_amid_a_turn(self, lambda: self.host, seconds)

    def die(self, seconds: float) -> None:
        """End the process, and start it again after a time."""
        host, self.host = self.host, None
        if host is None:
            return
        self._stage.tell(self.name, f"ends: {host.lost}")
        self.journal.stop = self.journal.stop_before = None
        host._waker.close()
        self.drop()
        self.network.at(self.network.now + seconds, self.start)

    def told(self) -> tuple[set[Told], list[Told]]:
        """Return all reports on its disk, and those of them that the other host handed over and
        that were there before."""
        peers: dict[str, str] = {}
        found: set[Told] = set()
        twice: list[Told] = []
        for blob in self.journal.blobs:
            for record, _ in records.unpack(blob):
                match record:
                    case records.MemberAttached():
                        peers[record.badge] = record.peer
                    case messages.Report():
                        found.add((peers[record.token], record.event.time))
                    case messages.ReportBatch():
                        found |= {(peers[record.token], one.event.time) for one in record.reports}
                    case records.ReportRecovered():
                        told = record.peer, record.said.event.time
                        twice += [told] if told in found else []
                        found.add(told)
        return found, twice

    def stored(self) -> dict[str, set[int]]:
        """Return the numbers of the reports on its disk, by peer."""
        peers: dict[str, str] = {}
        found: dict[str, set[int]] = defaultdict(set)
        for blob in self.journal.blobs:
            for record, _ in records.unpack(blob):
                match record:
                    case records.MemberAttached():
                        peers[record.badge] = record.peer
                    case messages.Report():
                        found[peers[record.token]].add(record.n)
                    case messages.ReportBatch():
                        found[peers[record.token]] |= {one.n for one in record.reports}
        return found


class OneFeed:
    """What is published of the event, by whichever host: one at a time, under growing epochs.

    Args:
        stage: the simulation.
        broker: whose lease counts.
    """

    def __init__(self, stage: RivalStage, broker: BrokerNode) -> None:
        self._stage = stage
        self._broker = broker
        self._epoch, self._last = 0, ""

    def judge_lease(self, host: RivalHost, what: str) -> None:
        """Demand that a host has the lease as it does something."""
        held = self._broker.honours(EVENT, peer_id(host.name))
        demand(held, f"{host.name} {what} without a lease")

    def judge(self, host: RivalHost, message: messages.FeedMessage | Heartbeat) -> bool:
        """Demand that a host may publish a message; return whether another did before."""
        self.judge_lease(host, f"publishes seq {message.seq}")
        demand(message.epoch >= self._epoch, f"{host.name} publishes epoch {message.epoch} again")
        taken_over = self._last not in ("", host.name)
        if taken_over:
            demand(message.epoch > self._epoch, f"two hosts publish epoch {message.epoch}")
            self._stage.tell(host.name, f"has the event, epoch {message.epoch}")
        self._epoch, self._last = message.epoch, host.name
        return taken_over


class Crowd:
    """The reporters of the event, and what they have said."""

    def __init__(self, stage: RivalStage) -> None:
        self.reporters = [ReporterNode(stage, name, 0) for name in ("ann", "bob")]
        self.said: set[Told] = set()
        self._stage = stage

    def say(self) -> None:
        """Let one of them say something."""
        rng, network = self._stage.rng, self._stage.network
        reporter = rng.choice(self.reporters)
        if reporter.running:
            reporter.say("corner", rng.choice("AB"), wall(network))
            self.said.add((peer_id(reporter.name), wall(network) + reporter.offset))

    def unsettled(self, host: RivalHost) -> str:
        """Return what a host that has the event has not yet; empty where it has all."""
        for reporter in self.reporters:
            if reporter.pending:
                return f"{reporter.name} has {reporter.pending} reports that are not stored"
        found, twice = host.told()
        demand(not twice, f"{host.name} has taken {len(twice)} reports over that it had")
        missing = len(self.said - found)
        return f"{host.name} has the event, and not {missing} of the reports" if missing else ""

    def judge(self, host: RivalHost, *, counts: bool) -> HostedEvent:
        """Demand that each report counts once, and that the disk leads to what is served.

        Args:
            host: it has the event, which is returned.
            counts: whether it has all reports by their numbers.
        """
        if host.host is None:
            raise AssertionError("a host that is not there has the event")
        event = host.host.events[EVENT]
        claims = (*event.claims.open.values(), *event.by_entry.values())
        for reporter in event.roster.reporters:
            votes = sum(bool(claim.voters & reporter.bit) for claim in claims)
            said = sum(peer == reporter.peer for peer, _ in self.said)
            demand(votes == said, f"{host.name} counts {votes} votes of {said} reports")
            demand(not counts or reporter.n == said, f"{reporter.n} reports for {said} said")
        again = HostedEvent(event.card, host.host._options)
        with readable():
            again.restore(host.journal.turns(EVENT))
        same(essence(event), essence(again))
        return event


def play(
    stage: RivalStage,
    broker: BrokerNode,
    hosts: Sequence[RivalHost],
    crowd: Crowd,
    what: Callable[[], None],
) -> None:
    """Let everything happen, and end all processes.

    Raises:
        Violation: something that must hold does not.
    """
    outboxes = {reporter.name: reporter.outbox for reporter in crowd.reporters}
    try:
        with staged(stage.network, stage.rng, outboxes, HostedEvent):
            what()
    finally:
        for host in hosts:
            if host.host is not None:
                host.host._waker.close()
        for node in (broker, *hosts, *crowd.reporters):
            node.drop()
        for reporter in crowd.reporters:
            reporter.outbox.end()


class Rivals:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance; of an odd one, the hosts share a journal.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.shared = bool(seed % 2)
        self.rng = Random(f"{seed} rivals")
        self.network = Network(Random(f"{seed} network"))
        self.card = Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"])
        self.broker = BrokerNode(self, 86_400.0, self.rng.randint(-5, 5) * 1_000_000)
        store = Store() if self.shared else None
        self.hosts = [RivalHost(self, name, store=store) for name in ("first", "second")]
        self.crowd = Crowd(self)
        self.recovered = 0  # reports that one host has from the other in the end
        self.taken_over = 0  # how often another host than before has published
        self._trace = trace
        self._feed = OneFeed(self, self.broker)
        self._bodies: dict[tuple[int, int], bytes] = {}

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        if self._trace is not None:
            self._trace(f"{self.network.now - START:9.3f}  {who:10} {what}")

    # ── what must hold ───────────────────────────────────────────────────────────────────────

    def published(self, host: RivalHost, frame: bytes) -> None:
        """Judge a frame on PUB: one host publishes at a time, and each seq of an epoch once."""
        body = codec.split_topic(frame)[1]
        message = codec.decode_published(body)
        if isinstance(message, Heartbeat) and message.trouble:
            return
        self.taken_over += self._feed.judge(host, message)
        if not isinstance(message, Heartbeat):
            # A journal that is shared has one feed, whatever the epoch.
            epoch = 0 if self.shared else message.epoch
            before = self._bodies.setdefault((epoch, message.seq), body)
            demand(before == body, f"two messages are seq {message.seq} of epoch {message.epoch}")

    def replied(self, host: RivalHost, node: Node, frame: bytes) -> None:
        """Judge a frame on ROUTER: what a host confirms, it confirms with the lease and keeps."""
        match codec.decode_host_reply(frame):
            case messages.Receipt() | messages.Setup() as reply:
                self._feed.judge_lease(host, f"tells {node.name} {reply.n}")
                stored = host.stored()[peer_id(node.name)]
                lost = set(range(1, reply.n + 1)) - stored
                demand(not lost, f"{host.name} confirms {sorted(lost)}, which it has not")

    # ── what happens ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        try:
            play(self, self.broker, self.hosts, self.crowd, self._play)
        finally:
            self._trace = None

    def _play(self) -> None:
        network, rng = self.network, self.rng
        self.broker.repository.add_event(self.card, "club", "key")
        self.broker.repository.permit(EVENT, "host", "any", allowed=True)
        network.weather = Weather(latency=rng.choice([0.001, 0.02, 0.1]))
        self.broker.start()
        for node in (*self.hosts, *self.crowd.reporters):
            network.at(network.now + 3.0 * rng.random(), node.start)
        end = network.now + TROUBLE
        for at in range(10, int(TROUBLE), 4):
            network.at(START + at + rng.random(), self.crowd.say)
        for _ in range(rng.randint(2, 8)):
            at = network.now + 10.0 + (TROUBLE - 10.0) * rng.random()
            seconds = min(rng.choice([3.0, 12.0, 25.0, 60.0]), end - at)
            network.at(at, self._go_wrong, seconds)
        network.run(end)
        self.tell("fault", "all is calm from here on")
        for host in self.hosts:
            host.journal.stop = host.journal.stop_before = None
            host.start()
        if not self.broker.running:
            self.broker.start()
        deadline = network.now + CALM
        while self._unsettled():
            demand(network.now < deadline, f"after {CALM:.0f} s of calm: {self._unsettled()}")
            network.run(network.now + 1.0)

    def _go_wrong(self, seconds: float) -> None:
        rng, network = self.rng, self.network
        host = rng.choice(self.hosts)
        kind = rng.choice(["cut", "cut", "stop", "before", "amid", "asking", "kill", "broker"])
        self.tell("fault", f"{kind} {host.name} for {seconds:.1f} s")
        if kind == "cut":
            network.cut(host, self.broker)
            network.at(network.now + seconds, network.heal, host, self.broker)
        elif kind == "stop":
            self._stop(host, seconds)
        elif kind == "amid":
            host.journal.stop = lambda: host.sleep(seconds)
        elif kind == "before":
            host.journal.stop_before = lambda: host.sleep(seconds)
        elif kind == "asking":
            self._stop_asking(host, seconds, network.now + 10.0)
        elif kind == "kill":
            host.die(seconds)
        elif self.broker.running:
            self.broker.drop()
            network.at(network.now + seconds, self.broker.start)

    def _stop(self, host: RivalHost, seconds: float) -> None:
        if not host.paused:
            self.network.at(self.network.now + seconds, host.pause())

    def _stop_asking(self, host: RivalHost, seconds: float, until: float) -> None:
        """Stop a host while it waits for its lease, whose answer waits for it then."""
        there = host.host
        held = [] if there is None else there.leases._leases.values()
        if any(one.asked == "lease" for one in held):
            self._stop(host, seconds)
        elif self.network.now < until:
            self.network.at(self.network.now + 0.005, self._stop_asking, host, seconds, until)

    def _unsettled(self) -> str:
        """Return what is still under way; empty where nothing is."""
        serving = [host.name for host in self.hosts if host.serves]
        if len(serving) != 1:
            return f"{serving} serve the event"
        (host,) = (host for host in self.hosts if host.serves)
        missing = self.crowd.unsettled(host)
        if not missing:
            event = self.crowd.judge(host, counts=self.shared)
            self.recovered = sum(len(one.recovered) for one in event.roster.reporters)
        return missing


def run(seed: int) -> Rivals:
    """Run one seed; return the simulation when it is over.

    Raises:
        Violation: something that must hold does not.
    """
    rivals = Rivals(seed)
    rivals.run()
    return rivals


def caught(seeds: int, play: Callable[[int], object] = run) -> str:
    """Return what the first seed that fails says; empty where none of so many does."""
    for seed in range(1, seeds + 1):
        try:
            play(seed)
        except Violation as violation:
            return f"seed {seed}: {violation}"
    return ""
