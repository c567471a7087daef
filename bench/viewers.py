"""1,000 WebSocket viewers of one event at 100 entries a second, and one more that never reads.

The broker and the host run on threads of this process. The gateway runs in a process of its own,
whose CPU and memory are measured. All viewers run in a third process that only reads frames. The
latency runs from the host's `sent` to the viewer's `recv`, on the clock of one machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from touchline.broker import Broker
from touchline.broker import Options as BrokerOptions
from touchline.peer import Host, Journal, Link, Reporter
from touchline.peer.host.options import Options as HostOptions
from touchline.protocol import messages
from touchline.protocol.keys import Identity
from touchline.protocol.times import SECOND, from_rfc3339
from touchline.runtime import clock

from .comparison import Comparison, Size, single

VIEWERS = 1_000
RATE = 100
ENTRIES = 1_000
WATCHED = 50
"""One viewer of so many measures the latency of each entry; all viewers compute the digest."""

PATIENCE = 120.0
"""The most seconds to wait for anything."""


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    entries = size.of(ENTRIES, 100)
    return [
        single(
            "viewers",
            f"{VIEWERS:,} WebSockets, {entries:,} entries at {RATE} a second",
            partial(round_, entries),
            "entry to viewer, p99 ms",
        )
    ]


def round_(entries: int) -> dict[str, float]:
    """Return one round's figures.

    Args:
        entries: to publish.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="touchline-bench-")))
        address = stack.enter_context(_broker(folder))
        link = stack.enter_context(Link(address, "bench", _key("bench")))
        create = messages.Create(
            id=0,
            title="A v B",
            sport="football",
            key="bench",
            origins=["A", "B"],
            starts=1,
            hosts=["any"],
        )
        reply = link.ask(create)
        assert isinstance(reply, messages.Event)
        event = reply.card.event
        stack.enter_context(_host(folder, address, event))
        process, port = stack.enter_context(_gateway(folder, address))
        ours = stack.enter_context(_viewers(port, event, entries))
        return _run(ours, process.pid, folder, link, event, entries)


