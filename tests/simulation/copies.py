"""A host that waits for a copy (`--sync`), and the host that keeps it, from a seed.

They are cut off from each other and from the broker, stopped, killed and started again; the copy's
disk is full for a while. In the end the first is gone for good, with its disk, and the other goes
on from its copy. What reporters were told, and what was published, must be there.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Heartbeat

from .actors import BrokerNode, peer_id
from .network import START, Network, Node, Weather
from .rivals import EVENT, Crowd, OneFeed, RivalHost, play
from .violation import demand

TROUBLE = 90.0
"""Seconds in which things go wrong."""

CALM = 120.0
"""Seconds in which all must be well again after the first host is gone."""

SHORT = 6.0
"""Seconds for which the host that has taken over may be away: its lease lasts longer."""


class Copied:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.rng = Random(f"{seed} copies")
        self.network = Network(Random(f"{seed} network of copies"))
        self.card = Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"])
        self.broker = BrokerNode(self, 86_400.0, 0)
        self.first = RivalHost(self, "first", sync=True)
        self.second = RivalHost(self, "second", follow=peer_id("first"), takeover=True)
        self.crowd = Crowd(self)
        self.stalled = 0  # how often the first host took nothing in, since no copy came
        self.early = False  # the second has taken over before the first was gone
        self._trace = trace
        self._feed = OneFeed(self, self.broker)
        self._bodies: dict[int, bytes] = {}

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        if self._trace is not None:
            self._trace(f"{self.network.now - START:9.3f}  {who:10} {what}")

    # ── what must hold ───────────────────────────────────────────────────────────────────────

    def published(self, host: RivalHost, frame: bytes) -> None:
        """Judge a frame on PUB: there is one feed, whichever host publishes it."""
        body = codec.split_topic(frame)[1]
        message = codec.decode_published(body)
        if isinstance(message, Heartbeat) and message.trouble:
            self.stalled += host is self.first
            return
        if self._feed.judge(host, message):
            self.network.at(self.network.now, self._lose_first)
        newest = max(self._bodies, default=0)
        if isinstance(message, Heartbeat):
            demand(message.seq >= newest, f"{host.name} is at seq {message.seq} after {newest}")
        else:
            before = self._bodies.setdefault(message.seq, body)
            demand(before == body, f"two messages are seq {message.seq}")

    def replied(self, host: RivalHost, node: Node, frame: bytes) -> None:
        """Judge a frame on ROUTER: what the first host confirms, the copy has."""
        match codec.decode_host_reply(frame):
            case messages.Receipt() | messages.Setup() as reply:
                self._feed.judge_lease(host, f"tells {node.name} {reply.n}")
                there = self.second if host is self.first else host
                lost = set(range(1, reply.n + 1)) - there.stored()[peer_id(node.name)]
                demand(not lost, f"{host.name} confirms {sorted(lost)}, of which no copy is")

    # ── what happens ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        try:
            play(self, self.broker, (self.first, self.second), self.crowd, self._play)
        finally:
            self._trace = None

    def _play(self) -> None:
        network, rng = self.network, self.rng
        self.broker.repository.add_event(self.card, peer_id("first"), "key")
        self.broker.repository.permit(EVENT, "host", peer_id("second"), allowed=True)
        network.weather = Weather(latency=rng.choice([0.001, 0.02, 0.1]))
        self.broker.start()
        for node in (self.first, self.second, *self.crowd.reporters):
            network.at(network.now + 3.0 * rng.random(), node.start)
        end = network.now + TROUBLE
        for at in range(10, int(TROUBLE), 3):
            network.at(START + at + rng.random(), self.crowd.say)
        for _ in range(rng.randint(1, 5)):
            at = network.now + 10.0 + (TROUBLE - 10.0) * rng.random()
            network.at(at, self._go_wrong, rng.choice([1.0, 3.0, 8.0, 25.0]))
        network.run(end)
        if not self.first.gone:
            self._lose_first()
        self.second.journal.full = False
        self.second.start()
        if not self.broker.running:
            self.broker.start()
        deadline = network.now + CALM
        while self._unsettled():
            demand(network.now < deadline, f"after {CALM:.0f} s of calm: {self._unsettled()}")
            network.run(network.now + 1.0)

    def _go_wrong(self, seconds: float) -> None:
        rng, network = self.rng, self.network
        if self.first.gone:
            seconds = min(seconds, SHORT)
        kind = rng.choice(["apart", "first", "second", "stop", "kill", "kill second", "full"])
        self.tell("fault", f"{kind} for {seconds:.1f} s")
        ends = {
            "apart": (self.first, self.second),
            "first": (self.first, self.broker),
            "second": (self.second, self.broker),
        }
        if kind in ends:
            network.cut(*ends[kind])
            network.at(network.now + seconds, network.heal, *ends[kind])
        elif kind == "stop" and not self.first.paused:
            network.at(network.now + seconds, self.first.pause())
        elif kind == "kill":
            self.first.die(seconds)
        elif kind == "kill second":
            self.second.die(seconds)
        elif not self.second.serves:  # as long as it keeps a copy alone
            self.second.journal.full = True
            network.at(network.now + seconds, self._empty)

    def _empty(self) -> None:
        self.second.journal.full = False

    def _lose_first(self) -> None:
        """The first host's machine is gone for good."""
        self.tell("fault", "the first host is gone for good")
        self.early = not self.first.gone and self.second.serves
        self.first.gone = True
        self.first.die(0.0)

    def _unsettled(self) -> str:
        """Return what is still under way; empty where nothing is."""
        if not self.second.serves:
            return "the copy does not go on"
        missing = self.crowd.unsettled(self.second)
        if not missing:
            self.crowd.judge(self.second, counts=True)
        return missing


def run(seed: int) -> Copied:
    """Run one seed; return the simulation when it is over.

    Raises:
        Violation: something that must hold does not.
    """
    copied = Copied(seed)
    copied.run()
    return copied
