"""Comparisons: contestants that do the same work, measured by turns in one run.

A contestant is opened once, with its processes. Then each round measures every contestant, one
after the other, so that what disturbs the machine disturbs all of them. Figures are medians of the
rounds; their spread is the distance between the lowest and the highest, in per cent of the median.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from statistics import median

Round = Callable[[], dict[str, float]]
"""Measures one round, and returns its figures by column."""


class Missing(Exception):
    """What a contestant needs is not installed."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Args:
        rounds: of each comparison.
        share: of the usual counts; 1 is a whole run.
    """

    rounds: int = 5
    share: float = 1.0

    def of(self, count: int, least: int = 1) -> int:
        """Return a count at this size."""
        return max(least, round(count * self.share))


@dataclass(frozen=True)
class Contestant:
    """One of those that are compared.

    Args:
        name: in the table.
        settings: what it promises, such as how it syncs; in the table as well.
        open: starts it; the context's value measures a round. Raises `Missing`.
    """

    name: str
    settings: str
    open: Callable[[], AbstractContextManager[Round]]


@dataclass(frozen=True)
class Comparison:
    """What is measured together.

    Args:
        scenario: the name by which it is asked for.
        title: of its table.
        contestants: in the order of its rows.
        plotted: the column that the plot shows.
        beside: the contestant to which the ratios of the others are given; empty: none.
        rounds: how many at most, where setting up takes longest; 0: as many as are asked for.
    """

    scenario: str
    title: str
    contestants: Sequence[Contestant]
    plotted: str
    beside: str = ""
    rounds: int = 0


@dataclass
class Row:
    """The figures of one contestant: those of each round, by column."""

    name: str
    settings: str
    rounds: dict[str, list[float]] = field(default_factory=dict)
    missing: str = ""

    def median(self, column: str) -> float | None:
        """Return the median of a column, None where it has none."""
        found = self.rounds.get(column)
        return median(found) if found else None

    def spread(self, column: str) -> float:
        """Return the distance from the lowest to the highest of a column, per cent of its
        median."""
        found = self.rounds[column]
        middle = median(found)
        return 100 * (max(found) - min(found)) / abs(middle) if middle else 0.0


@dataclass
class Result:
    """The rows of one comparison."""

    comparison: Comparison
    rows: list[Row]

    @property
    def columns(self) -> list[str]:
        """Every column of a row, in the order in which they first come."""
        return list(dict.fromkeys(column for row in self.rows for column in row.rounds))

    def ratio(self, row: Row) -> float | None:
        """Return the plotted figure of a row in parts of that of the contestant beside it."""
        other = next((one for one in self.rows if one.name == self.comparison.beside), None)
        ours = row.median(self.comparison.plotted)
        theirs = None if other is None else other.median(self.comparison.plotted)
        return ours / theirs if ours is not None and theirs else None


def single(scenario: str, title: str, round_: Round, plotted: str) -> Comparison:
    """Return what is measured with nothing beside it, and starts all of its processes anew for each
    round."""
    return Comparison(
        scenario,
        title,
        [Contestant("Touchline", "", lambda: nullcontext(round_))],
        plotted,
        rounds=3,
    )


def measure(comparison: Comparison, size: Size) -> Result:
    """Measure all contestants of a comparison, by turns."""
    rows: list[Row] = []
    with ExitStack() as stack:
        measured: list[tuple[Row, Round]] = []
        for contestant in comparison.contestants:
            row = Row(contestant.name, contestant.settings)
            rows.append(row)
            _tell(f"{comparison.title}: {contestant.name} starts")
            try:
                measured.append((row, stack.enter_context(contestant.open())))
            except Missing as missing:
                row.missing = str(missing)
        rounds = min(size.rounds, comparison.rounds or size.rounds)
        for number in range(rounds):
            for row, round_ in measured:
                _tell(f"{comparison.title}: round {number + 1} of {rounds}, {row.name}")
                for column, figure in round_().items():
                    row.rounds.setdefault(column, []).append(figure)
    _tell("")
    return Result(comparison, rows)


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
