from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from tests.patience import PATIENCE, PATIENCE_MS, until
from touchline.peer.link import Link
from touchline.peer.link.core import SILENCE, ignore
from touchline.protocol import codec, messages
from touchline.protocol.errors import NotFound, SettingError, Unreachable, Untrusted
from touchline.protocol.keys import Identity, routing_prefix, to_text
from touchline.runtime.zap import ZapAuthenticator

SEARCH = messages.Search(id=0)

ANN, BROKER, EVIL = (Identity(seed * 32) for seed in (b"a", b"b", b"e"))

NOBODY = f"touchline://127.0.0.1:1?key={to_text(BROKER.public)}"


class FakeBroker:
    """A ROUTER in the test's hands."""

    def __init__(self, context: zmq.Context[Any]) -> None:
        self.socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.router_mandatory = 1
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.address = f"touchline://127.0.0.1:{port}?insecure"

    def take(self) -> tuple[bytes, Any]:
        assert self.socket.poll(PATIENCE_MS), "nothing came"
        routing_id, frame = self.socket.recv_multipart()
        return routing_id, codec.decode_broker_request(frame)

    def give(self, routing_id: bytes, *frames: bytes) -> None:
        self.socket.send_multipart([routing_id, *frames])

    def welcome(self) -> bytes:
        """Answer the hello that comes next and return whose it was."""
        routing_id, hello = self.take()
        assert isinstance(hello, messages.Hello)
        welcome = messages.Welcome(id=hello.id, peer="p", role="host", time=1, heartbeat=10.0)
        self.give(routing_id, codec.encode(welcome))
        return routing_id


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    context = zmq.Context()
    broker = FakeBroker(context)
    yield broker
    broker.socket.close()
    context.term()  # would wait for ever for a socket that was left open


@pytest.fixture
def link(broker: FakeBroker) -> Iterator[Link]:
    with Link(broker.address, "ann", ANN) as link:
        yield link


class Owner:
    """What follows upon requests: the replies are kept, with the times at which they came."""

    def __init__(self) -> None:
        self.replies: list[Any] = []
        self.times: list[float] = []

    def then(self, reply: Any, now: float) -> None:
        self.replies.append(reply)
        self.times.append(now)


@pytest.fixture
def owner() -> Owner:
    return Owner()


def arrive(link: Link, now: float) -> int:
    """Wait until something has come to the link; return how many requests are answered."""
    assert link.socket.poll(PATIENCE_MS), "nothing came"
    return link.poll(now)


def test_within_a_loop(broker: FakeBroker, link: Link, owner: Owner) -> None:
    """A loop asks, polls the socket, and what follows upon the answer is done, never blocked."""
    link.request(SEARCH, owner.then, 0.0)
    assert link.next_timer() == 0.25
    assert link.poll(0.0) == 0
    peer = broker.welcome()
    assert arrive(link, 0.1) == 0
    assert (link.peer, link.heartbeat) == ("p", 10.0)
    _, search = broker.take()
    events = messages.EventList(id=search.id, events=[])
    broker.give(peer, codec.encode(events))
    assert arrive(link, 0.2) == 1
    assert (owner.replies, owner.times) == ([events], [0.2])
    assert link.next_timer() is None


def test_answers_find_their_owners(broker: FakeBroker, link: Link) -> None:
    """Each answer goes to what follows upon its own request, in whatever order answers come."""
    owners = Owner(), Owner()
    for one in owners:
        link.request(SEARCH, one.then, 0.0)
    peer = broker.welcome()
    arrive(link, 0.0)
    asked = [broker.take()[1].id for _ in owners]
    for number in reversed(asked):
        broker.give(peer, codec.encode(messages.Done(id=number)))
    # Two answers may come at two moments: each poll hands over what is there by then.
    until(lambda: link.poll(0.0) >= 0 and all(one.replies for one in owners))
    assert [one.replies for one in owners] == [[messages.Done(id=number)] for number in asked]


