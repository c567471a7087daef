"""Metrics as tables of rows, read from a process's plain counters when they are scraped.

Nothing is counted here. A collector runs on the metrics server's thread while the process goes on:
it reads only, and copies a dict before it looks into it. Label values are of bounded number: event
ids, and words of ours.
"""

from __future__ import annotations

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

T = TypeVar("T")

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "age": GaugeMetricFamily}


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One metric.

    Args:
        kind: `counter` and `gauge` read a number; `age` reads a monotonic time and shows the
            seconds since then; `histogram` reads the counts of its single buckets and their sum.
        name: without the table's prefix.
        text: what it says, for people.
        read: reads it from the table's subject; None leaves the sample out. Where the row has a
            label of its own: numbers by that label's value.
        label: distinguishes samples of one subject.
        bounds: upper bounds of a histogram's buckets, without the last, infinite one.
    """

    kind: Literal["counter", "gauge", "age", "histogram"]
    name: str
    text: str
    read: Callable[[T], Any]
    label: str = ""
    bounds: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class MetricTable(Generic[T]):
    """Metrics that are read from each of several subjects.

    Args:
        prefix: of every name.
        rows: the metrics.
        subjects: returns what there is to read, by the value of `label`; asked once a scrape.
        label: tells subjects apart; empty where there is one at most.
    """

    prefix: str
    rows: Sequence[Row[T]]
    subjects: Callable[[], Mapping[str, T]]
    label: str = ""

    def families(self, now: float) -> Iterator[Metric]:
        """Yield every metric, those without a sample included.

        Args:
            now: monotonic seconds.
        """
        subjects = dict(self.subjects())
        for row in self.rows:
            labels = [label for label in (self.label, row.label) if label]
            name = f"{self.prefix}_{row.name}"
            if row.kind == "histogram":
                yield self._histogram(row, name, labels, subjects)
                continue
            family = _FAMILIES[row.kind](name, row.text, labels=labels)
            for subject, value in subjects.items():
                for values, sample in _samples(row, [subject] if self.label else [], value, now):
                    family.add_metric(values, sample)
            yield family

    def _histogram(
        self, row: Row[T], name: str, labels: list[str], subjects: Mapping[str, T]
    ) -> Metric:
        family = HistogramMetricFamily(name, row.text, labels=labels)
        for subject, value in subjects.items():
            counts, total = row.read(value)
            family.add_metric([subject], _ladder(row.bounds, counts), total)
        return family


class MetricsCollector(Collector):
    """All metrics of one process.

    Args:
        tables: in the order of the page.
        now: the monotonic clock of what is read, in seconds.
    """

    def __init__(self, *tables: MetricTable[Any], now: Callable[[], float] = clock.now) -> None:
        self._tables = tables
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every family, those without a sample yet included."""
        for table in self._tables:
            yield from table.families(self._now())


def _samples(
    row: Row[T], labels: list[str], subject: T, now: float
) -> Iterator[tuple[list[str], float]]:
    value = row.read(subject)
    if row.label:
        # Copied first: the process adds to it while it is read.
        yield from (([*labels, word], count) for word, count in dict(value).items())
    elif value is not None:
        yield labels, max(0.0, now - value) if row.kind == "age" else value


def _ladder(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return counts of single buckets as Prometheus wants them: each with all that lie below."""
    total = 0
    ladder = []
    for bound, count in zip([*map(str, map(float, bounds)), "+Inf"], list(counts), strict=True):
        total += count
        ladder.append((bound, float(total)))
    return ladder
