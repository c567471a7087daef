"""Confirmed scores of races and custom events, and what holds of every sport."""

from __future__ import annotations

import pytest

from touchline import sports
from touchline.protocol.errors import SettingError
from touchline.sports import Action, Score, State
from touchline.sports.custom import CUSTOM
from touchline.sports.race import RACE

GAIN: dict[str, object] = {"title": "point", "points": 1}
LOSS: dict[str, object] = {"title": "foul", "points": -1}
END: dict[str, object] = {"title": "end", "ends": True, "needs_origin": False}


def quiz(*actions: dict[str, object], origins: str = "AB", **keys: object) -> State:
    return CUSTOM.start([*origins], {"definition": {"actions": [*actions] or [GAIN], **keys}})


def after(state: State, points: str) -> State:
    for origin in points:
        state = CUSTOM.apply(state, Action("point", origin))
    return state


def race(finished: int = 0, dropped: int = 0) -> State:
    state = RACE.apply(RACE.start(["A", "B", "C", "D"]), Action("start", time=1))
    for number, runner in enumerate("ABCD"[: finished + dropped]):
        title = "finish" if number < finished else "drop_out"
        state = RACE.apply(state, Action(title, runner, 9_000_000))
    return state


@pytest.mark.parametrize("name", sports.list())
def test_every_sport_confirms(name: str) -> None:
    """Its own score is no gap and changes nothing; a text that is no score is refused with an
    example."""
    sport = sports.get(name)
    rules = {"definition": {"actions": [GAIN]}} if name == "custom" else {}
    state = sport.start(["A", "B"], rules)
    for score in (sport.score(state), {}):
        assert sport.gap(state, state, score) is None
        assert sport.score(sport.adopt(state, score)) == sport.score(state)
    for text in ("", "?", "nil all", "9" * 400):
        with pytest.raises(SettingError, match="such as") as refused:
            sport.read_score(state, text)
        assert len(refused.value.sentence) < 300


# ── custom ───────────────────────────────────────────────────────────────────────────────────


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
    ended = CUSTOM.apply(state, Action("end"))
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


# ── race ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["2", " 2 in ", "2 finished"])
def test_read_who_is_in(typed: str) -> None:
    """A number is how many have finished."""
    assert RACE.read_score(race(), typed) == {"finished": 2}


def test_read_who_is_in_refuses() -> None:
    """No more can be in than there are."""
    with pytest.raises(SettingError, match="score: 5 finished, of 4 runners"):
        RACE.read_score(race(), "5")
    with pytest.raises(SettingError, match="'Ada' is not how many are in; write a number, such as"):
        RACE.read_score(race(), "Ada")
    with pytest.raises(SettingError, match="finished is '2', not a number"):
        RACE.adopt(race(), {"finished": "2"})


def test_gap_of_finishes() -> None:
    """Finishes add up, and nobody who was in is out again."""
    assert RACE.gap(race(1), race(2, 1), {"finished": 2, "dropped_out": 1, "running": 1}) is None
    assert RACE.gap(race(1), race(1), {"finished": 2}) == (
        "finished: 1 by the reports, 2 by the score"
    )
    assert RACE.gap(race(2), race(2), {"finished": 1}) == (
        "2 had finished when contact was lost, now it is 1"
    )
    assert RACE.gap(race(), race(), {"running": 3}) == ("running: 4 by the reports, 3 by the score")


def test_adopt_leaves_a_race() -> None:
    """How many are in does not say who: the race stays as reported."""
    state = race(1)
    assert RACE.adopt(state, {"finished": 2}) is state