def test_what_follows_fails(broker: FakeBroker, link: Link, owner: Owner) -> None:
    """A continuation that raises keeps no other from its answer."""

    def fail(_: Any, __: float) -> None:
        raise AssertionError("planted")

    link.request(SEARCH, fail, 0.0, timeout=1.0)
    link.request(SEARCH, owner.then, 0.0, timeout=1.0)
    with pytest.raises(AssertionError, match="planted"):
        link.poll(2.0)
    assert owner.replies == []
    assert link.poll(2.0) == 1
    assert isinstance(owner.replies[0], Unreachable)
    broker.welcome()


def test_routing_id(broker: FakeBroker) -> None:
    """Every link has a routing id of its own that begins as its key demands."""
    seen = set()
    for _ in range(5):
        with Link(broker.address, "ann", ANN) as link:
            link.request(SEARCH, ignore, 0.0)
            seen.add(broker.take()[0])
    assert len(seen) == 5
    prefix = routing_prefix(ANN.curve_public)
    assert all(len(one) == len(prefix) + 16 and one.startswith(prefix) for one in seen)


def test_odd_messages(broker: FakeBroker, link: Link, owner: Owner) -> None:
    """A message of two frames and one of garbage are ignored."""
    link.request(SEARCH, owner.then, 0.0)
    peer = broker.welcome()
    arrive(link, 0.0)
    done = messages.Done(id=broker.take()[1].id)
    broker.give(peer, codec.encode(done), codec.encode(done))
    assert arrive(link, 0.0) == 0
    broker.give(peer, b"\xc1")
    assert arrive(link, 0.0) == 0
    broker.give(peer, codec.encode(done))
    assert arrive(link, 0.0) == 1
    assert owner.replies == [done]


def test_new_connection_after_silence(broker: FakeBroker, link: Link) -> None:
    """After silence the same socket connects anew under another routing id, and is heard."""
    link.request(SEARCH, ignore, 0.0, timeout=PATIENCE)
    first = broker.welcome()
    arrive(link, 0.0)
    _, search = broker.take()
    socket = link.socket
    assert link.poll(SILENCE + 1) == 0
    assert link.socket is socket
    second = broker.welcome()
    assert second != first
    assert arrive(link, SILENCE + 1) == 0
    assert broker.take() == (second, search)


def test_ask(broker: FakeBroker, link: Link, owner: Owner) -> None:
    """A blocking question returns the reply or raises the refusal; what follows upon other
    requests is done meanwhile."""

    def answer() -> None:
        peer = broker.welcome()
        for _ in range(2):
            _, request = broker.take()
            broker.give(peer, codec.encode(messages.Done(id=request.id)))
        _, request = broker.take()
        refusal = messages.Error(id=request.id, code="NOT_FOUND", reason="no event 'x'")
        broker.give(peer, codec.encode(refusal))

    thread = threading.Thread(target=answer)
    thread.start()
    show = messages.Show(id=0, event="y")
    link.request(show, owner.then, time.monotonic(), timeout=PATIENCE)
    reply = link.ask(SEARCH, PATIENCE)
    assert isinstance(reply, messages.Done)
    with pytest.raises(NotFound, match="no event 'x'"):
        link.ask(messages.Show(id=0, event="x"), PATIENCE)
    thread.join()
    assert [type(reply) for reply in owner.replies] == [messages.Done]


def test_flush(broker: FakeBroker, link: Link, owner: Owner) -> None:
    """Flush waits until all is answered; it gives up in time."""
    link.flush()
    thread = threading.Thread(target=broker.welcome)
    thread.start()
    link.request(SEARCH, owner.then, time.monotonic(), timeout=PATIENCE)
    link.flush(timeout=0.05)
    thread.join()
    until(lambda: link.flush(timeout=0.05) or broker.socket.poll(0))
    peer, request = broker.take()
    broker.give(peer, codec.encode(messages.Done(id=request.id)))
    link.flush(timeout=PATIENCE)
    assert owner.replies == [messages.Done(id=request.id)]


