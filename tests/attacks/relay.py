"""A way between two processes that can be cut while both of them run."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class Relay:
    """Hands on what comes to a port of its own, until it is cut.

    Args:
        port: of the process that it leads to, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._others: dict[socket.socket, socket.socket] = {}
        self._open = threading.Event()
        self._open.set()
        self._over = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self) -> None:
        """Let nothing through: what is sent is lost with its connection, as are new connections."""
        self._open.clear()

    def heal(self) -> None:
        """Let new connections through."""
        self._open.set()

    def close(self) -> None:
        self._over = True
        self._thread.join()
        for one in list(self._others):
            self._end(one)
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while not self._over:
            for key, _ in self._selector.select(0.05):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self._listener:
                    self._join(one.accept()[0])
                elif one in self._others:
                    self._hand_on(one)
            if not self._open.is_set():
                for one in list(self._others):
                    self._end(one)

    def _join(self, near: socket.socket) -> None:
        try:
            if not self._open.is_set():
                raise ConnectionError
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            near.close()
            return
        self._others |= {near: far, far: near}
        self._selector.register(near, selectors.EVENT_READ)
        self._selector.register(far, selectors.EVENT_READ)

    def _hand_on(self, one: socket.socket) -> None:
        try:
            came = one.recv(65_536)
            if not came:
                raise ConnectionError
            self._others[one].sendall(came)
        except OSError:
            self._end(one)

    def _end(self, one: socket.socket) -> None:
        other = self._others.pop(one, None)
        if other is None:
            return
        del self._others[other]
        for end in (one, other):
            self._selector.unregister(end)
            with contextlib.suppress(OSError):
                end.close()
