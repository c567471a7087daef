"""What goes wrong: each fault begins, lasts, and is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from .actors import BrokerNode, CrookNode, ReporterNode, SubscriberNode
from .hosting import HostNode
from .invariants import Watchman
from .network import Network, Node


class Ground(Protocol):
    """Where faults happen."""

    network: Network
    watchman: Watchman
    broker: BrokerNode
    host: HostNode
    reporters: list[ReporterNode]
    subscribers: list[SubscriberNode]
    crook: CrookNode

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""


Fault = Callable[[Ground, Random, float], str]
"""Begins a fault that lasts for some seconds; returns what it is, for the trace."""


def _cut(ground: Ground, ones: Sequence[Node], others: Sequence[Node], seconds: float) -> None:
    network = ground.network
    for one in ones:
        for other in others:
            network.cut(one, other)
            network.at(network.now + seconds, network.heal, one, other)


def venue_lost(ground: Ground, _rng: Random, seconds: float) -> str:
    """Cut every reporter off from the host, some of them from the broker as well."""
    _cut(ground, ground.reporters, [ground.host], seconds)
    return "the venue is cut off"


def venue_offline(ground: Ground, _rng: Random, seconds: float) -> str:
    """Cut every reporter off from everything."""
    _cut(ground, ground.reporters, [ground.host, ground.broker], seconds)
    return "the venue has no network"


def audience_lost(ground: Ground, _rng: Random, seconds: float) -> str:
    """Cut all subscribers off from the host."""
    _cut(ground, ground.subscribers, [ground.host], seconds)
    return "the audience is cut off"


def one_lost(ground: Ground, rng: Random, seconds: float) -> str:
    """Cut one peer off."""
    peer: Node = rng.choice([*ground.reporters, *ground.subscribers])
    ways: list[list[Node]] = [[ground.host], [ground.host, ground.broker], [ground.broker]]
    others = rng.choice(ways)
    _cut(ground, [peer], others, seconds)
    return f"{peer.name} is cut off from {' and '.join(other.name for other in others)}"


def broker_lost(ground: Ground, _rng: Random, seconds: float) -> str:
    """Cut the host off from the broker."""
    _cut(ground, [ground.host], [ground.broker], seconds)
    return "the host can't reach the broker"


def broker_dies(ground: Ground, _rng: Random, seconds: float) -> str:
    """Stop the broker, and start it again."""
    if ground.broker.running:
        ground.broker.drop()
        ground.network.at(ground.network.now + seconds, ground.broker.start)
    return "the broker dies"


def host_dies(ground: Ground, rng: Random, seconds: float) -> str:
    """Kill the host at some point of a turn, and start it again."""
    where = rng.choice(["", "before", "after", "amid"])
    if where:
        ground.host.doom(where)
    else:
        ground.host.die()
    network = ground.network
    # Where nothing is committed any more it dies between turns.
    network.at(network.now + seconds / 2, ground.host.die_doomed)
    network.at(network.now + seconds, ground.host.start)
    return f"the host is to die {where or 'at once'}"


def host_stops(ground: Ground, _rng: Random, seconds: float) -> str:
    """Stop the host as SIGSTOP does, and let it go on."""
    ground.watchman.excuse(ground.network.now + seconds + 0.1)
    _pause(ground, ground.host, seconds)
    return "the host is stopped"


def host_stops_amid(ground: Ground, _rng: Random, seconds: float) -> str:
    """Stop the host between a commit and what is sent of it, and let it go on."""

    def stop() -> None:
        ground.watchman.excuse(ground.network.now + seconds + 0.1)
        _cut(ground, [ground.host], _others(ground, ground.host), seconds)
        ground.host.sleep(seconds + 0.01)

    ground.host.disk.stop = stop
    return "the host is to stop after a commit"


def host_stops_asking(ground: Ground, _rng: Random, seconds: float) -> str:
    """Stop the host while it waits for its lease, whose answer waits for it then."""
    network = ground.network

    def stop(until: float) -> None:
        if ground.host.asking:
            ground.watchman.excuse(network.now + seconds + 0.1)
            network.at(network.now + seconds, ground.host.pause())
        elif network.now < until:
            network.at(network.now + 0.005, stop, until)

    stop(network.now + seconds)
    return "the host is to stop while it waits for its lease"


def peer_stops(ground: Ground, rng: Random, seconds: float) -> str:
    """Stop a reporter or subscriber, and let it go on."""
    peer = rng.choice([*ground.reporters, *ground.subscribers])
    _pause(ground, peer, seconds)
    return f"{peer.name} is stopped"


def _others(ground: Ground, node: Node) -> list[Node]:
    nodes: list[Node] = [ground.broker, ground.host, *ground.reporters, *ground.subscribers]
    return [one for one in nodes if one is not node]


def _pause(ground: Ground, node: Node, seconds: float) -> None:
    _cut(ground, [node], _others(ground, node), seconds)
    if not node.paused:
        # A moment after its connections, so that what had waited in them has arrived.
        ground.network.at(ground.network.now + seconds + 0.01, node.pause())


def reporter_dies(ground: Ground, rng: Random, seconds: float) -> str:
    """Kill a reporter's process, and start it again."""
    reporter = rng.choice(ground.reporters)
    reporter.die()
    ground.network.at(ground.network.now + seconds, reporter.start)
    return f"{reporter.name} dies"


