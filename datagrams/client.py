"""The client's socket and its three logs.

Tested over real sockets in tests/integration/test_datagrams.py.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec

from ..protocol.errors import StorageFault, Unreachable
from ..protocol.times import to_rfc3339
from ..runtime import clock
from .core import REGISTER, UNREGISTER
from .receiver import Received, Receiver

READ_BYTES = 65_535

AGAIN_SECONDS = 5.0
"""Seconds after which a client that has got nothing yet registers again; doubles each time."""

LONGEST_AGAIN = 60.0

KEEP_SECONDS = 1_800.0
"""How often a client says that it is still there."""

LOGS = ("received", "statistics", "server")


class Logs:
    """The three logs, JSON lines: what was received, the statistics after each, and what passed
    between client and server besides.

    Args:
        folder: in which they are; made anew each time.

    Raises:
        StorageFault: the files can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, IO[bytes]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in LOGS:
                self._files[name] = (folder / f"{name}.log").open("wb", buffering=0)
        except OSError as error:
            self.close()
            raise StorageFault(f"can't write logs in {folder}: {error}") from error

    def write(self, name: str, **line: object) -> None:
        """Write a line.

        Raises:
            StorageFault: it can't be written.
        """
        stamped = {"time": to_rfc3339(clock.wall()), **line}
        try:
            self._files[name].write(msgspec.json.encode(stamped) + b"\n")
        except OSError as error:
            raise StorageFault(f"can't write {name}.log: {error}") from error

    def close(self) -> None:
        """Close all three."""
        for file in self._files.values():
            file.close()


class DatagramClient:
    """Receive the datagrams of one server. As a context it registers, and unregisters at its end.

    Args:
        host: of the server.
        port: of the server.
        receiver: counts the datagrams, and makes lines of them.
        logs: are written to; None for none.

    Raises:
        Unreachable: the host has no address.
    """

    def __init__(self, host: str, port: int, receiver: Receiver, logs: Logs | None) -> None:
        self.receiver = receiver
        self.ended = False
        """Whether the end of transmission has come."""
        self._where = f"{host}:{port}"
        self._logs = logs
        try:
            *_, (family, _, _, _, address) = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise Unreachable(f"no host {host!r}: {error.strerror or error}") from None
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        # A connected socket takes nothing from elsewhere, and learns that no server listens.
        self._socket.connect(address)
        self._again = AGAIN_SECONDS
        self._register_at = 0.0

    def __enter__(self) -> DatagramClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._say(UNREGISTER)
        self._note_statistics()
        self._socket.close()

    def items(self, seconds: float) -> Iterator[Received]:
        """Yield what comes within some seconds; nothing after the end of transmission.

        Raises:
            Unreachable: no server listens there, and no datagram has ever come.
        """
        now = clock.now()
        until = now + seconds
        while not self.ended and now < until:
            if now >= self._register_at:
                self._register(now)
            self._socket.settimeout(max(0.001, min(until, self._register_at) - now))
            data = self._receive()
            if data is not None:
                yield self._take(data)
            now = clock.now()

    def _register(self, now: float) -> None:
        """Register: once where all is well, since some servers take a second time for a second
        client."""
        if self.receiver.statistics.received:
            self._register_at = now + KEEP_SECONDS
        else:
            self._register_at = now + self._again
            self._again = min(2 * self._again, LONGEST_AGAIN)
        with contextlib.suppress(OSError):
            self._say(REGISTER)

    def _receive(self) -> bytes | None:
        try:
            return self._socket.recv(READ_BYTES)
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            if not self.receiver.statistics.received:
                raise Unreachable(
                    f"nobody serves datagrams at {self._where}; touchline datagrams EVENT"
                ) from None
            # The server may be started again; wait a moment, so as not to ask all the time.
            time.sleep(min(0.2, self._socket.gettimeout() or 0.2))
            return None

    def _take(self, data: bytes) -> Received:
        received = self.receiver.take(data)
        self.ended = received.ended
        if self.receiver.statistics.received == 1:
            self._register_at = clock.now() + KEEP_SECONDS
        if self._logs is not None:
            self._logs.write(received.log, bytes=len(data), text=received.text)
            self._note_statistics()
        return received

    def _say(self, word: bytes) -> None:
        self._socket.send(word)
        if self._logs is not None:
            self._logs.write("server", said=word.decode(), to=self._where)

    def _note_statistics(self) -> None:
        if self._logs is not None:
            statistics = self.receiver.statistics
            self._logs.write(
                "statistics",
                count=statistics.highest,
                received=statistics.received,
                lost=statistics.lost,
                out_of_order=statistics.out_of_order,
                twice=statistics.twice,
                unreadable=statistics.strange,
            )
