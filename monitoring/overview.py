"""What the metrics pages of a system come to, for people: its processes, its events, its alerts.

It reads what `/metrics` of brokers, hosts, gateways and others says, as Prometheus would, and keeps
of each page the one before it, for rates. It is given the pages and the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .bounded import OTHERS

PREFIX = "touchline_"

KINDS = ("broker", "host", "gateway", "datagrams", "subscriber")
"""The kinds of process, by the names of their metrics; the first that a page has names it."""

SILENT_SECONDS = 30.0
"""From this age of a host's newest heartbeat on an event is silent."""

QUEUE = 100
"""From so many waiting requests on a broker is behind."""

Key = tuple[str, str]
"""The name of a metric without its prefix, and the value of the label that tells its samples apart
within an event; empty where there is none."""


@dataclass(slots=True)
class MetricsSnapshot:
    """The figures of one process at one time.

    Args:
        at: monotonic seconds.
        kind: one of `KINDS`; empty: it is no process of ours.
        figures: of the process as a whole.
        events: of each event, by its id.
        version: of Touchline; empty where the page does not say.
    """

    at: float
    kind: str = ""
    figures: dict[Key, float] = field(default_factory=dict)
    events: dict[str, dict[Key, float]] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """Something that an operator has to know.

    Args:
        name: of the alert in `rules/touchline.yml` that says the same.
        severity: `critical` or `warning`.
        about: the process or event.
        text: what is wrong, in a few words.
    """

    name: str
    severity: str
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process.

    Args:
        address: HOST:PORT of its metrics.
        kind: of process, or what it was listed as; may be empty.
        name: under which it is known; may be empty.
        state: `up`, `trouble` (an alert is about it), `down`, or `asked` before it has answered.
        events: that it serves or follows and that live.
        connections: that are open; None where the process does not say.
        per_second: reports stored, requests answered or messages received in a second; None before
            the second page.
        version: of Touchline.
    """

    address: str
    kind: str
    name: str
    state: str
    events: int
    connections: int | None
    per_second: float | None
    version: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """A live event, over all processes.

    Args:
        event: its id; `_others`: those that have no figures of their own.
        state: `live`, `suspended`, `silent`, `no host`, or `followed` where no host's page is read.
        present: reporters.
        claims: that are open.
        votes: reports that are stored.
        votes_per_second: None before the second page.
        entries, unconfirmed, deleted: messages published of entries; of these those that said that
            one is not confirmed, and those that took one back.
        refused: reports.
        lost, repaired, missing: messages that viewers asked for again, received then, and still
            lack.
        viewers: at gateways.
    """

    event: str
    state: str
    present: int
    claims: int
    votes: int
    votes_per_second: float | None
    entries: int
    unconfirmed: int
    deleted: int
    refused: int
    lost: int
    repaired: int
    missing: int
    viewers: int


class Overview:
    """The pages of a system, and what they come to."""

    def __init__(self) -> None:
        self._pages: dict[str, MetricsSnapshot] = {}
        self._before: dict[str, MetricsSnapshot] = {}
        self._listed: dict[str, tuple[str, str]] = {}
        self._down: dict[str, str] = {}

    def expect(self, listed: Mapping[str, tuple[str, str]]) -> None:
        """Set the processes that there are: by address, their kind and name as far as known."""
        self._listed = dict(listed)
        for pages in (self._pages, self._before):
            for address in pages.keys() - listed.keys():
                del pages[address]
        for address in self._down.keys() - listed.keys():
            del self._down[address]

    def take(self, address: str, text: str, now: float) -> None:
        """Take the metrics page of a process.

        Args:
            address: HOST:PORT of its metrics.
            text: the page.
            now: monotonic seconds.
        """
        try:
            page = read(text, now)
        except ValueError as error:
            self.fail(address, f"not a page of metrics: {error}")
            return
        self._down.pop(address, None)
        before = self._pages.get(address)
        if before is not None:
            self._before[address] = before
        self._pages[address] = page

    def fail(self, address: str, reason: str) -> None:
        """Note that a process gives no metrics, and why."""
        self._down[address] = reason
        self._pages.pop(address, None)
        self._before.pop(address, None)

    def processes(self) -> list[ProcessRow]:
        """Return the processes, in the order in which they are listed."""
        return [self._process(address, *about) for address, about in self._listed.items()]

    def _process(self, address: str, kind: str, name: str) -> ProcessRow:
        page = self._pages.get(address)
        if page is None:
            state = "down" if address in self._down else "asked"
            return ProcessRow(address, kind, name, state, 0, None, None, "")
        known = page.kind or kind
        figures = page.figures
        events = figures.get(("broker_hosted_events", "")) if known == "broker" else None
        if known == "host":
            events = figures.get(("host_events", "live"))
        connections = figures.get((f"{known}_connections_open", ""))
        if known == "gateway":
            connections = figures.get(("gateway_connections", ""))
        return ProcessRow(
            address,
            known,
            name,
            _state(page),
            int(events if events is not None else len(page.events)),
            None if connections is None else int(connections),
            self._rate(address, _work(known)),
            page.version,
        )

    def _rate(self, address: str, count: Callable[[MetricsSnapshot], float]) -> float | None:
        page, before = self._pages.get(address), self._before.get(address)
        if page is None or before is None or page.at <= before.at:
            return None
        # A counter that fell is one of a process that has started anew.
        return max(0.0, count(page) - count(before)) / (page.at - before.at)

    def events(self) -> list[EventRow]:
        """Return the live events, by id; those that are summed last."""
        ids = {event for page in self._pages.values() for event in page.events}
        return [self._event(event) for event in sorted(ids, key=lambda one: (one == OTHERS, one))]

    def _event(self, event: str) -> EventRow:
        figures: dict[Key, float] = defaultdict(float)
        by_kind: dict[str, list[dict[Key, float]]] = defaultdict(list)
        for page in self._pages.values():
            if event in page.events:
                by_kind[page.kind].append(page.events[event])
                for key, value in page.events[event].items():
                    figures[key] += value
        rates = [
            self._rate(address, lambda page: _votes(page, event))
            for address, page in self._pages.items()
            if page.kind == "host" and event in page.events
        ]
        known = [rate for rate in rates if rate is not None]

        def total(name: str) -> int:
            return round(sum(value for (metric, _), value in figures.items() if metric == name))

        return EventRow(
            event,
            _event_state(by_kind),
            total("host_reporters_present"),
            total("host_claims_open"),
            total("host_reports_stored_total"),
            sum(known) if known else None,
            total("host_entries_total"),
            round(figures["host_entries_total", "PROVISIONAL"]),
            round(figures["host_entries_total", "DELETED"]),
            total("host_reports_refused_total"),
            total("subscriber_lost_messages"),
            total("subscriber_repaired_total"),
            total("subscriber_missing_messages"),
            total("gateway_viewers"),
        )

    def alerts(self) -> list[ActiveAlert]:
        """Return what is wrong now, the critical first: the conditions of the alerts that can be
        seen on one page, at once and without the time for which Prometheus has them wait."""
        found = [
            ActiveAlert("TouchlineTargetDown", "critical", address, reason)
            for address, reason in self._down.items()
        ]
        for address, page in self._pages.items():
            found += _alerts(address, page)
        return sorted(found, key=lambda one: (one.severity, one.name, one.about))


def read(text: str, now: float) -> MetricsSnapshot:
    """Return what a metrics page holds, read at monotonic seconds `now`.

    Raises:
        ValueError: it is not a page of metrics.
    """
    from prometheus_client.parser import text_string_to_metric_families

    page = MetricsSnapshot(now)
    prefixes: set[str] = set()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not sample.name.startswith(PREFIX):
                continue
            name = sample.name.removeprefix(PREFIX)
            if name == "build_info":
                page.version = sample.labels.get("version", "")
                continue
            if name.endswith("_bucket"):
                continue
            prefixes.add(name.partition("_")[0])
            labels = dict(sample.labels)
            event = labels.pop("event", "")
            key = (name, next(iter(labels.values()), ""))
            figures = page.events.setdefault(event, {}) if event else page.figures
            figures[key] = figures.get(key, 0.0) + sample.value
    page.kind = next((kind for kind in KINDS if kind in prefixes), "")
    return page


def _work(kind: str) -> Callable[[MetricsSnapshot], float]:
    """Return what counts the work of a process of a kind."""
    names = {
        "broker": "broker_requests_total",
        "gateway": "gateway_requests_total",
        "host": "host_reports_stored_total",
    }
    name = names.get(kind, f"{kind}_received_total")

    def count(page: MetricsSnapshot) -> float:
        every: Iterable[Mapping[Key, float]] = (page.figures, *page.events.values())
        return sum(
            value for figures in every for (metric, _), value in figures.items() if metric == name
        )

    return count


def _votes(page: MetricsSnapshot, event: str) -> float:
    return page.events.get(event, {}).get(("host_reports_stored_total", ""), 0.0)


def _state(page: MetricsSnapshot) -> str:
    return "trouble" if any(True for _ in _process_alerts("", page)) else "up"


def _event_state(by_kind: Mapping[str, list[dict[Key, float]]]) -> str:
    if any(one.get(("broker_unhosted_events", "")) for one in by_kind.get("broker", [])):
        return "no host"
    hosts = by_kind.get("host", [])
    if not hosts:
        return "followed"
    if any(one.get(("host_suspended", "")) for one in hosts):
        return "suspended"
    ages = [one.get(("host_heartbeat_age_seconds", ""), 0.0) for one in hosts]
    return "silent" if min(ages) > SILENT_SECONDS else "live"


def _alerts(address: str, page: MetricsSnapshot) -> Iterator[ActiveAlert]:
    yield from _process_alerts(address, page)
    for event, figures in page.events.items():
        for condition in EVENT_ALERTS:
            yield from condition.of(figures, event, address)


def _process_alerts(address: str, page: MetricsSnapshot) -> Iterator[ActiveAlert]:
    for condition in PROCESS_ALERTS:
        yield from condition.of(page.figures, address, address)
    if page.kind == "broker" and ("broker_hosted_events", "") not in page.figures:
        yield ActiveAlert("TouchlineBrokerDatabase", "critical", address, "can't read its database")


@dataclass(frozen=True, slots=True)
class AlertCondition:
    """When an alert is active.

    Args:
        name: of the alert in `rules/touchline.yml`.
        metric: without its prefix.
        severity: as there.
        text: what is wrong; it may name the value and the address of the process.
        most: the highest value that is good.
    """

    name: str
    metric: str
    severity: str
    text: str
    most: float = 0.0

    def of(self, figures: Mapping[Key, float], about: str, address: str) -> Iterator[ActiveAlert]:
        """Yield the alert where the figures of a process or event call for it."""
        value = figures.get((self.metric, ""), 0.0)
        if value > self.most:
            text = self.text.format(value=value, address=address)
            yield ActiveAlert(self.name, self.severity, about, text)


PROCESS_ALERTS = (
    AlertCondition(
        "TouchlineBrokerQueue",
        "broker_waiting_requests",
        "warning",
        "{value:.0f} requests wait",
        QUEUE,
    ),
    AlertCondition(
        "TouchlineJournalTrouble",
        "host_journal_trouble",
        "critical",
        "can't write its journal, and confirms nothing",
    ),
    AlertCondition(
        "TouchlineEventsLost",
        "host_events_lost",
        "warning",
        "can't serve events, or no longer: {value:.0f}",
    ),
    AlertCondition(
        "TouchlineHostBrokerAway", "host_broker_away", "warning", "the broker does not answer"
    ),
    AlertCondition(
        "TouchlineGatewayBrokerAway", "gateway_broker_away", "warning", "the broker does not answer"
    ),
)
"""The alerts about a process that its page shows by itself."""

EVENT_ALERTS = (
    AlertCondition(
        "TouchlineEventWithoutHost", "broker_unhosted_events", "critical", "has no host"
    ),
    AlertCondition(
        "TouchlineHostSilent",
        "host_heartbeat_age_seconds",
        "critical",
        "no heartbeat for {value:.0f} s from {address}",
        SILENT_SECONDS,
    ),
    AlertCondition(
        "TouchlineVenueSilent", "host_suspended", "warning", "no reporter answers at the venue"
    ),
    AlertCondition(
        "TouchlineFeedStale", "subscriber_stale", "critical", "the feed is silent at {address}"
    ),
    AlertCondition(
        "TouchlineLossNotRepaired",
        "subscriber_missing_messages",
        "warning",
        "messages missing at {address}: {value:.0f}",
    ),
)
"""The same about an event."""
