"""What people state of a football match: the minute, and that play is interrupted."""

from __future__ import annotations

import pytest

from touchline.sports import Action, State
from touchline.sports.football import FOOTBALL
from touchline.sports.statements import apply

MINUTE = 60_000_000
BEGIN = 1_700_000_000_000_000
CUP = {"extra_time": True}


def at(minutes: float) -> int:
    return BEGIN + round(minutes * MINUTE)


def state(minutes: float, **details: str | int | float | bool) -> Action:
    return Action("state", "", at(minutes), details)


def begin(period: str, minutes: float) -> Action:
    return Action("period_start", "", at(minutes), {"period": period})


def end(period: str, minutes: float) -> Action:
    return Action("period_end", "", at(minutes), {"period": period})


def play(*actions: Action, rules: dict[str, object] | None = None) -> State:
    result = FOOTBALL.start(("A", "B"), rules)
    for action in actions:
        result = apply(FOOTBALL, result, action)
    return result


def clock(found: State, minutes: float) -> str:
    return FOOTBALL.clock(found, at(minutes))


def test_the_clock_stands_while_play_is_interrupted() -> None:
    """From the interruption to the resumption no minute is played, however long that takes; twice
    as well."""
    half = begin("second_half", 0)
    stopped = play(half, state(16.5, play="interrupted"))
    assert [clock(stopped, minutes) for minutes in (16, 17, 200)] == ["62'", "62'", "62'"]
    resumed = apply(FOOTBALL, stopped, state(121.5, play="resumed"))
    assert [clock(resumed, minutes) for minutes in (121.5, 122.5)] == ["62'", "63'"]
    assert FOOTBALL.minutes(resumed, at(122.5)) == 62  # type: ignore[attr-defined]
    again = apply(FOOTBALL, resumed, state(130, play="interrupted"))
    again = apply(FOOTBALL, again, state(140, play="resumed"))
    assert clock(again, 141) == "72'"


def test_an_action_of_play_ends_an_interruption() -> None:
    """Where nobody states that play goes on, a goal or a corner a minute later shows it; one that
    is nearer may have been before, and a card or a substitution is shown while the ball rests."""
    stopped = play(begin("second_half", 0), state(16.5, play="interrupted"))
    for title in ("goal", "corner", "foul", "penalty_missed"):
        on = apply(FOOTBALL, stopped, Action(title, "A", at(121.5)))
        assert [clock(on, minutes) for minutes in (121.5, 122.5)] == ["62'", "63'"], title
    for action in (
        Action("goal", "A", at(17.4)),
        Action("yellow_card", "A", at(121.5)),
        Action("substitution", "A", at(121.5)),
        Action("goal_disallowed", "A", at(121.5), relates_to="7"),
    ):
        assert clock(apply(FOOTBALL, stopped, action), 130) == "62'", action.title
    late = apply(
        FOOTBALL,
        apply(FOOTBALL, stopped, Action("goal", "A", at(121.5))),
        state(130, play="resumed"),
    )
    assert clock(late, 131.5) == "72'"


def test_said_twice() -> None:
    """An interruption that is stated twice, and a resumption of none, change nothing."""
    half = begin("first_half", 0)
    once = play(half, state(10.5, play="interrupted"))
    assert apply(FOOTBALL, once, state(20, play="interrupted")) == once
    assert play(half, state(10, play="resumed")) == play(half)
    assert play(state(10, play="interrupted")) == play()


def test_a_half_with_an_interruption_takes_longer() -> None:
    """What depends on the time played counts without it: no shoot-out yet."""
    rules: dict[str, object] = {"shootout": True}
    kick = Action("shootout_scored", "A", at(50))
    half = begin("second_half", 0)
    assert FOOTBALL.illegal(play(half, rules=rules), kick) is None
    stopped = play(half, state(1, play="interrupted"), state(30, play="resumed"), rules=rules)
    assert FOOTBALL.illegal(stopped, kick) == "no shoot-out in the second half"


@pytest.mark.parametrize(
    ("minute", "period"),
    [(1, "first_half"), (45, "first_half"), (46, "second_half"), (90, "second_half"),
     (95, "second_half")],
)  # fmt: skip
def test_the_minute_of_an_unknown_period(minute: int, period: str) -> None:
    """Where no period was reported the minute says which one is played."""
    found = play(state(0, minute=minute))
    assert FOOTBALL.score(found)["period"] == period
    shown = f"{minute}'" if minute <= 90 else f"90+{minute - 90}'"
    assert clock(found, 0) == shown


def test_extra_time_by_its_minute() -> None:
    """Under the rules of a cup minute 95 is of extra time."""
    assert FOOTBALL.score(play(state(0, minute=95), rules=CUP))["period"] == "extra_first"


def test_the_minute_of_a_known_period() -> None:
    """A stated minute puts the clock right, and interruptions stay as long as they were."""
    half = begin("first_half", 0)
    assert clock(play(half, state(20, minute=30)), 21) == "31'"
    stopped = play(half, state(5, play="interrupted"), state(15, play="resumed"))
    assert clock(apply(FOOTBALL, stopped, state(20, minute=30)), 21) == "31'"


def test_the_minute_after_a_break() -> None:
    """Between two halves a minute begins the next one."""
    break_ = play(begin("first_half", 0), end("first_half", 46))
    found = apply(FOOTBALL, break_, state(62, minute=47))
    assert FOOTBALL.score(found)["period"] == "second_half"
    assert clock(found, 62) == "47'"


def test_a_minute_that_cannot_be() -> None:
    """A minute of before the half that is played is refused, and changes nothing."""
    half = play(begin("second_half", 0))
    early = state(5, minute=44)
    unstatable = FOOTBALL.unstatable(half, early)  # type: ignore[attr-defined]
    assert unstatable == "minute 44 is before the second half, which has begun"
    assert apply(FOOTBALL, half, early) == half


def test_a_minute_of_a_later_period() -> None:
    """So late none is added to the first half: the second has begun, and nobody said so."""
    found = play(begin("first_half", 0), state(75, minute=70))
    assert (FOOTBALL.score(found)["period"], clock(found, 76)) == ("second_half", "71'")
    found = play(begin("first_half", 0), state(60, minute=60))
    assert (FOOTBALL.score(found)["period"], clock(found, 61)) == ("first_half", "45+16'")
    found = play(begin("second_half", 0), state(60, minute=119))
    assert FOOTBALL.score(found)["period"] == "second_half"
