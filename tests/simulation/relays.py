"""Several relays of one event and the stream that they write, from a seed.

The hosts' feeds are given: one host, and after it perhaps another that goes on with its journal, or
without. Relays hear them late, are stopped amid a request, killed, and started again; NATS loses
requests and answers, and repeats none. What lies in the stream is judged as it comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from touchline.peer.subscriber.tracker import Tracker
from touchline.protocol import codec
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.messages import Finished
from touchline.relay.core import LookUp, RelayCore, Store, StoredMessage

from .violation import Violation, demand

STEPS = 600
"""Steps in which things go wrong."""

MESSAGES = 40
"""The most messages of a host."""

ID_SECONDS = 120.0
"""For so long NATS knows the ids of messages."""


@dataclass
class Stream:
    """What NATS keeps of the event's subject, and the rules by which it takes more."""

    messages: list[tuple[StoredMessage, bytes]] = field(default_factory=list)
    number: int = 0
    ids: dict[tuple[int, int], tuple[float, int]] = field(default_factory=dict)

    @property
    def last(self) -> StoredMessage | None:
        return self.messages[-1][0] if self.messages else None

    def store(self, message: Store, now: float) -> int | None:
        """Take a message; return its sequence, None where it is refused or there already."""
        key = message.place.epoch, message.place.seq
        if key in self.ids and now - self.ids[key][0] < ID_SECONDS:
            return None
        if message.expected != (self.last.number if self.last else 0):
            return None
        self.number += 3
        self.ids[key] = now, self.number
        self.judge(message)
        self.messages.append((StoredMessage(self.number, message.place), message.body))
        return self.number

    def judge(self, message: Store) -> None:
        """Demand that a message continues the feed, or begins that of a newer host."""
        place, last = message.place, self.last
        before = last.place if last else None
        if place.seq == 1:
            demand(
                before is None or before.host_epoch < place.host_epoch,
                f"the feed is begun again under epoch {place.host_epoch}",
            )
            demand(chain(EMPTY, message.body) == place.digest, "the first digest is wrong")
            return
        demand(before is not None, f"the feed begins with seq {place.seq}")
        if before is None:
            raise AssertionError("demanded above")
        demand(place.seq == before.seq + 1, f"seq {place.seq} follows {before.seq}")
        demand(
            chain(before.digest, message.body) == place.digest, f"seq {place.seq} is another feed's"
        )
        demand(
            place.host_epoch >= before.host_epoch, f"seq {place.seq} is of a host that was replaced"
        )


class SimulatedHost:
    """A host with its feed."""

    def __init__(self, epoch: int, bodies: list[bytes]) -> None:
        self.epoch = epoch
        self.bodies = bodies

    def publish(self, rng: Random) -> None:
        """Publish one more message."""
        seq = len(self.bodies) + 1
        text = str(rng.random())
        body = Finished(event="e", epoch=self.epoch, seq=seq, sent=0, reason=text)
        self.bodies.append(codec.encode(body))


class SimulatedRelay:
    """A relay, its process and what of it is under way."""

    def __init__(self, host: SimulatedHost) -> None:
        self.host = host
        self.start()

    def start(self) -> None:
        """Begin without any memory."""
        self.tracker = Tracker(lambda: 0.0, keeps_bodies=True)
        self.core = RelayCore(self.tracker)
        self.under_way: LookUp | Store | None = None
        self.joined = False

    def hear(self, now: float, most: int) -> None:
        """Receive some of what the host has published."""
        if not self.joined:
            self.joined = True
            self.tracker.joined(self.host.epoch, len(self.host.bodies), now)
        for body in self.host.bodies[self.tracker.seq :][:most]:
            message = codec.decode_published(body)
            self.tracker.published(message.epoch, message.seq, body, now)
        self.tracker.heartbeat(self.host.epoch, len(self.host.bodies), EMPTY, now)


