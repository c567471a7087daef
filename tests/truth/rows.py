"""The rows of the lab: which crowd, over what."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median

from touchline import sports
from touchline.peer.grades.book import Book
from touchline.peer.grades.sheet import GradeSheet
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
class Bar:
    """What a row must reach; what is None is only told.

    Args:
        precision, recall, goals: shares, at least; `goals` of the precision of what decides.
        invented: share of what is invented that is confirmed, at most.
        first, confirmed: seconds, in the median, at most.
        score: share of matches whose score is right in the end, at least.
        off: seconds by which the times of entries are off, in the median, at most.
        covered: share of the entries whose time is right within the spread told, at least.
        apart: minutes between two questions to the same person, in the mean, at least.
    """

    precision: float | None = None
    recall: float | None = None
    goals: float | None = None
    invented: float | None = None
    first: float | None = None
    confirmed: float | None = None
    score: float | None = None
    off: float | None = 0.8
    covered: float | None = 0.95
    apart: float | None = 3.0


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of crowd.

    Args:
        name: for people.
        manners: who is there.
        bar: what is demanded.
        sport: what is played.
        balls: balls a match that do not count.
        records: the matches are graded as they are played, so that all but the first are played
            with a book of the ones before; only those count.
    """

    name: str
    manners: tuple[Manner, ...]
    bar: Bar = Bar()
    sport: str = "football"
    balls: int = 0
    records: bool = False


def _each(*manners: Manner, **changes: float) -> tuple[Manner, ...]:
    return tuple(replace(manner, **changes) for manner in manners)  # type: ignore[arg-type]  # by name


STEPPING = Manner(steps=crowd.STEP_SECONDS)
SET_BACK = Manner(steps=-crowd.STEP_SECONDS)
SLOW = Manner(slow=2.0)

SIX_TWO = (HONEST,) * 6 + (SLOPPY,) * 2
FOUR_COLLUDE = (HONEST,) * 7 + (COLLUDING,) * 4
FIVE_COLLUDE = (HONEST,) * 6 + (COLLUDING,) * 5
THREE_OPPOSE = (HONEST,) * 8 + (OPPOSING,) * 3

TENNIS = 1.5
"""Minutes between two questions in tennis, where something happens twice a minute."""

