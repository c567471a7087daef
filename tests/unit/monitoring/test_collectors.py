"""Collectors: what they read, and that reading harms nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest

from tests.patience import PATIENCE
from touchline.broker.repository import Census
from touchline.datagrams.statistics import Statistics
from touchline.monitoring import known
from touchline.monitoring.broker import broker_collector
from touchline.monitoring.canary import canary_collector
from touchline.monitoring.datagrams import datagrams_client_collector, datagrams_collector
from touchline.monitoring.gateway import gateway_collector
from touchline.monitoring.host import host_collector
from touchline.monitoring.process import process_collector
from touchline.monitoring.relay import relay_collector, relay_readiness
from touchline.monitoring.reporter import reporter_collector
from touchline.monitoring.subscriber import subscriber_collector
from touchline.peer.canary.core import PARTS, CanaryCore
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.peer.reporter.counters import ReporterCounters
from touchline.peer.subscriber.core import SubscriberCore
from touchline.protocol import codec, messages

EVENT = "a-v-b-k7m2"
WALL = 1_700_000_000_000_000
DOCUMENT = Path(__file__).parents[3] / "docs" / "METRICS.md"


def page(collector: Any) -> dict[str, float]:
    """Return a scrape's samples by name and labels."""
    registry = CollectorRegistry()
    registry.register(collector)
    lines = generate_latest(registry).decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def report(core: HostedEvent, n: int, title: str, wall: int = WALL, now: float = 101.0) -> None:
    """Let Ann report an action of A's, in a turn of its own."""
    core.begin_turn(now, wall)
    grant = messages.Grant(
        id=0,
        token="t",
        peer="ann",
        name="Ann",
        role="reporter",
        event=EVENT,
        expires=1 << 60,
        key=b"a" * 32,
    )
    member = core.attach(grant, messages.Attach(id=0, token="t", time=wall), "b")
    said = messages.Report(
        token="t", n=n, time=wall, event=messages.Happening(title=title, origin="A", time=wall)
    )
    core.report(member, said, codec.encode(said))
    core.take()


def test_broker_counts(broker: Any) -> None:
    """A broker's page holds its counters and its census."""
    counters = broker.counters
    counters.waiting, counters.mistaken, counters.admitted = 4, 5, 6
    counters.barred, counters.enrolled, counters.rate_limited = 7, 8, 9
    found = page(broker_collector(broker))
    for name, count in (
        ("connections_mistaken", 5),
        ("connections_admitted", 6),
        ("connections_barred", 7),
        ("enrolled_keys", 8),
        ("braked_requests", 9),
    ):
        assert found[f"touchline_broker_{name}_total"] == count
    assert found['touchline_broker_members{role="viewer"}'] == 5
    assert found["touchline_broker_revoked_members"] == 1
    assert found['touchline_broker_requests_total{type="search"}'] == 2
    assert found['touchline_broker_refusals_total{code="NOT_FOUND"}'] == 1
    assert found["touchline_broker_waiting_requests"] == 4
    assert found['touchline_broker_events{status="live"}'] == 2
    assert found["touchline_broker_hosted_events"] == 2


def test_broker_requests_by_outcome(broker: Any) -> None:
    """What became of the requests of each type is told with how long they took, and each type is
    there from the start."""
    broker.counters.add_outcome("join", 0.003, refused=False)
    broker.counters.add_outcome("join", 1.5, refused=True)
    broker.counters.repeated, broker.counters.expired = 3, 4
    found = page(broker_collector(broker))
    name = "touchline_broker_request"
    assert found[f'{name}_outcomes_total{{outcome="answered",type="join"}}'] == 1
    assert found[f'{name}_outcomes_total{{outcome="refused",type="join"}}'] == 1
    assert found[f'{name}_outcomes_total{{outcome="refused",type="create"}}'] == 0
    assert found[f'{name}_seconds_bucket{{le="0.005",type="join"}}'] == 1
    assert found[f'{name}_seconds_sum{{type="join"}}'] == 1.503
    assert found["touchline_broker_repeated_requests_total"] == 3
    assert found["touchline_broker_expired_requests_total"] == 4
    assert not [sample for sample in found if "_others" in sample]


