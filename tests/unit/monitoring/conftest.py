"""Processes as their collectors see them: real counters and cores, no sockets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from touchline.broker.counters import BrokerCounters
from touchline.broker.repository import Census
from touchline.gateway.counters import GatewayCounters
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.peer.subscriber.core import SubscriberCore
from touchline.protocol import messages
from touchline.protocol.errors import NotFound

WALL = 1_700_000_000_000_000
"""Microseconds since 1970 UTC."""

EVENT = "a-v-b-k7m2"


@pytest.fixture
def broker() -> Any:
    """A broker that has been asked for something and refused something."""
    counters = BrokerCounters()
    counters.requests.update(["hello", "search", "search"])
    counters.refusals.update(["NOT_FOUND"])
    census = Census(
        events={"live": 2, "finished": 1}, hosted=2, members={"host": 3, "viewer": 5}, revoked=1
    )
    return SimpleNamespace(counters=counters, census=lambda: census)


@pytest.fixture
def core() -> HostedEvent:
    """An event that is served since monotonic second 100, its first heartbeat taken."""
    card = messages.Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"])
    core = HostedEvent(card, Options(alone=True))
    core.start(3, 100.0, WALL)
    core.handle_timer(100.0)
    core.take()
    return core


@pytest.fixture
def host(core: HostedEvent) -> Any:
    """A host of that event, which lost another."""
    return SimpleNamespace(
        events={EVENT: core},
        attached=SimpleNamespace(refusals={"BAD_TOKEN": 2}),
        zap=SimpleNamespace(admitted=5, refused=3),
        leases=SimpleNamespace(away=""),
        trouble="",
        lost={"nope": NotFound("no event 'nope'")},
    )


@pytest.fixture
def subscriber() -> SubscriberCore:
    """A subscriber that has heard one heartbeat, at monotonic second 100."""
    core = SubscriberCore(lambda: 0.0)
    setup = messages.Setup(
        id=1,
        card=messages.Card(event=EVENT, title="A v B", sport="football", origins=["A", "B"]),
        actions=[],
        peer="p",
        role="viewer",
        epoch=3,
        seq=0,
        digest=bytes(16),
        time=WALL,
        heartbeat=10.0,
        badge="b",
    )
    core.joined(setup, 100.0)
    return core


@pytest.fixture
def gateway() -> Any:
    """A gateway that two follow one event of."""
    counters = GatewayCounters(messages=7, sent=900, switched=1)
    counters.requests.update(["2xx"])
    counters.refusals.update(["NOT_FOUND"])
    counters.connections.update(["websocket", "sse"])
    counters.closed.update(["4008"])
    return SimpleNamespace(
        counters=counters,
        limits=SimpleNamespace(total=2),
        hub=SimpleNamespace(events={EVENT: 2}, follower=SimpleNamespace(broker=True, cores={})),
    )