def all_reporters_die(ground: Ground, _rng: Random, seconds: float) -> str:
    """Kill every reporter's process, and start them again."""
    for reporter in ground.reporters:
        reporter.die()
        ground.network.at(ground.network.now + seconds, reporter.start)
    return "all reporters die"


def venue_starts_first(ground: Ground, rng: Random, seconds: float) -> str:
    """Kill the host and all reporters; the reporters are back before the host is."""
    ground.host.die()
    network = ground.network
    for reporter in ground.reporters:
        reporter.die()
        network.at(network.now + seconds * rng.random(), reporter.start)
    network.at(network.now + seconds, ground.host.start)
    return "host and reporters die"


def some_leave(ground: Ground, rng: Random, seconds: float) -> str:
    """Let some reporters, or all, leave in good order and come back."""
    leaving = rng.sample(ground.reporters, rng.randint(1, len(ground.reporters)))
    for reporter in leaving:
        reporter.leave()
        ground.network.at(ground.network.now + seconds, reporter.start)
    return f"{', '.join(reporter.name for reporter in leaving)} leave"


def subscriber_dies(ground: Ground, rng: Random, seconds: float) -> str:
    """Kill a subscriber, and start it again."""
    subscriber = rng.choice(ground.subscribers)
    subscriber.die()
    ground.network.at(ground.network.now + seconds, subscriber.start)
    return f"{subscriber.name} dies"


def subscriber_slow(ground: Ground, rng: Random, seconds: float) -> str:
    """Let a subscriber read so slowly that frames for it are dropped."""
    subscriber = rng.choice(ground.subscribers)
    subscriber.slow, subscriber.room = 3.0 * rng.random(), rng.randint(0, 2)
    ground.network.at(ground.network.now + seconds, _quicken, subscriber)
    return f"{subscriber.name} is slow"


def _quicken(subscriber: SubscriberNode) -> None:
    subscriber.slow, subscriber.room = 0.0, 100_000


def disk_full(ground: Ground, _rng: Random, seconds: float) -> str:
    """Leave no room on the host's disk for a while."""
    ground.host.disk.full = True
    ground.watchman.excuse(ground.network.now + seconds + 1.0)
    ground.network.at(ground.network.now + seconds, _make_room, ground.host)
    return "the host's disk is full"


def _make_room(host: HostNode) -> None:
    host.disk.full = False


def somebody_revoked(ground: Ground, rng: Random, _seconds: float) -> str:
    """Put a reporter or subscriber out for good, where enough are left without them."""
    reporters = [one for one in ground.reporters if not one.revoked]
    subscribers = [one for one in ground.subscribers if not one.revoked]
    there: list[ReporterNode | SubscriberNode] = []
    there += reporters if len(reporters) > 2 else []
    there += subscribers if len(subscribers) > 1 else []
    if not there:
        return "nobody can be spared"
    one = rng.choice(there)
    one.revoked = True
    ground.broker.revoke(one.name)
    return f"{one.name} is revoked"


def crook_comes(ground: Ground, _rng: Random, seconds: float) -> str:
    """Let somebody in who presents stolen tokens and floods the host."""
    ground.crook.start()
    ground.network.at(ground.network.now + seconds, ground.crook.leave)
    return "a crook comes"


FAULTS: tuple[tuple[Fault, int], ...] = (
    (venue_lost, 5),
    (venue_offline, 3),
    (audience_lost, 2),
    (one_lost, 4),
    (broker_lost, 3),
    (broker_dies, 2),
    (host_dies, 5),
    (host_stops, 1),
    (host_stops_amid, 2),
    (host_stops_asking, 2),
    (peer_stops, 2),
    (reporter_dies, 2),
    (all_reporters_die, 1),
    (venue_starts_first, 4),
    (some_leave, 2),
    (subscriber_dies, 1),
    (subscriber_slow, 2),
    (disk_full, 1),
    (somebody_revoked, 3),
    (crook_comes, 3),
)
"""Each with how often it is drawn."""