def test_reporters_are_summed() -> None:
    """What several reporters have counted is one figure."""
    ann, ben = (
        ReporterCounters(said=3, stored=2, waiting=1, outstanding=1),
        ReporterCounters(said=1),
    )
    ann.fates["accepted"] += 2
    ben.fates["accepted"] += 1
    ann.receipt.add(0.3)
    ben.receipt.add(1.5)
    found = page(reporter_collector(lambda: [ann, ben]))
    assert found["touchline_reporter_said_total"] == 4
    assert found["touchline_reporter_waiting_reports"] == 1
    assert found["touchline_reporter_outstanding_receipts"] == 1
    assert found['touchline_reporter_fates_total{outcome="accepted"}'] == 3
    assert found['touchline_reporter_fates_total{outcome="refused"}'] == 0
    assert found['touchline_reporter_receipt_seconds_bucket{le="1.0"}'] == 1
    assert found["touchline_reporter_receipt_seconds_count"] == 2
    assert ann.said == 3, "reading has changed what is read"


def test_a_client_of_datagrams_tells_what_it_lacks() -> None:
    """A count that is passed over is lost until it comes, and out of order then."""
    statistics = Statistics()
    for count in (1, 2, 5):
        statistics.take(count)
    name = "touchline_datagrams_client"
    assert page(datagrams_client_collector(statistics))[f"{name}_lost_datagrams"] == 2
    statistics.take(4)
    found = page(datagrams_client_collector(statistics))
    assert found[f"{name}_lost_datagrams"] == 1
    assert found[f"{name}_out_of_order_total"] == 1
    assert found[f"{name}_received_total"] == 4


def test_broker_without_census(broker: Any) -> None:
    """While the database refuses, the page comes without what it would have told."""
    broker.census = lambda: None
    found = page(broker_collector(broker))
    assert "touchline_broker_hosted_events" not in found
    assert found["touchline_broker_faults_total"] == 0


def test_host_reports_by_outcome(host: Any, core: HostedEvent) -> None:
    """Stored, duplicate and refused reports are counted, and the entries they led to."""
    report(core, 1, "goal")
    report(core, 1, "goal")
    report(core, 2, "gaol")
    found = page(host_collector(host))
    of = f'event="{EVENT}"'
    assert found[f"touchline_host_reports_stored_total{{{of}}}"] == 2
    assert found[f"touchline_host_reports_duplicate_total{{{of}}}"] == 1
    assert found[f'touchline_host_reports_refused_total{{code="BAD_REPORT",{of}}}'] == 1
    assert found[f'touchline_host_entries_total{{{of},status="PROVISIONAL"}}'] == 1
    assert found[f"touchline_host_feed_seq{{{of}}}"] == 1
    assert found[f"touchline_host_epoch{{{of}}}"] == 3
    assert found[f"touchline_host_reporters_present{{{of}}}"] == 1


def test_host_latency(host: Any, core: HostedEvent) -> None:
    """The histogram's buckets hold all that lies below them; count and sum agree with it."""
    core.counters.latency[0] = 2
    core.counters.latency[3] = 5
    core.counters.latency[-1] = 1
    core.counters.latency_sum = 70.5
    found = page(host_collector(host))
    name = "touchline_host_report_to_entry_seconds"
    assert found[f'{name}_bucket{{event="{EVENT}",le="0.01"}}'] == 2
    assert found[f'{name}_bucket{{event="{EVENT}",le="1.0"}}'] == 7
    assert found[f'{name}_bucket{{event="{EVENT}",le="60.0"}}'] == 7
    assert found[f'{name}_bucket{{event="{EVENT}",le="+Inf"}}'] == 8
    assert found[f'{name}_count{{event="{EVENT}"}}'] == 8
    assert found[f'{name}_sum{{event="{EVENT}"}}'] == 70.5


