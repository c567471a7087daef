from __future__ import annotations

from dataclasses import replace

import pytest

from touchline.broker.leases import AHEAD, grant
from touchline.broker.repository import LeaseRecord
from touchline.protocol.errors import BadMessage, Conflict
from touchline.protocol.messages import Endpoints, Lease

WALL = 1_000_000_000
ENDPOINTS = Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")
A = LeaseRecord("final", "a", "ann", epoch=4, seq=0, endpoints=ENDPOINTS, expires=WALL + 1)
B = replace(A, instance="b", peer="bob", epoch=5)


def ask(
    instance: str,
    peer: str,
    *,
    mine: LeaseRecord | None = None,
    last: LeaseRecord | None = None,
    epoch: int = 0,
) -> int:
    request = Lease(id=1, event="final", instance=instance, endpoints=ENDPOINTS, epoch=epoch, seq=0)
    return grant(request, peer, mine=mine, last=last, wall=WALL)


def test_first() -> None:
    """The first instance has the epoch that it proposes, at least 1."""
    assert ask("a", "ann") == 1
    assert ask("a", "ann", epoch=9) == 9


def test_renewal() -> None:
    """A renewal keeps its epoch, or the higher one that its host has begun by itself, expired or
    not."""
    assert ask("a", "ann", mine=A, last=A, epoch=3) == 4
    assert ask("a", "ann", mine=A, last=A, epoch=5) == 5
    late = replace(A, expires=0)
    assert ask("a", "ann", mine=late, last=late) == 4


def test_restarted_host() -> None:
    """A new instance of the peer that holds the event replaces it at once, an epoch higher."""
    assert ask("a2", "ann", last=A) == 5
    assert ask("a2", "ann", last=A, epoch=7) == 7


def test_an_epoch_far_above() -> None:
    """No instance takes an epoch far above the one before, or the first: the next would have none
    left."""
    assert ask("a", "ann", epoch=AHEAD) == AHEAD
    assert ask("a", "ann", mine=A, last=A, epoch=AHEAD + 4) == AHEAD + 4
    for mine, last, epoch in ((None, None, AHEAD + 1), (A, A, AHEAD + 5), (None, A, 2**53)):
        with pytest.raises(BadMessage, match="at most 1,000,00"):
            ask("a" if mine else "a2", "ann", mine=mine, last=last, epoch=epoch)


def test_held_by_another() -> None:
    """Another peer waits until the lease expires, to the microsecond."""
    with pytest.raises(Conflict, match="another host holds final"):
        ask("b", "bob", last=A)
    assert ask("b", "bob", last=replace(A, expires=WALL)) == 5


def test_replaced() -> None:
    """A replaced instance does not come back, even when its successor is gone."""
    for successor in (B, replace(B, expires=0)):
        with pytest.raises(Conflict, match="taken over final since this host's epoch 4"):
            ask("a", "ann", mine=replace(A, expires=0), last=successor)


def test_foreign_instance() -> None:
    """An instance belongs to the peer that brought it."""
    with pytest.raises(Conflict, match="belongs to another peer"):
        ask("a", "bob", mine=A, last=A)
