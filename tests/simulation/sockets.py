"""ZeroMQ's sockets on a network that exists only in memory.

They do what the shells rely on: frames of one connection keep their order; what is sent while there
is no connection waits at the side that connects and is dropped at the side that binds; a connection
that is cut for longer than ZeroMQ's heartbeats allow breaks and loses what it carried; the side
that binds may learn of it long after. Nothing is encrypted, but a connection knows the key of each
side, and is made only where the keys fit and the authenticator admits the client, as with CURVE.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from errno import EHOSTUNREACH
from typing import Any

import zmq

from .network import Network, Node

CLOSE_SECONDS = 0.5
"""How long what was sent before a socket was closed may still be on its way."""

HIGH_WATER = 1_000
"""Frames that wait for a connection; more are refused."""


PENDING_SECONDS = 6.0
"""How long a connection stays pending before it is dropped, and tries again."""


class Killed(BaseException):
    """The process that runs at the moment dies at this point."""


def sleep_amid_a_turn(node: Node, process: Callable[[], object], seconds: float) -> None:
    """Stop a process in the middle of a turn, and let all others go on.

    Args:
        node: the process.
        process: gives what ends with it.
        seconds: that it is stopped.

    Raises:
        Killed: the process was killed meanwhile.
    """
    network, before = node.network, process()
    resume = node.pause()
    network.run(network.now + seconds)
    while node.pauses > 1 and process() is before:  # it was stopped once more meanwhile
        network.run(network.now + 0.01)
    # Last of all: where nothing stopped it, its next turn would begin within this one.
    resume()
    if process() is not before:
        raise Killed
    network.acting = node


class Context:
    """Stands in for `zmq.Context`.

    Args:
        network: where the sockets are made.
        node: whose they are; that of the process that runs unless given.
    """

    def __init__(self, network: Network, node: Node | None = None) -> None:
        found = node or network.acting
        if found is None:
            raise AssertionError("no process runs that could have a context")
        self._network, self._node = network, found
        self.zap: ZapAuthenticator | None = None
        self.published: Callable[[bytes], object] = lambda _frame: None
        """Told of each frame that is published here."""
        self.replied: Callable[[Node, bytes], object] = lambda _node, _frame: None
        """Told of each frame that is sent to one peer here."""

    def socket(self, kind: int) -> Socket:
        """Return a new socket."""
        return Socket(self, self._network, self._node, kind)

    def destroy(self, linger: int = 0) -> None:
        """Close every socket."""
        self._node.drop()


class Monitor:
    """Stands in for the socket on which ZeroMQ tells of a connection."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._told: deque[bytes] = deque()

    def tell(self, event: int) -> None:
        """Tell of an event, if it was asked for."""
        if event & self._events:
            self._told.append(struct.pack("=Hi", event, 0))

    def recv_multipart(self, _flags: int) -> list[bytes]:
        """Return the next event."""
        if not self._told:
            raise zmq.Again
        return [self._told.popleft(), b""]

    def close(self, linger: int = 0) -> None:
        """Nothing is held that could be closed."""


class ZapAuthenticator:
    """Stands in for the `ZapAuthenticator` of a context.

    Args:
        context: whose connections these are.
        decide: as that of the real one.
    """

    def __init__(
        self, context: Context, decide: Callable[[bytes], bool | None], _proved: object = None
    ) -> None:
        self._decide = decide
        self._pending: dict[bytes, list[Connection]] = {}
        self._node = context._node
        context.zap = self

    def receive(self, connection: Connection) -> bool | None:
        """Return whether a connection is admitted; None while it is pending."""
        key = connection.client.key
        admitted = self._decide(key)
        if admitted is None:
            self._pending.setdefault(key, []).append(connection)
            self._node.ready()
        return admitted

    def resolve(self, key: bytes, admitted: bool) -> None:
        """Admit or refuse the pending connections of a key."""
        for connection in self._pending.pop(key, ()):
            connection.resolved(admitted)

    def forget(self, connection: Connection) -> None:
        """Drop a connection that has been pending for too long."""
        pending = self._pending.get(connection.client.key, [])
        if connection in pending:
            pending.remove(connection)

    def stop(self) -> None:
        """There is no thread that could be ended."""