def test_host_journal_and_leases(host: Any, core: HostedEvent) -> None:
    """What the journal took, from tap to disk, from accepted to sent, the lease, and the disk."""
    counters = host.counters
    counters.rows, counters.stored_bytes = 4, 1_000
    counters.commit.add(0.004)
    counters.tap.add(0.7)
    counters.tap.add(40.0)
    counters.publish.add(0.003, 3)
    host.leases.seconds.add(0.3)
    host.handing_over = 2
    core.counters.questions, core.counters.answers, core.counters.disputed = 5, 4, 3
    found = page(host_collector(host))
    name = "touchline_host"
    assert found[f"{name}_journal_rows_total"] == 4
    assert found[f"{name}_journal_bytes_total"] == 1_000
    assert found[f'{name}_commit_seconds_bucket{{le="0.005"}}'] == 1
    assert found[f'{name}_tap_to_stored_seconds_bucket{{le="1.0"}}'] == 1
    assert found[f"{name}_tap_to_stored_seconds_count"] == 2
    assert found[f"{name}_accepted_to_published_seconds_count"] == 3
    assert found[f'{name}_lease_seconds_bucket{{le="0.5"}}'] == 1
    assert found[f"{name}_lease_age_seconds"] == 3.5
    assert found[f"{name}_hand_overs_open"] == 2
    assert found[f"{name}_disk_free_bytes"] > 0
    of = f'{{event="{EVENT}"}}'
    assert found[f"{name}_questions_total{of}"] == 5
    assert found[f"{name}_answers_total{of}"] == 4
    assert found[f"{name}_claims_disputed{of}"] == 3
    assert found[f"{name}_serving{of}"] == 1
    host.fenced, host.journal_file, host.leases.age = [EVENT], None, None
    found = page(host_collector(host))
    assert found[f"{name}_serving{of}"] == 0
    assert f"{name}_disk_free_bytes" not in found
    assert f"{name}_lease_age_seconds" not in found


def test_from_tap_to_screen(subscriber: SubscriberCore) -> None:
    """The first version of an entry counts from the tap on, by the event's own clock where it has
    one; what comes later of the entry does not count."""

    def entry(seq: int, accepted: int, sent: int) -> bytes:
        evidence = messages.Evidence(for_=1, against=0, present=1, latency_ms=0)
        made = messages.Entry(
            event=EVENT, epoch=3, seq=seq, entry_id="1", status="CONFIRMED", title="goal",
            origin="A", time=WALL, first_reported=WALL, accepted=accepted, sent=sent,
            evidence=evidence,
        )  # fmt: skip
        return codec.topic(EVENT) + codec.encode(made)

    later = WALL + 1_500_000
    subscriber.published(entry(1, later, later), 101.0, later + 300_000)
    subscriber.published(entry(2, later, later + 5), 102.0, later + 9_000_000)
    name = f'touchline_subscriber_tap_to_screen_seconds_bucket{{event="{EVENT}",le='
    found = page(subscriber_collector({EVENT: subscriber}))
    assert (found[name + '"1.0"}'], found[name + '"2.0"}'], found[name + '"+Inf"}']) == (0, 1, 1)
    fast = messages.Timing(starts=WALL - 10_000_000, began=later, speed=10.0)
    subscriber._timing = fast  # the action was a second after the start, at ten times its speed
    subscriber.published(entry(3, later, later), 103.0, later + 1_400_000)
    found = page(subscriber_collector({EVENT: subscriber}))
    assert (found[name + '"0.5"}'], found[name + '"+Inf"}']) == (1, 2)
    subscriber._timing = messages.Timing(speed=0.0)
    subscriber.published(entry(4, later, later), 104.0, later)
    assert page(subscriber_collector({EVENT: subscriber}))[name + '"+Inf"}'] == 2


