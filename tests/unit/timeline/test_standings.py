"""The table of a competition."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.sports.presentation import ScoreLayout, TablePoints
from touchline.timeline.standings import MatchResult, StandingRow, Standings, result_of, tables

FOOTBALL = ScoreLayout(counts="goals", extra="shootout")
TENNIS = ScoreLayout(kind="sets", sets="sets")
PLAYED: dict[str, object] = {"how": "", "winner": ""}


def goals(first: int, second: int, **more: object) -> dict[str, object]:
    return {"goals": {"A": first, "B": second}, **more}


@pytest.mark.parametrize(
    ("layout", "score", "ending", "expected"),
    [
        (FOOTBALL, goals(2, 1), PLAYED, MatchResult(("A", "B"), (2, 1), "A")),
        (FOOTBALL, goals(0, 0), PLAYED, MatchResult(("A", "B"), (0, 0))),
        (
            FOOTBALL,
            goals(1, 1, shootout={"A": 3, "B": 4}),
            PLAYED,
            MatchResult(("A", "B"), (1, 1)),
        ),
        (FOOTBALL, goals(1, 0), {"how": "abandoned", "winner": ""}, None),
        (
            FOOTBALL,
            goals(1, 0),
            {"how": "awarded", "winner": "B"},
            MatchResult(("A", "B"), (1, 0), "B"),
        ),
        (FOOTBALL, {}, PLAYED, MatchResult(("A", "B"), (0, 0))),
        (
            TENNIS,
            {"sets": [(6, 4), [3, 6], (6, 0)], "winner": "A"},
            PLAYED,
            MatchResult(("A", "B"), (2, 1), "A"),
        ),
        (
            TENNIS,
            {"sets": [(6, 4)]},
            {"how": "retired", "winner": "B"},
            MatchResult(("A", "B"), (1, 0), "B"),
        ),
    ],
)
def test_what_an_event_came_to(
    layout: ScoreLayout, score: Any, ending: Any, expected: MatchResult | None
) -> None:
    """Counts say who won, unless an ending does; a shoot-out is a draw, and what was abandoned
    counts for nobody."""
    assert result_of(["A", "B"], layout, score, ending) == expected


def test_many_sides_have_no_result() -> None:
    """A race of three has no winner and loser of a table."""
    assert result_of(["A", "B", "C"], FOOTBALL, goals(1, 0), PLAYED) is None


def test_points_rank() -> None:
    """Points rank first, then wins, the difference, what was scored, and the name."""
    table = Standings()
    for first, second, counts in (
        ("Ferns", "Foxes", (3, 0)),
        ("foxes", "Cats", (1, 0)),
        ("Cats", "Dogs", (2, 2)),
        ("Dogs", "Ferns", (1, 1)),
    ):
        ahead = first if counts[0] > counts[1] else second
        winner = "" if counts[0] == counts[1] else ahead
        table.add(MatchResult((first, second), counts, winner), TablePoints())
    assert table.ranked() == [
        StandingRow("Ferns", played=2, won=1, drawn=1, scored=4, conceded=1, points=4),
        StandingRow("Foxes", played=2, won=1, lost=1, scored=1, conceded=3, points=3),
        StandingRow("Dogs", played=2, drawn=2, scored=3, conceded=3, points=2),
        StandingRow("Cats", played=2, drawn=1, lost=1, scored=2, conceded=3, points=1),
    ]


def test_without_points_wins_rank() -> None:
    """Where a sport has no points, who has won more stands first; each sport has its own table."""
    played = [
        ("tennis", MatchResult(("B", "A"), (0, 2), "A")),
        ("football", MatchResult(("C", "D"), (1, 0), "C")),
    ]
    found = tables(played, {"tennis": None, "football": TablePoints()})
    assert [(row.side, row.won, row.points) for row in found["tennis"].ranked()] == [
        ("A", 1, 0),
        ("B", 0, 0),
    ]
    assert [row.points for row in found["football"].ranked()] == [3, 0]
