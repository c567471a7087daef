"""Keys that one person enrols at once from one address, from a seed: they say what nobody saw.

Others are there and report what happens. The host is killed and comes back. What is published is
judged by what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from touchline.peer.host.event.enrolment_bursts import OTHERS
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol import codec
from touchline.protocol.messages import Card, Entry
from touchline.protocol.times import SECOND

from .actors import BrokerNode, ReporterNode, identity, peer_id, staged, wall
from .network import START, Network, Node, Weather
from .rivals import EVENT, RivalHost
from .violation import Violation, demand

WINDOW = 20 * SECOND
"""Microseconds within which reports speak of one goal."""

APART = 60.0
"""Seconds between two things that happen or are made up."""

ROUNDS = 6
"""Goals that happen in one seed."""

CALM = 90.0
"""Seconds after which all must be told that has happened."""


class EnrolmentBursts:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.rng = rng = Random(f"{seed} bursts")
        self.network = Network(Random(f"{seed} network"))
        self.card = Card(
            event=EVENT, title="A v B", sport="football", origins=["A", "B"], owner=peer_id("host")
        )
        self.broker = BrokerNode(self, 86_400.0, rng.randint(-5, 5) * SECOND, self._address)
        self.host = RivalHost(self, "host", verdict="evidence")
        self.seers = [
            ReporterNode(self, f"seer{number}", rng.randint(-20, 20) * SECOND)
            for number in range(rng.randint(OTHERS + 1, OTHERS + 4))
        ]
        self.keys = [ReporterNode(self, f"key{number}", 0) for number in range(rng.randint(2, 4))]
        # Those who see it come from many places, or are a class behind one address.
        self._class = rng.random() < 0.3
        self._addresses = {
            identity(one.name).curve_public: "the liar's" if one in self.keys else self._of(one)
            for one in (*self.seers, *self.keys)
        }
        self._trace = trace
        self._happened: list[tuple[str, int]] = []  # origin and wall time of each goal
        self.standing: dict[str, Entry] = {}
        self.lies = 0

    def _of(self, seer: ReporterNode) -> str:
        return "the school's" if self._class else f"that of {seer.name}"

    def _address(self, curve: bytes) -> str:
        return self._addresses.get(curve, "")

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        if self._trace is not None:
            self._trace(f"{self.network.now - START:9.3f}  {who:10} {what}")

    # ── what must hold ───────────────────────────────────────────────────────────────────────

    def published(self, _host: RivalHost, frame: bytes) -> None:
        """Judge a frame on PUB: nothing is on the timeline that the keys of one burst alone say."""
        message = codec.decode_published(codec.split_topic(frame)[1])
        if not isinstance(message, Entry):
            return
        self.tell("host", f"publishes {message.status} {message.origin} {message.time}")
        self.standing[message.entry_id] = message
        if message.status != "DELETED":
            demand(self._is_true(message), "a goal is published that the keys of one burst made up")

    def replied(self, _host: RivalHost, _node: Node, _frame: bytes) -> None:
        """What it answers is judged elsewhere."""

    def _is_true(self, entry: Entry) -> bool:
        return any(
            origin == entry.origin and abs(time - entry.time) <= WINDOW
            for origin, time in self._happened
        )

    # ── what happens ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        people = [*self.seers, *self.keys]
        outboxes = {one.name: one.outbox for one in people}
        try:
            with staged(self.network, self.rng, outboxes, HostedEvent):
                self._play(people)
        finally:
            self._trace = None
            if self.host.host is not None:
                self.host.host._waker.close()
            for node in (self.broker, self.host, *people):
                node.drop()
            for one in people:
                one.outbox.end()

    def _play(self, people: list[ReporterNode]) -> None:
        network, rng = self.network, self.rng
        self.broker.repository.add_event(self.card, self.card.owner, "key")
        network.weather = Weather(latency=rng.choice([0.001, 0.02, 0.1]))
        self.broker.start()
        for node in (self.host, *people):
            network.at(network.now + 3.0 * rng.random(), node.start)
        at = network.now + 20.0
        for number in range(ROUNDS):
            network.at(at, self._happen)
            if number:  # the others have shown that they are there
                network.at(at + APART / 2, self._lie)
            if rng.random() < 0.3:
                network.at(at + APART * rng.random(), self.host.die, rng.choice([1.0, 5.0]))
            at += APART
        network.run(at)
        self.host.start()
        network.run(at + CALM)
        told = [one for one in self.standing.values() if one.status == "CONFIRMED"]
        demand(
            len(told) == ROUNDS, f"{len(told)} of {ROUNDS} goals are confirmed that all have seen"
        )

    def _happen(self) -> None:
        time, origin = wall(self.network), self.rng.choice("AB")
        self._happened.append((origin, time))
        self.tell("match", f"goal {origin}")
        for seer in self.seers:
            late = 3.0 * self.rng.random()
            self.network.at(self.network.now + late, seer.say, "goal", origin, time)

    def _lie(self) -> None:
        """Let the keys of the burst report what did not happen, one soon after the other."""
        self.lies += 1
        time, origin = wall(self.network), self.rng.choice("AB")
        self.tell("liar", f"goal {origin}")
        for number, key in enumerate(self.keys):
            self.network.at(self.network.now + 0.4 * number, key.say, "goal", origin, time)


def caught(seeds: int) -> str:
    """Return what the first seed that fails says; empty where none of so many does."""
    for seed in range(1, seeds + 1):
        try:
            EnrolmentBursts(seed).run()
        except Violation as violation:
            return f"seed {seed}: {violation}"
    return ""
