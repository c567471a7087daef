"""Processes of a measurement: how they are started and ended, and what they take."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .comparison import Missing

PATIENCE = 120.0
"""The most seconds to wait for anything."""

TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """A process of this program's, and the pipe to it.

    Args:
        target: runs in the process; its first argument is the other end of the pipe.
        args: the further ones.
    """

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=target, args=(theirs, *args), daemon=True)
        self._process.start()
        theirs.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def ask(self, what: object) -> Any:
        """Send something, and return the answer."""
        self.pipe.send(what)
        return self.answer()

    def answer(self) -> Any:
        """Return what it sends next.

        Raises:
            RuntimeError: it has ended, or sends nothing.
        """
        if not self.pipe.poll(PATIENCE):
            raise RuntimeError(f"{self._process.name} says nothing for {PATIENCE:g} s")
        try:
            return self.pipe.recv()
        except EOFError:
            raise RuntimeError(f"{self._process.name} has ended") from None

    def end(self) -> None:
        """End the process: it gets None, and some seconds."""
        with suppress(OSError):
            self.pipe.send(None)
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.pipe.close()


@contextmanager
def child(target: Callable[..., None], *args: Any) -> Iterator[Child]:
    """Run a `Child` for as long as the context is open."""
    one = Child(target, *args)
    try:
        yield one
    finally:
        one.end()


@contextmanager
def program(command: Sequence[str], port: int, **options: Any) -> Iterator[int]:
    """Run a program until the context ends; yield its process id once it listens.

    Args:
        command: its name and arguments.
        port: on which it listens at 127.0.0.1.
        options: those of `subprocess.Popen`.

    Raises:
        Missing: it is not installed.
    """
    if shutil.which(command[0]) is None:
        raise Missing(f"{command[0]} is not installed")
    devnull = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=devnull, stderr=devnull, **options)
    try:
        until = time.monotonic() + PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not listen on port {port}")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def cpu(*pids: int) -> float:
    """Return the CPU seconds that processes have taken so far, all of their threads."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    # By nanoseconds where the kernel counts them; `stat` counts by ticks of 10 ms. What threads
    # took that have ended is missing: there are none in a round.
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int, *, peak: bool = False) -> float:
    """Return the resident memory of a process in MB: now, or the most so far."""
    name = "VmHWM" if peak else "VmRSS"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1_024


def orders(pipe: Connection) -> Iterator[Any]:
    """Yield what the parent of a child sends, until it ends it."""
    while True:
        try:
            order = pipe.recv()
        except EOFError:
            return
        if order is None:
            return
        yield order