# The recall of the policy that counts heads, on these matches, less .003: what is not to be lost.
ROWS = (
    Row("3 honest", (HONEST,) * 3, Bar(recall=0.95, first=2.5)),
    Row("5 honest", (HONEST,) * 5, Bar(0.998, 0.98, first=2.2)),
    Row("8 honest", (HONEST,) * 8, Bar(0.998, 0.99, first=2.2, confirmed=4.0)),
    Row("12 honest", (HONEST,) * 12, Bar(0.998, 0.995, first=2.2)),
    Row("30 honest", (HONEST,) * 30, Bar(0.998, 0.997, first=2.2)),
    Row("6 + 2 sloppy", SIX_TWO, Bar(0.998, 0.99, first=2.2, confirmed=6.0)),
    Row("12 + 4 sloppy", (HONEST,) * 12 + (SLOPPY,) * 4, Bar(0.998, 0.99, first=2.2)),
    Row("8, slow thumbs", (SLOW,) * 8, Bar(off=None)),
    Row("8, each repeats 30 %", _each(*(HONEST,) * 8, repeats=0.3), Bar(0.99, 0.97, first=2.5)),
    Row("6 + 2, each repeats 30 %", _each(*SIX_TWO, repeats=0.3), Bar(0.99, 0.97, first=2.5)),
    Row("6 + 2 + 3 copycats", (*SIX_TWO, *(COPYCAT,) * 3), Bar(0.99, 0.97, first=2.5)),
    Row("6 + liar + 4 copycats", (HONEST,) * 6 + (LIAR,) + (COPYCAT,) * 4, Bar(invented=0.0)),
    Row("4 of 11 collude", FOUR_COLLUDE, Bar(recall=0.98, invented=0.1)),
    Row("5 of 11 collude", FIVE_COLLUDE, Bar(recall=0.98, invented=0.1)),
    Row("3 of 11 oppose", THREE_OPPOSE, Bar(0.99, 0.98)),
    Row("8 + 8 silent", (HONEST,) * 8 + (SILENT,) * 8, Bar(recall=0.97)),
    Row("5 + 10 silent", (HONEST,) * 5 + (SILENT,) * 10, Bar(recall=0.97)),
    Row("8, 3 clocks step", (HONEST,) * 5 + (STEPPING,) * 3, Bar(0.99, 0.98)),
    Row("8, 3 clocks set back", (HONEST,) * 5 + (SET_BACK,) * 3, Bar(0.99, 0.98)),
    Row("8, balls that do not count", (HONEST,) * 8, Bar(goals=0.96), balls=crowd.BALLS),
    Row("6 + 2, half answer, 90 %", _each(*SIX_TWO, answers=0.5, right=0.9)),
    Row("5 collude, half answer, 90 %", _each(*FIVE_COLLUDE, answers=0.5, right=0.9)),
    Row("8, nobody answers", _each(*(HONEST,) * 8, answers=0.0)),
    Row("5 collude, nobody answers", _each(*FIVE_COLLUDE, answers=0.0), Bar(invented=0.0)),
    Row("tennis, 8 honest", (HONEST,) * 8, Bar(0.998, 0.98, apart=TENNIS), "tennis"),
    Row("tennis, 6 + 2 sloppy", SIX_TWO, Bar(0.995, 0.99, score=0.95, apart=TENNIS), "tennis"),
    Row("tennis, 5 of 11 collude", FIVE_COLLUDE, Bar(invented=0.2, apart=TENNIS), "tennis"),
    Row("tennis, 3 of 11 oppose", THREE_OPPOSE, Bar(off=None, apart=TENNIS), "tennis"),
    Row("6 + 2 sloppy, records", SIX_TWO, Bar(0.998, 0.99), records=True),
    Row("4 of 11 collude, records", FOUR_COLLUDE, Bar(recall=0.98, invented=0.02), records=True),
    Row("5 of 11 collude, records", FIVE_COLLUDE, Bar(recall=0.98, invented=0.02), records=True),
    Row("3 of 11 oppose, records", THREE_OPPOSE, Bar(0.99, 0.98), records=True),
    Row(
        "tennis, 5 collude, records",
        FIVE_COLLUDE,
        Bar(recall=0.98, invented=0.02, apart=TENNIS),
        "tennis",
        records=True,
    ),
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

    @property
    def invented(self) -> float:
        """Share of what was invented that is confirmed."""
        return self._sum("phantoms_in") / max(1, self._sum("phantoms"))

    @property
    def score(self) -> float:
        """Share of the matches whose score is right in the end."""
        return self._sum("score_right") / len(self.outcomes)

    def _all(self, name: str) -> list[float]:
        return [value for outcome in self.outcomes for value in getattr(outcome, name)]

    @property
    def first(self) -> float:
        """Seconds in the median from what happens to its first publication."""
        return _median(self._all("first_word"))

    @property
    def confirmed(self) -> float:
        """Seconds in the median from what happens to its confirmation."""
        return _median(self._all("confirmed"))

    @property
    def off(self) -> float:
        """Seconds in the median by which the times of entries are off."""
        return _median(self._all("errors"))

    @property
    def covered(self) -> float:
        """Share of the entries whose time is right within the spread that they tell."""
        return self._sum("covered") / max(1, self._sum("found"))

    @property
    def apart(self) -> float:
        """Minutes between two questions to the same person, in the mean."""
        asked = sum(sum(outcome.questions) for outcome in self.outcomes)
        there = sum(len(outcome.questions) * outcome.seconds for outcome in self.outcomes)
        return there / 60 / asked if asked else float("inf")

    def missed(self) -> list[str]:
        """Return what the row demands and was not reached, by name."""
        bar, found = self.row.bar, []
        for name, least in (
            ("precision", bar.precision),
            ("recall", bar.recall),
            ("goals", bar.goals),
            ("score", bar.score),
            ("covered", bar.covered),
            ("apart", bar.apart),
        ):
            reached = self.goals_precision if name == "goals" else getattr(self, name)
            if least is not None and reached < least:
                found.append(f"{name} {least}")
        for name, most in (
            ("invented", bar.invented),
            ("first", bar.first),
            ("confirmed", bar.confirmed),
            ("off", bar.off),
        ):
            if most is not None and getattr(self, name) > most:
                found.append(f"{name} {most}")
        return found

    def line(self) -> str:
        """Return the row of the table."""
        invented = f"{self._sum('phantoms_in')} of {self._sum('phantoms')}"
        back = max(self._all("taken_back"), default=float("nan"))
        return (
            f"{self.row.name:28} {self.precision:6.4f} {self.recall:6.4f}"
            f" {self.goals_precision:6.3f} {self.goals_recall:5.3f}"
            f" {self.first:5.1f} {self.confirmed:5.1f}"
            f" {self.off:4.1f} {self.covered:5.3f}"
            f" {self._sum('score_right'):2}/{len(self.outcomes):<3} {invented:>8} {back:4.0f}"
            f" {self.apart:5.1f}  {', '.join(self.missed())}".rstrip()
        )


HEAD = (
    f"{'crowd':28} {'prec.':>6} {'recall':>6} {'goals':>6} {'r':>5} {'first':>5} {'conf.':>5}"
    f" {'off':>4} {'cover':>5} {'score':>5} {'invented':>9} {'back':>4} {'asked':>5}  missed"
)
"""Seconds to the first word and to the confirmation, seconds by which times are off and the share
that the told spread covers; the longest that an invention stood; minutes between two questions to
one person; the demands that are not reached."""


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
    sheets: list[GradeSheet] = []
    for number, match in enumerate(games(row.sport, count, seed)):
        chance = Random(f"{seed}/{row.name}/{number}")
        plot = any(manner.colludes for manner in row.manners)
        place = crowd.scene(match, chance, balls=row.balls, plot=plot)
        there = crowd.people(place, list(row.manners), chance)
        trial = Trial(place, there, chance, Book(sheets), **options)
        outcome = trial.run()
        if number or not row.records:
            found.outcomes.append(outcome)
        if row.records:
            sheets.append(trial.sheet(number))
    return found


def line(asked: tuple[Row, int, int, str]) -> str:
    """Return the line of the table for a row, a number of matches, a seed and a verdict (empty:
    the default); for a process of its own."""
    row, matches_a_row, seed, verdict = asked
    options = {"verdict": verdict} if verdict else {}
    return total(row, matches_a_row, seed, **options).line()
