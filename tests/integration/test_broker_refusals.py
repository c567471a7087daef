"""Who does not belong at a broker, on real sockets: each is refused with its code, and counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from tests.patience import PATIENCE_MS, until
from touchline.broker import Broker, Options
from touchline.peer.link import Link
from touchline.protocol import addresses, codec, keys, messages
from touchline.protocol.errors import (
    BadInvite,
    NameTaken,
    NotAllowed,
    PeerError,
    Revoked,
    SettingError,
    UnknownKey,
    Untrusted,
    WrongKey,
)

from .talk import ask, dealer, hello, identity, link, reply_to, running

ENDPOINTS = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")
SEARCH = messages.Search(id=0)


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(
        bind="127.0.0.1:0",
        database=f"sqlite:///{tmp_path / 'broker.sqlite3'}",
        enrolment="invited",
        operators=(identity("club").public,),
    )


@pytest.fixture
def broker(options: Options) -> Iterator[Broker]:
    """A broker by invitation, whose settings name the club as operator."""
    with running(options) as broker:
        yield broker


@pytest.fixture
def club(broker: Broker) -> Iterator[Link]:
    with link(broker.address, "club") as club:
        yield club


def code(club: Link, role: str, uses: int = 1, seconds: float = 60.0) -> str:
    invite = messages.Invite(id=0, role=role, uses=uses, seconds=seconds)  # type: ignore[arg-type]  # any text
    return str(club.ask(invite).code)  # type: ignore[union-attr]  # or it raises


def event(club: Link) -> str:
    request = messages.Create(id=0, title="Final", sport="tennis", key="k", origins=["A", "B"])
    return str(club.ask(request).card.event)  # type: ignore[union-attr]  # or it raises


def lease(event: str, instance: str) -> messages.Lease:
    return messages.Lease(id=0, event=event, instance=instance, endpoints=ENDPOINTS, epoch=0, seq=0)


def test_unknown_key(broker: Broker, club: Link) -> None:
    """A key that nobody invited is refused; with a code it comes in, on the same connection."""
    with link(broker.address, "zoe") as zoe, pytest.raises(UnknownKey):
        zoe.ask(SEARCH)
    with link(broker.address, "zoe", invite=code(club, "viewer")) as zoe:
        zoe.ask(SEARCH)
        assert zoe.role == "viewer"
    assert broker.counters.refusals == {"UNKNOWN_KEY": 1}
    assert broker.counters.enrolled == 2


def test_wrong_broker_key(broker: Broker) -> None:
    """Who means another broker finds nobody, learns so at once, and is counted as such."""
    right = addresses.broker(broker.address)
    wrong = str(replace(right, key=identity("a liar").public))
    with link(wrong, "zoe") as zoe, pytest.raises(Untrusted):
        zoe.ask(SEARCH)
    assert broker.counters.mistaken > 0
    assert broker.counters.admitted == 0


def test_no_key(broker: Broker) -> None:
    """An address without a key is refused before anything is sent."""
    with pytest.raises(SettingError, match="names no key"):
        link(broker.address.partition("?")[0], "zoe")


def test_plain_text(broker: Broker) -> None:
    """The broker does not answer a connection in plain text."""
    with dealer(broker.address.partition("?")[0] + "?insecure") as bare:
        bare.send(codec.encode(hello("bare")))
        until(lambda: broker.counters.strangers > 0)
        assert bare.poll(0) == 0
    assert broker.counters.requests == {}


def test_somebody_elses_key(broker: Broker) -> None:
    """Who holds one key does not get in with another's."""
    with dealer(broker.address, "eve") as eve:
        reply = ask(eve, hello("club", id=5))
        assert isinstance(reply, messages.Error)
        assert (reply.id, reply.code) == (5, WrongKey.code)
    assert broker.counters.refusals == {"WRONG_KEY": 1}


def test_name_taken(broker: Broker, club: Link) -> None:
    """A name belongs to its first key, and a code is not used up by one who asks for it."""
    invite = code(club, "viewer")
    with (
        link(broker.address, "eve", called="Club", invite=invite) as eve,
        pytest.raises(NameTaken),
    ):
        eve.ask(SEARCH)
    with link(broker.address, "eve", invite=invite) as eve:
        eve.ask(SEARCH)
    assert broker.counters.refusals == {"NAME_TAKEN": 1}


def test_bad_invitations(broker: Broker, club: Link) -> None:
    """A code that nobody gave, one used up and one expired let nobody in."""
    used, expired = code(club, "viewer"), code(club, "viewer", seconds=0.001)
    with link(broker.address, "first", invite=used) as first:
        first.ask(SEARCH)
    for invite, sentence in (
        ("aaaa-bbbb-cccc", "no such invitation"),
        (used, "used up"),
        (expired, "expired at"),
    ):
        with (
            link(broker.address, "zoe", invite=invite) as zoe,
            pytest.raises(BadInvite, match=sentence),
        ):
            zoe.ask(SEARCH)
    assert broker.counters.refusals == {"BAD_INVITE": 3}


def test_revoked(broker: Broker, club: Link) -> None:
    """A revoked peer is refused on the connection that it has, and gets no new connection."""
    with link(broker.address, "zoe", invite=code(club, "viewer")) as zoe:
        zoe.ask(SEARCH)
        club.ask(messages.Revoke(id=0, peer=zoe.peer))
        with pytest.raises(Revoked):
            zoe.ask(SEARCH)
    before = broker.counters.admitted
    with link(broker.address, "zoe") as zoe, pytest.raises(Untrusted, match="revoked"):
        zoe.ask(SEARCH)
    assert broker.counters.refusals["REVOKED"] > 0
    assert broker.counters.barred > 0
    assert broker.counters.admitted == before
    club.ask(SEARCH)


