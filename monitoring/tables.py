"""Metrics as tables of rows, read from a process's plain counters when they are scraped.

A collector counts nothing. It runs on the metrics server's thread while the process goes on: it
only reads, and copies a dict before it iterates over it. There are few values of labels: ids of
events and fixed words. Of events, those that are over have no sample, and of the others no more
than a bound are shown each by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ..runtime import clock
from .bounded import OTHERS, GrowingSum, Reading, Selection, combine

T = TypeVar("T")

DEFAULT_EVENTS = 16
"""The events with metrics of their own where `--metrics-events` does not say."""

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "age": GaugeMetricFamily}

_SUM = "sum"
"""The key of a histogram's sum among the counts of its buckets."""


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One metric.

    Args:
        kind: `counter` and `gauge` read a number; `age` reads a monotonic time and shows the
            seconds since then; `histogram` reads the counts of its single buckets and their sum.
        name: without the table's prefix.
        text: its description for people.
        read: reads its value from the table's subject; None leaves the sample out. Where the row
            has a label, it reads numbers by the value of that label.
        label: distinguishes the samples of one subject.
        known: values of the label that have a sample from the start, so that a rate sees the first
            occurrence.
        bounds: upper bounds of a histogram's buckets, without the last, infinite one.
        others: what becomes of the gauges of subjects beyond the table's bound.
    """

    kind: Literal["counter", "gauge", "age", "histogram"]
    name: str
    text: str
    read: Callable[[T], Any]
    label: str = ""
    known: Sequence[str] = ()
    bounds: Sequence[float] = ()
    others: Literal["sum", "max", "none"] = "sum"


def _always(_subject: object) -> bool:
    return True


class MetricTable(Generic[T]):
    """Metrics that are read from each of several subjects.

    Args:
        prefix: of each name.
        rows: the metrics.
        subjects: returns the subjects by the value of `label`; called once in a scrape.
        label: distinguishes the subjects; empty where there is at most one.
        live: returns whether a subject still has samples.
        bound: the most subjects with samples of their own; the others are summed.
    """

    def __init__(
        self,
        prefix: str,
        rows: Sequence[Row[T]],
        subjects: Callable[[], Mapping[str, T]],
        label: str = "",
        *,
        live: Callable[[T], bool] = _always,
        bound: int = DEFAULT_EVENTS,
    ) -> None:
        self._prefix = prefix
        self._rows = rows
        self._subjects = subjects
        self._label = label
        self._selection = Selection(bound, live)
        self._were_shown: dict[str, None] = {}
        self._sum = GrowingSum()

    def families(self, now: float) -> Iterator[Metric]:
        """Yield every metric, also those without a sample. Not from two threads at once.

        Args:
            now: monotonic seconds.
        """
        subjects = dict(self._subjects())
        shown, others = self._selection.split(subjects)
        again = others.keys() & self._were_shown.keys()  # over, and now going on
        self._sum.forget(subjects)
        for row in self._rows:
            family = self._family(row)
            for name, subject in shown.items():
                labels = [name] if self._label else []
                _add(family, row, labels, _read(row, subject, now))
            readings = {name: _read(row, subject, now) for name, subject in others.items()}
            summed = self._summed(row, readings, again)
            if summed:
                _add(family, row, [OTHERS], summed)
            yield family
        self._were_shown = {
            name: None
            for name in (*self._were_shown, *shown)
            if name in subjects and name not in others
        }

    def _family(self, row: Row[T]) -> Metric:
        labels = [label for label in (self._label, row.label) if label]
        name = f"{self._prefix}_{row.name}"
        if row.kind == "histogram":
            return HistogramMetricFamily(name, row.text, labels=labels)
        family: Metric = _FAMILIES[row.kind](name, row.text, labels=labels)
        return family

    def _summed(self, row: Row[T], readings: Mapping[str, Reading], again: set[str]) -> Reading:
        if row.kind in ("counter", "histogram"):
            for name, reading in readings.items():
                if name in again:
                    self._sum.start_from(row.name, name, reading)
                self._sum.add(row.name, name, reading)
            return self._sum.total(row.name)
        how = "max" if row.kind == "age" else row.others
        return {} if how == "none" else combine(list(readings.values()), how)


class MetricsCollector(Collector):
    """All metrics of one process.

    Args:
        tables: in the order of the page.
        now: the monotonic clock of the subjects, in seconds.
    """

    def __init__(self, *tables: MetricTable[Any], now: Callable[[], float] = clock.now) -> None:
        self._tables = tables
        self._now = now
        self._one_scrape = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Return every family, also those without a sample."""
        with self._one_scrape:
            now = self._now()
            return iter([family for table in self._tables for family in table.families(now)])


def _read(row: Row[T], subject: T, now: float) -> Reading:
    value = row.read(subject)
    if value is None:
        return {}
    if row.kind == "histogram":
        counts, total = value
        return {str(n): count for n, count in enumerate(list(counts))} | {_SUM: total}
    if row.label:
        # Copied first: the process may add to it meanwhile.
        return dict.fromkeys(row.known, 0.0) | dict(value)
    return {"": max(0.0, now - value) if row.kind == "age" else value}


def _add(family: Any, row: Row[Any], labels: list[str], reading: Reading) -> None:
    if row.kind == "histogram":
        counts = [reading[str(n)] for n in range(len(row.bounds) + 1)]
        family.add_metric(labels, _ladder(row.bounds, counts), reading[_SUM])
        return
    for key, number in reading.items():
        family.add_metric([*labels, key] if row.label else labels, number)


def _ladder(bounds: Sequence[float], counts: Sequence[float]) -> list[tuple[str, float]]:
    """Return the counts of single buckets as cumulative ones, which Prometheus requires."""
    total = 0.0
    ladder = []
    for bound, count in zip([*map(str, map(float, bounds)), "+Inf"], counts, strict=True):
        total += count
        ladder.append((bound, total))
    return ladder
