"""Bare hosts and owners who go for more than they were granted: leases, pools, hand-overs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import World
from tests.integration.talk import ask, dealer, hello, identity
from touchline.protocol import messages
from touchline.protocol.messages import HostOffer, LeaseAsked

ENDPOINTS = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")


class Peer:
    """A bare client of the broker.

    Args:
        socket: its connection.
        name: its name.
        event: the event that it goes for.
    """

    def __init__(self, socket: Any, name: str, event: str) -> None:
        self._socket = socket
        self.name = name
        self.id = identity(name).peer
        self.event = event
        assert isinstance(ask(socket, hello(name)), messages.Welcome)

    def ask(self, kind: type[Any], **fields: Any) -> Any:
        """Return the answer, or the code of the refusal."""
        reply = ask(self._socket, kind(id=7, **fields))
        return reply.code if isinstance(reply, messages.Error) else reply

    def lease(self, epoch: int = 1, instance: str = "") -> int | str:
        """Ask for the lease of the event alone; return its epoch, or why there is none."""
        found = self.ask(
            messages.Lease, event=self.event, instance=instance or self.name, endpoints=ENDPOINTS,
            epoch=epoch, seq=0,
        )  # fmt: skip
        return found.epoch if isinstance(found, messages.Leased) else found

    def hold(self, *, asks: bool = False, journal: str = "j", epoch: int = 1) -> Any:
        """Offer to host, as a host does every two seconds."""
        leases = [LeaseAsked(event=self.event, instance=self.name, epoch=epoch, seq=0)]
        return self.ask(
            messages.HoldEvents,
            endpoints=ENDPOINTS,
            leases=leases if asks else [],
            offer=HostOffer(instance=self.name, capacity=5, labels=[], journal=journal),
        )

    def holds(self, epoch: int = 1) -> int | str:
        """Ask for the lease with others; return its epoch, or why there is none."""
        found = self.hold(asks=True, epoch=epoch)
        if isinstance(found, str):
            return found
        return found.leases[0].epoch if found.leases else found.refused[0].code

    def grant(self, role: str, peer: str, *, allowed: bool = True) -> Any:
        """Name somebody of the event, or take that back."""
        return self.ask(messages.Permit, event=self.event, role=role, peer=peer, allowed=allowed)


class Yard:
    """A broker, an event that is `owner`'s, and bare clients."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self._world = world
        self._stack = stack
        self.event = ""
        self.owner = self.peer("owner")
        made = self.owner.ask(
            messages.Create, title="A v B", sport="football", key="k", origins=["A", "B"]
        )
        self.event = self.owner.event = made.card.event

    def peer(self, name: str) -> Peer:
        socket = self._stack.enter_context(dealer(self._world.address, name))
        return Peer(socket, name, self.event)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with ExitStack() as stack:
        yield Yard(World(tmp_path, stack).with_broker(), stack)


def test_who_grants(yard: Yard) -> None:
    """A host that was named names nobody, nor does a stranger, nor who was an owner: not itself,
    not `any`, not a pool."""
    yard.owner.grant("host", yard.peer("north").id)
    yard.owner.grant("owner", yard.peer("was").id)
    yard.owner.grant("owner", yard.peer("was").id, allowed=False)
    for name in ("north", "was", "mallory"):
        peer = yard.peer(name)
        for role, whom in (("owner", peer.id), ("host", peer.id), ("host", "any")):
            for allowed in (True, False):
                assert peer.grant(role, whom, allowed=allowed) == "NOT_GRANTED", (name, role)
        assert peer.ask(messages.PlaceEvent, event=yard.event, peer=peer.id) == "NOT_GRANTED"
        assert peer.ask(messages.PlaceEvent, event=yard.event, drop=True) == "NOT_GRANTED"
    mallory = yard.peer("mallory")
    assert mallory.lease() == mallory.holds() == "NOT_GRANTED"
    assert yard.owner.grant("owner", yard.owner.id, allowed=False) == "BAD_MESSAGE"
    assert yard.owner.grant("owner", "pool:p") == "BAD_MESSAGE"


