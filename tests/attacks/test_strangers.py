"""A stranger with a free key goes for the event of another, at a broker that is open to all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import World
from tests.integration.talk import ask, dealer, hello, identity
from tests.patience import PATIENCE, until
from touchline.peer import Link
from touchline.protocol import messages
from touchline.protocol.errors import NotGranted

ENDPOINTS = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")


class Stranger:
    """A bare client of a key that anybody may make."""

    def __init__(self, socket: Any, event: str) -> None:
        self._socket = socket
        self._event = event
        self._number = 1
        assert isinstance(ask(socket, hello("mallory")), messages.Welcome)

    def tries(self, request: messages.BrokerRequest) -> str:
        """Return the code of the refusal, or the type of the answer."""
        reply = ask(self._socket, request)
        return reply.code if isinstance(reply, messages.Error) else type(reply).__name__

    def takes(self) -> set[str]:
        """Try each way to the event; return the answers."""
        lease = messages.Lease(
            id=1, event=self._event, instance="m", endpoints=ENDPOINTS, epoch=99, seq=0
        )
        permit = messages.Permit(id=1, event=self._event, role="host", peer="mallory")
        return {
            self.tries(messages.Join(id=1, event=self._event, role="host")),
            self.tries(lease),
            self.tries(messages.Finish(id=1, event=self._event)),
            self.tries(permit),
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(tmp_path, stack)
        made.broker_process()
        yield made


@pytest.fixture
def stranger(world: World) -> Iterator[Stranger]:
    create = messages.Create(id=0, title="A v B", sport="football", key="k", origins=["A", "B"])
    reply = world.link("host").ask(create)
    assert isinstance(reply, messages.Event)
    world.event = reply.card.event
    with dealer(world.address, "mallory") as socket:
        yield Stranger(socket, world.event)


def shown(world: World, fan: Link | None = None) -> messages.Card:
    reply = (fan or world.link("fan")).ask(messages.Show(id=0, event=world.event))
    assert isinstance(reply, messages.Event)
    return reply.card


def test_before_its_creator_hosts_it(world: World, stranger: Stranger) -> None:
    """A stranger leases, finishes and grants nothing of an event that nobody hosts yet."""
    assert stranger.takes() == {"NOT_GRANTED"}
    assert (shown(world).status, shown(world).hosted) == ("scheduled", False)
    world.host_process("host")
    assert shown(world).hosted


def test_while_and_after_its_creator_hosts_it(world: World, stranger: Stranger) -> None:
    """Nor while it is hosted, at once after SIGTERM, or after a crash when the lease is over."""
    host = world.host_process("host")
    assert stranger.takes() == {"NOT_GRANTED"}
    world.kill(host)
    assert stranger.takes() == {"NOT_GRANTED"}
    fan = world.link("fan")  # a link for each look would use up the sockets of a context
    until(lambda: not shown(world, fan).hosted, what="the end of the lease")
    assert stranger.takes() == {"NOT_GRANTED"}
    again = world.host_process("host")
    assert shown(world).hosted
    again.terminate()
    again.wait(PATIENCE)
    assert stranger.takes() == {"NOT_GRANTED"}
    assert shown(world).status == "live"


def test_the_event_of_a_host_that_was_named(world: World, stranger: Stranger) -> None:
    """A host that its owner names hosts it; a stranger with the host's name, or one that looks
    like it, does not."""
    with pytest.raises(NotGranted):
        world.link("ben").ask(messages.Join(id=0, event=world.event, role="host"))
    named = messages.Permit(id=0, event=world.event, role="host", peer="ben")
    world.link("host").ask(named)
    assert world.told(world.start_host("ben")) == "ready"
    assert shown(world).hosts == [identity("ben").peer]
    assert stranger.takes() == {"NOT_GRANTED"}
