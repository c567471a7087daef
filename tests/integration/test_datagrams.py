"""Datagrams of an event that is being reported, and the commands around them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE, until
from touchline.cli.shared import card_of
from touchline.datagrams.options import Options
from touchline.datagrams.server import DatagramServer
from touchline.protocol.errors import AddressTaken

from .conftest import World


def serve(world: World, *, from_start: bool = False, **options: Any) -> DatagramServer:
    """Serve the world's event on threads until the test ends."""
    server = DatagramServer(Options(port=0, **options), waits=from_start)
    link = world.link("datagrams")
    card = card_of(link, world.event)
    follow = threading.Thread(
        target=server.follow, args=(link, card), kwargs={"from_start": from_start}
    )
    run = threading.Thread(target=server.run)
    for thread in (follow, run):
        thread.start()

    def end() -> None:
        server.stop()
        for thread in (follow, run):
            thread.join(PATIENCE)

    world.stack.callback(end)
    return server


class Client:
    """A client that only listens."""

    def __init__(self, world: World, server: DatagramServer) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        world.stack.callback(self.socket.close)
        self.socket.sendto(b"register", server.address)

    def next(self) -> Any:
        data = self.socket.recvfrom(4_096)[0]
        return json.loads(data)["message"] if data.startswith(b"{") else data.decode()


def test_an_event(world: World) -> None:
    """What is reported comes as datagrams; who registers late gets the newest with its count."""
    world.with_broker()
    world.host(verdict="fixed:2")
    crew = [world.reporter(name) for name in ("ann", "bob")]
    server = serve(world, interval=0.01)
    client = Client(world, server)
    world.until(lambda: len(server.core.clients) == 1)
    world.goal(1, *crew)
    world.until(lambda: not any(one.pending for one in crew), *crew)
    goal = client.next()
    assert (goal["count"], goal["type"], goal["score"]) == (1, "goal", "A 1–0 B")
    assert goal["content"].startswith("GOAL for A")
    late = Client(world, server)
    assert late.next() == goal
    world.goal(2, *crew)
    world.until(lambda: not any(one.pending for one in crew), *crew)
    assert (client.next()["score"], late.next()["count"]) == ("A 2–0 B", 2)


def test_what_has_happened(world: World) -> None:
    """Who serves an event later goes on with its count, or serves it from the start if asked to."""
    world.with_broker()
    host = world.host(verdict="fixed:2")
    crew = [world.reporter(name) for name in ("ann", "bob")]
    for number in range(5):
        world.goal(number, *crew)
    world.until(lambda: host.events[world.event].feed.seq >= 5, *crew)
    now = serve(world, interval=0.01)
    world.until(lambda: now.core.next_timer() is None and now.core._newest is not None)
    world.until(lambda: json.loads(now.core._newest or b"{}")["message"]["count"] == 5)
    assert Client(world, now).next()["count"] == 5
    start = serve(world, from_start=True, interval=0.01)
    client = Client(world, start)
    assert [client.next()["count"] for _ in range(5)] == [1, 2, 3, 4, 5]


def test_the_end_of_an_event(world: World) -> None:
    """When the event is finished everybody is told, and the server ends."""
    world.with_broker()
    world.host(verdict="fixed:2", finish_after=0.1)
    crew = [world.reporter(name) for name in ("ann", "bob")]
    server = serve(world, interval=0.01)
    client = Client(world, server)
    world.until(lambda: len(server.core.clients) == 1)
    world.goal(1, *crew)
    for one in crew:
        one.say("end", "", time=world.at(3))
    world.until(lambda: not any(one.pending for one in crew), *crew)
    assert client.next()["type"] == "goal"
    assert client.next() == "End of transmission"
    world.until(lambda: server.core.over, *crew)


def test_a_port_that_is_taken() -> None:
    """A port in use is said to be, with the flag."""
    first = DatagramServer(Options(port=0))
    with pytest.raises(AddressTaken, match="--port"):
        DatagramServer(Options(port=first.address[1]))
    first.core.close()
    first.run()


def command(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "touchline.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOUCHLINE_HOME": str(tmp_path)},
    )


def test_ctrl_c(tmp_path: Path) -> None:
    """Ctrl+C at the client unregisters and sums up; at the server it ends it in good order."""
    flags = ("--simulate", "--port", "0", "--interval", "0.01", "--json")
    log = tmp_path / "server.log"
    server = command(tmp_path, "datagrams", *flags, "--log", str(log))
    assert server.stdout is not None
    port = json.loads(server.stdout.readline())["port"]
    client = command(tmp_path, "datagrams-client", f"127.0.0.1:{port}", "--json")
    assert client.stdout is not None
    for _ in range(3):
        client.stdout.readline()
    client.send_signal(signal.SIGINT)
    out, _ = client.communicate(timeout=PATIENCE)
    summary = json.loads(out.splitlines()[-1])
    assert client.returncode == 0
    assert (summary["type"], summary["ended"], summary["lost"]) == ("summary", False, 0)
    assert summary["received"] >= 3

    until(lambda: " unregistered 127.0.0.1:" in log.read_text("utf-8"))
    first, second, *_ = log.read_text("utf-8").splitlines()
    assert f" listening UDP 127.0.0.1:{port}" in first
    assert second.endswith(": one datagram every 0.01 s")
    server.send_signal(signal.SIGINT)
    out, _ = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert json.loads(out.splitlines()[-1])["type"] == "stopped"


def test_nobody_there(tmp_path: Path) -> None:
    """A client that nobody answers because nobody listens says so, with an exit code."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = command(tmp_path, "datagrams-client", f"127.0.0.1:{port}")
    _, err = client.communicate(timeout=PATIENCE)
    assert client.returncode == 5
    assert f"127.0.0.1:{port}" in err


@pytest.mark.parametrize("arguments", [(), ("event", "--simulate")])
def test_event_or_simulate(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Neither an event nor a simulation, or both, is refused."""
    server = command(tmp_path, "datagrams", *arguments)
    _, err = server.communicate(timeout=PATIENCE)
    assert server.returncode == 2
    assert "--simulate" in err
