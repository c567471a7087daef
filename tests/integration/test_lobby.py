"""The lobby on real sockets: gateways that share it, a broker that restarts, clients that harm."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests import forked
from tests.patience import PATIENCE
from touchline.cli.shared import place_of

PLACE = {"lobby_id": "L", "prompt_id": "P"}


class Process:
    """A command that has said where it listens."""

    def __init__(self, folder: Path, command: str, *flags: str) -> None:
        self._made = forked.Process(
            [sys.executable, "-m", "touchline.cli", command, "--json", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(folder / "home")},
        )
        assert self._made.stdout is not None
        self.told = json.loads(self._made.stdout.readline())

    def end(self, *, kill: bool = True) -> None:
        if self._made.poll() is None:
            if kill:
                self._made.kill()
            else:
                self._made.terminate()
            self._made.wait(PATIENCE)
        if self._made.stdout is not None:
            self._made.stdout.close()

    @property
    def url(self) -> str:
        return str(self.told["url"])

    def memory(self) -> int:
        """Bytes that the process holds."""
        status = Path(f"/proc/{self._made.pid}/statm").read_text("ascii")
        return int(status.split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Town:
    """A broker and its gateways."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = "127.0.0.1:0"
        self.processes: list[Process] = []
        self.clients: list[ClientConnection] = []
        self.broker = self.start_broker()

    def start_broker(self) -> Process:
        self.broker = self._keep(Process(self.folder, "broker", "--bind", self.place))
        self.address = str(self.broker.told["address"])
        self.place = place_of(self.address)
        return self.broker

    def gateway(self, *more: str) -> Process:
        folder = str(self.folder / f"gateway {len(self.processes)}")
        flags = ("--broker", self.address, "--port", "0", "--folder", folder)
        return self._keep(Process(self.folder, "gateway", *flags, *more))

    def _keep(self, process: Process) -> Process:
        self.processes.append(process)
        return process

    def client(self, gateway: Process, **message: Any) -> ClientConnection:
        address = gateway.url.replace("http", "ws") + "/ws/live"
        made = connect(address, open_timeout=PATIENCE).__enter__()
        self.clients.append(made)
        made.send(json.dumps(message))
        return made

    def wait(self, gateway: Process, user: str, **more: Any) -> ClientConnection:
        return self.client(gateway, type="wait_start", user=user, **PLACE, **more)

    def close(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes:
            process.end()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.close()


def until(client: ClientConnection, **fields: Any) -> dict[str, Any]:
    """Return the first message with these fields."""
    end = time.monotonic() + PATIENCE
    while True:
        said = json.loads(client.recv(timeout=max(0.01, end - time.monotonic())))
        if all(said.get(name) == value for name, value in fields.items()):
            return dict(said)


def names(*labels: str) -> dict[str, Any]:
    return {"type": "update", "users": [*labels]}


def test_a_broker_that_restarts(town: Town) -> None:
    """The broker is killed and started again: nobody who waits notices, and what happens then at
    one gateway is seen at the other again."""
    first, second = town.gateway(), town.gateway()
    ann = town.wait(first, "ann")
    until(ann, **names("ann"))
    bob = town.wait(second, "bob")
    until(bob, **names("ann", "bob"))
    until(ann, **names("ann", "bob"))
    board = town.client(second, type="leaderboard", version=2, **PLACE)
    until(board, version=0)
    sender = town.client(first, type="leaderboard_update", version=2, user="ann", score=3, **PLACE)
    version = until(sender, type="updated")["version"]
    assert until(board, type="leaderboard")["version"] == version

    town.broker.end()
    cleo = town.wait(first, "cleo")  # the lobby goes on without the broker
    until(ann, **names("ann", "bob", "cleo"))
    town.start_broker()
    until(bob, **names("ann", "bob", "cleo"))
    cleo.send('{"type":"start"}')
    for client in (ann, bob, cleo):
        assert until(client, type="start") == {"type": "start"}
    third = town.gateway()
    late = town.client(third, type="leaderboard", version=2, **PLACE)
    assert until(late, version=version)["rows"] == [
        {"rank": 1, "user": "ann", "score": 3.0, "text": ""}
    ]
    dan = town.wait(third, "dan")
    until(dan, **names("ann", "bob", "cleo", "dan"))


def test_a_gateway_that_is_killed(town: Town) -> None:
    """Its people leave the other's list once its beats are missed, and come back by another."""
    first, second = town.gateway(), town.gateway()
    ann = town.wait(first, "ann")
    until(ann, **names("ann"))  # or bob's gateway might be the quicker one
    bob = town.wait(second, "bob", version=2)
    joined = until(bob, type="joined")
    until(ann, **names("ann", "bob"))
    second.end()
    back = town.wait(first, "bob", version=2, resume=joined["resume"])
    assert until(back, type="joined") | {"grace": 0} == joined | {"resumed": True, "grace": 0}
    until(back, type="update", shared=True)


def test_a_gateway_that_is_stopped(town: Town) -> None:
    """Its clients are told that it restarts, and the other gateway that they are gone, before it
    misses the beats of one that was killed earlier."""
    first, second, third = town.gateway(), town.gateway(), town.gateway()
    ann = town.wait(first, "ann")
    until(ann, **names("ann"))
    bob = town.wait(second, "bob")
    until(ann, **names("ann", "bob"))
    town.wait(third, "cleo")
    until(ann, **names("ann", "bob", "cleo"))
    third.end()
    second.end(kill=False)
    with pytest.raises(ConnectionClosed) as closed:
        until(bob, type="never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    until(ann, **names("ann", "cleo"))


def test_one_who_never_reads(town: Town) -> None:
    """A viewer that never reads costs nothing and delays nobody."""
    gateway = town.gateway()
    deaf = socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    _upgrade(deaf)
    board = json.dumps({"type": "leaderboard", "version": 2, **PLACE}).encode()
    deaf.sendall(_masked(board))
    viewer = town.client(gateway, type="leaderboard", version=2, **PLACE)
    until(viewer, version=0)
    before = gateway.memory()
    senders = [town.client(gateway, type="ping", version=2, time=number) for number in range(40)]
    for turn in range(55):
        for number, sender in enumerate(senders):
            row = {"user": f"{number} " + "x" * 80, "score": turn, "text": "y" * 150}
            sender.send(json.dumps({"type": "leaderboard_update", **PLACE, **row}))
        for sender in senders:
            version = until(sender, type="updated")["version"]
    assert until(viewer, version=version)["rows"][0]["score"] == 54.0
    assert gateway.memory() - before < 10_000_000, "26 MB were meant for who does not read"
    deaf.close()


def test_a_message_that_is_too_large(town: Town) -> None:
    """A message over the bound of frames closes its sender, and nobody else."""
    gateway = town.gateway()
    ann = town.wait(gateway, "ann")
    until(ann, **names("ann"))
    eve = town.wait(gateway, "eve")
    until(ann, **names("ann", "eve"))
    eve.send("x" * 30_000)
    assert until(eve, type="error")["code"] == "TOO_LARGE"
    until(ann, **names("ann"))
    eve = town.wait(gateway, "eve")
    until(ann, **names("ann", "eve"))
    with contextlib.suppress(ConnectionClosed):
        for _ in range(100):
            eve.send("x" * 1_000_000)
    until(ann, **names("ann"))


def _upgrade(raw: socket.socket) -> None:
    key = b64encode(os.urandom(16))
    raw.sendall(
        b"GET /ws/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
    )
    raw.settimeout(PATIENCE)
    assert b" 101 " in raw.recv(4_096)


def _masked(payload: bytes) -> bytes:
    """A client's text frame; a mask of zeros changes nothing."""
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


def test_pages_that_the_lobby_lets_in(town: Town) -> None:
    """With --lobby-origin it lets in programs, its own pages and those named, under its own name,
    at both of its addresses; without, pages of every site."""
    own = f"127.0.0.1:{_free_port()}"
    gateway = town.gateway("--lobby-origin", "https://club.example", "--lobby", f"{own}/ws/live")
    for place in (gateway.url.removeprefix("http://"), own):
        headers = {
            "": 101,
            f"Origin: http://{place}": 101,
            "Origin: https://club.example": 101,
            "Origin: https://evil.example": 403,
            "Origin: null": 403,
        }
        assert {header: _status(place, place, header) for header in headers} == headers
        assert _status(place, "evil.example", "") == 403
    place = town.gateway().url.removeprefix("http://")
    assert _status(place, place, "Origin: https://evil.example") == 101


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def _status(place: str, host: str, header: str) -> int:
    """Return the HTTP status with which a lobby answers an upgrade."""
    name, _, port = place.rpartition(":")
    with socket.create_connection((name, int(port)), PATIENCE) as raw:
        lines = [
            "GET /ws/live HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + b64encode(os.urandom(16)).decode(),
            *([header] if header else []),
        ]
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(raw.recv(4_096).split(b" ", 2)[1])
