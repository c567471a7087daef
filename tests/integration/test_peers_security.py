"""Whoever does not belong, at the sockets of a host: refused with its code, counted, and nobody
else is disturbed."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from tests.patience import PATIENCE, PATIENCE_MS, spend
from touchline.peer import Link
from touchline.peer.host.service import Host
from touchline.peer.link.service import own_routing_id
from touchline.protocol import codec, messages
from touchline.protocol.errors import Revoked, TouchlineError, Untrusted
from touchline.protocol.keys import routing_id, routing_prefix, to_text
from touchline.protocol.messages import Attach, Happening, HostPing, Report

from .talk import identity

KINDS = {"router": zmq.DEALER, "pull": zmq.PUSH, "pub": zmq.SUB}


def ask(bare: zmq.Socket[bytes], request: Any) -> Any:
    """Send a request, and return what is answered."""
    bare.send(codec.encode(request))
    assert bare.poll(PATIENCE_MS), "no reply"
    return codec.decode_host_reply(bare.recv())


def attach(token: str) -> Attach:
    return Attach(id=7, token=token, time=1_700_000_000_000_000)


def report(badge: str, n: int = 1) -> bytes:
    return codec.encode(Report(token=badge, n=n, time=0, event=Happening("goal", "A", 0)))


def handshake(bare: zmq.Socket[bytes], connect: Any) -> int:
    """Connect, and return the first that a connection's monitor tells of how it went."""
    monitor = bare.get_monitor_socket(
        zmq.EVENT_HANDSHAKE_SUCCEEDED
        | zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    )
    try:
        connect()
        assert monitor.poll(PATIENCE_MS), "nothing came of it"
        return int(parse_monitor_message(monitor.recv_multipart())["event"])
    finally:
        bare.disable_monitor()
        monitor.close()


def crowd(world: Any) -> tuple[Host, Any, Any, Any]:
    """A host, two reporters and a subscriber who belong."""
    host = world.with_broker().host()
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    world.until(lambda: feed.open and ann.session.open and bob.session.open, ann, bob, feed)
    return host, ann, bob, feed


def undisturbed(world: Any, ann: Any, bob: Any, feed: Any) -> None:
    """Those who belong get on with it."""
    before = len(feed.messages)
    world.goal(before, ann, bob)
    world.until(lambda: len(feed.messages) == before + 1, ann, bob, feed)


# ── the door ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", KINDS)
def test_unknown_key(world: Any, name: str) -> None:
    """A key that the broker does not know, one that has no token for the event, and one that is
    another's host's are not let in at any socket; plain text neither."""
    host, ann, bob, feed = crowd(world)
    world.link("cid").ask(messages.Search(id=0))
    endpoint, kind = getattr(host.endpoints, name), KINDS[name]
    for who, server, told in (
        ("a stranger", "host", zmq.EVENT_HANDSHAKE_FAILED_AUTH),
        ("cid", "host", zmq.EVENT_HANDSHAKE_FAILED_AUTH),
        ("ann", "another host", zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL),
        ("ann", "host", zmq.EVENT_HANDSHAKE_SUCCEEDED),
    ):
        with world.bare(kind, who, server) as bare:
            assert handshake(bare, lambda bare=bare: bare.connect(endpoint)) == told, who
    assert host.zap is not None
    assert host.zap.refused == 2
    world.plain = True
    with world.bare(kind) as bare:
        told = handshake(bare, lambda: bare.connect(endpoint))
        assert told != zmq.EVENT_HANDSHAKE_SUCCEEDED
    undisturbed(world, ann, bob, feed)


def test_guest_before_the_broker_is_back(world: Any) -> None:
    """While the broker is away those who take part are let in, and others are held and let in once
    it is back."""
    broker = world.broker_process()
    world.with_event(alone=True)
    host = world.host(verdict="fixed:1")
    ann = world.reporter("ann")
    world.until(lambda: ann.session.open, ann)
    token = world.token("cid")
    world.kill(broker)
    with world.bare(zmq.DEALER, "ann") as bare:
        told = handshake(bare, lambda: bare.connect(host.endpoints.router))
        assert told == zmq.EVENT_HANDSHAKE_SUCCEEDED
    with world.raw(zmq.DEALER, host.endpoints.router, "cid") as bare:
        bare.send(codec.encode(HostPing(id=1, event=world.event, time=0)))
        assert not bare.poll(500)
        world.broker_process()
        world.until(lambda: bool(bare.poll(0)), ann)
        assert codec.decode_host_reply(bare.recv()).code == "UNKNOWN_PEER"
        assert isinstance(ask(bare, attach(token)), messages.Setup)


def test_wrong_broker(world: Any) -> None:
    """A reporter whose string names another key than the broker's says so long before it would
    have given up, and has told nobody anything."""
    world.with_broker().host()
    place = world.address.partition("?")[0]
    with Link(f"{place}?key={to_text(identity('evil').public)}", "ann", identity("ann")) as link:
        ann = world.reporter("ann", link)
        ann.say("goal", "A")
        with pytest.raises(Untrusted, match="does not hold the key"):
            ann.wait_open(PATIENCE)