class ConnectionGuard:
    """Stands in for the guard of the sockets that listen: it ends no connection here."""

    def __init__(self, **_bounds: int) -> None:
        self.refused: dict[str, int] = {}
        self.open = 0

    def proved(self, _name: str, _key: bytes, _address: str) -> bool:
        """Admit every connection."""
        return True

    def watch(self, _name: str, _socket: Socket, **_how: object) -> None:
        """Watch nothing."""

    def release(self, _name: str) -> None:
        """Watch nothing."""

    def stop(self) -> None:
        """There is no thread that could be ended."""


class Frame:
    """Stands in for a frame that is received without being copied."""

    def __init__(self, body: bytes, key: bytes) -> None:
        self.bytes = body
        self._key = key

    def get(self, _name: str) -> str:
        """Return the key of its connection, as ZeroMQ's User-Id tells it."""
        return self._key.hex()


class Connection:
    """One connection, seen from the side that connects; made again by itself when it is lost."""

    def __init__(self, client: Socket, endpoint: str) -> None:
        self.client = client
        self.routing_id = client.routing_id
        self.endpoint = endpoint
        self.server: Socket | None = None
        self.up = False
        self.closed = False
        self._given_up = False  # it was refused: ZeroMQ makes no other
        self._pending_at: Socket | None = None  # the socket whose authenticator has not decided
        self.life = 0  # grows when it is made and when it breaks: frames of another are lost
        self.far_node: Node | None = None
        self._network = network = client.network
        self._waiting: deque[bytes] = deque()  # to go out once there is a connection
        self._held: list[tuple[bool, bytes]] = []  # on their way when the path was cut
        self._newest = {True: 0.0, False: 0.0}  # arrival of the newest frame, by direction
        network.connections.append(self)
        network.at(network.now, self._begin)
        network.at(network.now + network.latency(), self.establish)

    def _begin(self) -> None:
        if not self.closed:
            self._tell(zmq.EVENT_CONNECT_DELAYED)

    def establish(self) -> None:
        """Connect, if the other side can be reached."""
        network = self._network
        server = network.bound.get(self.endpoint)
        if self.closed or self.up or self._given_up or self._pending_at or server is None:
            return
        self.far_node = server.node
        if network.is_cut(self.client.node, server.node):
            return
        if self.client.server_key != (server.key if server.guarded else b""):
            self._tell(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            network.at(network.now + 0.1 + network.rng.random(), self.establish)
            return
        zap = server.context.zap if server.guarded else None
        admitted = zap.receive(self) if zap is not None else True
        self._pending_at = server
        if admitted is not None:
            self.resolved(admitted)
        else:
            network.at(network.now + PENDING_SECONDS, self._drop, server)

    def resolved(self, admitted: bool) -> None:
        """Go on after the authenticator has decided on this connection."""
        server, self._pending_at = self._pending_at, None
        if self.closed or server is None or self._network.bound.get(self.endpoint) is not server:
            return
        if not admitted:
            self._given_up = True
            self._tell(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
            return
        self.up, self.server = True, server
        self.life += 1
        server.accept(self)
        self._tell(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        waiting, self._waiting = self._waiting, deque()
        for frame in waiting:
            self.transmit(True, frame)

    def _drop(self, server: Socket) -> None:
        """Try again after this connection was pending for too long."""
        if self._pending_at is server:
            if server.context.zap is not None:
                server.context.zap.forget(self)
            self._pending_at = None
            self.establish()

    def _tell(self, event: int) -> None:
        if self.client.monitor is not None:
            self.client.monitor.tell(event)
            self.client.node.ready()

    def send(self, frame: bytes) -> None:
        """Send to the side that binds, now or when there is a connection."""
        if self.up:
            self.transmit(True, frame)
        elif len(self._waiting) >= HIGH_WATER:
            raise zmq.Again
        else:
            self._waiting.append(frame)

    def transmit(self, to_server: bool, frame: bytes) -> None:
        """Put a frame on its way."""
        network = self._network
        weather, chance = network.weather, network.rng.random
        arrival = network.now + network.latency()
        lively = self.client.kind in (zmq.SUB, zmq.PUSH)
        if not lively and weather.drop and chance() < weather.drop:
            return
        if lively and weather.loss and chance() < weather.loss:
            return
        if lively and weather.repeat and chance() < weather.repeat:
            network.at(arrival + chance(), self._arrive, self.life, to_server, frame)
        if lively and weather.disorder and chance() < weather.disorder:
            arrival += chance()
        else:
            arrival = self._newest[to_server] = max(arrival, self._newest[to_server])
        network.at(arrival, self._arrive, self.life, to_server, frame)

    def _arrive(self, life: int, to_server: bool, frame: bytes) -> None:
        server = self.server
        if life != self.life or server is None or (self.closed and not to_server):
            return
        if self._network.is_cut(self.client.node, server.node):
            self._held.append((to_server, frame))
        elif to_server:
            server.take(self, frame)
        else:
            self.client.take(self, frame)

    def release(self) -> None:
        """Let arrive what a short cut had held up."""
        held, self._held = self._held, []
        for to_server, frame in held:
            self._network.at(self._network.now, self._arrive, self.life, to_server, frame)

    def time_out(self, life: int) -> None:
        """Break, if the cut that began this is still there."""
        if life == self.life and self.server is not None:
            if not self._network.is_cut(self.client.node, self.server.node):
                return
            self.break_off()

    def break_off(self) -> None:
        """Lose the connection as seen from here, with what the system had taken over."""
        outward = [frame for to_server, frame in self._held if to_server]
        taken = self._network.rng.randint(0, len(outward))
        self._held = []
        self._waiting = deque(outward[taken:])
        self._lose()

    def server_gone(self, server: Socket) -> None:
        """Note that a side that binds has closed its socket."""
        if self._pending_at is server:
            self._pending_at = None
        elif self.server is server:
            self._held = []
            self._lose()

    def _lose(self) -> None:
        self.up = False
        self.server = None
        self.life += 1
        self._tell(zmq.EVENT_DISCONNECTED)

    def close(self) -> None:
        """End it for good; what is on its way still arrives."""
        self.closed = True
        network, server = self._network, self.server
        network.connections.remove(self)
        if server is not None and not network.is_cut(self.client.node, server.node):
            network.at(network.now + CLOSE_SECONDS, server.forget, self)


class Socket:
    """Stands in for a ZeroMQ socket: one endpoint bound, or one connected to."""

    def __init__(self, context: Context, network: Network, node: Node, kind: int) -> None:
        self.context = context
        self.network = network
        self.node = node
        self.kind = kind
        self.heartbeats = False
        self.monitor: Monitor | None = None
        self.connection: Connection | None = None
        self.accepted: list[Connection] = []
        self.routes: dict[bytes, tuple[Connection, int]] = {}
        """By routing id, with the life of the connection that this side believes in."""
        self.routing_id = b""
        self.key = self.server_key = b""
        self.guarded = False
        self.linger = self.maxmsgsize = self.ipv6 = 0
        self._endpoint = ""
        self._inbox: deque[Any] = deque()
        node.sockets.append(self)

    # ── what shells call ─────────────────────────────────────────────────────────────────────

    def setsockopt(self, option: int, value: Any) -> None:
        """Note the options that make a difference here."""
        if option == zmq.ROUTING_ID:
            self.routing_id = value
        elif option == zmq.CURVE_PUBLICKEY:
            self.key = value
        elif option == zmq.CURVE_SERVERKEY:
            self.server_key = value
        elif option == zmq.CURVE_SERVER:
            self.guarded = bool(value)
        elif option == zmq.HEARTBEAT_IVL:
            self.heartbeats = value > 0

    def getsockopt_string(self, _option: int) -> str:
        """Return the endpoint bound; nothing else is ever asked for."""
        return self._endpoint

    def bind(self, endpoint: str) -> None:
        """Listen on an endpoint."""
        self._endpoint = self.network.bind(self, endpoint)

    def connect(self, endpoint: str) -> None:
        """Connect to an endpoint."""
        self.connection = Connection(self, endpoint)

    def disconnect(self, _endpoint: str) -> None:
        """Drop the connection, with what waits for it."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def get_monitor_socket(self, events: int) -> Monitor:
        """Return the monitor of the connection."""
        self.monitor = Monitor(events)
        return self.monitor

    def disable_monitor(self) -> None:
        """End the monitor."""
        self.monitor = None

    def recv(self, _flags: int = 0, copy: bool = True) -> Any:
        """Return the next frame."""
        if not self._inbox:
            raise zmq.Again
        if self.kind != zmq.PULL:
            return self._inbox.popleft()
        frame, key = self._inbox.popleft()
        return frame if copy else Frame(frame, key)

    def recv_multipart(self, _flags: int = 0, copy: bool = True) -> list[Any]:
        """Return the next message, of a ROUTER with its sender's routing id."""
        if not self._inbox:
            raise zmq.Again
        if self.kind == zmq.ROUTER:
            routing_id, frame, key = self._inbox.popleft()
            if copy:
                return [routing_id, frame]
            return [Frame(routing_id, key), Frame(frame, key)]
        return [self.recv()]

    def send(self, frame: bytes, _flags: int = 0) -> None:
        """Send to the one connected to, or publish to everybody."""
        if self.kind in (zmq.PUB, zmq.XPUB):
            self.context.published(frame)
            for connection in self.accepted:
                connection.transmit(False, frame)
        elif self.connection is not None:
            self.connection.send(frame)

    def send_multipart(self, parts: tuple[bytes, bytes], _flags: int = 0) -> None:
        """Send to the holder of a routing id."""
        routing_id, frame = parts
        route = self.routes.get(routing_id)
        if route is None:
            raise zmq.ZMQError(EHOSTUNREACH)
        connection, life = route
        self.context.replied(connection.client.node, frame)
        if connection.life == life:
            connection.transmit(False, frame)

    def close(self, linger: int | None = None) -> None:
        """Close; what was received and not read is gone."""
        if self in self.node.sockets:
            self.node.sockets.remove(self)
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.network.bound.get(self._endpoint) is self:
            del self.network.bound[self._endpoint]
            for connection in self.network.connections:
                connection.server_gone(self)

    # ── what connections call ────────────────────────────────────────────────────────────────

    def accept(self, connection: Connection) -> None:
        """Take a connection on. A ROUTER does not listen to a second one of a routing id."""
        if connection not in self.accepted:
            self.accepted.append(connection)
        if self.kind == zmq.ROUTER:
            routing_id = connection.routing_id
            if routing_id not in self.routes:
                self.routes[routing_id] = (connection, connection.life)

    def take(self, connection: Connection, frame: bytes) -> None:
        """Take a frame in."""
        if self.kind == zmq.ROUTER:
            routing_id = connection.routing_id
            if self.routes.get(routing_id) != (connection, connection.life):
                return
            self._inbox.append((routing_id, frame, connection.client.key))
        elif self.kind == zmq.PULL:
            self._inbox.append((frame, connection.client.key))
        elif self.kind == zmq.SUB and len(self._inbox) >= self.node.room:
            return
        else:
            self._inbox.append(frame)
        self.node.ready()

    def forget(self, connection: Connection) -> None:
        """Note that a connection was closed."""
        if connection in self.accepted:
            self.accepted.remove(connection)
        route = self.routes.get(connection.routing_id)
        if route is not None and route[0] is connection:
            del self.routes[connection.routing_id]

    def forget_broken(self) -> None:
        """Notice at last which connections have been dead for a while."""
        for routing_id, (connection, life) in list(self.routes.items()):
            if connection.life != life or connection.closed:
                del self.routes[routing_id]
        self.accepted = [one for one in self.accepted if not one.closed]
