"""`touchline gateway` as a process: what it says, its metrics, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.patience import PATIENCE, until
from touchline.protocol.addresses import BrokerAddress

from .talk import identity

NOWHERE = str(BrokerAddress("127.0.0.1", 1, identity("broker").public))
"""The address of a broker that is not there."""


@contextmanager
def gateway(world: Any, *flags: str) -> Iterator[subprocess.Popen[str]]:
    broker = world.address or NOWHERE
    process = subprocess.Popen(
        [sys.executable, "-m", "touchline.cli", "gateway", "--broker", broker, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOUCHLINE_HOME": str(world.folder), "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_graceful_end(world: Any, number: signal.Signals) -> None:
    """It says where it listens, tells its viewers that it restarts, sums up, and ends with 0."""
    world.with_broker()
    with gateway(world, "--port", "0", "--json", "--metrics", "127.0.0.1:0") as process:
        told = line(process)
        assert told["type"] == "listening"
        address = told["url"].replace("http", "ws") + f"/ws/events/{world.event}"
        with connect(address, open_timeout=PATIENCE) as viewer:
            assert json.loads(viewer.recv(PATIENCE))["type"] == "setup"
            with urllib.request.urlopen(told["metrics"], timeout=PATIENCE) as answer:
                text = answer.read().decode()
            assert f'touchline_gateway_viewers{{event="{world.event}"}} 1.0' in text
            assert f'touchline_subscriber_feed_seq{{event="{world.event}"}} 0.0' in text
            process.send_signal(number)
            with pytest.raises(ConnectionClosed) as closed:
                until(lambda: not viewer.recv(PATIENCE), what="the end", pause=0.0)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert line(process) == {"type": "stopped", "requests": 0, "connections": 1}
        assert process.wait(PATIENCE) == 0


def test_an_address_that_is_taken(world: Any) -> None:
    """An address that is taken is an error that names it, and exit code 6."""
    world.with_broker()
    with gateway(world, "--port", "0", "--json") as first:
        port = line(first)["url"].rpartition(":")[2]
        with gateway(world, "--port", port, "--json") as second:
            told = line(second)
            assert told["code"] == "ADDRESS_TAKEN"
            assert port in told["reason"]
            assert second.wait(PATIENCE) == 6


@pytest.mark.parametrize(
    "flags", [("--heartbeat", "0.1"), ("--forwarded-by", "nobody"), ("--broker", "nowhere:0:0")]
)
def test_a_bad_setting(world: Any, flags: tuple[str, str]) -> None:
    """A value that can't be stops the start, names its flag, and is exit code 2."""
    with gateway(world, "--port", "0", "--json", *flags) as process:
        told = line(process)
        assert told["code"] == "BAD_SETTING"
        assert told["reason"].startswith(f"{flags[0]}: ")
        assert process.wait(PATIENCE) == 2
