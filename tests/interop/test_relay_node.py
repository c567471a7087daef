"""A consumer in another language: the example in Node reads what a relay puts into NATS."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.integration.conftest import World
from tests.integration.conftest import world as world  # noqa: PLC0414  # the fixture
from tests.nats import running
from tests.patience import PATIENCE
from touchline.relay.options import Options
from touchline.relay.service import Relay
from touchline.runtime.nats_client import NatsClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "relay"


def test_the_node_example(world: World, tmp_path: Path) -> None:
    """It shows every message to the end, and the digest that the host has."""
    pytest.importorskip("nats", reason="no package nats-py")
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node (node) here")
    if not all((EXAMPLE / "node_modules" / name).is_dir() for name in ("nats", "@msgpack/msgpack")):
        pytest.skip("the packages of examples/relay are not there (npm install)")
    world.with_broker()
    host = world.host(verdict="fixed:1")
    ann = world.reporter("ann")
    for number in range(3):
        ann.say("goal", "A", time=world.at(10 * number))
    with running(tmp_path / "nats") as nats:
        client = NatsClient(nats.url)
        client.start()
        relay = Relay(Options(), world.link("relay"), client, [world.event])
        thread = threading.Thread(target=relay.run)
        thread.start()
        try:
            world.until(lambda: ann.pending == 0, ann, what="receipts")
            (one,) = relay.events.values()
            feed = host.events[world.event].feed
            world.until(lambda: one.core.position == feed.seq > 2, ann, what="the feed in NATS")
            shown = _run([node, str(EXAMPLE / "follow.mjs"), world.event, nats.url])
        finally:
            relay.stop()
            thread.join(PATIENCE)
            client.close()
    assert shown[0] == "A v B (football)"
    assert [line.split()[0] for line in shown[1:]] == [str(n) for n in range(1, feed.seq + 1)]
    assert sum("GOAL for A" in line for line in shown) >= 3


def _run(command: list[str]) -> list[str]:
    """Return what the example prints until it has nothing more for a second."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(map(str.rstrip, process.stdout or ())))
    reader.start()
    try:
        reader.join(3.0)
    finally:
        process.kill()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        process.stdout.close()
    return lines
