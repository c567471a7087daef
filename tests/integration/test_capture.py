"""What somebody reads who listens on the network while `touchline demo` runs: nothing."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from touchline.cli.demo.performers import Crowd, plan
from touchline.sports import matches

MATCH = "uruguay-russia-2018"
REPORTERS = 5

DEMO = [
    *(sys.executable, "-m", "touchline.cli", "demo", "--speed", "max", "--json"),
    *("--match", MATCH, "--reporters", str(REPORTERS)),
]

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

ETH_P_IP = 0x0800
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_STATISTICS = 263, 6

BUFFER_BYTES = 128 * 2**20
"""For what the listener has not read yet; that nothing of it was dropped is checked."""


class Capture:
    """Everything that is said by TCP on the loopback, while it runs."""

    def __init__(self, ear: socket.socket) -> None:
        self.dropped = 0  # packets that were too much for the buffer; known at the end
        self._ear = ear
        self._over = threading.Event()
        self._streams: dict[tuple[int, int], bytearray] = defaultdict(bytearray)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        self._ear.settimeout(0.1)
        while True:
            try:
                packet = self._ear.recv(2**17)
            except TimeoutError:
                if self._over.is_set():
                    return
                continue
            self._take(packet[14:])  # after the Ethernet header

    def _take(self, packet: bytes) -> None:
        if packet[9] != socket.IPPROTO_TCP:
            return
        segment = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big") or None]
        ports = struct.unpack("!HH", segment[:4])
        self._streams[ports] += segment[(segment[12] >> 4) * 4 :]

    def end(self) -> None:
        """Read what has come, and listen no more."""
        self._over.set()
        self._thread.join()
        _, self.dropped = struct.unpack(
            "II", self._ear.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        )

    def of(self, ports: set[int]) -> list[bytes]:
        """What was said from and to these ports, a stream each."""
        return [bytes(said) for ends, said in self._streams.items() if said and ports & {*ends}]


@contextmanager
def capture() -> Iterator[Capture]:
    try:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    except (AttributeError, PermissionError) as error:
        pytest.skip(f"no listening on the loopback here, it takes Linux and root: {error!r}")
    with ear:
        ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        ear.bind(("lo", ETH_P_IP))
        running = Capture(ear)
        try:
            yield running
        finally:
            running.end()


def listening(mark: str) -> set[int]:
    """The TCP ports on which processes listen whose environment holds some text."""
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                for handle in (process / "fd").iterdir():
                    inodes.add(os.readlink(handle).removeprefix("socket:[").rstrip("]"))
        except OSError:
            continue  # it has ended
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


def overheard(folder: Path, *flags: str) -> tuple[list[bytes], str]:
    """Run the demo; return what was said on its connections, and the event's id."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    ports: set[int] = set()
    with (
        capture() as heard,
        subprocess.Popen([*DEMO, *flags], stdout=subprocess.PIPE, env=environment) as demo,
    ):
        try:
            lines = []
            assert demo.stdout is not None
            for line in demo.stdout:  # from the screen: everybody is there
                lines.append(json.loads(line))
                ports |= listening(str(folder)) if len(ports) < 4 else set()
        finally:
            demo.terminate()  # ends all that it has started
    assert lines[-1]["right"]
    assert lines[-1]["encrypted"] == ("--insecure" not in flags)
    assert len(ports) == 4, "the broker's port and the host's three"
    assert heard.dropped == 0
    event: str = next(line["event"] for line in lines if line["type"] == "entry")
    return heard.of(ports), event


def in_the_clear(streams: list[bytes], event: str) -> dict[str, set[str]]:
    """Return what can be read in some streams, by what it is."""
    match = matches.load(MATCH)
    members = plan(Crowd(MATCH, REPORTERS, 0.9, 0.1, 1))
    texts = {
        "event": {event},
        "title": {match.title},
        "names": {"organiser", "second", *(member.name for member in members)},
        "origins": {*match.origins},
        "actions": {"period_start", "substitution"},
        "details": {name for names in match.lineups.values() for name in names},
        "score": {f"{match.origins[0]} 3–0 {match.origins[1]}"},
    }
    said = b"\n".join(streams)
    found = {kind: {text for text in some if text.encode() in said} for kind, some in texts.items()}
    found["tokens"] = {token.decode() for token in UUID.findall(said)}
    return {kind: some for kind, some in found.items() if some}


def test_nothing_can_be_read(tmp_path: Path) -> None:
    """During an event no name, title, origin, action, detail, score or token is in the clear."""
    streams, event = overheard(tmp_path)
    assert sum(map(len, streams)) > 100_000
    greetings = [said[:64] for said in streams if len(said) >= 64]
    assert [greeting for greeting in greetings if b"CURVE" not in greeting] == []
    assert in_the_clear(streams, event) == {}


def test_all_of_it_can_be_read_where_nothing_is_encrypted(tmp_path: Path) -> None:
    """The same listener finds each of these things where the demo is told to encrypt nothing."""
    streams, event = overheard(tmp_path, "--insecure")
    assert in_the_clear(streams, event).keys() == {
        *("event", "title", "names", "origins", "actions", "details", "score", "tokens")
    }
