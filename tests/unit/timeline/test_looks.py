"""How an entry is shown, by what its sport says of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.gateway.conftest import entry
from touchline import sports
from touchline.timeline.looks import pair, score_line, shown

FOOTBALL = sports.presentation_of("football")
KINDS = {"goal": "Goal", "substitution": "Substitution"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"details": {"player": "Ida", "how": "header"}},
            ("Goal", "A", "Ida · header", "1–0", "big"),
        ),
        ({"details": {"how": "own goal", "player": "Ida"}}, ("Own goal", "A", "Ida", "1–0", "big")),
        (
            {"title": "substitution", "details": {"on": "Ida", "off": "Eve"}},
            ("Substitution", "A", "Ida for Eve", "", "key"),
        ),
        (
            {"title": "period_start", "origin": "", "details": {"period": "first_half"}},
            ("The first half begins", "", "", "", "key"),
        ),
        ({"title": "odd_thing", "details": {}}, ("Odd thing", "A", "", "", "key")),
    ],
)
def test_an_entry_is_said_in_the_words_of_its_sport(
    fields: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """Title, side, people, the score after it, and how weighty it is."""
    found = shown(entry(1, **fields), FOOTBALL, KINDS, ["A", "B"])
    assert (found.title, found.side, found.who, found.then, found.weight) == expected


def test_a_pair_is_of_two() -> None:
    """The counts of more sides, or of none, are no pair."""
    assert pair({"goals": {"A": 2}}, "goals", ["A", "B"]) == "2–0"
    assert pair({"goals": {"A": 2}}, "goals", ["A", "B", "C"]) == ""
    assert pair({}, "goals", ["A", "B"]) == ""


@pytest.mark.parametrize(
    ("sport", "score", "sides", "line"),
    [
        ("football", {"goals": {"A": 2, "B": 1}}, ["A", "B"], "A 2–1 B"),
        (
            "football",
            {"goals": {"A": 1}, "shootout": {"A": 4, "B": 2}},
            ["A", "B"],
            "A 1–0 B, (4–2 on penalties)",
        ),
        (
            "tennis",
            {"previous": [[6, 4]], "games": {"A": 2, "B": 1}, "points": {"A": "40", "B": "30"}},
            ["A", "B"],
            "A 6–4 2–1 40–30 B",
        ),
        ("tennis", {"previous": [[6, 4], [6, 0]], "winner": "A"}, ["A", "B"], "A 6–4 6–0 B"),
        (
            "race",
            {"leaderboard": [{"place": 1, "runner": "Ada"}, {"place": None, "runner": "Bo"}]},
            ["Ada", "Bo"],
            "1. Ada",
        ),
        ("race", {"leaderboard": []}, ["Ada", "Bo"], ""),
        ("football", {}, ["A", "B"], ""),
    ],
)
def test_a_score_in_a_line(sport: str, score: Any, sides: Any, line: str) -> None:
    """A score is said in names and figures alone, which read in every language."""
    assert score_line(score, sports.get(sport).presentation({}).score, sides) == line
