"""ZeroMQ's sockets on a network that exists only in memory.

They do what the shells rely on: frames of one connection keep their order; what is sent while there
is no connection waits at the side that connects and is dropped at the side that binds; a connection
that is cut for longer than ZeroMQ's heartbeats allow breaks and loses what it carried; the side
that binds may learn of it long after.
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


class Killed(BaseException):
    """The process that runs at the moment dies at this point."""


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

    def socket(self, kind: int) -> Socket:
        """Return a new socket."""
        return Socket(self._network, self._node, kind)

    def destroy(self, linger: int = 0) -> None:
        """Close every socket."""
        self._node.drop()


class Monitor:
    """Stands in for the socket on which ZeroMQ tells of a connection."""

    def __init__(self) -> None:
        self._told: deque[bytes] = deque()

    def connected(self) -> None:
        """Tell of a handshake that succeeded."""
        self._told.append(struct.pack("=hi", zmq.EVENT_HANDSHAKE_SUCCEEDED, 0))

    def recv_multipart(self, _flags: int) -> list[bytes]:
        """Return the next event."""
        if not self._told:
            raise zmq.Again
        return [self._told.popleft(), b""]

    def close(self, linger: int = 0) -> None:
        """Nothing is held that could be closed."""


class Connection:
    """One connection, seen from the side that connects; made again by itself when it is lost."""

    def __init__(self, client: Socket, endpoint: str) -> None:
        self.client = client
        self.endpoint = endpoint
        self.server: Socket | None = None
        self.up = False
        self.closed = False
        self.life = 0  # grows when it is made and when it breaks: frames of another are lost
        self.far_node: Node | None = None
        self._network = network = client.network
        self._waiting: deque[bytes] = deque()  # to go out once there is a connection
        self._held: list[tuple[bool, bytes]] = []  # on their way when the path was cut
        self._newest = {True: 0.0, False: 0.0}  # arrival of the newest frame, by direction
        network.connections.append(self)
        network.at(network.now + network.latency(), self.establish)

    def establish(self) -> None:
        """Connect, if the other side can be reached."""
        network = self._network
        server = network.bound.get(self.endpoint)
        if self.closed or self.up or server is None:
            return
        self.far_node = server.node
        if network.is_cut(self.client.node, server.node):
            return
        self.up, self.server = True, server
        self.life += 1
        server.accept(self)
        if self.client.monitor is not None:
            self.client.monitor.connected()
            self.client.node.ready()
        waiting, self._waiting = self._waiting, deque()
        for frame in waiting:
            self.transmit(True, frame)

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
        self.up = False
        self.server = None
        self.life += 1

    def server_gone(self) -> None:
        """Note that the side that binds has closed its socket."""
        self._held = []
        self.up = False
        self.server = None
        self.life += 1

    def close(self) -> None:
        """End it for good; what is on its way still arrives."""
        self.closed = True
        network, server = self._network, self.server
        network.connections.remove(self)
        if server is not None and not network.is_cut(self.client.node, server.node):
            network.at(network.now + CLOSE_SECONDS, server.forget, self)


class Socket:
    """Stands in for a ZeroMQ socket: one endpoint bound, or one connected to."""

    def __init__(self, network: Network, node: Node, kind: int) -> None:
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
        self.linger = self.maxmsgsize = self.ipv6 = 0
        self._handover = False
        self._endpoint = ""
        self._inbox: deque[Any] = deque()
        node.sockets.append(self)

    # ── what shells call ─────────────────────────────────────────────────────────────────────

    def setsockopt(self, option: int, value: Any) -> None:
        """Note the options that make a difference here."""
        if option == zmq.ROUTING_ID:
            self.routing_id = value
        elif option == zmq.ROUTER_HANDOVER:
            self._handover = bool(value)
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

    def get_monitor_socket(self, _events: int) -> Monitor:
        """Return the monitor of the connection."""
        self.monitor = Monitor()
        return self.monitor

    def disable_monitor(self) -> None:
        """End the monitor."""
        self.monitor = None

    def recv(self, _flags: int = 0) -> bytes:
        """Return the next frame."""
        if not self._inbox:
            raise zmq.Again
        frame: bytes = self._inbox.popleft()
        return frame

    def recv_multipart(self, _flags: int = 0) -> list[bytes]:
        """Return the next message, of a ROUTER with its sender's routing id."""
        if not self._inbox:
            raise zmq.Again
        if self.kind == zmq.ROUTER:
            return list(self._inbox.popleft())
        return [self._inbox.popleft()]

    def send(self, frame: bytes, _flags: int = 0) -> None:
        """Send to the one connected to, or publish to everybody."""
        if self.kind == zmq.PUB:
            self.published(frame)
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
        self.replied(connection.client.node, frame)
        if connection.life == life:
            connection.transmit(False, frame)

    published: Callable[[bytes], object] = staticmethod(lambda _frame: None)
    """Told of each frame that is published here."""

    replied: Callable[[Node, bytes], object] = staticmethod(lambda _node, _frame: None)
    """Told of each frame that is sent to one peer here."""

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
                if connection.server is self:
                    connection.server_gone()

    # ── what connections call ────────────────────────────────────────────────────────────────

    def accept(self, connection: Connection) -> None:
        """Take a connection on. A ROUTER does not listen to a second one of a routing id, unless
        it was told to let the new one take over."""
        if connection not in self.accepted:
            self.accepted.append(connection)
        if self.kind == zmq.ROUTER:
            routing_id = connection.client.routing_id
            if self._handover or routing_id not in self.routes:
                self.routes[routing_id] = (connection, connection.life)

    def take(self, connection: Connection, frame: bytes) -> None:
        """Take a frame in."""
        if self.kind == zmq.ROUTER:
            routing_id = connection.client.routing_id
            if self.routes.get(routing_id) != (connection, connection.life):
                return
            self._inbox.append((routing_id, frame))
        elif self.kind == zmq.SUB and len(self._inbox) >= self.node.room:
            return
        else:
            self._inbox.append(frame)
        self.node.ready()

    def forget(self, connection: Connection) -> None:
        """Note that a connection was closed."""
        if connection in self.accepted:
            self.accepted.remove(connection)
        route = self.routes.get(connection.client.routing_id)
        if route is not None and route[0] is connection:
            del self.routes[connection.client.routing_id]

    def forget_broken(self) -> None:
        """Notice at last which connections have been dead for a while."""
        for routing_id, (connection, life) in list(self.routes.items()):
            if connection.life != life or connection.closed:
                del self.routes[routing_id]
        self.accepted = [one for one in self.accepted if not one.closed]