def test_nobody_there() -> None:
    """Where no broker listens, asking fails in time and closing does not hang."""
    with Link(NOBODY, "ann", ANN) as link:
        with pytest.raises(Unreachable, match=r"tcp://127\.0\.0\.1:1 within 0\.05 s"):
            link.ask(SEARCH, timeout=0.05)
        assert link.peer == ""


def test_context_of_the_process() -> None:
    """A context that was given stays open when the link closes."""
    context = zmq.Context()
    Link(NOBODY, "ann", ANN, context=context).close()
    assert not context.closed
    context.term()


def test_bad_address() -> None:
    """An address that is none is refused by the flag's name, and so is one without a key, with
    what to do."""
    with pytest.raises(SettingError, match=r"^--broker: "):
        Link("no address", "ann", ANN)
    with pytest.raises(SettingError, match=r"`touchline broker` prints, touchline://h:5670\?key="):
        Link("h", "ann", ANN)


# ── encrypted ────────────────────────────────────────────────────────────────────────────────


class Guarded(FakeBroker):
    """One with a key and an authenticator."""

    def __init__(self, context: zmq.Context[Any], *, shut: bool = False) -> None:
        self.zap = ZapAuthenticator(context, lambda _: not self.shut)
        self.shut = shut
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.curve_server = 1
        self.socket.curve_secretkey = BROKER.curve_secret
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.address = f"touchline://127.0.0.1:{port}?key={to_text(BROKER.public)}"


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    context = zmq.Context()
    broker = Guarded(context)
    yield broker
    broker.socket.close()
    broker.zap.stop()
    context.term()


def test_encrypted(guarded: Guarded) -> None:
    """A link to a broker with a key is encrypted, and the broker learns whose it is."""
    with Link(guarded.address, "ann", ANN) as link:
        link.request(SEARCH, ignore, 0.0)
        assert guarded.socket.poll(PATIENCE_MS), "nothing came"
        routing_id, frame = guarded.socket.recv_multipart(copy=False)
        assert frame.get("User-Id") == ANN.curve_public.hex()
        assert routing_id.bytes.startswith(routing_prefix(ANN.curve_public))
        assert codec.decode_broker_request(frame.bytes).key == ANN.public


def test_refused_by_key(guarded: Guarded) -> None:
    """A key that is not let in is told so long before time is up, and is let in with its next
    question once it may."""
    guarded.shut = True
    with Link(guarded.address, "ann", ANN) as link:
        for _ in range(2):
            with pytest.raises(Untrusted, match="does not let this key in"):
                link.ask(SEARCH, timeout=PATIENCE)
        guarded.shut = False
        link.request(SEARCH, ignore, time.monotonic())
        guarded.welcome()


@pytest.mark.parametrize("plain", [False, True])
def test_wrong_broker(guarded: Guarded, broker: FakeBroker, plain: bool) -> None:
    """One that holds another key than its address says, or none, is told long before time is up,
    and hears nothing."""
    there = broker if plain else guarded
    address = f"{there.address.partition('?')[0]}?key={to_text(EVIL.public)}"
    with Link(address, "ann", ANN) as link:
        for _ in range(2):
            with pytest.raises(Untrusted, match="does not hold the key"):
                link.ask(SEARCH, timeout=PATIENCE)
    assert not there.socket.poll(0)


def test_insecure_is_no_way_in(guarded: Guarded) -> None:
    """Who speaks plain text to a broker with a key is told so, and is not heard."""
    with (
        Link(guarded.address.partition("?")[0] + "?insecure", "ann", ANN) as link,
        pytest.raises(Untrusted),
    ):
        link.ask(SEARCH, timeout=PATIENCE)
    assert not guarded.socket.poll(0)
