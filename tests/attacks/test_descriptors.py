"""Attacks by more connections than a process has files for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from tests.patience import PATIENCE, PATIENCE_MS, until
from touchline.peer import Link
from touchline.peer.link.service import lock
from touchline.protocol import addresses, messages
from touchline.protocol.keys import Identity
from touchline.runtime.descriptors import raise_limit

FILES = (256, 512)
"""The limits of open files of a process under attack; it may raise the first to the second."""

MANY = 1_050
"""The connections of an attacker."""

ELSEWHERE = "127.0.0.2"
"""Another address of this machine, from which newcomers come."""


def identity(name: str) -> Identity:
    return Identity(sha256(name.encode()).digest())


def port_of(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


@contextmanager
def connections(port: int, number: int) -> Iterator[list[socket.socket]]:
    """Open connections that say nothing; those that the system refuses are left out."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            try:
                one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            except OSError:
                continue
            made.append(stack.enter_context(one))
        yield made


@contextmanager
def callers(
    context: zmq.Context[Any], port: int, server: bytes, name: str, number: int, kind: int
) -> Iterator[None]:
    """Open encrypted connections of one key, which come back whenever they are ended."""
    made = []
    for _ in range(number):
        caller: zmq.Socket[bytes] = context.socket(kind)
        caller.linger = 0
        lock(caller, identity(name), server)
        caller.connect(f"tcp://127.0.0.1:{port}")
        made.append(caller)
    try:
        yield
    finally:
        for caller in made:
            caller.close()


def is_let_in(
    context: zmq.Context[Any], port: int, server: bytes, name: str, kind: int, source: str
) -> None:
    """Wait until a newcomer's handshake has succeeded."""
    caller: zmq.Socket[bytes] = context.socket(kind)
    caller.linger = 0
    lock(caller, identity(name), server)
    monitor = caller.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    caller.connect(f"tcp://{source}:0;127.0.0.1:{port}")
    try:
        assert monitor.poll(PATIENCE_MS), f"{name} is not let in"
        parse_monitor_message(monitor.recv_multipart())
    finally:
        caller.disable_monitor()
        monitor.close()
        caller.close()


@pytest.fixture
def context() -> Iterator[zmq.Context[Any]]:
    raise_limit()
    made: zmq.Context[Any] = zmq.Context()
    made.set(zmq.MAX_SOCKETS, 3 * MANY)
    yield made
    made.destroy(linger=0)


def test_every_process_may_open_what_the_system_permits(scene: Any) -> None:
    """Broker, host and gateway that were started with 256 files may open 4,096."""
    limits = (256, 4_096)
    victims = [scene.broker(files=limits), scene.host(files=limits), scene.gateway(files=limits)]
    assert [victim.files_allowed for victim in victims] == [(4_096, 4_096)] * 3
    assert [victim.stop() for victim in victims[::-1]] == [0, 0, 0]


def enrol(scene: Any, name: str) -> messages.Invitation:
    """Let somebody join the event from this address, so that the host knows the key."""
    with Link(scene.address, name, identity(name)) as link:
        join = messages.Join(id=0, event=scene.event, role="reporter")
        invitation = link.ask(join, timeout=PATIENCE)
    assert isinstance(invitation, messages.Invitation)
    return invitation


def test_a_broker_and_connections_that_say_nothing(scene: Any, context: zmq.Context[Any]) -> None:
    """A broker with 512 files lets newcomers from elsewhere in while one address holds on to all
    the connections that it gets; it tells so."""
    broker = scene.broker(files=FILES)
    place = addresses.broker(scene.address)
    with connections(place.port, MANY):
        is_let_in(context, place.port, place.key, "newcomer", zmq.DEALER, ELSEWHERE)
        assert broker.files < FILES[1]
    until(lambda: "connections refused" in "".join(broker.log))
    # Its database answers, and whoever comes from the attacker's address afterwards.
    scene.once("events", "search", "--broker", scene.address)
    assert broker.stop() == 0


def test_a_broker_and_connections_of_one_key(scene: Any, context: zmq.Context[Any]) -> None:
    """1,050 connections of one key leave room at their own address: for the next command."""
    broker = scene.broker("--key-connections", "50", files=(256, 4_096))
    place = addresses.broker(scene.address)
    with callers(context, place.port, place.key, "evil", MANY, zmq.DEALER):
        until(lambda: "connections refused" in "".join(broker.log))
        scene.once("events", "search", "--broker", scene.address)
        assert broker.files < 4_096
    assert broker.stop() == 0


@pytest.mark.parametrize("socket_name", ["router", "pub"])
def test_a_host_and_connections_that_say_nothing(
    scene: Any, context: zmq.Context[Any], socket_name: str
) -> None:
    """A host with 512 files lets those from elsewhere into each of its sockets."""
    scene.broker()
    host = scene.host(files=FILES)
    server = enrol(scene, "ann").key
    with connections(port_of(host.told("hosting")[socket_name]), MANY):
        for name, kind in (("router", zmq.DEALER), ("pull", zmq.PUSH), ("pub", zmq.SUB)):
            port = port_of(host.told("hosting")[name])
            is_let_in(context, port, server, "ann", kind, ELSEWHERE)
        assert host.files < FILES[1]
    assert host.stop() == 0


@pytest.mark.parametrize(
    ("socket_name", "kind"), [("router", zmq.DEALER), ("pull", zmq.PUSH), ("pub", zmq.SUB)]
)
def test_a_host_and_connections_of_one_key(
    scene: Any, context: zmq.Context[Any], socket_name: str, kind: int
) -> None:
    """300 connections of one key to a socket of a host leave room for others from there."""
    scene.broker()
    host = scene.host("--key-connections", "20", files=(256, 4_096))
    enrol(scene, "evil")
    server = enrol(scene, "ann").key
    port = port_of(host.told("hosting")[socket_name])
    with callers(context, port, server, "evil", 300, kind):
        until(lambda: "connections refused" in "".join(host.log))
        is_let_in(context, port, server, "ann", kind, "127.0.0.1")
    assert host.stop() == 0


def is_served(port: int, source: str = ELSEWHERE) -> bool:
    """Return whether a client gets the page that comes from an address."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0)) as newcomer:
            newcomer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return newcomer.recv(1_000).startswith(b"HTTP/1.1 200")
    except ConnectionResetError:
        return False


def test_a_gateway_and_connections_that_say_nothing(scene: Any) -> None:
    """A gateway with 512 files serves its page to those from elsewhere while one address holds on
    to all the connections that it gets; it tells so."""
    scene.broker()
    gateway = scene.gateway(files=FILES)
    url = gateway.told("listening")["url"]
    port = port_of(url)
    with connections(port, MANY):
        # The system itself may reset one while the queue of a thousand is full.
        until(lambda: is_served(port), what="the page")
        assert gateway.files < FILES[1]
    until(lambda: "connections refused" in "".join(gateway.log))
    until(lambda: is_served(port, "127.0.0.1"), what="the page, once all have gone")
    assert gateway.stop() == 0