def test_another_host_at_its_address(world: Any) -> None:
    """Who comes upon somebody else at the address of the host is told so, goes on looking, and is
    let in where the host then is."""
    host = world.with_broker().host()
    ports = host._sockets.ports
    invitation = world.link("ann").ask(messages.Join(id=0, event=world.event, role="reporter"))
    world.end(host)
    with world.bare(zmq.ROUTER) as impostor:
        for option, value in (
            (zmq.CURVE_SERVER, 1),
            (zmq.CURVE_PUBLICKEY, identity("evil").curve_public),
            (zmq.CURVE_SECRETKEY, identity("evil").curve_secret),
        ):
            impostor.setsockopt(option, value)
        impostor.bind(f"tcp://127.0.0.1:{ports['router']}")
        ann = world.reporter("ann")
        ann.session.invite(invitation, time.monotonic(), time.time_ns() // 1_000)
        world.until(lambda: ann.session.shut is not None, ann)
        assert "does not hold the key" in ann.session.shut.sentence
        assert not impostor.poll(0)
        world.host(router=0)
        world.until(lambda: ann.session.open, ann)
        assert ann.session.shut is None


# ── tokens and badges ────────────────────────────────────────────────────────────────────────


def test_stolen_token(world: Any) -> None:
    """A token in another key's hands opens nothing, whether its holder has used it or not."""
    host, ann, bob, feed = crowd(world)
    unused = world.token("cid")
    known = ann.session.invitation.token
    world.token("thief", "viewer")
    with world.raw(zmq.DEALER, host.endpoints.router, "thief") as bare:
        for token in (unused, known):
            reply = ask(bare, attach(token))
            assert (reply.id, reply.code) == (7, "WRONG_KEY")
        assert ask(bare, HostPing(id=1, event=world.event, time=0)).code == "UNKNOWN_PEER"
    assert host.attached.refusals["WRONG_KEY"] == 2
    with world.raw(zmq.PUSH, host.endpoints.pull, "thief") as push:
        for n, badge in enumerate((unused, known, "made up"), 1_000):
            push.send(report(badge, n))
        world.until(lambda: host.attached.refusals.get("BAD_TOKEN") == 3, ann, bob, feed)
    assert host.events[world.event].counters.stored == 0
    undisturbed(world, ann, bob, feed)


def test_expired_token(world: Any) -> None:
    """A token that has expired is refused at the ROUTER, the badge that came with it at the PULL;
    whoever belongs gets a new one and goes on."""
    host = world.with_broker(token_seconds=2.0).host(verdict="fixed:1")
    ann, feed = world.reporter("ann"), world.feed()
    world.until(lambda: feed.open and ann.session.open, ann, feed)
    token, badge = ann.session.invitation.token, ann.setup.badge
    refusals = host.attached.refusals
    with (
        world.raw(zmq.DEALER, host.endpoints.router) as bare,
        world.raw(zmq.PUSH, host.endpoints.pull) as push,
    ):
        world.until(lambda: ask(bare, attach(token)).id == 7 and "BAD_TOKEN" in refusals)
        before = refusals["BAD_TOKEN"]
        push.send(report(badge, 1_000))
        world.until(lambda: refusals["BAD_TOKEN"] > before)
    assert host.events[world.event].counters.stored == 0
    world.goal(1, ann)
    world.until(lambda: len(feed.messages) == 1, ann, feed)
    assert ann.setup.badge != badge


def test_viewer_reports(world: Any) -> None:
    """A viewer's badge takes no reports."""
    host, ann, bob, feed = crowd(world)
    badge = feed.subscriber.setup.badge
    with world.raw(zmq.PUSH, host.endpoints.pull, "fan") as push:
        push.send(report(badge))
        world.until(lambda: "NOT_ALLOWED" in host.attached.refusals, ann, bob, feed)
    assert host.events[world.event].counters.stored == 0
    undisturbed(world, ann, bob, feed)


# ── routing ids ──────────────────────────────────────────────────────────────────────────────


def test_foreign_routing_id(world: Any) -> None:
    """A routing id that does not begin as its key demands is refused, and counted."""
    host, ann, bob, feed = crowd(world)
    token = world.token("thief")
    for route in (b"p" + os.urandom(16), own_routing_id(identity("ann"))):
        with world.raw(zmq.DEALER, host.endpoints.router, "thief", route=route) as bare:
            assert ask(bare, attach(token)).code == "WRONG_KEY"
    assert host.attached.refusals == {**host.attached.refusals, "WRONG_KEY": 2}
    undisturbed(world, ann, bob, feed)


@pytest.mark.parametrize("who", ["thief", "ann"])
def test_taken_routing_id(world: Any, who: str) -> None:
    """A second connection under the routing id of one that lives never has what is the first
    one's, nor takes it away, whosever key it has: ZeroMQ listens to none, and whatever it may take
    for another routing id of that connection's is refused."""
    host, ann, bob, feed = crowd(world)
    world.token("thief")
    route = ann._connection.dealer.getsockopt(zmq.ROUTING_ID)
    assert route.startswith(routing_prefix(identity("ann").curve_public))
    fitting = routing_id(identity("ann").curve_public, b"another one")
    token = ann.session.invitation.token
    with world.raw(zmq.DEALER, host.endpoints.router, who, route=route) as bare:
        for frame in (fitting, codec.encode(attach(token)), codec.encode(attach(token))):
            bare.send(frame)
        for number in range(3):
            undisturbed(world, ann, bob, feed)
            world.until(lambda: ann.pending == 0, ann, bob, feed, what=f"receipt {number}")
        replies = []
        while bare.poll(300):
            replies.append(codec.decode_host_reply(bare.recv()))
    if who == "thief":
        assert {reply.code for reply in replies} <= {"WRONG_KEY"}
    assert not any(isinstance(reply, messages.Receipt) for reply in replies)


# ── revoked ──────────────────────────────────────────────────────────────────────────────────


def revoke(world: Any, name: str) -> None:
    operator = world.link("operator")
    reply = operator.ask(messages.Revoke(id=0, peer=identity(name).peer))
    assert isinstance(reply, messages.Done)


def test_revoked_reporter(world: Any) -> None:
    """A reporter who is revoked in the middle is out at the next renewal of the lease: not
    counted, not heard, told why, and not let in again."""
    host, ann, bob, feed = crowd(world)
    undisturbed(world, ann, bob, feed)
    core = host.events[world.event]
    badge = bob.setup.badge
    revoke(world, "bob")
    world.until(lambda: core.present == 1, ann, feed)
    with world.raw(zmq.PUSH, host.endpoints.pull, "ann") as push:  # the badge in anybody's hands
        push.send(report(badge, 1_000))
        world.until(lambda: host.attached.refusals.get("REVOKED", 0) >= 1, ann, feed)
    with pytest.raises(Revoked):
        world.until(lambda: False, bob)
    stored = core.counters.stored
    refused = host.zap.refused
    again = world.link("bob")
    with pytest.raises(Untrusted, match="revoked"):
        again.ask(messages.Search(id=0))
    with world.bare(zmq.DEALER, "bob") as bare:
        told = handshake(bare, lambda: bare.connect(host.endpoints.router))
        assert told == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    assert host.zap.refused > refused
    assert core.counters.stored == stored
    world.goal(5, ann)
    world.until(lambda: len(core.claims.open) == 1, ann, feed)
    assert feed.tracker.counters.diverged == 0


def test_revoked_viewer(world: Any) -> None:
    """A viewer who is revoked sees nothing more from the next renewal on, without having to do
    anything; all others miss nothing."""
    host, ann, bob, feed = crowd(world)
    world.token("cid", "viewer")
    with world.raw(zmq.SUB, host.endpoints.pub, "cid") as sub:
        sub.setsockopt(zmq.SUBSCRIBE, b"")
        world.until(lambda: bool(sub.poll(0)), ann, bob, feed)
        undisturbed(world, ann, bob, feed)
        before = host._sockets.pub
        revoke(world, "cid")
        world.until(lambda: host._sockets.pub is not before, ann, bob, feed)
        while sub.poll(0):
            sub.recv()
        for _ in range(3):
            undisturbed(world, ann, bob, feed)
        spend(1.0, ann, bob, feed)
        assert not sub.poll(0)
    assert feed.seqs == [1, 2, 3, 4]
    core = host.events[world.event]
    assert (feed.tracker.seq, feed.tracker.digest) == (core.feed.seq, core.feed.digest)


def test_revoked_stays_out(world: Any) -> None:
    """After a restart of the host while the broker is away the revoked are still out."""
    broker = world.broker_process()
    world.with_event(alone=True)
    host = world.host()
    ann, bob = world.reporter("ann"), world.reporter("bob")
    world.until(lambda: ann.session.open and bob.session.open, ann, bob)
    revoke(world, "bob")
    world.until(lambda: host.events[world.event].present == 1, ann)
    world.kill(broker)
    world.end(host)
    host = world.host()
    for who, told in (
        ("bob", zmq.EVENT_HANDSHAKE_FAILED_AUTH),
        ("ann", zmq.EVENT_HANDSHAKE_SUCCEEDED),
    ):
        with world.bare(zmq.DEALER, who) as bare:
            assert handshake(bare, lambda bare=bare: bare.connect(host.endpoints.router)) == told


def test_revoked_host(world: Any) -> None:
    """A host that is revoked loses its events at its next renewal, and says why."""
    host = world.with_broker().host("evil")
    revoke(world, "evil")
    world.until(lambda: bool(host.lost))
    (error,) = host.lost.values()
    assert isinstance(error, TouchlineError)
    assert isinstance(error, Revoked)
    assert host.events == {}