def _run(
    viewers: Connection, gateway: int, folder: Path, link: Link, event: str, entries: int
) -> dict[str, float]:
    assert viewers.recv() == "joined"
    before, memory = _cpu(gateway), _memory(gateway)
    began = clock.now()
    with Reporter(event, link, folder / "outbox") as reporter:
        reporter.wait_open(PATIENCE)
        base = clock.wall() - entries * 20 * SECOND
        for number in range(entries):
            reporter.say("foul", "AB"[number % 2], time=base + number * 20 * SECOND)
            while clock.now() < began + (number + 1) / RATE:
                reporter.pump(0.002)
        while reporter.pending:
            reporter.pump(0.1)
    seconds = clock.now() - began
    spent, most = _cpu(gateway) - before, _memory(gateway)
    if not viewers.poll(PATIENCE):
        raise AssertionError(f"not all viewers got all {entries:,} entries in {PATIENCE:g} s")
    results: Results = viewers.recv()
    latencies = sorted(results.latencies)
    count, digests = len(results.digests), len(set(results.digests))
    if digests != 1:
        raise AssertionError(f"{digests} digests among {count} viewers")
    return {
        "viewers": count,
        "entries/s": entries / seconds,
        "deliveries/s": entries * count / seconds,
        "digests": digests,
        "entry to viewer, p50 ms": latencies[len(latencies) // 2],
        "entry to viewer, p99 ms": latencies[int(len(latencies) * 0.99)],
        "entry to viewer, longest ms": latencies[-1],
        "gateway, CPU share of one core": spent / seconds,
        "gateway, CPU µs a delivery": spent / (entries * count) * 1e6,
        "gateway, memory before, MB": memory,
        "gateway, memory after, MB": most,
        "viewer that never reads: closed": results.stalled_closed,
    }


# ── broker, host and gateway ─────────────────────────────────────────────────────────────────


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    options = BrokerOptions(bind="127.0.0.1:0", database=f"sqlite:///{folder / 'broker.db'}")
    broker = Broker(options, _key("broker"))
    thread = threading.Thread(target=broker.run)
    thread.start()
    try:
        assert broker.ready.wait(PATIENCE)
        yield broker.address
    finally:
        broker.stop()
        thread.join(PATIENCE)


@contextmanager
def _host(folder: Path, address: str, event: str) -> Iterator[None]:
    journal = Journal(f"sqlite:///{folder / 'host.db'}")
    # The reporter sends 100 reports a second all the time: the default rate leaves no room above.
    options = HostOptions(name="host", broker=address, alone=True, report_rate=10.0 * RATE)
    host = Host(options, _key("host"), journal, (event,))
    thread = threading.Thread(target=host.run)
    thread.start()
    try:
        assert host.ready.wait(PATIENCE)
        yield
    finally:
        host.stop()
        thread.join(PATIENCE)
        journal.close()


@contextmanager
def _gateway(folder: Path, address: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "touchline.cli", "gateway", "--port", "0", "--json"),
            *("--broker", address, "--per-address", "5000"),
            *("--stalled", "5"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOUCHLINE_HOME": str(folder)},
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        yield process, int(url.rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@contextmanager
def _viewers(port: int, event: str, entries: int) -> Iterator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_watch, args=(theirs, port, event, entries)
    )
    process.start()
    try:
        yield ours
    finally:
        process.terminate()
        process.join(PATIENCE)


def _key(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1_024


# ── the viewers ──────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Results:
    """The results of the viewers' process.

    Args:
        digests: of each viewer, hex digits.
        latencies: milliseconds.
        stalled_closed: whether the gateway has closed the viewer that never reads.
    """

    digests: list[str]
    latencies: list[float]
    stalled_closed: bool = False


@dataclass(slots=True)
class _Viewer:
    """A viewer: it reads frames, counts entries and hashes their bytes.

    `latencies` is None for a viewer that does not measure them.
    """

    socket: socket.socket
    latencies: list[float] | None
    buffer: bytearray = field(default_factory=bytearray)
    count: int = 0
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def read(self) -> None:
        data = self.socket.recv(262_144)
        if not data:
            raise AssertionError("the gateway closed a viewer that reads")
        now = clock.wall() / 1_000
        self.buffer += data
        at = 0
        buffer = self.buffer
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if len(buffer) - at < head + size:
                break
            if buffer.startswith(b'{"type":"entry"', at + head):
                self._entry(bytes(buffer[at + head : at + head + size]), now)
            elif buffer[at] == 0x89:  # a ping; the pong is masked with zeros
                body = bytes(buffer[at + head : at + head + size])
                self.socket.send(bytes((0x8A, 0x80 | size, 0, 0, 0, 0)) + body)
            at += head + size
        del buffer[:at]

    def _entry(self, payload: bytes, now: float) -> None:
        self.count += 1
        self.digest.update(payload)
        if self.latencies is not None:
            self.latencies.append(now - from_rfc3339(json.loads(payload)["sent"]) / 1_000)


def _watch(parent: Connection, port: int, event: str, entries: int) -> None:
    latencies: list[float] = []
    viewers = [
        _Viewer(_joined(port, event), latencies if number % WATCHED == 0 else None)
        for number in range(VIEWERS)
    ]
    stalled = _joined(port, event, receive=4_096)
    selector = selectors.DefaultSelector()
    for viewer in viewers:
        viewer.socket.setblocking(False)
        selector.register(viewer.socket, selectors.EVENT_READ, viewer)
    parent.send("joined")
    missing = set(range(VIEWERS))
    while missing:
        for key, _ in selector.select(1.0):
            key.data.read()
        missing = {number for number in missing if viewers[number].count < entries}
    digests = [viewer.digest.hexdigest() for viewer in viewers]
    parent.send(Results(digests, latencies, stalled_closed=_is_closed(stalled)))


def _joined(port: int, event: str, receive: int = 0) -> socket.socket:
    """Return a socket whose WebSocket is open from the event's first entry on.

    Args:
        port: the gateway's port.
        event: the event's id.
        receive: bytes of the receive buffer; 0 leaves the system's default.
    """
    made = socket.socket()
    if receive:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    made.sendall(
        f"GET /ws/events/{event}?from=start HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += made.recv(1)
    if b" 101 " not in answer:
        raise AssertionError(f"the gateway answered {answer[:80]!r}")
    return made


def _is_closed(stalled: socket.socket) -> bool:
    """Return whether the gateway has closed the connection of the viewer that never reads."""
    stalled.settimeout(10.0)
    try:
        while stalled.recv(262_144):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True