def test_host_ages(host: Any, core: HostedEvent) -> None:
    """The feed's age begins with its first message, the heartbeat's with the first heartbeat."""
    collector = host_collector(host, now=lambda: 107.0)
    published = f'touchline_host_publish_age_seconds{{event="{EVENT}"}}'
    heartbeat = f'touchline_host_heartbeat_age_seconds{{event="{EVENT}"}}'
    before = page(collector)
    assert published not in before
    assert before[heartbeat] == 7.0
    report(core, 1, "goal", now=102.0)
    after = page(collector)
    assert after[published] == 5.0
    assert after[heartbeat] == 5.0


def test_gateway(gateway: Any) -> None:
    """A gateway's page holds its counters, who follows what, and whether the broker answers."""
    found = page(gateway_collector(gateway))
    assert found['touchline_gateway_requests_total{status="2xx"}'] == 1
    assert found['touchline_gateway_connections_accepted_total{kind="sse"}'] == 1
    assert found['touchline_gateway_connections_closed_total{code="4008"}'] == 1
    assert found["touchline_gateway_sent_bytes_total"] == 900
    assert found[f'touchline_gateway_viewers{{event="{EVENT}"}}'] == 2
    assert found["touchline_gateway_broker_away"] == 0
    deciding, rest = (
        {
            outcome: found[f'touchline_accuracy_{name}{{event="{EVENT}",outcome="{outcome}"}}']
            for outcome in ("right", "wrong", "missed")
        }
        for name in ("deciding", "rest")
    )
    assert deciding == {"right": 3, "wrong": 1, "missed": 0}
    assert rest == {"right": 40, "wrong": 0, "missed": 2}
    gateway.hub.follower.broker = False
    assert page(gateway_collector(gateway))["touchline_gateway_broker_away"] == 1


def test_host_age_after_heartbeat(host: Any, core: HostedEvent) -> None:
    """A heartbeat makes a host heard of, and does not make its feed any newer."""
    report(core, 1, "goal", now=102.0)
    core.begin_turn(120.0, WALL)
    core.handle_timer(120.0)
    found = page(host_collector(host, now=lambda: 121.0))
    assert found[f'touchline_host_publish_age_seconds{{event="{EVENT}"}}'] == 19.0
    assert found[f'touchline_host_heartbeat_age_seconds{{event="{EVENT}"}}'] == 1.0


def test_host_trouble(host: Any) -> None:
    """What is wrong with the whole process shows as 1, and as 0 when all is well."""
    well = page(host_collector(host))
    assert well["touchline_host_journal_trouble"] == 0
    assert well["touchline_host_broker_away"] == 0
    assert well["touchline_host_events_fenced"] == 0
    assert well["touchline_host_connections_admitted_total"] == 5
    assert well["touchline_host_connections_refused_total"] == 3
    assert well["touchline_host_events_lost"] == 1
    assert well['touchline_host_frames_refused_total{code="BAD_TOKEN"}'] == 2
    host.trouble, host.leases.away, host.zap = "disk full", "no answer", None
    host.fenced, host.counters.fences = ["e", "f"], 3
    ill = page(host_collector(host))
    assert ill["touchline_host_journal_trouble"] == 1
    assert ill["touchline_host_broker_away"] == 1
    assert ill["touchline_host_events_fenced"] == 2
    assert ill["touchline_host_fences_total"] == 3
    assert ill["touchline_host_connections_refused_total"] == 0


