"""A confirmed score of sets: read as typed, compared with the reports, put in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action, Score, State
from touchline.sports.custom import CUSTOM, read

BADMINTON = Path(__file__).parents[4] / "examples" / "badminton.toml"


def after(points: str) -> State:
    """Return the state after points of A and B, `.` for a whole game of A."""
    state = CUSTOM.start(["A", "B"], {"definition": read(BADMINTON.read_text("utf-8"))})
    for side in points.replace(".", "A" * 21):
        state = CUSTOM.apply(state, Action("point", side))
    return state


@pytest.mark.parametrize(
    ("before", "typed", "score"),
    [
        ("", "5-3", {"previous": [], "points": {"A": 5, "B": 3}}),
        (".", "5-3", {"points": {"A": 5, "B": 3}}),
        (".", "21:18", {"previous": [[21, 18]]}),
        ("", "21–18 29–30, 5–3", {"previous": [[21, 18], [29, 30]], "points": {"A": 5, "B": 3}}),
        (".", "1–0 (21–18 5–3)", {"previous": [[21, 18]], "points": {"A": 5, "B": 3}}),
        ("", "21-18 18-21 30-28", {"previous": [[21, 18], [18, 21], [30, 28]]}),
    ],
)
def test_read_sets(before: str, typed: str, score: Score) -> None:
    """A pair that ends a game is one that is over; a single other one is of the game played."""
    assert CUSTOM.read_score(after(before), typed) == score


@pytest.mark.parametrize(
    "typed", ["", "x", "5-3 21-18", "31-30", "22-18", "21-9 21-9 1-0", "30-20"]
)
def test_what_is_no_score_of_sets(typed: str) -> None:
    """What no match comes to is refused with an example."""
    with pytest.raises(SettingError, match="such as 21-18 5-3"):
        CUSTOM.read_score(after(""), typed)


def test_gap_of_sets() -> None:
    """The reports must add up to the sets and points; what is over does not change."""
    before, later = after(".AA"), after(".AAB")
    assert CUSTOM.gap(before, later, CUSTOM.read_score(before, "21-0 2-1")) is None
    assert CUSTOM.gap(before, later, CUSTOM.read_score(before, "3-1")) == (
        "the reported actions add up to A 1–0 B (21–0 2–1), the score is A 1–0 B (21–0 3–1)"
    )
    assert CUSTOM.gap(before, later, CUSTOM.read_score(before, "21-5 2-1")) == (
        "the sets before were 21–0 2–0: they do not change"
    )
    assert CUSTOM.gap(before, later, {"over": True}) == (
        "by the reports the event is on, by the score not"
    )


def test_adopt_sets() -> None:
    """A confirmed score ends the match or opens it again, and play goes on from it."""
    state = after(".AB")
    won = CUSTOM.adopt(state, CUSTOM.read_score(state, "21-0 21-19"))
    assert (CUSTOM.over(won), CUSTOM.headline(won)) == (True, "A 2–0 B (21–0 21–19)")
    opened = CUSTOM.adopt(won, CUSTOM.read_score(won, "21-0 20-19"))
    assert not CUSTOM.over(opened)
    assert CUSTOM.headline(CUSTOM.apply(opened, Action("point", "A"))) == "A 2–0 B (21–0 21–19)"
    assert CUSTOM.adopt(state, CUSTOM.score(state)) == state


@pytest.mark.parametrize(
    "score",
    [
        {"previous": 3},
        {"previous": [3]},
        {"previous": [[1, 2, 3]]},
        {"previous": [[5, 3]]},
        {"previous": [[21, 3], [21, 3], [21, 3]]},
        {"points": {"A": 1}},
        {"points": {"A": -1, "B": 0}},
    ],
)
def test_no_sets(score: Score) -> None:
    """What is no score of the event is refused."""
    with pytest.raises(SettingError, match="score: "):
        CUSTOM.adopt(after(""), score)


DARTS = Path(__file__).parents[4] / "examples" / "darts.toml"


def thrown(legs: str, *visits: tuple[str, int]) -> State:
    """Return the state after legs of A and B, and then some visits."""
    state = CUSTOM.start(["A", "B"], {"definition": read(DARTS.read_text("utf-8"))})
    won = [(side, points) for side in legs for points in (180, 180, 141)]
    for side, points in [*won, *visits]:
        state = CUSTOM.apply(state, Action("visit", side, details={"scored": points}))
    return state


@pytest.mark.parametrize(
    ("before", "typed", "score"),
    [
        ("", "2-1", {"previous": [], "legs": {"A": 2, "B": 1}}),
        ("", "2-1, 301-180", {"legs": {"A": 2, "B": 1}, "points": {"A": 301, "B": 180}}),
        ("AAA", "2-1, 301-180", {"legs": {"A": 2, "B": 1}, "points": {"A": 301, "B": 180}}),
        ("", "3-1, 301-180", {"previous": [[3, 1]], "points": {"A": 301, "B": 180}}),
        ("", "3-1 1-3 0-1", {"previous": [[3, 1], [1, 3]], "legs": {"A": 0, "B": 1}}),
        ("", "1–0 (3–1 2–1, 60–0)", {"previous": [[3, 1]], "legs": {"A": 2, "B": 1}}),
    ],
)
def test_read_legs(before: str, typed: str, score: Score) -> None:
    """The pairs are of legs; behind a comma stand the points of the leg being played."""
    found = CUSTOM.read_score(thrown(before), typed)
    assert score.items() <= found.items()
    state = CUSTOM.adopt(thrown(before), found)
    again = CUSTOM.read_score(thrown(before), typed)
    assert CUSTOM.adopt(state, again) == state


@pytest.mark.parametrize("typed", ["3-4", "2-1, 501-180", "2-1, 501", "3-0 3-0 3-0, 60-0 1-0"])
def test_what_is_no_score_of_legs(typed: str) -> None:
    """What no match comes to is refused with an example."""
    with pytest.raises(SettingError, match="write the legs of each, A first, such as 3-1 2-0, 301"):
        CUSTOM.read_score(thrown(""), typed)


def test_gap_of_legs() -> None:
    """The reports must add up to the legs, and to the points of the leg being played."""
    before, later = thrown("A"), thrown("A", ("B", 100))
    for typed in ("1-0, 0-100", "1-0"):
        assert CUSTOM.gap(before, later, CUSTOM.read_score(before, typed)) is None
    assert CUSTOM.gap(before, later, CUSTOM.read_score(before, "1-0, 0-140")) == (
        "the reported actions add up to A 0–0 B (1–0, 0–100), the score is A 0–0 B (1–0, 0–140)"
    )
    assert "1–1" in (CUSTOM.gap(before, later, CUSTOM.read_score(before, "1-1")) or "")
