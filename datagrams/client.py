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
from ..runtime import clock, files
from .core import REGISTER, UNREGISTER
from .receiver import Received, Receiver

READ_BYTES = 65_535

RECEIVE_BYTES = 1_048_576
"""The size of the socket's buffer; a system may give less."""

AGAIN_SECONDS = 5.0
"""Seconds after which a client that has received nothing registers again; doubles each time."""

LONGEST_AGAIN = 60.0
"""The longest such pause, seconds."""

KEEP_SECONDS = 1_800.0
"""Seconds after which a client registers again, to show that it is still there."""

LOGS = ("received", "statistics", "server")


class Logs:
    """The three logs: the received datagrams, the statistics after each of them, and all else that
    client and server sent each other. A line is a time and words, or JSON.

    Args:
        folder: of the files, which are written anew each time.
        as_json: whether the lines are JSON.

    Raises:
        StorageFault: the files can't be written.
    """

    def __init__(self, folder: Path, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._files: dict[str, IO[bytes]] = {}
        try:
            files.make_folder(folder)
            for name in LOGS:
                self._files[name] = files.open_new(folder / f"{name}.log")
        except OSError as error:
            self.close()
            raise StorageFault(f"can't write logs in {folder}: {error}") from error

    def write(self, name: str, words: str, **fields: object) -> None:
        """Write a line.

        Args:
            name: of the log.
            words: the line as text.
            fields: the line as JSON.

        Raises:
            StorageFault: the line can't be written.
        """
        time = to_rfc3339(clock.wall())
        line = msgspec.json.encode({"time": time, **fields})
        try:
            self._files[name].write((line if self._as_json else f"{time} {words}".encode()) + b"\n")
        except OSError as error:
            raise StorageFault(f"can't write {name}.log: {error}") from error

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


class DatagramClient:
    """Receives the datagrams of one server. As a context it registers, and unregisters at the end.

    Args:
        host: of the server.
        port: of the server.
        receiver: counts the datagrams, and makes lines of them.
        logs: where to write; None: no logs.

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
        # What comes while this process does not read would be lost, and count as the network's.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        # A connected socket receives from the server alone, and finds out where no server listens.
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
            self._write(UNREGISTER)
        self._note_statistics()
        self._socket.close()

    def items(self, seconds: float) -> Iterator[Received]:
        """Yield what is received within some seconds; nothing after the end of transmission.

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
        """Register; only once where datagrams come, since some servers take a second `register`
        for a second client."""
        if self.receiver.statistics.received:
            self._register_at = now + KEEP_SECONDS
        else:
            self._register_at = now + self._again
            self._again = min(2 * self._again, LONGEST_AGAIN)
        with contextlib.suppress(OSError):
            self._write(REGISTER)

    def _receive(self) -> bytes | None:
        try:
            return self._socket.recv(READ_BYTES)
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            if not self.receiver.statistics.received:
                raise Unreachable(
                    f"no server of datagrams at {self._where}; touchline datagrams EVENT"
                ) from None
            # The server may be started again; the pause keeps this from being a busy loop.
            time.sleep(min(0.2, self._socket.gettimeout() or 0.2))
            return None

    def _take(self, data: bytes) -> Received:
        received = self.receiver.take(data)
        self.ended = received.ended
        if self.receiver.statistics.received == 1:
            self._register_at = clock.now() + KEEP_SECONDS
        if self._logs is not None:
            said = received.text if received.log == "received" else f"received {received.text}"
            self._logs.write(received.log, said, bytes=len(data), text=received.text)
            self._note_statistics()
        return received

    def _write(self, word: bytes) -> None:
        self._socket.send(word)
        if self._logs is not None:
            said = word.decode()
            self._logs.write("server", f"sent {said} to {self._where}", said=said, to=self._where)

    def _note_statistics(self) -> None:
        if self._logs is not None:
            statistics = self.receiver.statistics
            self._logs.write(
                "statistics",
                f"{statistics}; the newest is {statistics.highest:,}",
                count=statistics.highest,
                received=statistics.received,
                lost=statistics.lost,
                out_of_order=statistics.out_of_order,
                twice=statistics.twice,
                unreadable=statistics.strange,
            )
