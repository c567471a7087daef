"""A wake-up for a thread that waits in a poller."""

from __future__ import annotations

import contextlib
import socket
import threading

DRAIN_BYTES = 64
"""Bytes read at a time; each is one call of `wake`."""


class Waker:
    """Ends another thread's wait in a poller.

    The thread polls `fileno()` for reading. Once awake it calls `drain()` first and only then looks
    for what it was woken for: were it to look first, it could drain, unseen, the wake-up of what
    came in between, and would sleep on it.
    """

    def __init__(self) -> None:
        # Sockets rather than a bare pipe: a closed one fails, while the number of a closed pipe may
        # by then belong to another file, to which a late `wake` would write.
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        # Keeps `close` apart from a `wake` under way. A signal handler may interrupt either of them
        # in the very thread that holds it, so it can be taken twice.
        self._lock = threading.RLock()

    def fileno(self) -> int:
        """Return the descriptor that can be read after a `wake`, -1 once closed."""
        return self._read.fileno()

    def wake(self) -> None:
        """End the wait, or the next one; does nothing once closed.

        May be called from any thread and from a signal handler.
        """
        # It fails when it is closed, and when its buffer is full: the thread then wakes anyhow.
        with self._lock, contextlib.suppress(OSError):
            self._write.send(b"\0")

    def drain(self) -> None:
        """Forget every wake-up so far; to be called by the woken thread alone."""
        # A poller reports a descriptor for as long as it can be read, so nothing may stay in it.
        with contextlib.suppress(BlockingIOError):
            while len(self._read.recv(DRAIN_BYTES)) == DRAIN_BYTES:
                pass

    def close(self) -> None:
        """Close the descriptors; the thread must not poll them any more."""
        with self._lock:
            self._read.close()
            self._write.close()
