"""Periods, time out, and points from a number; whole matches on record by the examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, State, fold
from touchline.sports.custom import CUSTOM, checking, read
from touchline.sports.custom.definition import MOST_IN_ALL, MOST_POINTS

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


def in_sets(sets: list[tuple[int, int]], sides: tuple[str, str]) -> str:
    """Return a list of points that lead to sets on record: the winner of each has the last one."""
    lines = []
    for pair in sets:
        low, high = sorted(pair)
        winner = pair.index(high)
        order = [1 - winner, winner] * low + [winner] * (high - low)
        lines += [f"point {sides[side]}" for side in order]
    return "\n".join(lines)


def test_badminton_olympic_final_2012() -> None:
    """The final of 2012: Lin 15–21, 21–10, 21–19 Lee, game by game."""
    sets = [(15, 21), (21, 10), (21, 19)]
    state = played("badminton.toml", in_sets(sets, ("Lin", "Lee")) + "\n")
    # The list names Lin first.
    assert CUSTOM.headline(state) == "Lin 2–1 Lee (15–21 21–10 21–19)"
    assert (CUSTOM.score(state)["winner"], CUSTOM.over(state)) == ("Lin", True)


def test_table_tennis_olympic_final_2021() -> None:
    """The final of Tokyo: Ma 4–2 Fan, game by game; a game at 10 all goes on to two ahead."""
    sets = [(11, 4), (10, 12), (11, 8), (11, 9), (3, 11), (11, 7)]
    said = in_sets(sets, ("Ma", "Fan"))
    state = played("table-tennis.toml", f"serve Ma\n{said}")
    assert CUSTOM.headline(state) == "Ma 4–2 Fan (11–4 10–12 11–8 11–9 3–11 11–7)"
    assert CUSTOM.over(state)


def test_cricket_world_cup_final_2011() -> None:
    """The final of 2011: Sri Lanka 274/6 in 50 overs, India 277/4 in 48.2."""
    lines = []
    for side, runs, wickets, balls in (("Lanka", 274, 6, 300), ("India", 277, 4, 290)):
        lines.append("period_start")
        lines += [f"wicket {side}"] * wickets
        hits, rest = divmod(runs, 4)
        lines += [f"runs {side} runs=4"] * hits + [f"runs {side} runs={rest}"]
        lines += [f"runs {side} runs=0"] * (balls - wickets - hits - 1)
        lines.append("period_end")
    state = played("cricket.toml", "\n".join([*lines, "final"]))
    assert CUSTOM.headline(state) == "Lanka 274/6 (50.0)–277/4 (48.2) India"
    assert CUSTOM.score(state)["winner"] == "India"
    assert CUSTOM.score(state)["in_full"] == {"Lanka": "274/6 (50.0)", "India": "277/4 (48.2)"}


def test_quiz_final_2011() -> None:
    """The final of University Challenge of 2011: Magdalen 290–85 York."""
    said = scored([(290, 85)], ("Magdalen", "York"), {10: "starter", 5: "bonus"})
    said = said.replace("period_start", "").replace("period_end", "")
    state = played("quiz-bowl.toml", f"{said}\ninterrupted York\nbonus York\ngong")
    assert CUSTOM.headline(state) == "Magdalen 290–85 York"
    assert CUSTOM.score(state)["winner"] == "Magdalen"


def sets_of(example: str, said: str) -> State:
    """Return the state after points of A and B by an example."""
    definition = read((EXAMPLES / example).read_text("utf-8"))
    state = CUSTOM.start(["A", "B"], {"definition": definition})
    for side in said:
        title = "serve" if side.islower() else "point"
        state = CUSTOM.apply(state, Action(title, side.upper()))
    return state


def test_a_cap_ends_a_game() -> None:
    """At 29 all the next point wins (badminton, law 7.5), at 20 all only two ahead do."""
    state = sets_of("badminton.toml", "AB" * 20 + "A")
    assert CUSTOM.headline(state) == "A 0–0 B (21–20)"
    state = sets_of("badminton.toml", "AB" * 29)
    assert CUSTOM.headline(state) == "A 0–0 B (29–29)"
    assert CUSTOM.headline(sets_of("badminton.toml", "AB" * 29 + "B")) == "A 0–1 B (29–30)"


def test_who_wins_a_rally_serves() -> None:
    """In badminton and squash service goes with the point, over the end of a game too."""
    for example in ("badminton.toml", "squash.toml"):
        assert CUSTOM.score(sets_of(example, ""))["server"] == ""
        assert CUSTOM.score(sets_of(example, "a"))["server"] == "A"
        assert CUSTOM.score(sets_of(example, "aB"))["server"] == "B"
        assert CUSTOM.score(sets_of(example, "a" + "B" * 21))["server"] == "B"


@pytest.mark.parametrize(
    ("said", "server"),
    [
        *(("a", "A"), ("aA", "A"), ("aAA", "B"), ("aABB", "B"), ("aABBA", "A")),
        *(("a" + "AB" * 10, "A"), ("a" + "AB" * 10 + "A", "B"), ("a" + "AB" * 11, "A")),
        *(
            ("a" + "A" * 11, "B"),
            ("a" + "A" * 22, "A"),
            ("AAb", "B"),
            ("AAAb", "B"),
            ("AAAbA", "A"),
        ),
    ],
)
def test_service_by_turns(said: str, server: str) -> None:
    """Table tennis: two each, one each from 10 all, and who received first in a game serves first
    in the next (law 2.13); who serves can be told at any point."""
    assert CUSTOM.score(sets_of("table-tennis.toml", said))["server"] == server


def test_who_retires_loses() -> None:
    """Whoever leads, the match is the other's; the score stays as it stood."""
    state = sets_of("badminton.toml", "A" * 25)
    state = CUSTOM.apply(state, Action("retire", "A", details={"reason": "ankle"}))
    assert CUSTOM.headline(state) == "A 1–0 B (21–0 4–0)"
    assert (CUSTOM.score(state)["winner"], CUSTOM.over(state)) == ("B", True)


