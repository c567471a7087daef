"""The ZAP handler (ZeroMQ RFC 27) of a context, which admits connections by their key.

libzmq holds each connection to a CURVE server of the context until the handler has replied. The
frames of an admitted connection carry its key as their User-Id, in hex.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import zmq

from ..protocol.keys import Identity
from ..runtime import clock
from .poll_loop import PollLoop, received
from .timers import LONGEST_SECONDS
from .waker import Waker

ENDPOINT = "inproc://zeromq.zap.01"

WAIT_SECONDS = 5.0
"""Seconds for which a connection is pending while its key is looked up; it may then try again."""

LOOK_SECONDS = 1.0
"""The longest wait while a connection is pending: how late it may be turned away."""

HANDSHAKE_MS = 6_000
"""Milliseconds after which a guarded socket drops a connection whose handshake is not complete.
libzmq 4.3.5 answers a temporary refusal (status 300) with nothing: the connection would stay as it
is for ever, and the other end tries again only once it is dropped."""

MOST_PENDING = 1_000
"""Connections pending at one time; those beyond it may try again."""

DOMAIN = "touchline"
"""The ZAP domain of a guarded socket that is given no other."""

_ADMITTED, _TEMPORARY, _REFUSED = b"200", b"300", b"400"

_log = logging.getLogger(__name__)


def guard(socket: zmq.Socket[bytes], identity: Identity, domain: str = DOMAIN) -> None:
    """Encrypt the connections to a socket, and let the context's authenticator admit them.

    Args:
        socket: not bound yet.
        identity: the key pair of the socket.
        domain: its ZAP domain, by which the authenticator knows the socket.
    """
    socket.setsockopt(zmq.CURVE_SERVER, 1)
    socket.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
    socket.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
    # Without a required domain libzmq admits every connection when there is no ZAP handler: before
    # its thread has begun, and should that ever have ended.
    socket.setsockopt(zmq.ZAP_DOMAIN, domain.encode())
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)


class ZapAuthenticator:
    """Admits connections by their key.

    Start it before any CURVE server of the context is bound; stop it after they are closed.

    Args:
        context: of the sockets to guard.
        decide: decide(key) -> True to admit it, False to refuse it, None to keep it pending until
            `resolve`; called in the authenticator's thread with the 32 bytes of the connection's
            CURVE key.
        proved: proved(domain, key, address) -> False where the key has too many connections, so
            that this one may try again later; called first, in the same thread.
    """

    def __init__(
        self,
        context: zmq.Context[Any],
        decide: Callable[[bytes], bool | None],
        proved: Callable[[str, bytes, str], bool] = lambda *_: True,
    ) -> None:
        self.admitted = 0
        """Connections admitted."""
        self.refused = 0
        """Connections refused."""
        self._decide = decide
        self._proved = proved
        self._resolved: list[tuple[bytes, bool]] = []
        self._lock = threading.Lock()  # of `_resolved`
        self._pending: dict[bytes, list[tuple[float, list[bytes]]]] = {}
        self._pending_count = 0
        self._stopping = False
        self._waker = Waker()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(ENDPOINT)
        self._loop = PollLoop(self._socket, waker=self._waker)
        self._thread = threading.Thread(target=self._run, name="zap", daemon=True)
        self._thread.start()

    def resolve(self, key: bytes, admitted: bool) -> None:
        """Admit or refuse the pending connections of a key; may be called from any thread."""
        with self._lock:
            self._resolved.append((key, admitted))
        self._waker.wake()

    def stop(self) -> None:
        """End the thread; connections that come later to guarded sockets are refused by ZeroMQ."""
        self._stopping = True
        self._waker.wake()
        self._thread.join()
        self._waker.close()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._loop.wait(longest=LOOK_SECONDS if self._pending_count else LONGEST_SECONDS)
                self._take_requests()
                self._take_resolved()
                self._turn_away(clock.now())
        finally:
            self._socket.close()

    def _take_requests(self) -> None:
        for frames in received(self._socket):
            # Routing id, delimiter, version, request id, domain, address, identity, mechanism, key.
            if len(frames) != 9 or frames[7] != b"CURVE":
                self._reply(frames[:4], _REFUSED, b"")
                continue
            domain, address = frames[4].decode(), frames[5].decode()
            if self._proved(domain, frames[8], address):
                self._receive(frames[:4], frames[8])
            else:
                self._reply(frames[:4], _TEMPORARY, frames[8])

    def _receive(self, head: list[bytes], key: bytes) -> None:
        admitted = self._decide_safely(key)
        if admitted is not None:
            self._reply(head, _ADMITTED if admitted else _REFUSED, key)
        elif self._pending_count >= MOST_PENDING:
            self._reply(head, _TEMPORARY, key)
        else:
            self._pending_count += 1
            self._pending.setdefault(key, []).append((clock.now() + WAIT_SECONDS, head))

    def _decide_safely(self, key: bytes) -> bool | None:
        try:
            return self._decide(key)
        except Exception:
            # A fault of ours with one key must not end the thread that admits all the others.
            _log.exception("the authenticator failed to decide on a key")
            return False

    def _take_resolved(self) -> None:
        with self._lock:
            resolved, self._resolved = self._resolved, []
        for key, admitted in resolved:
            for _, head in self._pending.pop(key, ()):
                self._pending_count -= 1
                self._reply(head, _ADMITTED if admitted else _REFUSED, key)

    def _turn_away(self, now: float) -> None:
        """Let connections that were pending for too long try again."""
        for key in [key for key, pending in self._pending.items() if pending[0][0] <= now]:
            for _, head in self._pending.pop(key):
                self._pending_count -= 1
                self._reply(head, _TEMPORARY, key)

    def _reply(self, head: list[bytes], status: bytes, key: bytes) -> None:
        if status == _ADMITTED:
            self.admitted += 1
        elif status == _REFUSED:
            self.refused += 1
        user = key.hex().encode() if status == _ADMITTED else b""
        self._socket.send_multipart([*head, status, b"", user, b""])