def test_the_door_says_no(broker: Broker, club: Link) -> None:
    """What a revoked key hears at the door is the status 400 of ZAP, for any client to tell."""
    with link(broker.address, "zoe", invite=code(club, "viewer")) as zoe:
        zoe.ask(SEARCH)
        club.ask(messages.Revoke(id=0, peer=zoe.peer))
    endpoint = addresses.broker(broker.address).endpoint
    with dealer(broker.address, "zoe") as bare:
        bare.disconnect(endpoint)
        monitor = bare.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        bare.connect(endpoint)
        try:
            assert monitor.poll(PATIENCE_MS), "the door said nothing"
            assert parse_monitor_message(monitor.recv_multipart())["value"] == 400
        finally:
            bare.disable_monitor()
            monitor.close()


@pytest.mark.parametrize(
    ("role", "request_of"),
    [
        ("viewer", lambda of: messages.Create(id=0, title="x", sport="tennis", key="x")),
        ("viewer", lambda of: messages.Join(id=0, event=of, role="reporter")),
        ("viewer", lambda of: messages.Invite(id=0, role="viewer")),
        ("reporter", lambda of: messages.Join(id=0, event=of, role="host")),
        ("reporter", lambda of: lease(of, "z")),
        ("reporter", lambda of: messages.Vouch(id=0, curve=b"x" * 32)),
        ("host", lambda of: messages.Members(id=0)),
        ("host", lambda of: messages.Revoke(id=0, peer="x")),
    ],
)
def test_roles(broker: Broker, club: Link, role: str, request_of: Callable[[str], Any]) -> None:
    """A viewer neither creates nor reports, a reporter does not host, a host is no operator."""
    final = event(club)
    with link(broker.address, "zoe", invite=code(club, role)) as zoe:
        with pytest.raises(NotAllowed):
            zoe.ask(request_of(final))
        zoe.ask(messages.Join(id=0, event=final, role="viewer"))
    assert broker.counters.refusals == {"NOT_ALLOWED": 1}


def drained(bare: zmq.Socket[bytes], milliseconds: int) -> list[messages.BrokerReply]:
    """Return all that comes until nothing has come for so long."""
    found = []
    while bare.poll(milliseconds):
        found.append(codec.decode_broker_reply(bare.recv()))
    return found


def test_somebody_elses_routing_id(broker: Broker, club: Link) -> None:
    """Who comes with the routing id of another, who is there or was, gets nothing of theirs, and
    the other does not notice."""
    final = event(club)
    club.ask(lease(final, "club"))
    route = keys.routing_id(identity("zoe").curve_public, os.urandom(16))
    join = messages.Join(id=7, event=final, role="viewer")
    with dealer(broker.address, "zoe", route) as zoe:
        assert isinstance(ask(zoe, hello("zoe", invite=code(club, "viewer"))), messages.Welcome)
        with dealer(broker.address, "eve", route) as eve:
            for request in (hello("eve"), join, join):
                eve.send(codec.encode(request))
            tokens = {ask(zoe, join).token for _ in range(20)}  # type: ignore[union-attr]  # else it fails
            assert len(tokens) == 1
            told = drained(eve, 300)
            assert {getattr(reply, "code", "") for reply in told} <= {"WRONG_KEY"}
        assert isinstance(ask(zoe, join), messages.Invitation)
    counters = broker.counters
    until(lambda: counters.accepted - counters.closed == 1)  # the club is left
    with dealer(broker.address, "eve", route) as eve:
        for request in (hello("eve"), hello("zoe"), join):
            eve.send(codec.encode(request))
            assert reply_to(eve).code == "WRONG_KEY"
        assert drained(eve, 100) == []
    assert broker.counters.refusals["WRONG_KEY"] >= 3


def test_a_flood(options: Options) -> None:
    """A key over its rate is refused, counted, and after a while not even answered; another is
    answered as always."""
    slow = replace(options, request_rate=1.0, request_burst=5)
    with running(slow) as broker, link(broker.address, "club") as club:
        club.ask(SEARCH)
        with dealer(broker.address, "eve") as eve:
            frame = codec.encode(hello("eve"))
            for _ in range(2_000):
                eve.send(frame)
            until(lambda: broker.counters.rate_limited >= 1_990)
            club.ask(SEARCH)
            told = [getattr(reply, "code", "") for reply in drained(eve, 300)]
        assert set(told) == {"UNKNOWN_KEY", "OVERLOADED"}
        assert len(told) < 200
    assert broker.counters.refusals["OVERLOADED"] == broker.counters.rate_limited


def test_plain_broker(options: Options) -> None:
    """A broker that is insecure says so in its address, and works as others do."""
    plain = replace(options, insecure=True, enrolment="open")
    with running(plain) as broker:
        assert broker.address.endswith("?insecure")
        with link(broker.address, "zoe") as zoe, link(broker.address, "eve") as eve:
            final = event(zoe)
            zoe.ask(lease(final, "z"))
            invitation = eve.ask(messages.Join(id=0, event=final, role="viewer"))
            assert isinstance(invitation, messages.Invitation)
            assert invitation.key == b""
            with pytest.raises(PeerError, match="role operator"):
                eve.ask(messages.Members(id=0))
    with pytest.raises(SettingError, match="needs a key"):
        Broker(options, None)
