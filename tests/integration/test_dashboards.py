"""Every expression of rules and dashboards on a real Prometheus that scrapes running processes."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from tests.monitored import MONITORING, RULES, expressions
from tests.nats import NatsServer
from tests.patience import PATIENCE, until
from touchline.peer import Link, Reporter

from .talk import identity
from .test_metrics import created, running

PROMETHEUS = shutil.which("prometheus")

QUIET = {
    "event: Right, wrong and missed": "there is no grade sheet",
    "rule TouchlineEventWithoutHost": "every event has a host",
    "rule TouchlineBrokerDatabase": "the database can be read",
    "rule TouchlineReportsNotConfirmed": "no claim expires",
    "rule TouchlineCanaryMissed": "no canary is missed",
    "rule TouchlineFeedLate": "no message is late",
    "rule TouchlineReceiptsLate": "no receipt is late",
    "rule TouchlineRelayBehind": "no relay is behind",
    "rule TouchlineReconnectStorm": "no viewer comes back",
}
"""What has no answer in a run in which all is well, with the reason."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def prometheus(folder: Path, broker_page: str) -> Iterator[str]:
    """Run a Prometheus with the project's configuration, that scrapes each second and finds all but
    the broker through the broker; give the URL of its queries."""
    assert PROMETHEUS is not None
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    configuration["global"] = {
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "evaluation_interval": "1s",
    }
    configuration["rule_files"] = [str(RULES)]
    broker, found = configuration["scrape_configs"]
    place = urllib.parse.urlsplit(broker_page).netloc
    broker["static_configs"] = [{"targets": [place]}]
    found["http_sd_configs"] = [{"url": f"http://{place}/targets", "refresh_interval": "1s"}]
    file, port = folder / "prometheus.yml", free_port()
    file.write_text(json.dumps(configuration), "utf-8")  # JSON is YAML
    process = subprocess.Popen(
        [
            PROMETHEUS,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/api/v1/query"
    finally:
        process.kill()
        process.wait()


def ask(url: str, expression: str) -> list[Any]:
    """Return what Prometheus answers; nothing while it does not answer."""
    body = urllib.parse.urlencode({"query": expression}).encode()
    try:
        with urllib.request.urlopen(url, body, PATIENCE) as answer:
            result: list[Any] = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{expression}: {error.read().decode()}") from None
    except OSError:  # it has not started yet
        return []
    return result


def as_asked(expression: str, event: str) -> str:
    """Return an expression with Grafana's variables filled in, and without the threshold of an
    alert: what it compares is to be there."""
    for name, value in (("__rate_interval", "20s"), ("event", event)):
        expression = expression.replace(f"${name}", value)
    expression = re.sub(r"\$(job|instance)", ".*", expression)
    return re.sub(r"\s((>|==) [\d.]+$|< 1e9)", "", expression)


@pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed (Debian: prometheus)")
def test_every_expression_answers(tmp_path: Path) -> None:
    """A Prometheus that scrapes a broker, and the host and gateway that it finds through the
    broker, answers every expression, but for those of what does not happen while all is well."""
    with ExitStack() as stack:
        broker = ("broker", "--bind", "127.0.0.1:0")
        address, broker_page = stack.enter_context(
            running(tmp_path, *broker, says="address for others: ")
        )
        link = stack.enter_context(Link(address, "anna", identity("anna")))
        event = created(link)
        who = ("--broker", address)
        host = ("host", event, *who, "--alone", "--heartbeat", "0.5")
        stack.enter_context(running(tmp_path, *host))
        web, _ = stack.enter_context(
            running(tmp_path, "gateway", *who, "--port", "0", says="gateway at ")
        )
        url = stack.enter_context(
            prometheus(
                tmp_path,
                broker_page,
            )
        )
        canary = ("canary", *who, "--host", "any", "--every", "60")
        stack.enter_context(running(tmp_path, *canary))
        nats = NatsServer(tmp_path / "nats")
        nats.start()
        stack.callback(nats.stop)
        stack.enter_context(running(tmp_path, "relay", event, *who, "--nats", nats.url))
        reporter = stack.enter_context(Reporter(event, link, tmp_path / "anna.db"))
        reporter.wait_open(PATIENCE)
        places = [(place, as_asked(text, event)) for place, text in expressions()]
        left = [
            (place, text)
            for place, text in places
            if place not in QUIET and not re.search(r": (Alerts|Suspended|Corrections)$", place)
        ]
        follow = f"{web}/api/events/{event}/score"
        with urllib.request.urlopen(follow, timeout=PATIENCE) as answer:
            assert answer.status == 200
        twice = "count_over_time(touchline_subscriber_latency_seconds_count[1m]) > 1"
        until(lambda: ask(url, twice), what="a second scrape", pause=0.5)
        said = itertools.cycle(itertools.product(("corner", "goal"), "AB"))
        end = time.monotonic() + PATIENCE
        while left := [(place, text) for place, text in left if not ask(url, text)]:
            assert time.monotonic() < end, f"no answer: {left}"
            # Rates of what did not go on while Prometheus looked are 0, and have no quotient.
            n = reporter.say(*next(said))
            assert reporter.wait_fate(n, PATIENCE, ("stored", "accepted")) is not None
            with urllib.request.urlopen(follow, timeout=PATIENCE) as answer:
                assert answer.status == 200
            time.sleep(0.5)
        assert ask(url, 'ALERTS{alertstate="firing"}') == []
