"""The time from report to entry while another reporter floods the host.

Twelve reporters report 50 fouls a second. The time of a foul runs from its first report to its
entry at a subscriber. The second run adds a reporter that sends 100,000 reports a second, and
garbage to each socket of the host and the broker. This reporter runs with a lower priority, because
a real one would have a machine of its own.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import zmq

from touchline.broker.options import Options as BrokerOptions
from touchline.broker.service import Broker
from touchline.peer import Host, Journal, Link
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import addresses, codec, messages
from touchline.protocol.times import SECOND
from touchline.runtime import clock
from touchline.runtime.collector import spare_collector

from .comparison import Comparison, Size, single
from .venue import Member, key

REPORTERS = 12

AGREEING = 6
"""The number of reporters that report each foul; four reports make an entry."""

FOULS_A_SECOND = 50

SECONDS = 10.0

FLOOD_A_SECOND = 100_000

GARBAGE_EVERY = 100
"""The number of reports of the flood after which each socket gets a frame of garbage."""


def comparisons(_size: Size) -> list[Comparison]:
    """Return what is measured."""
    return [single("flood", "A flood beside a crowd", round_, "flooded, report to entry p99, ms")]


def round_() -> dict[str, float]:
    """Return one round's figures."""
    with tempfile.TemporaryDirectory() as folder:
        options = BrokerOptions(bind="127.0.0.1:0", database=f"sqlite:///{folder}/b.db")
        broker = Broker(options, key("broker"))
        serving = threading.Thread(target=broker.run)
        serving.start()
        broker.ready.wait()
        try:
            return _with_broker(broker.address, Path(folder))
        finally:
            broker.stop()
            serving.join()


def _with_broker(address: str, folder: Path) -> dict[str, float]:
    spawn = multiprocessing.get_context("spawn")
    with Link(address, "bench", key("bench")) as link:
        create = messages.Create(
            id=0,
            title="Flood",
            sport="football",
            origins=["A", "B"],
            key="flood",
            starts=1,
            hosts=["any"],
        )
        created = link.ask(create)
    assert isinstance(created, messages.Event)
    event = created.card.event
    ours, theirs = multiprocessing.Pipe()
    host = spawn.Process(target=_serve, args=(theirs, address, str(folder / "h.db"), event))
    host.start()
    ours.recv()
    crowd = Crowd(address, event)
    quiet = crowd.latencies()
    to_flooder, flooders = multiprocessing.Pipe()
    flooder = spawn.Process(target=_flood, args=(flooders, address, event))
    flooder.start()
    to_flooder.recv()
    flooded = crowd.latencies()
    to_flooder.send("stop")
    sent, seconds = to_flooder.recv()
    flooder.join()
    crowd.close()
    ours.send("stop")
    refused, stored = ours.recv()
    host.join()
    quiet_50, quiet_99 = _percentiles(quiet)
    flood_50, flood_99 = _percentiles(flooded)
    return {
        "flood, reports/s": sent / seconds,
        "flood, reports refused or dropped by the host": refused,
        "reports stored in all": stored,
        "quiet, report to entry p50, ms": quiet_50,
        "quiet, report to entry p99, ms": quiet_99,
        "flooded, report to entry p50, ms": flood_50,
        "flooded, report to entry p99, ms": flood_99,
        "p99 flooded to quiet": flood_99 / quiet_99,
        "fouls without an entry": float(crowd.missed),
    }


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1e3, cuts[98] * 1e3


