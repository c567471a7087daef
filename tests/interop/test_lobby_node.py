"""A lobby client in JavaScript, on Node's own WebSocket, as web clients are that exist already."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE

from .gateways import Gateways

SCRIPT = Path(__file__).parent / "lobby_client.mjs"

CLAIMS = [
    "waiting lists grow",
    "two bobs are kept apart",
    "garbage harms nobody",
    "start reaches all",
    "waiting lists shrink",
    "refresh reaches the viewers of a leaderboard, the sender is closed",
    "refresh reaches the viewers of prompts",
]


def node() -> list[str]:
    """Return how to run Node with a WebSocket; skip where there is none."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("no Node (node) here")
    for flags in ([], ["--experimental-websocket"]):
        probe = [path, *flags, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"]
        probed = subprocess.run(probe, capture_output=True, timeout=PATIENCE, check=False)
        if probed.returncode == 0:
            return [path, "--no-warnings", *flags]
    pytest.skip("this Node (node) has no WebSocket of its own; 20.10 or newer has")


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Gateways]:
    made = Gateways(tmp_path)
    yield made
    made.close()


def run(*urls: str) -> list[str]:
    done = subprocess.run(
        [*node(), str(SCRIPT), *urls], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["claim"] for line in done.stdout.splitlines()]


def test_one_gateway(gateways: Gateways) -> None:
    """All that the table of the lobby says, as another language sees it."""
    node()
    assert run(gateways.start().lobby) == CLAIMS


def test_two_gateways(gateways: Gateways) -> None:
    """The same with clients spread over two gateways of one broker."""
    node()
    first, second = gateways.start(), gateways.start()
    assert run(first.lobby, second.lobby) == CLAIMS


def test_an_address_of_choice(gateways: Gateways) -> None:
    """The same at another port and path, to which an existing client can be pointed."""
    node()
    port = gateways.free_port()
    gateways.start("--lobby", f"127.0.0.1:{port}/any/path")
    assert run(f"ws://127.0.0.1:{port}/any/path") == CLAIMS