def test_host_copies(host: Any) -> None:
    """A page says what copies have of each event, and whether one is waited for; and of copies that
    are kept here how many are not current."""
    found = page(host_collector(host, now=lambda: 107.0))
    of = f'event="{EVENT}"'
    assert found["touchline_host_followers"] == 2
    assert found[f"touchline_host_copy_turn{{{of}}}"] == 40
    assert found[f"touchline_host_copy_lag_turns{{{of}}}"] == 3
    assert found[f"touchline_host_copy_lag_seconds{{{of}}}"] == 7.0
    assert found["touchline_host_copies_stalled"] == 0
    assert found["touchline_host_copies_kept"] == 0
    kept = {"e": SimpleNamespace(current=True), "f": SimpleNamespace(current=False)}
    host.followed = SimpleNamespace(copies=kept, stored=9)
    host.stalled, host.gate = True, SimpleNamespace(alone=True)
    found = page(host_collector(host))
    assert found["touchline_host_copies_stalled"] == 1
    assert found["touchline_host_copies_given_up"] == 1
    assert found["touchline_host_copies_kept"] == 2
    assert found["touchline_host_copies_not_current"] == 1
    assert found["touchline_host_copied_turns_total"] == 9


def test_host_outage(host: Any, core: HostedEvent) -> None:
    """Alarms are counted, the event shows as suspended until it is put together, and entries count
    by their delay status."""
    report(core, 1, "goal")
    of = f'event="{EVENT}"'
    assert page(host_collector(host))[f"touchline_host_suspended{{{of}}}"] == 0
    for now in (121.0, 146.0):
        core.begin_turn(now, WALL + round((now - 101) * 1_000_000))
        core.handle_timer(now)
        core.take()
    found = page(host_collector(host))
    assert found[f"touchline_host_alarms_total{{{of}}}"] == 2
    assert found[f"touchline_host_suspended{{{of}}}"] == 1
    report(core, 2, "corner", wall=WALL + 50_000_000, now=151.0)
    found = page(host_collector(host))
    assert found[f"touchline_host_suspended{{{of}}}"] == 1
    name = "touchline_host_entries_by_delay_total"
    assert found[f'{name}{{delay_status="live",{of}}}'] == 1
    assert found[f'{name}{{delay_status="RECONSTRUCTED",{of}}}'] == 1


def test_subscriber_counts(subscriber: SubscriberCore) -> None:
    """Every count of the tracker is told under its own name."""
    counters = subscriber.tracker.counters
    counters.received, counters.lost, counters.repaired, counters.out_of_order = 10, 3, 2, 4
    counters.duplicate, counters.diverged, counters.epochs, counters.history = 5, 6, 7, 8
    subscriber.refused = 9
    subscriber.tracker.newest = 12
    subscriber.handle_timer(120.0)
    subscriber.state, subscriber.trouble = "reconstructing", "disk full"
    subscriber.latency.add(0.0015)
    found = page(subscriber_collector({EVENT: subscriber}, now=lambda: 104.5))
    of = f'{{event="{EVENT}"}}'
    expected = {
        "received_total": 10,
        "lost_messages": 3,
        "repaired_total": 2,
        "out_of_order_total": 4,
        "duplicate_total": 5,
        "diverged_total": 6,
        "epochs_total": 7,
        "history_total": 8,
        "frames_refused_total": 9,
        "missing_messages": 12,
        "stale": 1,
        "suspended": 1,
        "host_trouble": 1,
        "heartbeat_age_seconds": 4.5,
        "latency_seconds_count": 1,
        "latency_seconds_sum": 0.0015,
    }
    for name, value in expected.items():
        assert found[f"touchline_subscriber_{name}{of}"] == value, name
    assert found[f'touchline_subscriber_latency_seconds_bucket{{event="{EVENT}",le="0.001"}}'] == 0
    assert found[f'touchline_subscriber_latency_seconds_bucket{{event="{EVENT}",le="0.002"}}'] == 1


class Growing(dict[Any, Any]):
    """A dict of a process that goes on: it has one more key whenever somebody looks into it."""

    def items(self) -> Any:
        for key, value in super().items():
            self[f"new {len(self)}"] = value
            yield key, value


