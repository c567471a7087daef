"""Rooms at a broker of its own: who may speak there, and who may no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from tests.patience import PATIENCE_MS, until
from touchline.broker import Broker, Options
from touchline.protocol import codec, messages
from touchline.protocol.messages import GroupRecord

from .talk import ask, dealer, hello, identity, link, running

INSTANCE = "an instance of one test"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    options = Options(
        bind="127.0.0.1:0",
        database=f"sqlite:///{tmp_path / 'broker.db'}",
        operators=(identity("club").public,),
        open_role="viewer",
    )
    with running(options) as made:
        yield made


def gather(number: int = 2) -> messages.JoinGroup:
    return messages.JoinGroup(id=number, room="lobby", instance=INSTANCE)


def put(number: int, body: bytes) -> messages.PutRecords:
    record = GroupRecord(key="k", body=body)
    return messages.PutRecords(id=number, room="lobby", instance=INSTANCE, records=[record])


def test_after_hello_alone(broker: Broker) -> None:
    """Who has not said hello on this connection is told UNKNOWN_PEER, as with other requests; after
    it any enrolled peer may gather, a viewer as well."""
    with dealer(broker.address, "ann") as ann:
        refused = ask(ann, gather())
        assert isinstance(refused, messages.Error)
        assert (refused.id, refused.code) == (2, "UNKNOWN_PEER")
        welcome = ask(ann, hello("ann"))
        assert isinstance(welcome, messages.Welcome)
        assert welcome.role == "viewer"
        gathered = ask(ann, gather(3))
        assert isinstance(gathered, messages.GroupJoined)
        assert gathered.id == 3
        with dealer(broker.address, "bob") as bob:  # one's hello is not another's
            refused = ask(bob, gather())
            assert isinstance(refused, messages.Error)
            assert refused.code == "UNKNOWN_PEER"


def test_under_another_key(broker: Broker) -> None:
    """A room request under a routing id that is not its key's is WRONG_KEY: it passes the gate."""
    with dealer(broker.address, "ann", routing_id=b"x" * 32) as ann:
        refused = ask(ann, gather())
        assert isinstance(refused, messages.Error)
        assert refused.code == "WRONG_KEY"


def test_in_order(broker: Broker) -> None:
    """What is asked at once, while it is looked up whose connection it is, keeps its order."""
    with dealer(broker.address, "ann") as ann:
        ask(ann, hello("ann"))
        ann.send(codec.encode(gather(2)))
        for number in range(50):
            ann.send(codec.encode(put(number + 3, b"%d" % number)))
        told = list(_received(ann, 1 + 2 * 50))
    done = [reply.id for reply in told if isinstance(reply, messages.Done)]
    changed = [reply for reply in told if isinstance(reply, messages.GroupChanged)]
    assert done == list(range(3, 53))
    assert [reply.records[0].body for reply in changed] == [b"%d" % number for number in range(50)]


def test_revoked(broker: Broker) -> None:
    """A member who is revoked is not heard any more some seconds later, on the same connection."""
    with dealer(broker.address, "ann") as ann, link(broker.address, "club") as club:
        ask(ann, hello("ann"))
        assert isinstance(ask(ann, gather()), messages.GroupJoined)
        club.ask(messages.Revoke(id=0, peer=identity("ann").peer))
        until(lambda: isinstance(ask(ann, gather(3)), messages.Error), what="the end", pause=0.2)
        assert ask(ann, gather(4)).code == "REVOKED"  # type: ignore[union-attr]  # else it fails


def _received(bare: zmq.Socket[Any], count: int) -> Iterator[messages.BrokerReply]:
    for _ in range(count):
        assert bare.poll(PATIENCE_MS), "no reply"
        yield codec.decode_broker_reply(bare.recv())
