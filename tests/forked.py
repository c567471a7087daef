"""Processes of Touchline that are forked from one that has imported it already.

A Python that starts and imports what Touchline needs takes half a second of a core, and a run of
the tests starts more than a thousand. What is forked is a process all the same, with an id, memory,
files, signals and an exit code of its own; its arguments, environment and folder are those that it
is given. That Touchline starts from nothing is checked where tests call `subprocess` themselves.

    python -m tests.forked DESCRIPTOR

is what they are forked from: it takes orders from a socket, and ends with it.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import inspect
import json
import os
import runpy
import socket
import subprocess
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

IMPORTED = (
    "touchline.broker",
    "touchline.cli.broker",
    "touchline.cli.events",
    "touchline.cli.gateway",
    "touchline.cli.host",
    "touchline.cli.report",
    "touchline.cli.watch",
    "touchline.gateway.server",
    "touchline.monitoring.health",
    "touchline.monitoring.host",
    "touchline.peer",
    "touchline.peer.host.service",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "rich.console",
)
"""What most processes need. None of it starts a thread: what is forked has one."""

ORDER = 1 << 18
"""Bytes of the longest order."""

SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): whose parent is gone becomes a child of this process."""

PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
"""What `subprocess` calls the ends of a process's pipes."""

# Private, and so unknown to type checkers: it starts a process once its pipes are there.
# `tests/unit/test_forked.py` fails where a Python changes it.
_STARTS = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]

ROOT = Path(__file__).parents[1]


class Process(subprocess.Popen[Any]):
    """A Python process, started as by `subprocess.Popen`; on Linux it is forked.

    Args:
        command: `sys.executable`, `-m` and a module or `-c` and a program, and its arguments.
        streams: `stdin`, `stdout`, `stderr`, `text`, `env` and `cwd`, as for `subprocess.Popen`.
    """

    def __init__(self, command: list[str], **streams: Any) -> None:
        assert command[0] == sys.executable
        assert streams.keys() <= {"stdin", "stdout", "stderr", "text", "env", "cwd"}
        super().__init__(command, **streams)

    if sys.platform == "linux":

        def _execute_child(self, *arguments: Any) -> None:
            how = _STARTS.bind(self, *arguments).arguments
            ends = (how["p2cread"], how["c2pwrite"], how["errwrite"])
            order = {
                "command": how["args"][1:],
                "cwd": str(how["cwd"] or Path.cwd()),
                "env": dict(os.environ if how["env"] is None else how["env"]),
            }
            streams = [own if end == -1 else end for own, end in enumerate(ends)]
            self.pid = _spring().fork(json.dumps(order).encode(), streams)
            self._child_created = True
            # As private as the method it stands in.
            self._close_pipe_fds(*(how[pipe] for pipe in PIPES))  # type: ignore[attr-defined]


def run(
    command: list[str], *, timeout: float | None = None, **streams: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a process to its end; return its exit code, and what it printed.

    Args:
        command: as for `Process`.
        timeout: seconds that it may take.
        streams: as for `Process`.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    with Process(command, **pipes) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:  # Ctrl+C as well: no process is left behind
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


class Spring:
    """The process that others are forked from, seen from the tests."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def fork(self, order: bytes, streams: list[int]) -> int:
        """Fork a process that becomes a child of this one; return its id.

        Args:
            order: what it is to do.
            streams: the descriptors of its standard streams.
        """
        self._prctl(SUBREAPER, 1, 0, 0, 0)
        try:
            socket.send_fds(self._channel, [order], streams)
            return int(self._channel.recv(64))
        finally:
            self._prctl(SUBREAPER, 0, 0, 0, 0)

    def close(self) -> None:
        self._channel.close()
        self._process.wait()


@functools.cache
def _spring() -> Spring:
    spring = Spring()
    atexit.register(spring.close)
    return spring


def _serve(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork a process for each order.

    Returns:
        The order and its streams in a process that was forked; nothing where orders are over.
    """
    while True:
        order, streams, _, _ = socket.recv_fds(channel, ORDER, 3)
        if not order:
            return None
        told, tell = os.pipe()
        begun, begin = os.pipe()
        between = os.fork()
        if not between:
            # Between the two, so that the one that stays is an orphan.
            child = os.fork()
            if child:
                os.write(tell, str(child).encode())
                os._exit(0)
            os.close(begin)
            os.read(begun, 1)  # until it has its new parent
            for descriptor in (told, tell, begun):
                os.close(descriptor)
            channel.close()
            return json.loads(order), streams
        os.waitpid(between, 0)
        channel.send(os.read(told, 64))
        for descriptor in (told, tell, begun, begin, *streams):
            os.close(descriptor)


def _stream(like: TextIO, mode: str) -> TextIOWrapper:
    """Return a stream over the descriptor of another, as a Python makes it at its start."""
    # Type checkers want the mode of `open` as a literal.
    at_once = mode == "wb" and bool(os.environ.get("PYTHONUNBUFFERED"))
    return TextIOWrapper(
        open(like.fileno(), mode, buffering=0 if at_once else -1),  # type: ignore[arg-type]
        encoding=like.encoding,
        errors=like.errors,
        line_buffering=not at_once and (os.isatty(like.fileno()) or like is sys.stderr),
        write_through=bool(os.environ.get("PYTHONUNBUFFERED")),
    )


def _become(order: dict[str, Any], streams: list[int]) -> None:
    """Be what a Python is that was started with this command."""
    for own, descriptor in enumerate(streams):
        os.dup2(descriptor, own)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.stdin = sys.__stdin__ = _stream(sys.stdin, "rb")
    sys.stdout = sys.__stdout__ = _stream(sys.stdout, "wb")
    sys.stderr = sys.__stderr__ = _stream(sys.stderr, "wb")
    kind, what, *arguments = order["command"]
    sys.path[0] = order["cwd"]
    sys.argv = [kind, *arguments]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    gc.collect()
    gc.freeze()
    ordered = _serve(socket.socket(fileno=int(sys.argv[1])))
    if ordered is not None:
        _become(*ordered)