def test_what_is_taken_back(yard: Yard) -> None:
    """A host whose grant is taken back, that is taken out of its pool, or that is revoked, renews
    no more, by either request, and takes nothing over; the event is free at once."""
    operator, owner = yard.peer("operator"), yard.owner
    for name, pool in (("north", ""), ("south", "p"), ("east", "")):
        host = yard.peer(name)
        if pool:
            assert not isinstance(
                operator.ask(messages.ChangePool, pool=pool, peer=host.id, change="add"), str
            )
        owner.grant("host", f"pool:{pool}" if pool else host.id)
        first = host.lease(epoch=1)
        assert isinstance(first, int)
        assert host.lease(epoch=first) == host.holds(epoch=first) == first
        if pool:
            operator.ask(messages.ChangePool, pool=pool, peer=host.id, change="remove")
        elif name == "east":
            assert not isinstance(operator.ask(messages.Revoke, peer=host.id), str)
        else:
            owner.grant("host", host.id, allowed=False)
        for answer in (host.lease(epoch=first), host.holds(epoch=first), host.lease(instance="2")):
            assert answer in ("NOT_GRANTED", "REVOKED"), (name, answer)
        taken = owner.lease(instance=f"after {name}")
        assert isinstance(taken, int)
        assert taken > first
        leave = owner.ask(messages.ReleaseLease, event=yard.event, instance=f"after {name}")
        assert isinstance(leave, messages.Done)


def test_pools_are_the_operators(yard: Yard) -> None:
    """Nobody but an operator says which hosts are in a pool, drains another host, or gives away
    what is another's; a host sees what it may copy alone."""
    operator, mallory, north = yard.peer("operator"), yard.peer("mallory"), yard.peer("north")
    operator.ask(messages.ChangePool, pool="p", peer=north.id, change="add")
    yard.owner.grant("host", "pool:p")
    assert isinstance(north.holds(), int)
    for change in ("add", "remove"):
        for whom in (mallory.id, north.id):
            refused = mallory.ask(messages.ChangePool, pool="p", peer=whom, change=change)
            assert refused == "NOT_ALLOWED"
    mallory.hold()
    assert mallory.ask(messages.DrainHost, peer=north.id) == "NOT_ALLOWED"
    assert mallory.ask(messages.DrainHost, peer="north") == "NOT_ALLOWED"
    assert mallory.ask(messages.ShowHeld, peer=north.id).events == []
    assert mallory.hold().assigned == []
    assert isinstance(north.holds(), int)


def test_an_epoch_that_leaves_none_above_it(yard: Yard) -> None:
    """A host takes no epoch far above the one before: the next could not go on."""
    yard.owner.grant("host", "any")
    mallory = yard.peer("mallory")
    for epoch in (2**53, 2**63 - 1, 2**40):
        assert mallory.lease(epoch=epoch) == mallory.holds(epoch=epoch) == "BAD_MESSAGE"
    taken = mallory.lease(epoch=5)
    for epoch in (2**53, 2**40):
        assert mallory.lease(epoch=epoch) == mallory.holds(epoch=epoch) == "BAD_MESSAGE"
    assert taken == 5
    yard.owner.grant("host", "any", allowed=False)
    first = yard.owner.lease(epoch=6)
    assert isinstance(first, int)
    assert yard.owner.lease(epoch=first) == first


def test_an_event_on_its_way(yard: Yard) -> None:
    """An event that one host lets go for another is taken by nobody in between, by either request,
    though any may host it."""
    yard.owner.grant("host", "any")
    north, south, mallory = yard.peer("north"), yard.peer("south"), yard.peer("mallory")
    first = north.holds()
    south.hold()
    placed = yard.owner.ask(messages.PlaceEvent, event=yard.event, peer=south.id)
    assert placed.moving == 1
    assert south.hold().assigned == [yard.event]
    assert south.holds(epoch=2) == "CONFLICT"
    assert north.hold().released == [yard.event]
    north.ask(messages.ReleaseLease, event=yard.event, instance="north")
    assert mallory.holds(epoch=2) == mallory.lease(epoch=2) == "CONFLICT"
    assert south.holds(epoch=2) == first + 1
