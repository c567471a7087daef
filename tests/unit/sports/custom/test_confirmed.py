"""A confirmed score of a custom event: read as typed, compared with the reports, put in force."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action, Score, State
from touchline.sports.custom import CUSTOM

GAIN: dict[str, object] = {"title": "point", "points": 1}
LOSS: dict[str, object] = {"title": "foul", "points": -1}
END: dict[str, object] = {"title": "bell", "ends": True, "needs_origin": False}


def quiz(*actions: dict[str, object], origins: str = "AB", **keys: object) -> State:
    return CUSTOM.start([*origins], {"definition": {"actions": [*actions] or [GAIN], **keys}})


def after(state: State, points: str) -> State:
    for origin in points:
        state = CUSTOM.apply(state, Action("point", origin))
    return state


@pytest.mark.parametrize(
    ("typed", "points"),
    [
        ("3-1-0", [3, 1, 0]),
        ("3–1–0", [3, 1, 0]),
        ("3:1:0", [3, 1, 0]),
        ("11, 9; 0", [11, 9, 0]),
        ("11 · 9 · 0", [11, 9, 0]),
        ("3 - 1 - 0", [3, 1, 0]),
        ("-3 1 -0.5", [-3, 1, -0.5]),
        ("−3, 1, 0.5", [-3, 1, 0.5]),
        ("3–-1--2", [3, -1, -2]),
    ],
)
def test_read_points(typed: str, points: list[float]) -> None:
    """One number for each origin, whatever stands between."""
    score = CUSTOM.read_score(quiz(origins="ABC"), typed)
    assert score == {"points": dict(zip("ABC", points, strict=True))}


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("", "has no numbers"),
        ("3-1", "has 2 numbers for 3 origins"),
        ("3-1-0-0", "has 4 numbers for 3 origins"),
        ("3-1-x", "has more in it than numbers"),
    ],
)
def test_read_points_refuses(typed: str, wrong: str) -> None:
    """Anything else is refused with an example of as many numbers."""
    with pytest.raises(SettingError) as refused:
        CUSTOM.read_score(quiz(origins="ABC"), typed)
    assert refused.value.sentence == (
        f"score: {typed!r} {wrong}; write the points, A first, such as 3-2-1"
    )


def test_gap_of_points() -> None:
    """Points add up; where no action takes any away, they can't fall."""
    begin = quiz()
    before, later = after(begin, "AA"), after(begin, "AAB")
    assert CUSTOM.gap(before, later, CUSTOM.read_score(begin, "2-1")) is None
    assert CUSTOM.gap(before, later, CUSTOM.read_score(begin, "3-1")) == (
        "the reported actions add up to A 2–1 B, the score is A 3–1 B"
    )
    fallen = CUSTOM.read_score(begin, "1-1")
    assert CUSTOM.gap(before, later, fallen) == "A had 2 and has 1: no action takes points away"
    before, later = after(quiz(GAIN, LOSS), "AA"), after(quiz(GAIN, LOSS), "AAB")
    assert CUSTOM.gap(before, later, fallen) == (
        "the reported actions add up to A 2–1 B, the score is A 1–1 B"
    )
    assert CUSTOM.gap(before, later, {"over": True}) == (
        "by the reports the event is on, by the score not"
    )


def test_adopt_points() -> None:
    """Points as confirmed end the event or open it again; an action's end stays."""
    state = after(quiz(GAIN, END, win_at=3), "AA")
    won = CUSTOM.adopt(state, CUSTOM.read_score(state, "3-0"))
    assert CUSTOM.score(won) == {"points": {"A": 3, "B": 0}, "winner": "A", "over": True}
    opened = CUSTOM.adopt(won, CUSTOM.read_score(state, "2-1"))
    assert not CUSTOM.over(opened)
    assert CUSTOM.headline(after(opened, "B")) == "A 2–2 B"
    ended = CUSTOM.apply(state, Action("bell"))
    assert CUSTOM.over(CUSTOM.adopt(ended, CUSTOM.read_score(state, "2-1")))


@pytest.mark.parametrize(
    "score",
    [
        {"points": 3},
        {"points": {"A": 1}},
        {"points": {"A": "1", "B": 0}},
        {"points": {"A": True, "B": 0}},
        {"points": {"A": float("nan"), "B": 0}},
    ],
)
def test_no_points(score: Score) -> None:
    """What is no score of the event is refused."""
    with pytest.raises(SettingError, match="score: points"):
        CUSTOM.adopt(quiz(), score)
