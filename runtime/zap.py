"""Who may connect: the ZAP handler (ZeroMQ RFC 27) of a context, in a thread of its own.

Each connection to a CURVE server of the context is held at the door until it is known whether its
key is let in. The frames of a connection then carry the key as their User-Id, in hex.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import zmq

from ..protocol.keys import Identity

ENDPOINT = "inproc://zeromq.zap.01"

WAIT_SECONDS = 5.0
"""How long a connection is held while it is being asked who it is; it may then try again."""

HANDSHAKE_MS = 6_000
"""Milliseconds after which the sockets behind the door drop a connection that is still held: a
temporary refusal leaves it hanging without a word (libzmq 4.3.5), and the other end tries again
only once it is dropped."""

MOST_WAITING = 1_000
"""Connections held at one time; more may try again."""

DOMAIN = b"touchline"
"""Where a socket names a domain and demands it, nobody gets in while there is no door."""

_ADMITTED, _TEMPORARY, _REFUSED = b"200", b"300", b"400"

_log = logging.getLogger(__name__)


def guard(socket: zmq.Socket[bytes], identity: Identity) -> None:
    """Encrypt the connections to a socket, and have all of them pass the door.

    Args:
        socket: not bound yet.
        identity: whose socket it is.
    """
    socket.setsockopt(zmq.CURVE_SERVER, 1)
    socket.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
    socket.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
    # Otherwise ZeroMQ lets everybody in, unasked, should the door's thread ever have ended.
    socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)


class ZapAuthenticator:
    """Lets connections in by their key.

    Start it before any CURVE server of the context is bound; stop it after they are closed.

    Args:
        context: whose connections these are.
        judge: judge(key) -> True to let it in, False to refuse it, None where `settle` will say;
            called in the door's thread with the 32 bytes of the connection's CURVE key.
    """

    def __init__(self, context: zmq.Context[Any], judge: Callable[[bytes], bool | None]) -> None:
        self.admitted = 0
        """Connections let in."""
        self.refused = 0
        """Connections refused."""
        self._judge = judge
        self._settled: list[tuple[bytes, bool]] = []
        self._guard = threading.Lock()
        self._waiting: dict[bytes, list[tuple[float, list[bytes]]]] = {}
        self._held = 0
        self._stopping = False
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(ENDPOINT)
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)
        self._thread.start()

    def settle(self, key: bytes, admitted: bool) -> None:
        """Say whether a key that is waited for is let in; may be called from any thread."""
        with self._guard:
            self._settled.append((key, admitted))
        self._ring()

    def stop(self) -> None:
        """End the thread; connections that come later to guarded sockets are refused by ZeroMQ."""
        self._stopping = True
        self._ring()
        self._thread.join()
        self._bell.close()
        self._ringer.close()

    def _ring(self) -> None:
        try:
            self._ringer.send(b"!")
        except OSError:
            return  # it has ended already

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._bell.fileno(), zmq.POLLIN)
        try:
            while not self._stopping:
                poller.poll(1_000 if self._held else None)
                self._hush()
                self._take_requests()
                self._take_settled()
                self._send_off(time.monotonic())
        finally:
            self._socket.close()

    def _hush(self) -> None:
        try:
            while self._bell.recv(64):
                pass
        except BlockingIOError:
            return

    def _take_requests(self) -> None:
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            # Routing id, delimiter, version, request id, domain, address, identity, mechanism, key.
            if len(frames) != 9 or frames[7] != b"CURVE":
                self._reply(frames[:4], _REFUSED, b"")
                continue
            self._receive(frames[:4], frames[8])

    def _receive(self, head: list[bytes], key: bytes) -> None:
        verdict = self._safely_judge(key)
        if verdict is not None:
            self._reply(head, _ADMITTED if verdict else _REFUSED, key)
        elif self._held >= MOST_WAITING:
            self._reply(head, _TEMPORARY, key)
        else:
            self._held += 1
            self._waiting.setdefault(key, []).append((time.monotonic() + WAIT_SECONDS, head))

    def _safely_judge(self, key: bytes) -> bool | None:
        try:
            return self._judge(key)
        except Exception:
            # A fault of ours about one key must not keep everybody else out.
            _log.exception("a connection could not be judged")
            return False

    def _take_settled(self) -> None:
        with self._guard:
            settled, self._settled = self._settled, []
        for key, admitted in settled:
            for _, head in self._waiting.pop(key, ()):
                self._held -= 1
                self._reply(head, _ADMITTED if admitted else _REFUSED, key)

    def _send_off(self, now: float) -> None:
        """Let those try again who have waited for too long."""
        for key in [key for key, waiting in self._waiting.items() if waiting[0][0] <= now]:
            for _, head in self._waiting.pop(key):
                self._held -= 1
                self._reply(head, _TEMPORARY, key)

    def _reply(self, head: list[bytes], status: bytes, key: bytes) -> None:
        if status == _ADMITTED:
            self.admitted += 1
        elif status == _REFUSED:
            self.refused += 1
        user = key.hex().encode() if status == _ADMITTED else b""
        self._socket.send_multipart([*head, status, b"", user, b""])
