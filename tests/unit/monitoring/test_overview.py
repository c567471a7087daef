"""What metrics pages come to: processes, events, alerts."""

from __future__ import annotations

import re

import pytest

from tests.monitored import ROOT, rules
from touchline.monitoring.overview import EVENT_ALERTS, PROCESS_ALERTS, Overview, read

BROKER = """
touchline_build_info{version="0.1.0"} 1.0
touchline_broker_requests_total{type="hello"} 10
touchline_broker_requests_total{type="join"} 20
touchline_broker_hosted_events 1
touchline_broker_connections_open 7
touchline_broker_waiting_requests 0
"""
HOST = """
touchline_build_info{version="0.1.0"} 1.0
touchline_host_events{state="live"} 1
touchline_host_events{state="finished"} 3
touchline_host_connections_open 4
touchline_host_reports_stored_total{event="a-v-b"} 100
touchline_host_reports_refused_total{event="a-v-b",code="BAD_REPORT"} 2
touchline_host_reports_refused_total{event="a-v-b",code="BAD_SIGNATURE"} 1
touchline_host_entries_total{event="a-v-b",status="PROVISIONAL"} 8
touchline_host_entries_total{event="a-v-b",status="CONFIRMED"} 7
touchline_host_entries_total{event="a-v-b",status="DELETED"} 1
touchline_host_claims_open{event="a-v-b"} 2
touchline_host_reporters_present{event="a-v-b"} 9
touchline_host_suspended{event="a-v-b"} 0
touchline_host_heartbeat_age_seconds{event="a-v-b"} 1.5
touchline_host_report_to_entry_seconds_bucket{event="a-v-b",le="1.0"} 7
"""
GATEWAY = """
touchline_gateway_requests_total{status="2xx"} 50
touchline_gateway_connections 3
touchline_gateway_viewers{event="a-v-b"} 3
touchline_subscriber_lost_messages{event="a-v-b"} 37
touchline_subscriber_repaired_total{event="a-v-b"} 36
touchline_subscriber_missing_messages{event="a-v-b"} 1
touchline_subscriber_stale{event="a-v-b"} 0
"""


def _overview(**pages: str) -> Overview:
    overview = Overview()
    overview.expect(dict.fromkeys(pages, ("", "")))
    for name, page in pages.items():
        overview.take(name, page, 10.0)
    return overview


def test_a_process_is_known_by_its_page() -> None:
    """Kind, events, connections and version are what the page says."""
    rows = _overview(b=BROKER, h=HOST, g=GATEWAY).processes()
    assert [(row.address, row.kind, row.events, row.connections) for row in rows] == [
        ("b", "broker", 1, 7),
        ("h", "host", 1, 4),
        ("g", "gateway", 1, 3),
    ]
    assert [row.state for row in rows] == ["up"] * 3
    assert rows[0].version == "0.1.0"


def test_an_event_over_all_processes() -> None:
    """An event's figures are those of its host and of all who follow it, in one row."""
    (row,) = _overview(b=BROKER, h=HOST, g=GATEWAY).events()
    assert (row.event, row.state, row.present, row.claims) == ("a-v-b", "live", 9, 2)
    assert (row.votes, row.entries, row.unconfirmed, row.deleted, row.refused) == (100, 16, 8, 1, 3)
    assert (row.lost, row.repaired, row.missing, row.viewers) == (37, 36, 1, 3)


def test_rates_need_two_pages() -> None:
    """A rate is what was counted between two pages; a counter that fell began anew."""
    overview = _overview(h=HOST)
    assert overview.events()[0].votes_per_second is None
    assert overview.processes()[0].per_second is None
    overview.take("h", HOST.replace('"} 100', '"} 130'), 12.0)
    assert overview.events()[0].votes_per_second == 15.0
    assert overview.processes()[0].per_second == 15.0
    overview.take("h", HOST.replace('"} 100', '"} 0'), 14.0)
    assert overview.events()[0].votes_per_second == 0.0


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ('touchline_host_suspended{event="a-v-b"} 1', "suspended"),
        ('touchline_host_heartbeat_age_seconds{event="a-v-b"} 29', "silent"),
        ('touchline_broker_unhosted_events{event="a-v-b"} 1', "no host"),
    ],
)
def test_the_state_of_an_event(lines: str, state: str) -> None:
    """An event without a host, suspended, or silent says so."""
    kind = "b" if "broker" in lines else "h"
    pages = {"b": BROKER, "h": HOST}
    pages[kind] += lines  # a second sample of a name adds to the first
    assert _overview(**pages).events()[0].state == state


def test_an_event_without_its_host_is_followed() -> None:
    """Where no host's page is read, an event is what its followers say."""
    assert _overview(g=GATEWAY).events()[0].state == "followed"


def test_what_is_down_is_an_alert() -> None:
    """A process that gives no metrics, or something else, is down, and keeps no old figures."""
    overview = _overview(h=HOST)
    overview.take("h", "<html>{{{", 12.0)
    assert [row.state for row in overview.processes()] == ["down"]
    assert overview.events() == []
    (alert,) = overview.alerts()
    assert (alert.name, alert.about) == ("TouchlineTargetDown", "h")
    overview.take("h", HOST, 14.0)
    assert overview.alerts() == []


def test_what_is_listed_no_more_is_gone() -> None:
    """A process that ended in order is forgotten, with its alert."""
    overview = _overview(h=HOST, g=GATEWAY)
    overview.fail("h", "refused")
    overview.expect({"g": ("gateway", "web")})
    assert [(row.address, row.name) for row in overview.processes()] == [("g", "web")]
    assert [alert.name for alert in overview.alerts()] == ["TouchlineLossNotRepaired"]


def test_critical_alerts_are_first() -> None:
    """Of all that is wrong, the gravest is on top."""
    trouble = HOST + "touchline_host_journal_trouble 1\ntouchline_host_broker_away 1\n"
    overview = _overview(b=BROKER.replace("touchline_broker_hosted_events 1", ""), h=trouble)
    assert [alert.severity for alert in overview.alerts()] == ["critical", "critical", "warning"]
    assert [row.state for row in overview.processes()] == ["trouble", "trouble"]


def test_alerts_are_those_of_the_rules() -> None:
    """Each has the name and the severity of an alert in the rules, and its metric exists."""
    known = {rule["alert"]: rule["labels"]["severity"] for rule in rules() if "alert" in rule}
    known_metrics = set(re.findall(r"`touchline_(\w+)`", (ROOT / "docs/METRICS.md").read_text()))
    for condition in (*PROCESS_ALERTS, *EVENT_ALERTS):
        assert known[condition.name] == condition.severity
        assert condition.metric in known_metrics
    assert known["TouchlineTargetDown"] == "critical"
    assert known["TouchlineBrokerDatabase"] == "critical"


def test_metrics_of_others_are_left_alone() -> None:
    """A page of no process of ours has no kind, and nothing of it is shown."""
    page = read("process_open_fds 7\nup 1\n", 1.0)
    assert (page.kind, page.figures, page.events) == ("", {}, {})
