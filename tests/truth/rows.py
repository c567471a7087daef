"""The rows of the lab: which crowd, over what."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median

from touchline import sports
from touchline.sports import matches, matchfile
from touchline.sports.matchfile import Match

from . import crowd
from .crowd import (
    COLLUDING,
    COPYCAT,
    HONEST,
    LIAR,
    OPPOSING,
    SILENT,
    SLOPPY,
    Manner,
)  # fmt: skip
from .trial import Outcome, Trial


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of crowd.

    Args:
        name: for people.
        manners: who is there.
        sport: what is played.
        balls: balls a match that do not count.
    """

    name: str
    manners: tuple[Manner, ...]
    sport: str = "football"
    balls: int = 0


def _repeating(share: float, *manners: Manner) -> tuple[Manner, ...]:
    return tuple(replace(manner, repeats=share) for manner in manners)


STEPPING = Manner(steps=True)

ROWS = (
    Row("3 honest", (HONEST,) * 3),
    Row("5 honest", (HONEST,) * 5),
    Row("8 honest", (HONEST,) * 8),
    Row("12 honest", (HONEST,) * 12),
    Row("30 honest", (HONEST,) * 30),
    Row("6 + 2 sloppy", (HONEST,) * 6 + (SLOPPY,) * 2),
    Row("12 + 4 sloppy", (HONEST,) * 12 + (SLOPPY,) * 4),
    Row("8, each repeats 30 %", _repeating(0.3, *(HONEST,) * 8)),
    Row("6 + 2 + 3 copycats", (HONEST,) * 6 + (SLOPPY,) * 2 + (COPYCAT,) * 3),
    Row("8 + liar + 4 copycats", (HONEST,) * 6 + (LIAR,) + (COPYCAT,) * 4),
    Row("4 of 11 collude", (HONEST,) * 7 + (COLLUDING,) * 4),
    Row("5 of 11 collude", (HONEST,) * 6 + (COLLUDING,) * 5),
    Row("3 of 11 oppose", (HONEST,) * 8 + (OPPOSING,) * 3),
    Row("8 + 8 silent", (HONEST,) * 8 + (SILENT,) * 8),
    Row("5 + 10 silent", (HONEST,) * 5 + (SILENT,) * 10),
    Row("8, 3 clocks step", (HONEST,) * 5 + (STEPPING,) * 3),
    Row("8, balls that do not count", (HONEST,) * 8, balls=crowd.BALLS),
    Row("tennis, 8 honest", (HONEST,) * 8, "tennis"),
    Row("tennis, 6 + 2 sloppy", (HONEST,) * 6 + (SLOPPY,) * 2, "tennis"),
    Row("tennis, 5 of 11 collude", (HONEST,) * 6 + (COLLUDING,) * 5, "tennis"),
    Row("tennis, 3 of 11 oppose", (HONEST,) * 8 + (OPPOSING,) * 3, "tennis"),
)


@dataclass(slots=True)
class Total:
    """A row's outcomes, added up."""

    row: Row
    outcomes: list[Outcome] = field(default_factory=list)

    def _sum(self, name: str) -> int:
        return sum(getattr(outcome, name) for outcome in self.outcomes)

    @property
    def precision(self) -> float:
        """Share of the confirmed entries that happened."""
        found = self._sum("found")
        return found / max(1, found + self._sum("wrong"))

    @property
    def recall(self) -> float:
        """Share of what happened that is confirmed."""
        return self._sum("found") / max(1, self._sum("true"))

    @property
    def goals_precision(self) -> float:
        """Share of the confirmed goals that were scored."""
        found = self._sum("goals_found")
        return found / max(1, found + self._sum("goals_wrong"))

    @property
    def goals_recall(self) -> float:
        """Share of the goals that are confirmed."""
        return self._sum("goals_found") / max(1, self._sum("goals"))

    def line(self) -> str:
        """Return the row of the table."""
        first = [second for outcome in self.outcomes for second in outcome.first_word]
        confirmed = [second for outcome in self.outcomes for second in outcome.confirmed]
        errors = [second for outcome in self.outcomes for second in outcome.errors]
        right = self._sum("score_right")
        invented = f"{self._sum('phantoms_in')} of {self._sum('phantoms')}"
        return (
            f"{self.row.name:28} {self.precision:9.4f} {self.recall:7.4f}"
            f" {self.goals_precision:7.3f} {self.goals_recall:6.3f}"
            f" {_median(first):6.1f} {_median(confirmed):6.1f} {_median(errors):6.1f}"
            f" {right:3} of {len(self.outcomes):<3} {invented:>9}"
        )


HEAD = (
    f"{'crowd':28} {'precision':>9} {'recall':>7} {'goals p':>7} {'r':>6}"
    f" {'first':>6} {'conf.':>6} {'off by':>6} {'score':>9} {'invented':>10}"
)


def _median(values: list[float]) -> float:
    return median(values) if values else float("nan")


def games(sport: str, count: int, seed: int) -> Iterator[Match]:
    """Yield matches of a sport: those of the folder DATA, those that ship, then made-up ones."""
    given: Iterable[Match] = ()
    if folder := os.environ.get("DATA"):
        given = (
            matchfile.read(path.read_text("utf-8")) for path in sorted(Path(folder).glob("*.jsonl"))
        )
    shipped = (matches.load(name) for name in matches.names())
    real = [match for match in (*given, *shipped) if match.sport == sport]
    yield from real[:count]
    simulation = sports.get(sport).simulation
    assert simulation is not None
    for number in range(count - len(real)):
        yield simulation.make(
            sports.get(sport), Random(seed * 1_000 + number), origins=simulation.origins
        )


def total(row: Row, count: int, seed: int, **options: object) -> Total:
    """Play matches with a row's crowd, and return what became of them.

    Args:
        row: the crowd.
        count: matches.
        seed: decides everything.
        options: the host's.
    """
    found = Total(row)
    for number, match in enumerate(games(row.sport, count, seed)):
        chance = Random(f"{seed}/{row.name}/{number}")
        plot = any(manner.colludes for manner in row.manners)
        place = crowd.scene(match, chance, balls=row.balls, plot=plot)
        there = crowd.people(place, list(row.manners), chance)
        found.outcomes.append(Trial(place, there, chance, **options).run())
    return found


def line(asked: tuple[Row, int, int, str]) -> str:
    """Return the line of the table for a row, a number of matches, a seed and a verdict (empty:
    the default); for a process of its own."""
    row, matches_a_row, seed, verdict = asked
    options = {"verdict": verdict} if verdict else {}
    return total(row, matches_a_row, seed, **options).line()