def test_growing_while_scraped(broker: Any, host: Any, core: HostedEvent, subscriber: Any) -> None:
    """A process that learns of new events and codes in the middle of a scrape does not break it."""
    with pytest.raises(RuntimeError):
        list(Growing(a=1).items())
    broker.counters.requests = Growing(hello=1)
    broker.counters.refusals = Growing(NOT_FOUND=1)
    core.counters.refused = Growing(BAD_REPORT=1)
    core.counters.entries = Growing(CONFIRMED=1)
    host.attached.refusals = Growing(BAD_TOKEN=1)
    host.events = Growing({EVENT: core})
    assert page(broker_collector(broker))['touchline_broker_requests_total{type="hello"}'] == 1
    assert page(host_collector(host))["touchline_host_events_lost"] == 1
    assert page(subscriber_collector(Growing({EVENT: subscriber})))


def families(collectors: Iterable[Any]) -> list[Metric]:
    """Return what collectors yield."""
    return [family for collector in collectors for family in collector.collect()]


@pytest.fixture
def collectors(
    broker: Any, host: Any, core: HostedEvent, subscriber: SubscriberCore, gateway: Any, relay: Any
) -> list[Any]:
    """All of them, with at least one sample in each family; the gateway's has its subscribers', and
    so has the relay's."""
    report(core, 1, "goal")
    report(core, 2, "gaol")
    core.counters.set_state(100.0, disputed=1, suspended=True)
    gateway.hub.follower.cores = {EVENT: subscriber}
    server: Any = SimpleNamespace(core=SimpleNamespace(counters={}))
    return [
        process_collector(),
        broker_collector(broker),
        host_collector(host),
        gateway_collector(gateway),
        datagrams_collector(server),
        datagrams_client_collector(Statistics()),
        relay_collector(relay),
        canary_collector(CanaryCore(5.0, PARTS, 100.0)),
    ]


def test_document(collectors: list[Any]) -> None:
    """docs/METRICS.md lists every family with its type, labels and text, in order, and no other."""
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in DOCUMENT.read_text("utf-8").splitlines()
        if line.startswith("| `touchline_")
    ]
    coded = []
    for family in {family.name: family for family in families(collectors)}.values():
        assert family.samples, f"{family.name} has no sample to see its labels by"
        labels = [label for label in family.samples[0].labels if label != "le"]
        shown = ", ".join(f"`{label}`" for label in labels) or "–"
        name = f"{family.name}_total" if family.type == "counter" else family.name
        coded.append((f"`{name}`", family.type, shown, family.documentation))
    assert [row[0] for row in rows] == [row[0] for row in coded]
    assert rows == coded


def test_empty_processes_have_every_family(
    broker: Any, host: Any, gateway: Any, collectors: list[Any]
) -> None:
    """A process with no event yet names the same families as one that has many."""
    broker.counters.requests.clear()
    host.events.clear()
    names = [family.name for family in families(collectors[1:4])]
    gateway.counters.requests.clear()
    gateway.hub.events = gateway.hub.follower.cores = {}
    gateway.hub.follower.stream = None
    bare = [
        broker_collector(broker),
        host_collector(host),
        gateway_collector(gateway),
    ]
    assert [family.name for family in families(bare)] == names


def test_known_labels_from_the_start(broker: Any, host: Any, core: HostedEvent) -> None:
    """What has not happened yet has a sample with 0, so that a rate sees its first occurrence."""
    broker.counters.requests.clear()
    broker.counters.refusals.clear()
    host.attached.refusals.clear()
    found = page(broker_collector(broker)) | page(host_collector(host))
    of = f'event="{EVENT}"'
    for name in (
        'touchline_broker_requests_total{type="create"}',
        'touchline_broker_refusals_total{code="NOT_FOUND"}',
        'touchline_broker_events{status="scheduled"}',
        'touchline_broker_request_outcomes_total{outcome="refused",type="join"}',
        'touchline_host_frames_refused_total{code="OVERLOADED"}',
        f'touchline_host_reports_refused_total{{code="BAD_SIGNATURE",{of}}}',
        f'touchline_host_entries_total{{{of},status="DELETED"}}',
        f'touchline_host_entries_by_delay_total{{delay_status="RECONSTRUCTION_INACCURATE",{of}}}',
    ):
        assert found[name] == 0, name


