"""What keeps each process from being ready."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from touchline.broker.repository import Census
from touchline.gateway.context import Gateway
from touchline.monitoring.health import (
    broker_readiness,
    datagrams_readiness,
    gateway_readiness,
    host_readiness,
    subscriber_readiness,
)
from touchline.peer.subscriber.core import SubscriberCore
from touchline.protocol.errors import NotFound


def unready(parts: Any) -> list[str]:
    return [part for part, reason in parts.items() if reason]


def test_broker() -> None:
    """A broker is ready once it listens, while its database can be read."""
    census: list[Census | None] = [None]
    broker: Any = SimpleNamespace(ready=threading.Event(), census=lambda: census[0])
    parts = broker_readiness(broker)
    assert unready(parts()) == ["listening", "database"]
    broker.ready.set()
    assert unready(parts()) == ["database"]
    census[0] = Census(events={}, hosted=0)
    assert unready(parts()) == []


def test_host() -> None:
    """A host is ready while it has a broker, can store, and serves every event."""
    leases = SimpleNamespace(away="", serving=True)
    host: Any = SimpleNamespace(trouble="", lost={}, leases=leases, fenced=[], stalled=False)
    parts = host_readiness(host)
    assert unready(parts()) == []
    leases.serving = False
    assert unready(parts()) == ["events"]
    leases.away, host.trouble = "no answer", "disk full"
    assert unready(parts()) == ["broker", "journal", "events"]
    assert "disk full" in parts()["journal"]
    host.fenced = ["semi-final"]
    assert unready(parts()) == ["broker", "journal", "leases", "events"]
    assert "semi-final" in parts()["leases"]
    host.lost = {f"event-{n:02}": NotFound("no event") for n in range(13)}
    assert "event-09 and 3 more" in parts()["events"]
    host.stalled = True
    assert "copy" in parts()["copies"]


@pytest.mark.parametrize(
    ("follows", "broker", "host", "expected"),
    [
        (True, "", None, []),
        (True, "", "", []),
        (True, "no answer", None, ["broker"]),
        (False, "", None, ["feeds"]),
        (True, "", "it has ended", ["host"]),
    ],
)
def test_gateway(follows: bool, broker: str, host: str | None, expected: list[str]) -> None:
    """A gateway is ready while it follows events, the broker answers, and its own host serves."""
    gateway = Gateway.__new__(Gateway)
    follower: Any = SimpleNamespace(follows=follows, broker_trouble=broker, stream=None)
    gateway.hub = SimpleNamespace(follower=follower)  # type: ignore[assignment]  # no sockets
    own: Any = None if host is None else SimpleNamespace(trouble=host)
    gateway.own_host = own
    assert unready(gateway_readiness(gateway)()) == expected


def test_gateway_of_a_stream() -> None:
    """A gateway that reads from NATS is ready without the broker, and not without NATS."""
    gateway = Gateway.__new__(Gateway)
    client = SimpleNamespace(absence="")
    stream = SimpleNamespace(client=client)
    follower: Any = SimpleNamespace(follows=True, broker_trouble="no answer", stream=stream)
    gateway.hub = SimpleNamespace(follower=follower)  # type: ignore[assignment]  # no sockets
    assert unready(gateway_readiness(gateway)()) == []
    client.absence = "NATS is away"
    assert unready(gateway_readiness(gateway)()) == ["source"]


def test_subscriber(subscriber: SubscriberCore) -> None:
    """A subscriber is ready once it has heard of the host, until two heartbeats are missing."""
    assert unready(subscriber_readiness(SubscriberCore(lambda: 0.0))()) == ["feed"]
    parts = subscriber_readiness(subscriber)
    assert unready(parts()) == []
    subscriber.handle_timer(121.0)
    assert unready(parts()) == ["feed"]
    subscriber.finished = True
    assert unready(parts()) == []


def test_datagrams(subscriber: SubscriberCore) -> None:
    """A server of datagrams is ready once its feed comes; one that has all of it, at once."""
    server: Any = SimpleNamespace(played=False, feed=None)
    parts = datagrams_readiness(server)
    assert unready(parts()) == ["feed"]
    server.feed = subscriber
    assert unready(parts()) == []
    subscriber.handle_timer(121.0)
    assert unready(parts()) == ["feed"]
    server.played = True
    assert unready(parts()) == []
