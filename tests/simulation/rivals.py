"""Two hosts for one event, from a seed: cut off from the broker, stopped, killed.

Each of them may have the event, and starts again until the broker lets it. What leaves them is
judged by the broker's lease, and by what each has on its disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from touchline.peer.host.event import records
from touchline.peer.host.event.claims import Claim
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.intake import said_in
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.host.service import Host
from touchline.peer.reporter.outbox import NAMES_OF_HOST
from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Heartbeat, Said
from touchline.runtime.timers import seconds_left
from touchline.sports.sport import WORDS

from .actors import BROKER, BrokerNode, ReporterNode, identity, peer_id, staged, wall
from .disk import Disk, Store
from .invariants import essence, readable, same
from .network import START, Network, Node, Weather
from .sockets import CLOSE_SECONDS, Killed, sleep_amid_a_turn
from .violation import Violation, demand

EVENT = "e"
TROUBLE = 240.0
"""Seconds in which things go wrong."""

LAST_WORDS = 30.0
"""Seconds before the calm from which on nobody says anything but that the event is over."""

NEAR = 20_000_000
"""Microseconds within which what two hosts tell is of one action."""

ELSEWHERE = str(NAMES_OF_HOST["delete"]["entry"])
"""What a vote names that reaches another host than the one whose entry it is about."""

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
        takes: it stands by for none, and takes the events that the broker gives it.
        more: further options.
    """

    def __init__(
        self,
        stage: RivalStage,
        name: str,
        verdict: str = "fixed:1",
        store: Store | None = None,
        *,
        takes: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(stage.network, name)
        self.journal = Disk(store=store)
        self.host: Host | None = None
        self._stage = stage
        self._verdict = verdict
        self._shared = store is not None
        self._takes = takes
        self._more = more
        self._beat_at = 0.0  # while it waits for a copy: when its feeds say so next
        self.gone = False  # for good

    @property
    def event(self) -> HostedEvent | None:
        """The event, while it has it."""
        return None if self.host is None else self.host.events.get(EVENT)

    @property
    def serves(self) -> bool:
        """Whether it has the event, and says so to its peers."""
        return self.host is not None and self.event is not None and not self.host.fenced

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
            claim_ttl=3_600.0,  # no vote expires
            verdict=self._verdict,
            standby=self._shared and not self._takes,
            journal="postgresql://stands/in" if self._shared else "",
            **self._more,
        )
        now = self.network
        events = () if options.follow or self._takes else (EVENT,)
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
            self._end(1.0 + 2.0 * self._stage.rng.random())
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

    def _end(self, seconds: float) -> None:
        """End the process, which has nothing more to do, and start it again after a time."""
        if self._takes:  # in good order: what it sent last still leaves it
            self.pause()
            self.network.at(self.network.now + CLOSE_SECONDS, self.die, seconds)
        else:
            self.die(seconds)

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
        found: set[Told] = set()
        twice: list[Told] = []
        for told, by in self._reports():
            twice += [told] if by and told in found else []
            found.add(told)
        return found, twice

    def heard(self) -> set[Told]:
        """Return the reports on its disk that came from their reporters."""
        return {told for told, by in self._reports() if not by}

    def handed_over(self) -> Iterator[Said]:
        """Yield the reports on its disk that came from the other host."""
        for blob in self.journal.blobs:
            for record, _ in records.unpack(blob):
                if isinstance(record, records.ReportRecovered):
                    yield record.said

    def _reports(self) -> Iterator[tuple[Told, str]]:
        """Yield each report on its disk, with the host that handed it over."""
        peers: dict[str, str] = {}
        for blob in self.journal.blobs:
            for record, _ in records.unpack(blob):
                match record:
                    case records.MemberAttached():
                        peers[record.badge] = record.peer
                    case messages.Report() | messages.ReportBatch():
                        for one in said_in(record):
                            # Its reporter knows that it speaks of what is not here.
                            if (one.event.details or {}).get("entry") != ELSEWHERE:
                                yield (peers[record.token], one.event.time), ""
                    case records.ReportRecovered():
                        yield (record.peer, record.said.event.time), record.by

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


class Vote(NamedTuple):
    """A vote on what is there: who has made it when, by which word, on the feed of which host, the
    origin and event time of what it is about, and what it changes."""

    said: Told
    word: str
    host: str
    origin: str = ""
    about: int = 0
    change: Mapping[str, str] = {}

    def counts(self, event: HostedEvent) -> bool:
        """Return whether it has led to what it asks for, or is a vote for that still."""
        bit = next(one.bit for one in event.roster.reporters if one.peer == self.said[0])
        waiting = {
            claim.index.origin
            for claim in event.claims.open.values()
            if claim.index.title == self.word and claim.voters & bit
        }
        if self.word == "end":
            # While an outage is put together the score on return is asked for, and no end counts.
            return event.finished or bool(waiting) or bool(event._state.outage.since)
        near = (
            claim
            for claim in event.by_entry.values()
            if claim.index.origin == self.origin and abs(claim.mean - self.about) <= NEAR
        )
        return any(self._has_changed(event, claim, waiting) for claim in near)

    def _has_changed(self, event: HostedEvent, claim: Claim, waiting: Container[str]) -> bool:
        entry = event.timeline.versions.get(claim.entry_id)
        return entry is not None and (
            entry.status == "DELETED"
            or entry.entry_id in waiting
            or (self.word == "amend" and self.change.items() <= entry.details.items())
        )


