"""An event that is handed over as planned, from a seed: its host is drained, it is given to another
host, or it is taken from its host and given to one later.

The hosts share a journal, and nothing goes wrong but that people's processes die. What must hold is
what people are promised of it: the next host goes on under the next epoch, the feed has no hole, no
report that was receipted is lost, and nobody takes the host for lost.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Heartbeat
from touchline.timeline.feed import Notice

from .actors import BrokerNode, SubscriberNode, peer_id
from .disk import Store
from .network import START, Network, Node, Weather
from .rivals import EVENT, Crowd, OneFeed, RivalHost, play
from .violation import demand

BEGIN = 15.0
"""Seconds after which the first hand-over begins; all are there by then."""

PLAN = 60.0
"""Seconds in which the event is handed over, again and again."""

HAND_OVER = 5.0
"""Seconds after which another host has the event: a host hears of it within 2, and viewers miss it
after 4, of which they may say nothing."""

CALM = 30.0
"""Seconds in which all is well afterwards."""

LOST = frozenset({"stale", "silent", "host_lost", "link_lost", "diverged"})
"""Notices by which a viewer says that it misses its host."""


class HandOvers:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.rng = Random(f"{seed} hand-overs")
        self.network = Network(Random(f"{seed} network of hand-overs"))
        self.card = Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"])
        self.broker = BrokerNode(self, 86_400.0, self.rng.randint(-5, 5) * 1_000_000)
        store = Store()
        self.hosts = [
            RivalHost(self, name, store=store, takes=True) for name in ("north", "south", "east")
        ]
        self.crowd = Crowd(self)
        self.fans = [SubscriberNode(self, name) for name in ("uma", "vic")]
        self.ledger: Any = self  # it is shown what the fans are shown
        self.moves = 0  # how often the event went to another host
        self._trace = trace
        self._feed = OneFeed(self, self.broker)
        self._bodies: dict[int, bytes] = {}
        self._dropped = False  # it was taken from its host, and is given to none yet
        for fan in self.fans:
            fan.noticed = self._noticed

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        if self._trace is not None:
            self._trace(f"{self.network.now - START:9.3f}  {who:10} {what}")

    @property
    def holder(self) -> RivalHost:
        """The one host that serves the event."""
        serving = [host for host in self.hosts if host.serves]
        demand(len(serving) == 1, f"{[host.name for host in serving]} serve the event")
        return serving[0]

    # ── what must hold ───────────────────────────────────────────────────────────────────────

    def published(self, host: RivalHost, frame: bytes) -> None:
        """Judge a frame on PUB: there is one feed, without a hole, whichever host publishes it."""
        body = codec.split_topic(frame)[1]
        message = codec.decode_published(body)
        if isinstance(message, Heartbeat) and (message.trouble or message.moved):
            demand(not message.trouble, f"{host.name} is in trouble: {message.trouble}")
            return
        self.moves += self._feed.judge(host, message)
        newest = len(self._bodies)
        if isinstance(message, Heartbeat):
            demand(message.seq == newest, f"{host.name} is at seq {message.seq}, not {newest}")
            return
        before = self._bodies.setdefault(message.seq, body)
        demand(before == body, f"two messages are seq {message.seq}")
        demand(message.seq == len(self._bodies), f"seq {message.seq} follows seq {newest}")

    def replied(self, host: RivalHost, node: Node, frame: bytes) -> None:
        """Judge a frame on ROUTER: what a host confirms is on disk, for whichever host is next."""
        match codec.decode_host_reply(frame):
            case messages.Receipt() | messages.Setup() as reply:
                self._feed.judge_lease(host, f"tells {node.name} {reply.n}")
                lost = set(range(1, reply.n + 1)) - host.stored()[peer_id(node.name)]
                demand(not lost, f"{host.name} confirms {sorted(lost)}, which it has not")

    def shown(self, name: str, before: int, message: Any) -> int:
        """Judge what a fan is shown after a seq; return the seq that it has now."""
        demand(message.seq == before + 1, f"{name} is shown seq {message.seq} after {before}")
        demand(codec.encode(message) == self._bodies[message.seq], f"{name}: seq {message.seq}")
        return int(message.seq)

    def _noticed(self, fan: SubscriberNode, notice: Notice) -> None:
        if not self._dropped:
            demand(notice.kind not in LOST, f"{fan.name} misses the host: {notice.text}")

    # ── what happens ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        try:
            play(self, self.broker, self.hosts, self.crowd, self._play)
        finally:
            for fan in self.fans:
                fan.drop()
            self._trace = None

    def _play(self) -> None:
        network, rng = self.network, self.rng
        self.broker.repository.add_event(self.card, "club", "key")
        self.broker.repository.permit(EVENT, "host", "any", allowed=True)
        network.weather = Weather(latency=rng.choice([0.001, 0.02, 0.05]))
        self.broker.start()
        for node in self.hosts:
            network.at(network.now + 2.0 * rng.random(), node.start)
        for node in (*self.crowd.reporters, *self.fans):
            network.at(network.now + 6.0 + rng.random(), node.start)
        until = int(BEGIN + PLAN)
        for at in range(int(BEGIN), until, 2):
            network.at(START + at + rng.random(), self.crowd.say)
        for at in range(int(BEGIN), until, 9):
            network.at(START + at + rng.random(), self._vote)
            network.at(START + at + 9 * rng.random(), self._die)
        network.run(START + BEGIN)
        while network.now < START + BEGIN + PLAN:
            self._move()
        network.run(network.now + CALM)
        missing = self.crowd.unsettled(self.holder)
        demand(not missing, missing)
        event = self.crowd.judge(self.holder, counts=True)
        for vote in self.crowd.votes:
            demand(vote.counts(event), f"a vote to {vote.word} does not count: {vote}")
        for fan in self.fans:
            demand(fan.seq == event.feed.seq, f"{fan.name} is at {fan.seq} of {event.feed.seq}")

    def _vote(self) -> None:
        serving = [host for host in self.hosts if host.serves]
        if serving:
            self.crowd.vote(serving[0], self.rng)

    def _die(self) -> None:
        """Let the process of a reporter or fan die, and be back soon."""
        one = self.rng.choice([*self.crowd.reporters, *self.fans])
        one.die()
        self.network.at(self.network.now + 3.0 * self.rng.random(), one.start)

    def _move(self) -> None:
        """Have the event handed over, and look at it when that is over."""
        rng, network, before = self.rng, self.network, self.holder
        event = before.event
        epoch = 0 if event is None else event.epoch
        others = [host for host in self.hosts if host is not before and host.running]
        to = rng.choice(others)
        kind = rng.choice(["drain", "add", "add to", "drop"])
        self.tell("plan", f"{kind} {to.name if kind == 'add to' else before.name}")
        if kind == "drain":
            self.broker.drain(before.name)
        elif kind == "drop":
            self._dropped = True
            self.broker.place(EVENT, drop=True)
            network.run(network.now + HAND_OVER + 5.0 * rng.random())
            serving = [host.name for host in self.hosts if host.serves]
            demand(not serving, f"{serving} serve what was taken from its host")
            self.broker.place(EVENT, to.name)
        else:
            self.broker.place(EVENT, to.name if kind == "add to" else "")
        network.run(network.now + HAND_OVER)
        after = self.holder
        demand(after is not before or kind == "drop", f"{before.name} still has the event")
        demand(after is to or kind not in ("add to", "drop"), f"{after.name} has it, not {to.name}")
        now = 0 if after.event is None else after.event.epoch
        demand(now == epoch + 1, f"{after.name} serves epoch {now} after {epoch}")
        network.run(network.now + 2.0 + 4.0 * rng.random())
        self._dropped = False


def run(seed: int) -> HandOvers:
    """Run one seed; return the simulation when it is over.

    Raises:
        Violation: something that must hold does not.
    """
    moved = HandOvers(seed)
    moved.run()
    return moved
