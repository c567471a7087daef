"""Every expression of rules and dashboards on a real Prometheus that scrapes running processes."""

from __future__ import annotations

import itertools
import re
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.monitored import expressions
from tests.nats import NatsServer
from tests.patience import PATIENCE, until
from tests.prometheus import PROMETHEUS, prometheus
from touchline.peer import Link, Reporter

from .talk import identity
from .test_metrics import created, running

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
    "rule TouchlineBrokerSlow": "no request is slow",
    "rule TouchlineCommitsSlow": "no commit is slow",
    "rule TouchlineLeaseFlapping": "no lease is lost",
    "rule TouchlineCopyBehind": "nothing is copied",
    "rule TouchlineVenueSilent": "the venue is heard",
    "rule TouchlineDisputes": "nobody disagrees",
    "rule TouchlineRetractions": "nothing is taken back",
    "rule TouchlineVerdictSlow": "no claim waits",
    "rule TouchlineReportsWait": "no report waits",
    "rule TouchlineGatewayFaults": "no answer is a fault",
}
"""What has no answer in a run in which all is well, with the reason."""


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
        asked = stack.enter_context(prometheus(tmp_path, broker_page))
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
        until(lambda: asked.ask(twice), what="a second scrape", pause=0.5)
        said = itertools.cycle(itertools.product(("corner", "goal"), "AB"))
        end = time.monotonic() + PATIENCE
        while left := [(place, text) for place, text in left if not asked.ask(text)]:
            assert time.monotonic() < end, f"no answer: {left}"
            # Rates of what did not go on while Prometheus looked are 0, and have no quotient.
            n = reporter.say(*next(said))
            assert reporter.wait_fate(n, PATIENCE, ("stored", "accepted")) is not None
            with urllib.request.urlopen(follow, timeout=PATIENCE) as answer:
                assert answer.status == 200
            time.sleep(0.5)
        assert asked.ask('ALERTS{alertstate="firing"}') == []