class Crowd:
    """The reporters of the event, and what they have said."""

    def __init__(self, stage: RivalStage) -> None:
        self.reporters = [ReporterNode(stage, name, 0) for name in ("ann", "bob")]
        self.said: set[Told] = set()
        self.votes: list[Vote] = []
        self._stage = stage

    def say(self) -> None:
        """Let one of them say something."""
        rng, network = self._stage.rng, self._stage.network
        reporter = rng.choice(self.reporters)
        if reporter.running:
            reporter.say("foul", rng.choice("AB"), wall(network))
            self.said.add((peer_id(reporter.name), wall(network) + reporter.offset))

    def vote(self, host: RivalHost, rng: Random) -> None:
        """Let one of them vote to delete or amend what a host shows that serves the event."""
        event = host.event
        reporter = rng.choice(self.reporters)
        if event is None or not reporter.running or not event.timeline.standing:
            return
        entry = rng.choice(event.timeline.standing[-6:])
        said = peer_id(reporter.name), wall(self._stage.network)
        word = rng.choice(["delete", "amend"])
        change = {"player": "Kim"} if word == "amend" else {}
        voted = (one for one in self.votes if one.said[0] == said[0] and one.host == host.name)
        if (entry.details and change) or any(one.about == entry.time for one in voted):
            return
        reporter.say(word, "", said[1], entry=entry.entry_id, **change)
        self.votes.append(Vote(said, word, host.name, entry.origin, entry.time, change))

    def end(self, host: RivalHost, rng: Random) -> None:
        """Let one of them say that the event is over, to the host that serves it."""
        reporter = rng.choice(self.reporters)
        if reporter.running:
            said = peer_id(reporter.name), wall(self._stage.network)
            reporter.say("end", "", said[1])
            self.votes.append(Vote(said, "end", host.name))

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
        event = host.event
        if host.host is None or event is None:
            raise AssertionError("a host that is not there has the event")
        claims = (*event.claims.open.values(), *event.by_entry.values())
        actions = [claim for claim in claims if claim.index.kind is not None]
        for reporter in event.roster.reporters:
            votes = sum(bool(claim.voters & reporter.bit) for claim in actions)
            said = sum(peer == reporter.peer for peer, _ in self.said)
            demand(votes == said, f"{host.name} counts {votes} votes of {said} reports")
            said += sum(one.said[0] == reporter.peer for one in self.votes)
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
        seed: of everything that is chance; of an odd one, the hosts share a journal, and where
            they do not, an owner has named both in every other: then votes on what one of them
            shows count with the other.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.shared = bool(seed % 2)
        self.votes_go_over = self.shared or seed % 4 == 2
        self._voting = Random(f"{seed} votes")
        self.rng = Random(f"{seed} rivals")
        self.network = Network(Random(f"{seed} network"))
        self.card = Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"])
        self.broker = BrokerNode(self, 86_400.0, self.rng.randint(-5, 5) * 1_000_000)
        store = Store() if self.shared else None
        self.hosts = [RivalHost(self, name, store=store) for name in ("first", "second")]
        self.crowd = Crowd(self)
        self.recovered = 0  # reports that one host has from the other in the end
        self.words_recovered: set[str] = set()  # of votes among them
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
        if self.votes_go_over:
            for host in self.hosts:
                self.broker.repository.permit(EVENT, "host", peer_id(host.name), allowed=True)
        network.weather = Weather(latency=rng.choice([0.001, 0.02, 0.1]))
        self.broker.start()
        for node in (*self.hosts, *self.crowd.reporters):
            network.at(network.now + 3.0 * rng.random(), node.start)
        end = network.now + TROUBLE
        ends = self.votes_go_over and self._voting.random() < 0.5
        until = int(TROUBLE - LAST_WORDS * ends)
        for at in range(10, until, 4):
            network.at(START + at + rng.random(), self.crowd.say)
        for at in range(14, until * self.votes_go_over, 8):
            network.at(START + at + self._voting.random(), self._vote, self.crowd.vote)
        if ends:
            network.at(end - LAST_WORDS, self._end)
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
        network.run(network.now + 1.0)  # a host that was stopped does not know yet what it lost
        while self._unsettled():
            demand(network.now < deadline, f"after {CALM:.0f} s of calm: {self._unsettled()}")
            network.run(network.now + 1.0)

    def _vote(self, cast: Callable[[RivalHost, Random], None]) -> None:
        """Let somebody vote on what a host shows, mostly one that is about to lose the event."""
        shown = [host for host in self.hosts if host.serves and not host.paused]
        if shown:
            cast(self._voting.choice(shown), self._voting)

    def _end(self) -> None:
        """Let the last word be that the event is over, said to a host that is cut off just now."""
        for host in self.hosts:
            if host.serves:
                self.network.cut(host, self.broker)
                self.network.at(self.network.now + LAST_WORDS, self.network.heal, host, self.broker)
        self.network.at(self.network.now + 1.0, self._vote, self.crowd.end)

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
        if any(host.paused for host in self.hosts):
            return "a host is stopped, and does not know what it lost"
        serving = [host.name for host in self.hosts if host.serves]
        if len(serving) != 1:
            return f"{serving} serve the event"
        if any(host.host is not None and host.host.handing_over for host in self.hosts):
            return "a host still has reports to hand over"
        (host,) = (host for host in self.hosts if host.serves)
        missing = self.crowd.unsettled(host)
        if not missing:
            event = self.crowd.judge(host, counts=self.shared)
            self.recovered = sum(len(one.recovered) for one in event.roster.reporters)
            self.words_recovered = {one.event.title for one in host.handed_over()} & WORDS
            for vote in self.crowd.votes:
                self._judge_vote(vote, event)
        return missing

    def _judge_vote(self, vote: Vote, event: HostedEvent) -> None:
        """Demand that a vote counts that came to the host that showed what it is about."""
        shown = next(host for host in self.hosts if host.name == vote.host)
        if self.shared or vote.said in shown.heard():
            demand(vote.counts(event), f"a vote to {vote.word} does not count: {vote}")


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