TIEBREAK = """
win_at = 2
[sets]
win_at = 6
win_by = 2
cap = 7
last_at = 10
[[actions]]
title = "point"
points = 1
"""


@pytest.mark.parametrize(
    ("said", "headline"),
    [
        ("AB" * 5 + "A", "A 0–0 B (6–5)"),
        ("AB" * 5 + "AA", "A 1–0 B (7–5)"),
        ("AB" * 6 + "A", "A 1–0 B (7–6)"),
        ("A" * 6 + "B" * 6 + "A" * 7, "A 1–1 B (6–0 0–6 7–0)"),
        ("A" * 6 + "B" * 6 + "AB" * 9 + "A", "A 1–1 B (6–0 0–6 10–9)"),
        ("A" * 6 + "B" * 6 + "AB" * 9 + "AA", "A 2–1 B (6–0 0–6 11–9)"),
    ],
)
def test_tie_breaks(said: str, headline: str) -> None:
    """A tie-break is the game that a cap allows; a match tie-break is a last set of its own."""
    state = CUSTOM.start(["A", "B"], {"definition": read(TIEBREAK)})
    for side in said:
        state = CUSTOM.apply(state, Action("point", side))
    assert CUSTOM.headline(state) == headline


STOPPED = """
[[periods]]
text = "1st quarter"
minutes = 10
clock = "down"
[[periods]]
text = "2nd quarter"
minutes = 10
clock = "up"
[[actions]]
title = "go"
period = "begins"
needs_origin = false
[[actions]]
title = "halt"
period = "ends"
needs_origin = false
[[actions]]
title = "whistle"
clock = "stops"
needs_origin = false
[[actions]]
title = "on"
clock = "starts"
needs_origin = false
[[actions]]
title = "foul"
counts = ["fouls", "all"]
[[counters]]
name = "fouls"
anew = true
[[counters]]
name = "all"
"""


