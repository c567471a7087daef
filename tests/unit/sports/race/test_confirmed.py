"""A confirmed score of a race: read as typed, compared with the reports."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action, State
from touchline.sports.race import RACE


def race(finished: int = 0, dropped: int = 0) -> State:
    state = RACE.apply(RACE.start(["A", "B", "C", "D"]), Action("start", time=1))
    for number, runner in enumerate("ABCD"[: finished + dropped]):
        title = "finish" if number < finished else "drop_out"
        state = RACE.apply(state, Action(title, runner, 9_000_000))
    return state


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
