"""The stand-ins for ZeroMQ's sockets do what the shells rely on."""

from __future__ import annotations

import struct
from random import Random

import pytest
import zmq

from touchline.peer.link.service import HANDSHAKES

from .network import DEAD_SECONDS, Network, Node, Restless, Weather
from .sockets import Context, Socket, ZapAuthenticator, sleep_amid_a_turn

HERE = "tcp://here:1"


class Idle(Node):
    """A process that does nothing by itself; it counts its turns."""

    def __init__(self, network: Network, name: str) -> None:
        super().__init__(network, name)
        self.running = True
        self.turns = 0
        self.restless = False

    def turn(self) -> float | None:
        self.turns += 1
        return self.network.now if self.restless else None


class Bench:
    """Two machines, and a socket on each."""

    def __init__(self, client: int, server: int) -> None:
        self.network = Network(Random(5))
        self.near, self.far = Idle(self.network, "near"), Idle(self.network, "far")
        self.client = self.socket(client, self.near)
        self.server = self.socket(server, self.far)
        self.client.setsockopt(zmq.HEARTBEAT_IVL, 2_000)
        self.client.setsockopt(zmq.ROUTING_ID, b"p")

    def socket(self, kind: int, node: Node) -> Socket:
        return Context(self.network, node).socket(kind)

    def connected(self) -> None:
        self.server.bind(HERE)
        self.client.connect(HERE)
        self.wait(2)

    def wait(self, seconds: float) -> None:
        self.network.run(self.network.now + seconds)

    def cut(self, seconds: float) -> None:
        self.network.cut(self.near, self.far)
        self.wait(seconds)
        self.network.heal(self.near, self.far)


def received(socket: Socket) -> list[bytes]:
    """Return all that is there."""
    frames = []
    while True:
        try:
            frames.append(socket.recv_multipart()[-1])
        except zmq.Again:
            return frames


