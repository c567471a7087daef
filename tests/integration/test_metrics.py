"""`--metrics`: the pages of running processes, and figures that move."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.forked import Process
from tests.nats import NatsServer
from tests.patience import PATIENCE, until
from touchline.broker import Broker, Options
from touchline.broker.repository import Census
from touchline.peer import Link, Reporter
from touchline.protocol import messages

from .talk import identity


@contextmanager
def running(
    home: Path, *arguments: str, says: str = "", code: int = 0
) -> Iterator[tuple[str, str]]:
    """Run a command with a metrics page; give what its first line that begins with `says` says
    after that, and the page's URL. It ends with an exit code at SIGTERM."""
    process = Process(
        [sys.executable, "-m", "touchline.cli", *arguments, "--metrics", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TOUCHLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        first, url = "", ""
        while not ((first or not says) and url):
            line = process.stdout.readline()
            assert line, "it ended before it said where its metrics are"
            if line.startswith("metrics at "):
                url = line.removeprefix("metrics at ").strip()
            elif line.startswith(says):
                first = first or line.removeprefix(says).strip()
        yield first, url
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == code
    finally:
        process.kill()
        process.communicate()


def created(link: Link) -> str:
    """Create an event that every key may host; give its id."""
    made = link.ask(
        messages.Create(
            id=0, title="A v B", sport="football", key="1", origins=["A", "B"], hosts=["any"]
        )
    )
    assert isinstance(made, messages.Event)
    return made.card.event


def scrape(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def targets(broker_page: str) -> list[Any]:
    """Return what a broker lists for Prometheus to scrape."""
    url = broker_page.replace("/metrics", "/targets")
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        found: list[Any] = json.load(answer)
    return found


def becomes(url: str, name: str, value: float) -> dict[str, float]:
    """Scrape until a figure has a value; return that scrape."""
    end = time.monotonic() + PATIENCE
    while True:
        found = scrape(url)
        if found.get(name) == value:
            return found
        assert time.monotonic() < end, f"{name} is {found.get(name)}, not {value}"
        time.sleep(0.05)


def test_figures_move(tmp_path: Path) -> None:
    """Requests, events, reports, entries and latency show on the pages as they happen; the broker
    lists the host's page while the host runs."""
    broker = ("broker", "--bind", "127.0.0.1:0")
    with running(tmp_path, *broker, says="address for others: ") as (address, broker_page):
        before = scrape(broker_page)
        assert before['touchline_broker_requests_total{type="create"}'] == 0
        with Link(address, "anna", identity("anna")) as link:
            event = created(link)
            after = scrape(broker_page)
            # A link asks again where a busy machine takes long to answer.
            assert after['touchline_broker_requests_total{type="create"}'] >= 1
            assert after['touchline_broker_events{status="scheduled"}'] == 1
            assert after["touchline_broker_hosted_events"] == 0
            assert after["process_cpu_seconds_total"] > 0
            host = ("host", event, "--broker", address, "--alone", "--heartbeat", "0.2")
            with running(tmp_path, *host) as (_, host_page):
                of = f'{{event="{event}"}}'
                becomes(host_page, f"touchline_host_epoch{of}", 1)
                becomes(broker_page, "touchline_broker_hosted_events", 1)
                with Reporter(event, link, tmp_path / "anna.db") as reporter:
                    reporter.wait_open(PATIENCE)
                    n = reporter.say("goal", "A")
                    assert reporter.wait_fate(n, PATIENCE, ("accepted",)) is not None
                    n = reporter.say("gaol", "A")
                    assert reporter.wait_fate(n, PATIENCE, ("refused",)) is not None
                    found = scrape(host_page)
                assert found[f"touchline_host_reports_stored_total{of}"] == 2
                refused = f'{{code="BAD_REPORT",event="{event}"}}'
                assert found[f"touchline_host_reports_refused_total{refused}"] == 1
                assert found[f"touchline_host_report_to_entry_seconds_count{of}"] == 1
                assert found["touchline_host_tap_to_stored_seconds_count"] == 2
                assert found["touchline_host_accepted_to_published_seconds_count"] == 1
                assert found["touchline_host_journal_rows_total"] >= 2
                assert found["touchline_host_commit_seconds_count"] >= 2
                assert found["touchline_host_disk_free_bytes"] > 0
                assert found["touchline_host_lease_age_seconds"] >= 0
                assert found["touchline_host_lease_seconds_count"] >= 1
                assert found[f"touchline_host_serving{of}"] == 1
                assert found[f"touchline_host_feed_seq{of}"] == 1
                assert found[f"touchline_host_publish_age_seconds{of}"] < PATIENCE
                assert found["touchline_host_journal_trouble"] == 0
                (listed,) = targets(broker_page)
                assert listed["targets"] == [urlsplit(host_page).netloc]
                assert listed["labels"]["job"] == "touchline-host"
                beats = found[f"touchline_host_heartbeats_total{of}"]
                becomes(host_page, f"touchline_host_heartbeats_total{of}", beats + 3)
            becomes(broker_page, "touchline_broker_hosted_events", 0)
            assert targets(broker_page) == []


def test_commands_that_stay_have_a_page(tmp_path: Path) -> None:
    """A relay is found through the broker; a recording tells of its feed, a replay of its
    reporters, and datagrams of both ends."""
    broker = ("broker", "--bind", "127.0.0.1:0")
    with ExitStack() as stack:

        def started(*arguments: str, **how: Any) -> tuple[str, str]:
            return stack.enter_context(running(tmp_path, *arguments, **how))

        nats = NatsServer(tmp_path / "nats")
        nats.start()
        stack.callback(nats.stop)
        address, broker_page = started(*broker, says="address for others: ")
        who = ("--broker", address)
        said, replayed = started(
            "replay", "world-cup-final-2022", *who, "--lead", "0", "--speed", "60", "--host", "any",
            says="Created ", code=130,
        )  # fmt: skip
        event = said.partition(".")[0]
        started("host", event, *who, "--heartbeat", "0.2")
        _, relayed = started("relay", event, *who, "--nats", nats.url)
        until(lambda: len(targets(broker_page)) == 2, what="the relay in the list of the broker")
        jobs = {one["labels"]["job"]: one["targets"] for one in targets(broker_page)}
        assert jobs["touchline-relay"] == [urlsplit(relayed).netloc]
        file = str(tmp_path / "feed.mpk")
        _, recorded = started("record", event, *who, "--output", file)
        until(lambda: scrape(replayed)["touchline_reporter_stored_total"] >= 3)
        found = scrape(replayed)
        assert found["touchline_reporter_said_total"] >= found["touchline_reporter_stored_total"]
        assert found["touchline_reporter_receipt_seconds_count"] >= 1
        of = f'{{event="{event}"}}'
        until(lambda: scrape(recorded)[f"touchline_subscriber_received_total{of}"] >= 1)
        until(lambda: scrape(relayed)[f"touchline_relay_stored_total{of}"] >= 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        _, served = started("datagrams", "--simulate", "--host", "127.0.0.1", "--port", port)
        _, client = started("datagrams-client", f"127.0.0.1:{port}")
        until(lambda: scrape(client)["touchline_datagrams_client_received_total"] >= 1)
        assert scrape(served)['touchline_datagrams_happenings_total{kind="registered"}'] == 1


def test_no_census_of_a_broker_that_does_not_run(tmp_path: Path) -> None:
    """Before it runs and after it has ended, a broker tells nothing of its records."""
    options = Options(bind="127.0.0.1:0", database=f"sqlite:///{tmp_path / 'b.db'}")
    broker = Broker(options, identity("broker"))
    assert broker.census() is None
    thread = threading.Thread(target=broker.run)
    thread.start()
    try:
        assert broker.ready.wait(PATIENCE)
        assert broker.census() == Census(events={}, hosted=0)
    finally:
        broker.stop()
        thread.join(PATIENCE)
    assert broker.census() is None
