"""The address of a connection reaches the host as a digest, through the sockets of a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from touchline.protocol import messages

from .conftest import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(tmp_path, stack)
        made.broker_process()
        yield made


def test_two_keys_of_this_machine(world: World) -> None:
    """Keys that came from one address have the same digest, which is none of the address alone."""
    host = world.link("host")
    create = messages.Create(id=0, title="A v B", sport="football", key="k", origins=["A", "B"])
    made = host.ask(create)
    assert isinstance(made, messages.Event)
    ends = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")
    event = made.card.event
    host.ask(messages.Lease(id=0, event=event, instance="i", endpoints=ends, epoch=1, seq=0))
    found = set()
    for name in ("ann", "ben"):
        invited = world.link(name).ask(messages.Join(id=0, event=event, role="reporter"))
        assert isinstance(invited, messages.Invitation)
        grant = host.ask(messages.Verify(id=0, token=invited.token))
        assert isinstance(grant, messages.Grant)
        found.add(grant.network)
    (network,) = found
    assert len(network) > 20