def test_known_labels_are_all_that_come(broker: Any, host: Any, core: HostedEvent) -> None:
    """Every code with which a peer is refused is known, and every request."""
    assert {"hello", "leave", "search"} <= set(known.REQUESTS)
    assert {"BAD_MESSAGE", "OVERLOADED", "REFUSED"} <= set(known.CODES)
    assert set(known.REPORT_CODES) <= set(known.CODES)
    assert "UNREACHABLE" in known.WEB_CODES


def test_events_without_a_host(broker: Any) -> None:
    """They are named, and those beyond the bound are counted."""
    census = Census(events={}, hosted=0, unhosted=("a", "b"), unhosted_in_all=7)
    broker.census = lambda: census
    found = page(broker_collector(broker))
    name = "touchline_broker_unhosted_events"
    assert found[f'{name}{{event="a"}}'] == found[f'{name}{{event="b"}}'] == 1
    assert found[f'{name}{{event="_others"}}'] == 5


def test_a_relay_tells_what_waits_and_what_is_away(relay: Any) -> None:
    """The lag in messages and seconds, NATS, the host, and for how long they were away."""
    found = page(relay_collector(relay))
    of = f'{{event="{EVENT}"}}'
    assert found[f"touchline_relay_lag_messages{of}"] == 1
    assert found[f"touchline_relay_lag_seconds{of}"] > 0
    assert found[f"touchline_relay_host_away_seconds_total{of}"] == 7.5
    assert found["touchline_relay_nats_away"] == 1
    assert found["touchline_relay_nats_away_seconds_total"] == 3.5
    assert {part for part, why in relay_readiness(relay)().items() if why} == {
        *("nats", "stream", "hosts", "events"),
    }


def many(count: int, *, finished: bool = False) -> dict[str, HostedEvent]:
    """Return events that are served, each with a report."""
    found = {}
    for n in range(count):
        event = f"manchester-united-v-liverpool-{n:04}"
        card = messages.Card(event=event, title="A v B", sport="football", origins=["A", "B"])
        core = HostedEvent(card, Options(alone=True))
        core.start(3, 100.0, WALL)
        core.counters.stored += 1
        if finished:
            core._state.finished = True
        found[event] = core
    return found


def scrape(host: Any) -> bytes:
    registry = CollectorRegistry()
    registry.register(host_collector(host))
    return generate_latest(registry)


def test_a_page_is_bounded(host: Any) -> None:
    """A host with 200 live events needs fewer than 100 KB, and tells what all of them counted."""
    host.events = many(200)
    body = scrape(host)
    assert len(body) < 100_000
    found = page(host_collector(host))
    stored = "touchline_host_reports_stored_total"
    assert found[f'{stored}{{event="_others"}}'] == 200 - 16
    assert sum(number for name, number in found.items() if name.startswith(stored)) == 200
    assert found['touchline_host_events{state="live"}'] == 200


def test_finished_events_leave(host: Any) -> None:
    """With 1,000 finished events a page is no longer than with none."""
    host.events = {}
    before = len(scrape(host).splitlines())
    host.events = many(1_000, finished=True)
    assert len(scrape(host).splitlines()) == before
    assert page(host_collector(host))['touchline_host_events{state="finished"}'] == 1_000


PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool(collectors: list[Any]) -> None:
    """Prometheus' own linter finds nothing to say about any of the pages."""
    assert PROMTOOL is not None
    for collector in collectors:
        registry = CollectorRegistry()
        registry.register(collector)
        checked = subprocess.run(
            [PROMTOOL, "check", "metrics"],
            input=generate_latest(registry),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
