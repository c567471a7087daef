"""A NATS server for tests: one of our own, on a free port, with its store in a folder."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE, until


class NatsServer:
    """A nats-server with JetStream, which can be killed and started again where it was.

    Args:
        folder: of its store and its log.
        settings: further lines of its configuration.
    """

    def __init__(self, folder: Path, settings: str = "") -> None:
        program = shutil.which("nats-server")
        if program is None:
            pytest.skip("no nats-server to start (Debian: nats-server)")
        self._program = program
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._file = folder / "server.conf"
        self._file.write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            f'jetstream {{ store_dir: "{folder / "store"}", max_mem: 64M, max_file: 256M }}\n'
            f"{settings}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def process(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; it listens when this returns."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._file)], stdout=log, stderr=log
            )
        until(self._listens, what="nats-server")

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it, as if the power failed unless another signal is given."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(PATIENCE)
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text("utf-8"))
        try:
            socket.create_connection(("127.0.0.1", self.port), 1.0).close()
        except OSError:
            return False
        return True


@contextmanager
def running(folder: Path, settings: str = "") -> Iterator[NatsServer]:
    """Give a server that runs, and end it afterwards; skip the test where there is none."""
    server = NatsServer(folder, settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
