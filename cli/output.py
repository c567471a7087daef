"""Standard output and standard error, whatever they are connected to.

A terminal with an old code page can't show every character, a disk may be full, a reader may have
gone, and a process may have been started without either. All output of a command goes through the
two devices here, so that no command has to care.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TextIO

from ..protocol.errors import StorageFault


class _Device(io.FileIO):
    """A file descriptor that is written to until a write fails; later output is dropped.

    `required`: the output is the purpose of the command, so that the first failure is raised.
    """

    required: bool
    fault: OSError | None = None  # of the first write that failed

    # FileIO takes any buffer, and so does this: the parameter's type is that of the stub.
    # Only bytes come here: the text layer above encodes.
    def write(self, content: bytes, /) -> int:  # type: ignore[override]
        # Some ask a stream what it is by writing nothing, and a full disk has no room for that.
        if self.fault is None and memoryview(content).nbytes:
            try:
                return super().write(content)
            except OSError as error:
                self.fault = error
                if self.required:
                    raise
        return memoryview(content).nbytes


_devices: dict[str, _Device] = {}


def prepare() -> None:
    """Make standard output and standard error usable, whatever they are.

    Characters that an encoding lacks are replaced. Where the process was started without one of
    them, its output is dropped. Streams that a test has put in their places stay as they are.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            # In order, each gets its free number: else a socket or a database would get it, and a
            # library that knows only the number would write to it.
            # It stays open for as long as the process runs.
            nowhere = open(os.devnull, "w" if number else "r", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)
        elif (
            number
            and stream is getattr(sys, f"__{name}__")
            and isinstance(stream, io.TextIOWrapper)
        ):
            _devices[name] = device = _Device(number, "wb", closefd=False)
            device.required = name == "stdout"
            setattr(sys, name, _text(device, stream))


def waive() -> None:
    """Let a command that serves peers go on where its output can't be written."""
    if "stdout" in _devices:
        _devices["stdout"].required = False


def finish() -> StorageFault | None:
    """Write the rest of standard output.

    Returns:
        why not all of it was written; also None where the reader has gone, which wants no more.
    """
    device = _devices.get("stdout")
    if device is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        device.fault = device.fault or error
    fault = device.fault
    if fault is None or fault.errno == errno.EPIPE or not device.required:
        return None
    return StorageFault(f"standard output: {fault.strerror}")


def failed() -> bool:
    """Return whether a write to standard output has failed."""
    device = _devices.get("stdout")
    return device is not None and device.required and device.fault is not None


def _text(device: _Device, like: io.TextIOWrapper) -> TextIO:
    """Return a text stream over a device that is otherwise like another stream."""
    unbuffered = isinstance(like.buffer, io.RawIOBase)  # as `python -u` makes it
    return io.TextIOWrapper(
        device if unbuffered else io.BufferedWriter(device),  # type: ignore[type-var]  # as CPython
        encoding=like.encoding,
        errors="replace" if like.errors == "strict" else like.errors,
        line_buffering=like.line_buffering,
        write_through=like.write_through,
    )
