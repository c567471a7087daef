"""The table of a competition, from what its finished events of two sides came to. Pure.

A match that a shoot-out decides is drawn in a table: the shoot-out says who goes on, and is no part
of the match (Laws of the Game 10.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..sports.names import canonical
from ..sports.presentation import ScoreLayout, TablePoints

NOT_PLAYED = frozenset({"abandoned", "postponed"})
"""How an event may end without a result, unless it is given to a side."""


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What an event of two sides came to.

    Args:
        sides: both.
        counts: what each has scored: goals, sets.
        winner: the side that won; empty where it is drawn.
    """

    sides: tuple[str, str]
    counts: tuple[int, int]
    winner: str = ""


@dataclass(slots=True)
class StandingRow:
    """A side in a table, by what it has played so far."""

    side: str
    played: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    scored: int = 0
    conceded: int = 0
    points: int = 0


@dataclass(slots=True)
class Standings:
    """The table of one sport.

    Args:
        rows: by side as `canonical` writes it.
    """

    rows: dict[str, StandingRow] = field(default_factory=dict)

    def add(self, result: MatchResult, points: TablePoints | None) -> None:
        """Count a result for both sides.

        Args:
            result: of an event.
            points: what it is worth; None where a sport's tables count wins alone.
        """
        for at, side in enumerate(result.sides):
            row = self.rows.setdefault(canonical(side), StandingRow(side))
            row.played += 1
            row.scored += result.counts[at]
            row.conceded += result.counts[1 - at]
            won, drawn = result.winner == side, not result.winner
            row.won += won
            row.drawn += drawn
            row.lost += not (won or drawn)
            if points is not None:
                row.points += points.win if won else points.draw if drawn else points.loss

    def ranked(self) -> list[StandingRow]:
        """Return the rows, the best first: by points, wins, difference, what was scored, name."""
        return sorted(
            self.rows.values(),
            key=lambda row: (
                -row.points,
                -row.won,
                row.conceded - row.scored,
                -row.scored,
                canonical(row.side),
            ),
        )


def result_of(
    sides: Sequence[str],
    layout: ScoreLayout,
    score: Mapping[str, object],
    ending: Mapping[str, object],
) -> MatchResult | None:
    """Return what a finished event came to; None where a table counts it for nobody.

    Args:
        sides: of the event.
        layout: how its sport lays out the score.
        score: when it was over.
        ending: `how` it ended and the `winner` then, both empty where it was played to its end.
    """
    if len(sides) != 2:
        return None
    first, second = sides
    counts = _counts(sides, layout, score)
    winner = str(ending.get("winner") or score.get("winner") or "")
    if not winner and ending.get("how") in NOT_PLAYED:
        return None
    if not winner and counts[0] != counts[1]:
        winner = first if counts[0] > counts[1] else second
    return MatchResult((first, second), counts, winner)


def _counts(
    sides: Sequence[str], layout: ScoreLayout, score: Mapping[str, object]
) -> tuple[int, int]:
    """Return what each side has: sets where there are any, else what the score counts."""
    if layout.kind == "sets":
        pairs = [one for one in map(_listed, _listed(score.get(layout.sets))) if len(one) == 2]
        return sum(a > b for a, b in pairs), sum(b > a for a, b in pairs)
    counts = score.get(layout.counts)
    known = counts if isinstance(counts, Mapping) else {}
    first, second = (_whole(known.get(side)) for side in sides)
    return first, second


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def tables(
    results: Iterable[tuple[str, MatchResult]], points: Mapping[str, TablePoints | None]
) -> dict[str, Standings]:
    """Return a table for each sport of a competition.

    Args:
        results: of its events, each with its sport.
        points: what a result is worth, by sport.
    """
    found: dict[str, Standings] = {}
    for sport, result in results:
        found.setdefault(sport, Standings()).add(result, points.get(sport))
    return found