def numbers(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


def test_order():
    """Frames of one connection arrive in order, whatever the latency."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.network.weather = Weather(latency=0.1, spikes=0.5)
    bench.connected()
    for frame in numbers(50):
        bench.client.send(frame)
    bench.wait(5)
    assert received(bench.server) == numbers(50)
    assert bench.far.turns > 0


def test_waits_for_the_side_that_binds():
    """What is pushed before anybody listens arrives once somebody does."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.client.connect(HERE)
    bench.client.send(b"early")
    bench.wait(5)
    bench.server.bind(HERE)
    bench.wait(5)
    assert received(bench.server) == [b"early"]


def test_published_to_nobody():
    """What is published before somebody is connected is gone."""
    bench = Bench(zmq.SUB, zmq.PUB)
    bench.server.bind(HERE)
    bench.server.send(b"early")
    bench.client.connect(HERE)
    bench.wait(2)
    bench.server.send(b"late")
    bench.wait(2)
    assert received(bench.client) == [b"late"]


def test_short_cut():
    """A cut shorter than the heartbeats allow delays frames and loses none."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.connected()
    bench.network.cut(bench.near, bench.far)
    for frame in numbers(5):
        bench.client.send(frame)
    bench.wait(DEAD_SECONDS - 1)
    assert received(bench.server) == []
    bench.network.heal(bench.near, bench.far)
    bench.wait(1)
    assert received(bench.server) == numbers(5)


def test_long_cut():
    """A longer one breaks the connection: the first frames are lost, the rest waits and is in
    order."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.connected()
    bench.network.cut(bench.near, bench.far)
    for frame in numbers(5):
        bench.client.send(frame)
    bench.wait(DEAD_SECONDS + 3)
    bench.client.send(b"5")
    bench.network.heal(bench.near, bench.far)
    bench.wait(30)
    came = received(bench.server)
    assert came == numbers(6)[-len(came) :]
    assert b"5" in came


def test_sent_into_a_cut():
    """What the side that binds sends into a connection that then breaks is lost."""
    bench = Bench(zmq.DEALER, zmq.ROUTER)
    bench.connected()
    bench.network.cut(bench.near, bench.far)
    bench.server.send_multipart((b"p", b"lost"))
    bench.wait(DEAD_SECONDS + 3)
    bench.network.heal(bench.near, bench.far)
    bench.wait(30)
    assert received(bench.client) == []


@pytest.mark.parametrize("renewed", [False, True])
def test_routing_id_of_a_broken_connection(renewed):
    """A ROUTER that still believes in a broken connection hears the new one only if that has
    another routing id (seen of libzmq 4.3.5 with a proxy that swallows everything)."""
    bench = Bench(zmq.DEALER, zmq.ROUTER)
    bench.connected()
    bench.client.send(b"before")
    bench.wait(1)
    bench.cut(DEAD_SECONDS + 3)
    bench.wait(2)
    if renewed:
        bench.client.disconnect(HERE)
        bench.client.setsockopt(zmq.ROUTING_ID, b"q")
        bench.client.connect(HERE)
        bench.wait(2)
    bench.client.send(b"after")
    bench.wait(20)
    assert received(bench.server) == [b"before", b"after"][: 1 + renewed]


def told(bench: Bench) -> list[int]:
    """What the client's monitor has told."""
    events = []
    while True:
        try:
            events.append(struct.unpack("=hi", bench.client.monitor.recv_multipart(0)[0])[0])
        except zmq.Again:
            return events


class Guard:
    """A pair of which the far side has a key and an authenticator."""

    def __init__(self, verdict: bool | None, server_key: bytes = b"far") -> None:
        self.bench = bench = Bench(zmq.DEALER, zmq.ROUTER)
        self.zap = ZapAuthenticator(bench.server.context, lambda _: verdict)
        bench.server.setsockopt(zmq.CURVE_SERVER, 1)
        bench.server.setsockopt(zmq.CURVE_PUBLICKEY, b"far")
        bench.client.setsockopt(zmq.CURVE_PUBLICKEY, b"near")
        bench.client.setsockopt(zmq.CURVE_SERVERKEY, server_key)
        bench.client.get_monitor_socket(HANDSHAKES | zmq.EVENT_DISCONNECTED)
        bench.connected()


def test_keys():
    """The far side learns the key of a connection; one that expects another key of it connects
    never, and goes on trying."""
    bench = Guard(True).bench
    bench.client.send(b"hello")
    bench.wait(1)
    _, frame = bench.server.recv_multipart(copy=False)
    assert (frame.bytes, frame.get("User-Id")) == (b"hello", b"near".hex())
    assert told(bench) == [zmq.EVENT_HANDSHAKE_SUCCEEDED]
    bench = Guard(True, b"another").bench
    bench.client.send(b"hello")
    bench.wait(5)
    assert received(bench.server) == []
    events = told(bench)
    assert len(events) > 3
    assert set(events) == {zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL}


def test_admission():
    """A refused connection is given up; a pending one is decided on once it is resolved."""
    bench = Guard(False).bench
    bench.wait(60)
    assert told(bench) == [zmq.EVENT_HANDSHAKE_FAILED_AUTH]
    for verdict, event in (
        (True, zmq.EVENT_HANDSHAKE_SUCCEEDED),
        (False, zmq.EVENT_HANDSHAKE_FAILED_AUTH),
    ):
        guard = Guard(None)
        guard.bench.wait(20)
        assert told(guard.bench) == []
        guard.zap.resolve(b"near", verdict)
        assert told(guard.bench) == [event]


def test_connection_is_dropped():
    """The side that connects is told when the other has closed."""
    bench = Guard(True).bench
    bench.server.close()
    assert told(bench) == [zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_DISCONNECTED]


def test_dead_process():
    """What a process had received and not read is gone with it; who is sent to finds out."""
    bench = Bench(zmq.DEALER, zmq.ROUTER)
    bench.connected()
    bench.client.send(b"unread")
    bench.wait(1)
    bench.far.drop()
    again = bench.socket(zmq.ROUTER, bench.far)
    again.bind(HERE)
    bench.wait(0.01)
    with pytest.raises(zmq.ZMQError):
        again.send_multipart((b"p", b"who?"))
    bench.wait(5)
    bench.client.send(b"read")
    bench.wait(1)
    assert received(again) == [b"read"]


def test_harsh_weather():
    """Reports and what is published are lost, repeated and overtaken where the weather says so."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.connected()
    bench.network.weather = Weather(loss=0.2, repeat=0.2, disorder=0.3)
    for frame in numbers(200):
        bench.client.send(frame)
    bench.wait(10)
    came = received(bench.server)
    assert set(came) < set(numbers(200))
    assert len(came) > len(set(came))
    assert came != sorted(came, key=int)


def test_full_reader():
    """A subscriber that does not read loses what its queue has no room for."""
    bench = Bench(zmq.SUB, zmq.PUB)
    bench.near.room = 2
    bench.connected()
    for frame in numbers(5):
        bench.server.send(frame)
    bench.wait(2)
    assert received(bench.client) == numbers(2)


def test_restless():
    """A process that asks to be woken at once, again and again, is found out."""
    bench = Bench(zmq.PUSH, zmq.PULL)
    bench.near.restless = True
    bench.near.ready()
    with pytest.raises(Restless, match="near"):
        bench.wait(1)


def test_stopped_twice_amid_a_turn():
    """A process that is stopped in a turn, and once more meanwhile, takes up that turn again."""
    network = Network(Random(5))
    within: list[str] = []

    class Sleeper(Idle):
        def turn(self) -> float | None:
            within.append("begins")
            if len(within) == 1:
                network.at(network.now + 0.5, lambda: network.at(network.now + 1, self.pause()))
                sleep_amid_a_turn(self, lambda: self, 1.0)
            within.append("ends")
            return None

    Sleeper(network, "sleeper").ready()
    network.run(network.now + 5)
    assert within == ["begins", "ends", "begins", "ends"]
