"""`touchline canary` beside a broker, a host and a gateway, each a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.forked import Process
from tests.patience import PATIENCE, until
from touchline.peer import Link
from touchline.peer.identity import load_file
from touchline.protocol import messages

from .test_metrics import running, scrape, targets

EVERY = "1"


@contextmanager
def canary(home: Path, broker: str, *flags: str) -> Iterator[tuple[Process, dict[str, Any]]]:
    """Run a canary with a metrics page; give it and its first line."""
    process = Process(
        [sys.executable, "-m", "touchline.cli", "canary", "--broker", broker, "--json",
         "--every", EVERY, "--host", "any", *flags],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOUCHLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def missed(page: str, part: str) -> float:
    return scrape(page)[f'touchline_canary_missed_total{{part="{part}"}}']


def test_a_canary_is_seen_and_missed(tmp_path: Path) -> None:
    """It is missed before its event has a host, seen when all parts work, and missed at the page
    when the gateway ends; its event is in no search and in no metric by event."""
    with ExitStack() as stack:
        broker = ("broker", "--bind", "127.0.0.1:0")
        address, broker_page = stack.enter_context(
            running(tmp_path, *broker, says="address for others: ")
        )
        with canary(tmp_path, address, "--rounds", "1") as (process, told):
            event = told["event"]
            assert process.wait(PATIENCE) == 5
        who = ("--broker", address)
        host = ("host", event, *who, "--name", "hill", "--verdict", "fixed:3")
        _, host_page = stack.enter_context(running(tmp_path, *host))
        with ExitStack() as gateways:
            web, _ = gateways.enter_context(
                running(tmp_path, "gateway", *who, "--port", "0", says="gateway at ")
            )
            flags = ("--page", web, "--metrics", "127.0.0.1:0")
            process, told = stack.enter_context(canary(tmp_path, address, *flags))
            assert told["event"] == event
            page = told["metrics"]
            until(lambda: scrape(page)["touchline_canary_seen_total"] >= 2, what="two rounds")
            found = httpx.get(f"{web}/api/events", timeout=PATIENCE).json()
            assert found["events"] == []
            assert httpx.get(f"{web}/api/events/{event}", timeout=PATIENCE).status_code == 200
            assert not [name for name in scrape(host_page) if event in name]
            assert {one["labels"]["job"] for one in targets(broker_page)} == {
                "touchline-canary", "touchline-gateway", "touchline-host",
            }  # fmt: skip
        until(lambda: missed(page, "page") >= 1, what="a round that the page misses")
        broken = 'touchline_canary_broken{part="page"}'
        until(lambda: scrape(page)[broken] == 1, what="the page that is told as broken")
        with Link(address, "canary-1", load_file(tmp_path / "identities" / "canary-1")) as link:
            for search in (messages.Search(id=0), messages.Search(id=0, text="canary")):
                reply = link.ask(search, PATIENCE)
                assert isinstance(reply, messages.EventList)
                assert reply.events == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
