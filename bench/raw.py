"""Light clients: bytes prepared beforehand over plain TCP, many messages in a send.

A client that encodes, or that calls a library for each message, is slower than the servers that are
measured here. These send blobs of many frames and count what comes back by searching it.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterable, Sequence

GREETING = bytes([0xFF, *bytes(8), 0x7F, 3, 0]) + b"NULL".ljust(20, b"\0") + bytes(32)
"""ZMTP 3.0 without encryption, https://rfc.zeromq.org/spec/23/."""

READ_BYTES = 1 << 18


def frame(body: bytes) -> bytes:
    """Return a message of a single ZMTP frame."""
    if len(body) < 256:
        return bytes([0, len(body)]) + body
    return b"\2" + len(body).to_bytes(8, "big") + body


def zmtp(endpoint: str, kind: str, identity: bytes = b"") -> socket.socket:
    """Return a connection to a ZeroMQ socket, past its handshake.

    Args:
        endpoint: as `tcp://127.0.0.1:5555`.
        kind: of this end, as `PUSH`.
        identity: its routing id; empty: none.
    """
    made = tcp(int(endpoint.rpartition(":")[2]))
    made.sendall(GREETING)
    _exactly(made, len(GREETING))
    ready = b"\5READY" + _property(b"Socket-Type", kind.encode())
    if identity:
        ready += _property(b"Identity", identity)
    made.sendall(bytes([4, len(ready)]) + ready)
    flags, size = _exactly(made, 2)
    if not flags & 4 or not _exactly(made, size).startswith(b"\5READY"):
        raise RuntimeError(f"{endpoint} does not speak ZMTP")
    return made


def subscribed(endpoint: str, topic: bytes) -> socket.socket:
    """Return a connection to a ZeroMQ publisher that gets a topic."""
    made = zmtp(endpoint, "SUB")
    made.sendall(frame(b"\1" + topic))
    return made


def tcp(port: int) -> socket.socket:
    """Return a connection to a port of this machine."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value


def _exactly(made: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = made.recv(size - len(data))
        if not more:
            raise RuntimeError("the other end has closed the connection")
        data += more
    return data


class Frames:
    """The ZMTP messages that come over a connection: the parts of each joined."""

    def __init__(self, made: socket.socket) -> None:
        self.socket = made
        self._buffer = bytearray()

    def next(self) -> bytes:
        """Return the next message; wait for it."""
        whole = b""
        while True:
            flags, body = self._part()
            if flags & 4:
                continue  # a command, such as a ping
            whole += body
            if not flags & 1:
                return whole

    def _part(self) -> tuple[int, bytes]:
        flags = self._need(1)[0]
        size = int.from_bytes(self._buffer[1:9], "big") if flags & 2 and self._need(9) else 0
        head = 9 if flags & 2 else 2
        if not flags & 2:
            size = self._need(2)[1]
        body = bytes(self._need(head + size)[head : head + size])
        del self._buffer[: head + size]
        return flags, body

    def _need(self, size: int) -> bytearray:
        while len(self._buffer) < size:
            more = self.socket.recv(READ_BYTES)
            if not more:
                raise RuntimeError("the other end has closed the connection")
            self._buffer += more
        return self._buffer


class Counter:
    """Counts what comes over connections by a mark that each message has once.

    Args:
        sockets: the connections.
        mark: bytes within each message that is to be counted, and in no other.
    """

    def __init__(self, sockets: Iterable[socket.socket], mark: bytes) -> None:
        self.count = 0
        self._mark = mark
        self._selector = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        for one in sockets:
            one.setblocking(False)
            self._selector.register(one, selectors.EVENT_READ)
            self._rest[one] = b""

    def until(self, count: int, seconds: float) -> bool:
        """Read until so many have come in all; return whether they have, in so many seconds."""
        deadline = time.monotonic() + seconds
        mark, rest = self._mark, self._rest
        keep = len(mark) - 1
        while self.count < count:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                return False
            for key, _ in ready:
                one = key.fileobj
                assert isinstance(one, socket.socket)
                data = rest[one] + one.recv(READ_BYTES)
                self.count += data.count(mark)
                rest[one] = data[-keep:]  # too short for a whole mark
        return True


class Sender:
    """Sends prepared blobs over connections by turns, in a thread of its own."""

    def __init__(self, sockets: Sequence[socket.socket], blobs: Sequence[bytes]) -> None:
        self._sockets, self._blobs = sockets, blobs
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def _run(self) -> None:
        sockets = self._sockets
        for number, blob in enumerate(self._blobs):
            sockets[number % len(sockets)].sendall(blob)

    def join(self) -> None:
        """Wait until all is sent."""
        self._thread.join()
