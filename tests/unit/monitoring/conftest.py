"""Processes as their collectors see them: real counters and cores, no sockets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.peer.grades.making import grade, sheet
from touchline.broker.counters import BrokerCounters
from touchline.broker.repository import Census
from touchline.gateway.counters import GatewayCounters
from touchline.peer.grades.sheet import Accuracy
from touchline.peer.host.copies import CopyStanding
from touchline.peer.host.counters import LEASE_SECONDS, HostCounters
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.peer.subscriber.core import SubscriberCore
from touchline.peer.subscriber.tracker import Tracker
from touchline.protocol import codec, messages
from touchline.protocol.errors import NotFound
from touchline.relay.core import RelayCore, Store
from touchline.runtime.histogram import Histogram

WALL = 1_700_000_000_000_000
"""Microseconds since 1970 UTC."""

EVENT = "a-v-b-k7m2"

GRADED = sheet(
    grade("ann"), event=EVENT, decides=Accuracy(3, 1, 0), rest=Accuracy(right=40, missed=2)
)
"""The grade sheet of the event."""


NATS = SimpleNamespace(
    connected=False, away_seconds=3.5, losses=1, absence="NATS is away", trouble="NATS is away"
)
"""A connection to NATS that is lost."""


@pytest.fixture
def broker() -> Any:
    """A broker that has been asked for something and refused something."""
    counters = BrokerCounters()
    counters.requests.update(["hello", "search", "search"])
    counters.refusals.update(["NOT_FOUND"])
    census = Census(
        events={"live": 2, "finished": 1},
        hosted=2,
        members={"host": 3, "viewer": 5},
        revoked=1,
        unhosted=("c-v-d-1",),
        unhosted_in_all=1,
    )
    connections = SimpleNamespace(open=3, refused={"key": 2})
    return SimpleNamespace(
        counters=counters,
        census=lambda: census,
        connections=connections,
        database_file=Path(__file__),
    )


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
        counters=HostCounters(),
        journal_file=Path(__file__),
        handing_over=0,
        zap=SimpleNamespace(admitted=5, refused=3),
        leases=SimpleNamespace(away="", age=3.5, seconds=Histogram(LEASE_SECONDS)),
        connections=SimpleNamespace(open=3, refused={"address": 2}),
        subscriptions=SimpleNamespace(ended={"length": 1}),
        copies=SimpleNamespace(
            followers=2, standings=lambda: {EVENT: CopyStanding(40, 3, 100.0, finished=False)}
        ),
        stalled=False,
        gate=None,
        followed=None,
        trouble="",
        fenced=[],
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
    counters.lobby.update(["BAD_MESSAGE"])
    counters.connections.update(["websocket", "sse"])
    counters.closed.update(["4008"])
    counters.over_limit["address"] = 2
    return SimpleNamespace(
        counters=counters,
        options=SimpleNamespace(home=Path(__file__).parent),
        limits=SimpleNamespace(total=2, refused={"total": 3, "address": 1}),
        sheets=SimpleNamespace(all=lambda: {EVENT: GRADED}),
        hub=SimpleNamespace(
            events={EVENT: 2},
            follower=SimpleNamespace(broker=True, cores={}, stream=SimpleNamespace(client=NATS)),
        ),
    )


@pytest.fixture
def relay(subscriber: SubscriberCore) -> Any:
    """A relay of that event, which NATS has taken one message of, and not the next."""
    tracker = Tracker(lambda: 0.0, keeps_bodies=True)
    core = RelayCore(tracker)
    tracker.joined(1, 0, 100.0)
    core.next(100.0)
    core.found(None)
    for seq in (1, 2):
        end = messages.Finished(event=EVENT, epoch=1, seq=seq, sent=WALL)
        tracker.published(1, seq, codec.encode(end), 100.0)
    message = core.next(100.0)
    assert isinstance(message, Store)
    core.stored(5, message.place)
    one = SimpleNamespace(
        event=EVENT,
        feed=SimpleNamespace(core=subscriber),
        core=core,
        contact="host_lost",
        host_away_seconds=7.5,
        trouble="NATS is full",
    )
    return SimpleNamespace(events={EVENT: one}, lost={"nope": NotFound("no event")}, nats=NATS)