def test_a_clock_that_counts_down_and_stops() -> None:
    """What is left stands while the clock is stopped, and goes on; it never falls below nothing."""
    state = after(start(STOPPED), "0 go", "1 whistle")
    assert CUSTOM.clock(state, 5 * MINUTE) == "1st quarter 9:00"
    state = after(state, "5 on", "6 on")
    assert CUSTOM.clock(state, 6 * MINUTE + 30 * MINUTE // 60) == "1st quarter 7:30"
    assert CUSTOM.clock(state, 60 * MINUTE) == "1st quarter 0:00"


def test_a_clock_that_counts_up_and_stops() -> None:
    """The minute goes on from the period before and leaves out what was stopped, also where it is
    stated that play is interrupted."""
    state = after(start(STOPPED), "0 go", "10 halt", "20 go")
    state = CUSTOM.stated(state, Action("state", "", 21 * MINUTE, {"play": "interrupted"}))
    assert CUSTOM.clock(state, 50 * MINUTE) == "2nd quarter 12'"
    state = CUSTOM.stated(state, Action("state", "", 41 * MINUTE, {"play": "resumed"}))
    assert CUSTOM.clock(state, 42 * MINUTE) == "2nd quarter 13'"


def test_an_action_of_play_starts_a_clock_that_an_interruption_stopped() -> None:
    """The clock goes on, as it is told; a clock that an action stopped waits for its own action."""
    goals = STOPPED + '[[actions]]\ntitle = "goal"\npoints = 1\n'
    interrupted = Action("state", "", 2 * MINUTE, {"play": "interrupted"})
    state = CUSTOM.stated(after(start(goals), "0 go"), interrupted)
    state = after(state, "22 goal A")
    assert CUSTOM.clock(state, 23 * MINUTE) == "1st quarter 7:00"
    state = CUSTOM.stated(after(start(goals), "0 go", "1 whistle"), interrupted)
    state = after(state, "22 goal A")
    assert CUSTOM.clock(state, 23 * MINUTE) == "1st quarter 9:00"


def test_a_clock_that_does_not_stop_runs_through_an_interruption() -> None:
    """A definition of before, whose periods name no clock, has the clock that it had."""
    state = after(start(), "0 go")
    state = CUSTOM.stated(state, Action("state", "", MINUTE, {"play": "interrupted"}))
    assert CUSTOM.clock(state, 5 * MINUTE) == "1st half 6'"


def test_counters() -> None:
    """What is counted stands in the score, one that begins anew at 0 in each period."""
    state = after(start(STOPPED), "0 go", "1 foul A", "2 foul A", "3 foul B")
    said = CUSTOM.phrase(state, Action("foul", "A"))
    assert said == "Foul: A, fouls 2, all 2"
    assert CUSTOM.score(state)["counts"] == {"fouls": {"A": 2, "B": 1}, "all": {"A": 2, "B": 1}}
    state = after(state, "10 halt", "20 go")
    assert CUSTOM.score(state)["counts"] == {"fouls": {"A": 0, "B": 0}, "all": {"A": 2, "B": 1}}


def test_a_goal_frees_who_is_shorter() -> None:
    """A minor ends with a goal of a side that is less short; one against five each does not, nor
    does a goal of the side itself (IIHF, minor penalty)."""
    definition = read((EXAMPLES / "ice-hockey.toml").read_text("utf-8"))
    state = after(
        CUSTOM.start(["A", "B"], {"definition": definition}), "0 period_start", "1 minor A"
    )
    assert CUSTOM.clock(after(state, "1.5 goal A"), 2 * MINUTE) == "1st period · A one short"
    assert CUSTOM.clock(after(state, "1.5 goal B"), 2 * MINUTE) == "1st period"
    both = after(state, "1.2 minor B", "1.5 goal B")
    assert CUSTOM.clock(both, 2 * MINUTE) == "1st period · A one short · B one short"
    major = after(state, "1.2 major A", "1.5 goal B", "1.6 goal B")
    assert CUSTOM.clock(major, 3 * MINUTE) == "1st period · A one short"


def test_mercy() -> None:
    """A lead ends the event once so many periods are over, not before."""
    text = "mercy = 3\nmercy_periods = 1\n" + FORM
    state = after(start(text), "0 go", *["1 goal A"] * 4)
    assert not CUSTOM.over(state)
    assert CUSTOM.score(after(state, "30 stop"))["winner"] == "A"
    state = after(start(text), "0 go", "1 goal A", "30 stop", "40 go", "41 goal A")
    assert not CUSTOM.over(state)
    assert CUSTOM.over(after(state, "42 goal A"))


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


def darts(*visits: tuple[str, int]) -> State:
    """Return the state after visits, each of one side with what it scored."""
    state = CUSTOM.start(
        ["A", "B"], {"definition": read((EXAMPLES / "darts.toml").read_text("utf-8"))}
    )
    state = CUSTOM.apply(state, Action("throws", "A"))
    for side, scored in visits:
        state = CUSTOM.apply(state, Action("visit", side, details={"scored": scored}))
    return state


def won_legs(sides: str) -> list[tuple[str, int]]:
    return [(side, scored) for side in sides for scored in (180, 180, 141)]


def test_legs_win_a_set_and_sets_the_match() -> None:
    """Darts: 501 win a leg, three legs a set, three sets the match; points begin anew in each leg,
    legs in each set, and what a leg brought the other side is gone."""
    state = darts(("B", 60), *won_legs("A"))
    assert CUSTOM.headline(state) == "A 0–0 B (1–0)"
    assert CUSTOM.clock(state, 0) == "Set 1, Leg 2"
    state = darts(*won_legs("ABAA"), ("A", 100))
    assert CUSTOM.headline(state) == "A 1–0 B (3–1 0–0, 100–0)"
    score = CUSTOM.score(state)
    assert (score["sets"], score["previous"]) == ({"A": 1, "B": 0}, [[3, 1]])
    assert (score["legs"], score["points"]) == ({"A": 0, "B": 0}, {"A": 100, "B": 0})
    state = darts(*won_legs("AAABBBAAA"), *won_legs("BBAAA"))
    assert CUSTOM.headline(state) == "A 3–1 B (3–0 0–3 3–0 3–2)"
    assert CUSTOM.over(state)
    assert CUSTOM.score(state)["winner"] == "A"


def test_who_throws_first_takes_turns_by_legs() -> None:
    """Who began a leg does not begin the next; who did not begin a set begins the next."""
    assert darts(("A", 60), ("B", 60)).server == "A"
    assert darts(*won_legs("A")).server == "B"
    assert darts(*won_legs("AB")).server == "A"
    assert darts(*won_legs("AAA")).server == "B"


def test_a_deciding_leg_may_be_of_another_length() -> None:
    """A tie-break at six all is a leg of its own length, and ends the set with any lead."""
    definition: dict[str, object] = {
        "win_at": 1,
        "sets": {
            "win_at": 6,
            "win_by": 2,
            "cap": 7,
            "legs": {"win_at": 4, "win_by": 2, "last_at": 7},
        },
        "actions": [{"title": "point", "points": 1}],
    }
    state = CUSTOM.start(["A", "B"], {"definition": definition})
    for side in "AAAABBBB" * 6 + "A" * 6:
        state = CUSTOM.apply(state, Action("point", side))
    assert CUSTOM.headline(state) == "A 0–0 B (6–6, 6–0)"
    state = CUSTOM.apply(state, Action("point", "A"))
    assert CUSTOM.headline(state) == "A 1–0 B (7–6)"


def test_a_score_has_a_largest_size() -> None:
    """An event whose score would outgrow its frame is refused before it begins; points end at a
    number that every reader has exactly."""
    wide: dict[str, object] = {
        "counters": [{"name": f"counter {number}"} for number in range(12)],
        "actions": [{"title": "point", "points": 1}],
    }
    names = [f"{number:03} {'x' * 100}" for number in range(100)]
    with pytest.raises(SettingError, match=r"a score of up to 1\d\d,\d{3} bytes, at most 32,768"):
        CUSTOM.start(names, {"definition": wide})
    CUSTOM.start(names[:10], {"definition": wide})
    many = {"actions": [{"title": "many", "points": MOST_POINTS}]}
    state = CUSTOM.start(["A", "B"], {"definition": many})
    state = CUSTOM.adopt(state, {"points": {"A": MOST_IN_ALL - MOST_POINTS, "B": 0}})
    state = CUSTOM.apply(state, Action("many", "A"))
    assert CUSTOM.illegal(state, Action("many", "A")) == (
        "many leads to more than 1,000,000,000,000,000 points"
    )


def test_what_counts_says_the_score() -> None:
    """The points of the set, after its last those that it ended with, and its name after the last
    of the match; in legs the legs once one is over."""
    point = Action("point", "A", 0, {"how": "net"})
    state = sets_of("badminton.toml", "A" * 20)
    assert CUSTOM.phrase(state, point) == "Point: A (net), 20–0"
    state = sets_of("badminton.toml", "A" * 21)
    assert (CUSTOM.phrase(state, point), CUSTOM.clock(state, 0)) == (
        "Point: A (net), 21–0",
        "Game 2",
    )
    state = sets_of("badminton.toml", "A" * 42)
    assert (CUSTOM.over(state), CUSTOM.clock(state, 0)) == (True, "Game 2")
    retired = CUSTOM.apply(sets_of("badminton.toml", "A" * 25), Action("retire", "B"))
    assert CUSTOM.clock(retired, 0) == "Game 2"
    definition = read((EXAMPLES / "darts.toml").read_text("utf-8"))
    state = CUSTOM.start(["A", "B"], {"definition": definition})
    said = []
    for scored in (180, 180, 141, 60):
        visit = Action("visit", "A", 0, {"scored": scored})
        state = CUSTOM.apply(state, visit)
        said.append(CUSTOM.phrase(state, visit).split(", ")[-1])
    assert said == ["180–0", "360–0", "1–0", "60–0"]