class Crowd:
    """Twelve reporters and a subscriber on bare sockets."""

    def __init__(self, address: str, event: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._event = event
        self._members = [
            Member(self._context, address, event, f"r{number}", "reporter")
            for number in range(REPORTERS)
        ]
        self._fan = Member(self._context, address, event, "fan", "viewer")
        self._feed = self._fan.connected(zmq.SUB, self._fan.endpoints.pub)
        self._feed.setsockopt(zmq.SUBSCRIBE, codec.topic(event))
        self._others = [one.connected(zmq.PUSH, one.endpoints.pull) for one in self._members]
        self._numbers = [0] * REPORTERS
        self._began = clock.wall() - 86_400 * SECOND
        self._fouls = 0
        self.missed = 0
        """The number of fouls without an entry one second after the last report."""

    def latencies(self) -> list[float]:
        """Report fouls for `SECONDS`; return the seconds from report to entry of each foul."""
        pushed: dict[int, float] = {}
        found: list[float] = []
        begin = time.perf_counter()
        count = round(SECONDS * FOULS_A_SECOND)
        for number in range(count):
            while (left := begin + number / FOULS_A_SECOND - time.perf_counter()) > 0:
                self._take(pushed, found, left)
            self._say(pushed)
        until = time.perf_counter() + 1.0
        while pushed and (left := until - time.perf_counter()) > 0:
            self._take(pushed, found, left)
        self.missed += len(pushed)
        return found

    def _say(self, pushed: dict[int, float]) -> None:
        self._fouls += 1
        at = self._began + self._fouls * 60 * SECOND
        happening = messages.Happening("foul", ("A", "B")[self._fouls % 2], at)
        pushed[self._fouls] = time.perf_counter()
        for place in range(AGREEING):
            number = (self._fouls + place) % REPORTERS
            self._numbers[number] += 1
            report = messages.Report(
                token=self._members[number].badge, n=self._numbers[number], time=at, event=happening
            )
            self._others[number].send(codec.encode(report))

    def _take(self, pushed: dict[int, float], found: list[float], seconds: float) -> None:
        if not self._feed.poll(max(1, round(seconds * 1_000))):
            return
        said = codec.decode_published(codec.split_topic(self._feed.recv())[1])
        if not isinstance(said, messages.Entry):
            return
        # The host has corrected the reporter's clock, so the time is not exact to the microsecond.
        foul = round((said.time - self._began) / (60 * SECOND))
        if foul in pushed:
            found.append(time.perf_counter() - pushed.pop(foul))

    def close(self) -> None:
        """Close the sockets."""
        self._context.destroy(linger=0)


def _flood(parent: Connection, address: str, event: str) -> None:
    os.nice(10)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    flooder = Member(context, address, event, "flooder", "reporter")
    own = key("flooder")
    push = flooder.connected(zmq.PUSH, flooder.endpoints.pull)
    broker = context.socket(zmq.DEALER)
    lock(broker, own, addresses.broker(address).key)
    broker.setsockopt(zmq.ROUTING_ID, own_routing_id(own))
    broker.connect(addresses.broker(address).endpoint)
    fan = context.socket(zmq.XSUB)
    lock(fan, own, flooder.invitation.key)
    fan.connect(flooder.endpoints.pub)
    junk = os.urandom(300)
    happening = messages.Happening("foul", "A", clock.wall())
    report = messages.Report(token=flooder.badge, n=1, time=happening.time, event=happening)
    frames = [codec.encode(msgspec.structs.replace(report, n=n)) for n in range(1, 10_001)]
    parent.send("ready")
    begin = time.perf_counter()
    sent = 0
    while not parent.poll():
        for frame in frames[sent % 10_000 :][:GARBAGE_EVERY]:
            push.send(frame)
        sent += GARBAGE_EVERY
        for socket in (push, flooder.dealer, broker, fan):
            with contextlib.suppress(zmq.Again):
                socket.send(junk, zmq.NOBLOCK)
        ahead = begin + sent / FLOOD_A_SECOND - time.perf_counter()
        if ahead > 0.001:
            time.sleep(ahead)
    parent.recv()
    parent.send((sent, time.perf_counter() - begin))
    context.destroy(linger=0)


def _serve(parent: Connection, broker: str, journal: str, event: str) -> None:
    spare_collector()  # as `touchline host` does
    stored = Journal(f"sqlite:///{journal}")
    host = Host(HostOptions(broker=broker), key("host"), stored, (event,))
    serving = threading.Thread(target=host.run)
    serving.start()
    host.ready.wait()
    parent.send("ready")
    parent.recv()
    counters = host.events[event].counters
    refused = sum(host.attached.refusals.values()) + sum(counters.refused.values())
    parent.send((refused, counters.stored))
    host.stop()
    serving.join()
    stored.close()