class Relays:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance.
    """

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"{seed} relays")
        self.stream = Stream()
        self.now = 0.0
        self.host = SimulatedHost(1, [])
        self.relays = [SimulatedRelay(self.host) for _ in range(self.rng.choice([1, 2, 2, 3]))]
        self.stopped: dict[SimulatedRelay, float] = {}

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        for _ in range(STEPS):
            self.now += self.rng.choice([0.001, 0.01, 0.5, 20.0])
            self.rng.choice(self._deeds)(self)
        self._end()

    def _publish(self) -> None:
        if len(self.host.bodies) < MESSAGES:
            self.host.publish(self.rng)

    def _step(self) -> None:
        relay = self.rng.choice(self.relays)
        if self.stopped.get(relay, 0.0) > self.now:
            return
        relay.hear(self.now, self.rng.choice([0, 1, 1, 5]))
        if relay.under_way is None:
            relay.under_way = relay.core.next(self.now)
        elif self.rng.random() < 0.8:
            self._answer(relay, lost=self.rng.random() < 0.15)

    def _answer(self, relay: SimulatedRelay, *, lost: bool) -> None:
        """Let NATS take a request, and answer it unless the answer is lost."""
        request, relay.under_way = relay.under_way, None
        if lost and self.rng.random() < 0.5:  # the request itself is lost
            relay.core.failed(self.now)
            return
        match request:
            case LookUp():
                last = self.stream.last
                relay.core.failed(self.now) if lost else relay.core.found(last)
            case Store():
                number = self.stream.store(request, self.now)
                if lost:
                    relay.core.failed(self.now)
                elif number is None:
                    relay.core.overtaken(self.now)
                else:
                    relay.core.stored(number, request.place)

    def _stop(self) -> None:
        self.stopped[self.rng.choice(self.relays)] = self.now + self.rng.choice([1.0, 300.0])

    def _kill(self) -> None:
        self.rng.choice(self.relays).start()

    def _take_over(self) -> None:
        """Let another host have the event: with the journal, a part of it, or nothing."""
        if self.host.epoch >= 4 or self.rng.random() < 0.8:
            return
        kept = self.rng.choice([len(self.host.bodies), len(self.host.bodies) // 2, 0])
        self.host = SimulatedHost(self.host.epoch + 1, self.host.bodies[:kept])

    def _learn(self) -> None:
        """Let a relay find the present host; what it has of another feed is void."""
        relay = self.rng.choice(self.relays)
        if relay.host is self.host:
            return
        seq = relay.tracker.seq
        same = relay.host.bodies[:seq] == self.host.bodies[:seq]
        relay.host = self.host
        if not same:
            relay.tracker.reset()
        relay.joined = False

    def _end(self) -> None:
        """Let all go well, and demand that the stream ends with the present host's feed."""
        for relay in self.relays:
            if relay.host is not self.host:
                relay.host = self.host
                relay.start()
        for _ in range(40 * MESSAGES):
            self.now += 10.0
            for relay in self.relays:
                relay.hear(self.now, MESSAGES)
                if relay.under_way is None:
                    relay.under_way = relay.core.next(self.now)
                else:
                    self._answer(relay, lost=False)
        bodies = [body for _, body in self.stream.messages]
        wanted = self.host.bodies
        demand(not wanted or bodies[-len(wanted) :] == wanted, "the feed is not in the stream")
        for relay in self.relays:
            demand(relay.core.behind == 0, f"a relay is {relay.core.behind} behind")

    _deeds: tuple[Callable[[Relays], None], ...] = (
        *([_publish] * 3),
        *([_step] * 20),
        _stop,
        _kill,
        _take_over,
        _learn,
    )


def caught(seeds: int) -> str:
    """Return what the first seed that fails says; empty where none of so many does."""
    for seed in range(1, seeds + 1):
        try:
            Relays(seed).run()
        except Violation as violation:
            return f"seed {seed}: {violation}"
    return ""
