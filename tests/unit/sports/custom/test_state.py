"""Periods, time out, and points from a number; whole matches on record by the examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.errors import IllegalAction
from touchline.sports import Action, State, fold
from touchline.sports.custom import CUSTOM, checking, read

EXAMPLES = Path(__file__).parents[4] / "examples"
MINUTE = 60_000_000

FORM = """
[[periods]]
text = "1st half"
minutes = 30
[[periods]]
text = "2nd half"
minutes = 30
[[actions]]
title = "go"
period = "begins"
needs_origin = false
[[actions]]
title = "stop"
period = "ends"
needs_origin = false
[[actions]]
title = "goal"
points = 1
[[actions]]
title = "bench"
out = 120
[[actions]]
title = "round"
points_from = "points"
details = [{ name = "points", number = true, required = true }]
"""


def start(text: str = FORM) -> State:
    return CUSTOM.start(["A", "B"], {"definition": read(text)})


def after(state: State, *said: str) -> State:
    """Return the state after actions, each `MINUTES TITLE ORIGIN`."""
    for words in said:
        minutes, title, *origin = words.split()
        action = Action(title, "".join(origin), round(float(minutes) * MINUTE))
        state = CUSTOM.apply(state, action)
    return state


def test_points_count_in_the_period_that_is_played() -> None:
    """The score by period follows the whistles, and its name is that of the running one."""
    state = after(start(), "0 go", "5 goal A", "30 stop", "40 go", "41 goal B", "42 goal B")
    score = CUSTOM.score(state)
    assert score["period"] == "2nd half"
    assert score["periods"] == [{"A": 1, "B": 0}, {"A": 0, "B": 2}]
    assert CUSTOM.score(after(state, "70 stop"))["period"] == ""


def test_whistles_that_nobody_reported() -> None:
    """A period begins though the one before has not ended; points before the first are of it."""
    state = after(start(), "1 goal A", "2 go", "3 goal B", "40 go", "41 goal B")
    assert CUSTOM.score(state)["periods"] == [{"A": 1, "B": 1}, {"A": 0, "B": 1}]
    assert CUSTOM.score(after(start(), "30 stop", "40 go"))["period"] == "2nd half"


def test_no_more_periods_than_there_are() -> None:
    """A third half does not begin, and a half ends once."""
    state = after(start(), "0 go", "30 stop")
    assert CUSTOM.illegal(state, Action("stop")) == "1st half has already ended"
    state = after(state, "40 go", "70 stop")
    assert CUSTOM.illegal(state, Action("go")) == "2 periods have begun, and there are no more"


def test_the_clock() -> None:
    """The minute goes on from half to half, stays at its last with what is added, and is out in
    a break."""
    state = after(start(), "0 go")
    assert CUSTOM.clock(state, 30 * 1_000_000) == "1st half 1'"
    assert CUSTOM.clock(state, 31 * MINUTE + 1) == "1st half 30+2'"
    state = after(state, "30 stop")
    assert CUSTOM.clock(state, 31 * MINUTE) == ""
    assert CUSTOM.clock(after(state, "40 go"), 41 * MINUTE) == "2nd half 32'"


def test_time_out_ends_by_itself() -> None:
    """A side is short from the action on, for as long as it says, and then no more."""
    state = after(start(), "0 go", "1 bench A", "2 bench A", "2 bench B")
    assert CUSTOM.clock(state, 2 * MINUTE) == "1st half 3' · A 2 short · B one short"
    assert CUSTOM.clock(state, 3 * MINUTE) == "1st half 4' · A one short · B one short"
    assert CUSTOM.clock(state, 4 * MINUTE) == "1st half 5'"


def test_what_has_ended_is_not_kept() -> None:
    """Many who were out are not carried along for ever."""
    state = after(start(), *(f"{minute * 3} bench A" for minute in range(20)))
    assert len(state.out) == 1


@pytest.mark.parametrize("points", [-1, float("nan"), float("inf"), 2e9])
def test_points_from_a_number(points: float) -> None:
    """An action counts the number that it was reported with; one out of bounds is refused."""
    state = CUSTOM.apply(start(), Action("round", "A", details={"points": 26}))
    assert CUSTOM.score(state)["points"] == {"A": 26, "B": 0}
    with pytest.raises(IllegalAction, match="not from 0 to"):
        CUSTOM.apply(state, Action("round", "A", details={"points": points}))
    with pytest.raises(IllegalAction, match="needs points"):
        CUSTOM.apply(state, Action("round", "A"))


def test_a_confirmed_score_counts_in_the_last_period() -> None:
    """What people confirm adds to the period that is played."""
    state = after(start(), "0 go", "5 goal A", "30 stop", "40 go")
    state = CUSTOM.adopt(state, {"points": {"A": 3, "B": 1}})
    assert CUSTOM.score(state)["periods"] == [{"A": 1, "B": 0}, {"A": 2, "B": 1}]


def played(example: str, said: str) -> State:
    """Return the state after a list of actions by one of the examples."""
    definition = checking.check((EXAMPLES / example).read_text("utf-8"))
    *_, (_, _, state) = checking.play(CUSTOM, definition, said)
    return state


def by_period(state: State) -> list[tuple[float, ...]]:
    return [tuple(points.values()) for points in CUSTOM.score(state)["periods"]]  # type: ignore[attr-defined]  # a list of dicts


def scored(quarters: list[tuple[int, int]], sides: tuple[str, str], by: dict[int, str]) -> str:
    """Return a list in which each period has the points on record, in an order of ours.

    Args:
        quarters: the points of either side in each period.
        sides: their names.
        by: points to the action that counts them.
    """
    lines = []
    for quarter in quarters:
        lines.append("period_start")
        for side, points in zip(sides, quarter, strict=True):
            left = points
            while left:
                one = max(count for count in by if count <= left)
                lines.append(f"{by[one]} {side}")
                left -= one
        lines.append("period_end")
    return "\n".join(lines)


def test_basketball_finals_2016() -> None:
    """Game 7 of the NBA finals of 2016: Cleveland 93–89 Golden State, by quarters as on record."""
    quarters = [(23, 22), (19, 27), (33, 27), (18, 13)]
    said = scored(
        quarters,
        ("Cleveland", "Warriors"),
        {3: "three", 2: "basket", 1: "free_throw"},
    )
    state = played("basketball.toml", f"{said}\nfinal_buzzer")
    assert by_period(state) == quarters
    assert CUSTOM.headline(state) == "Cleveland 93–89 Warriors"
    assert CUSTOM.score(state)["winner"] == "Cleveland"


def test_handball_world_championship_2007() -> None:
    """The final of 2007: Germany 29–24 Poland, 17–13 at half-time."""
    said = scored([(17, 13), (12, 11)], ("Germany", "Poland"), {1: "goal"})
    state = played("handball.toml", f"{said}\nfinal")
    assert by_period(state) == [(17, 13), (12, 11)]
    assert CUSTOM.headline(state) == "Germany 29–24 Poland"


def test_ice_hockey_olympic_final_2010() -> None:
    """The final of 2010: Canada 3–2 United States in overtime, 1–0, 1–1, 0–1, 1–0."""
    state = played(
        "ice-hockey.toml",
        """
        period_start
        goal Canada player=Toews
        period_end
        period_start
        goal Canada player=Perry
        goal USA player=Kesler
        period_end
        period_start
        goal USA player=Parise
        period_end
        period_start
        goal Canada player=Crosby assist=Iginla
        final
        """,
    )
    assert by_period(state) == [(1, 0), (1, 1), (0, 1), (1, 0)]
    assert CUSTOM.headline(state) == "Canada 3–2 USA"
    assert CUSTOM.score(state)["winner"] == "Canada"


def test_rugby_world_cup_final_2003() -> None:
    """The final of 2003: England 20–17 Australia after extra time, score by score."""
    state = played(
        "rugby-union.toml",
        """
        period_start
        try Australia player=Tuqiri
        conversion_missed Australia player=Flatley
        penalty_goal England player=Wilkinson
        penalty_goal England player=Wilkinson
        penalty_goal England player=Wilkinson
        try England player=Robinson
        conversion_missed England player=Wilkinson
        period_end
        period_start
        penalty_goal Australia player=Flatley
        penalty_goal Australia player=Flatley
        penalty_goal Australia player=Flatley
        period_end
        period_start
        penalty_goal England player=Wilkinson
        period_end
        period_start
        penalty_goal Australia player=Flatley
        drop_goal England player=Wilkinson
        period_end
        final
        """,
    )
    # The list names Australia first.
    assert by_period(state) == [(5, 14), (9, 0), (0, 3), (3, 3)]
    assert CUSTOM.headline(state) == "Australia 17–20 England"
    assert CUSTOM.score(state)["winner"] == "England"


def test_suspensions_of_the_examples() -> None:
    """Two minutes of handball, a minor of ice hockey and the sin bin last as long as they do."""
    for example, title, seconds in (
        ("handball.toml", "two_minutes", 120),
        ("ice-hockey.toml", "minor", 120),
        ("rugby-union.toml", "yellow_card", 600),
    ):
        definition = read((EXAMPLES / example).read_text("utf-8"))
        state = CUSTOM.start(["A", "B"], {"definition": definition})
        whistle, card = Action("period_start", "", 0), Action(title, "A", 0)
        folded = fold(CUSTOM, state, [whistle, card])
        assert not folded.left_out
        assert "A one short" in CUSTOM.clock(folded.state, seconds * 1_000_000 - 1)
        assert "short" not in CUSTOM.clock(folded.state, seconds * 1_000_000)
