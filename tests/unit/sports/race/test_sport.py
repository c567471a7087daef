"""A race: starts, splits, finishes, drop-outs, and the leaderboard they make."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec
import pytest

from touchline.protocol import limits
from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, State
from touchline.sports.race import RACE
from touchline.sports.race.sport import LEADERBOARD_ROWS
from touchline.sports.race.state import LeaderboardRow, leaderboard

SECOND = 1_000_000
NOON = 1_700_000_000 * SECOND
RUNNERS = ["Ada", "Bo", "Cy", "Di"]


def at(seconds: float, title: str, runner: str = "", **details: str) -> Action:
    return Action(title, runner, NOON + round(seconds * SECOND), details)


def run(*actions: Action, rules: Mapping[str, object] | None = None) -> State:
    state = RACE.start(RUNNERS, rules)
    for action in actions:
        state = RACE.apply(state, action)
    return state


def rows(state: State) -> list[tuple[int | None, str, float | None, str]]:
    return [
        (row.place, row.runner, None if row.time is None else row.time / SECOND, row.status)
        for row in leaderboard(state)
    ]


START = at(0, "start")


def test_mass_start_and_times_from_reports() -> None:
    """Without a stated time it is the time between the reported start and finish, rounded up."""
    state = run(START, at(61.23, "finish", "Bo"), at(60.5, "finish", "Ada"))
    assert rows(state) == [
        (1, "Ada", 60.5, "finished"),
        (2, "Bo", 61.3, "finished"),
        (None, "Cy", None, "running"),
        (None, "Di", None, "running"),
    ]


def test_starting_one_by_one() -> None:
    """Each runner's time counts from the own start; who comes in later can be faster."""
    state = run(
        at(0, "start", "Ada"),
        at(60, "start", "Bo"),
        at(100, "finish", "Ada"),
        at(150, "finish", "Bo"),
        at(160, "start"),
    )
    assert [row[:3] for row in rows(state)[:2]] == [(1, "Bo", 90.0), (2, "Ada", 100.0)]
    assert [row[3] for row in rows(state)] == ["finished", "finished", "running", "running"]


def test_stated_time_wins() -> None:
    """A stated time is kept exactly as it is, whenever the finish was reported."""
    state = run(START, at(12, "finish", "Ada", time="9.581"), at(11, "finish", "Bo"))
    assert rows(state)[:2] == [(1, "Ada", 9.581, "finished"), (2, "Bo", 11.0, "finished")]


def test_ties_share_a_place() -> None:
    """Equal times share a place, and the next place is left free."""
    state = run(
        START,
        at(50.04, "finish", "Cy"),
        at(50.1, "finish", "Ada"),
        at(49, "finish", "Di"),
        at(51, "finish", "Bo"),
    )
    assert [row[:2] for row in rows(state)] == [(1, "Di"), (2, "Ada"), (2, "Cy"), (4, "Bo")]


@pytest.mark.parametrize(("precision", "time"), [(1.0, 51), (0.1, 50.1), (0.01, 50.04), (1, 51)])
def test_precision(precision: float, time: float) -> None:
    """Times from reports are rounded up to the unit that the rules set."""
    state = run(START, at(50.04, "finish", "Ada"), rules={"precision": precision})
    assert rows(state)[0][2] == time


def test_running_order() -> None:
    """Runners on the way are ordered by how far they got, then by the time they took to there."""
    state = run(
        START,
        at(10, "split", "Cy", at="1 km"),
        at(11, "split", "Bo", at="1 km"),
        at(20, "split", "Bo", at="2 km"),
        at(21, "split", "Di", at="1 km", time="9.9"),
        at(30, "drop_out", "Ada", reason="cramp"),
    )
    assert [row[1] for row in rows(state)] == ["Bo", "Di", "Cy", "Ada"]
    assert rows(state)[-1] == (None, "Ada", None, "dropped out")


@pytest.mark.parametrize(
    ("before", "action", "sentence"),
    [
        (
            [START, at(9, "finish", "Ada")],
            at(10, "start"),
            "all runners have started, and some are in",
        ),
        ([START, at(9, "finish", "Ada")], at(10, "finish", "Ada"), "Ada has already finished"),
        ([START, at(9, "finish", "Ada")], at(10, "drop_out", "Ada"), "Ada has already finished"),
        ([at(0, "drop_out", "Ada")], at(1, "start", "Ada"), "Ada has already dropped out"),
        ([at(9, "drop_out", "Ada"), START], at(99, "finish", "Ada"), "Ada has already dropped out"),
        ([START, at(9, "drop_out", "Ada")], at(10, "start", "Ada"), "Ada has already dropped out"),
        ([], at(1, "run_again"), "none of them has started"),
        ([], at(1, "run_again", "Ada"), "Ada has not started"),
        ([START, at(9, "disqualify", "Bo")], at(9, "run_again", "Bo"), "Bo has been disqualified"),
        ([], at(1, "start", heat="1"), "no heat '1'; there are none"),
        ([START], at(-2, "finish", "Ada"), "Ada started 2 seconds after this finish"),
        ([START], at(0, "finish", "Ada"), "Ada started 0 seconds after this finish"),
        (
            [START, at(9, "split", "Ada", at="1 km")],
            at(10, "split", "Ada", at="1 km"),
            "Ada has already passed 1 km",
        ),
        (
            [START],
            at(9, "finish", "Ada", time="soon"),
            "'soon' is not a time such as 9.58, 12:34.5 or 2:03:15",
        ),
        ([START], at(9, "split", "Ada"), "split needs at: the point passed, such as 10 km"),
        ([START], at(9, "finish"), "no origin ''; there are Ada, Bo, Cy, Di"),
        ([START], at(9, "finish", "Eve"), "no origin 'Eve'; there are Ada, Bo, Cy, Di"),
        (
            [START],
            at(9, "goal"),
            "no action 'goal'; there are start, {}".format(
                "split, lap, finish, drop_out, time_penalty, run_again, disqualify"
            ),
        ),
        ([START], at(9, "lap", "Bo"), "this race has no laps"),
        (
            [START],
            Action("time_penalty", "Bo", NOON, {"seconds": 0}),
            "seconds is 0, not up to 86,400",
        ),
    ],
)
def test_refusals(before: list[Action], action: Action, sentence: str) -> None:
    """What can't happen is refused with the reason and changes nothing."""
    state = run(*before)
    assert RACE.illegal(state, action) == sentence
    with pytest.raises(IllegalAction) as refused:
        RACE.apply(state, action)
    assert refused.value.sentence == sentence


def test_every_order_of_a_runners_actions() -> None:
    """Of all orders of start, finish and drop-out only those are legal that a race can have, where
    a start may go unreported and may have been a false one."""
    actions = [at(0, "start", "Ada"), at(1, "finish", "Ada"), at(2, "drop_out", "Ada")]
    legal = set()
    for length in (1, 2, 3):
        for order in itertools.product(actions, repeat=length):
            try:
                run(*order)
            except IllegalAction:
                continue
            legal.add(" ".join(action.title for action in order))
    ends = {"finish", "drop_out"}
    starts = {" ".join(["start"] * times) for times in (1, 2, 3)}
    assert legal == ends | starts | {
        f"{start} {end}" for start in ("start", "start start") for end in ends
    } | {"start drop_out finish"}


def test_a_second_start_follows_a_false_one() -> None:
    """Times, and the clock, count from the last start; who dropped out stays out."""
    false = [START, at(2, "split", "Bo", at="hurdle 1"), at(3, "drop_out", "Di"), at(180, "start")]
    state = run(*false, at(238.2, "finish", "Ada"), at(239, "finish", "Bo"))
    assert rows(state)[:2] == [(1, "Ada", 58.2, "finished"), (2, "Bo", 59.0, "finished")]
    assert rows(state)[-1] == (None, "Di", None, "dropped out")
    assert state.runs["Bo"].passed == ()
    assert RACE.clock(state, NOON + 200 * SECOND) == "0:00:20"


def test_a_runner_may_start_once_more() -> None:
    """One by one as well, a second start follows a false one; the others are left alone."""
    state = run(at(0, "start", "Ada"), at(60, "start", "Bo"), at(90, "start", "Bo"))
    state = RACE.apply(RACE.apply(state, at(100, "finish", "Ada")), at(190, "finish", "Bo"))
    assert rows(state)[:2] == [(1, "Ada", 100.0, "finished"), (1, "Bo", 100.0, "finished")]


def test_a_start_that_nobody_reported() -> None:
    """Who passes a point or comes in has started; without a stated time the time is not known,
    and such a runner stands behind those whose time is."""
    state = run(at(9, "split", "Cy", at="1 km"), at(60, "finish", "Ada"))
    state = RACE.apply(state, at(70, "finish", "Bo", time="1:09"))
    assert rows(state) == [
        (1, "Bo", 69.0, "finished"),
        (None, "Ada", None, "finished"),
        (None, "Cy", None, "running"),
        (None, "Di", None, "waiting"),
    ]
    assert RACE.phrase(state, at(60, "finish", "Ada")) == "Ada finishes"
    assert RACE.phrase(state, at(9, "split", "Cy", at="1 km")) == "Cy passes 1 km"
    known = run(START, at(60, "finish", "Ada"))
    assert rows(known)[0] == (1, "Ada", 60.0, "finished")


def test_over() -> None:
    """A race is over when everyone has finished or dropped out, not before."""
    state = run(START, *(at(60, "finish", runner) for runner in RUNNERS[:3]))
    assert not RACE.over(state)
    assert RACE.over(RACE.apply(state, at(61, "finish", "Di")))
    assert RACE.over(RACE.apply(state, at(61, "drop_out", "Di")))


def test_disqualified() -> None:
    """A runner that is disqualified has no place, and those behind move up; so long after the race
    as it may be, once."""
    state = run(START, *(at(60 + place, "finish", who) for place, who in enumerate(RUNNERS)))
    first = RUNNERS[0]
    late = at(3_600, "disqualify", first, reason="short cut")
    assert RACE.illegal(state, late) is None
    after = RACE.apply(state, late)
    assert RACE.over(after)
    assert RACE.headline(after).startswith(f"1. {RUNNERS[1]}")
    assert RACE.score(after)["disqualified"] == 1
    assert RACE.phrase(after, late) == f"{first} is disqualified (short cut)"
    assert RACE.illegal(after, late) == f"{first} has been disqualified already"
    running = RACE.apply(run(START), at(5, "disqualify", first))
    assert RACE.illegal(running, at(60, "finish", first)) == (
        f"{first} has already been disqualified"
    )
    assert running.under_way == len(RUNNERS) - 1


def test_headlines() -> None:
    """The headline names the leaders, or how many run, and how many are in."""
    assert RACE.headline(run()) == "4 not started"
    assert RACE.headline(run(START, at(1, "drop_out", "Bo"))) == "3 of 4 running"
    state = run(START, at(3661, "finish", "Bo"), at(3700.5, "finish", "Ada"))
    assert RACE.headline(state) == "1. Bo 1:01:01 · 2. Ada 1:01:40.5 (2 of 4 in)"


def test_phrases() -> None:
    """Each action has its sentence, also one that the state no longer holds."""
    state = run(
        START, at(59, "split", "Ada", at="1 km"), at(60, "finish", "Bo"), at(75, "finish", "Ada")
    )

    def said(action: Action, after: State = state) -> str:
        return RACE.phrase(after, action)

    assert said(START) == "The race starts"
    assert said(at(0, "start", "Ada")) == "Ada starts"
    assert said(at(59, "split", "Ada", at="1 km")) == "Ada passes 1 km in 59"
    assert said(at(75, "finish", "Ada")) == "Ada finishes in 1:15, place 2 so far"
    assert said(at(75, "drop_out", "Di", reason="cramp")) == "Di drops out (cramp)"
    assert said(at(59, "split", "Ada", at="1 km"), run(START)) == "Ada passes 1 km"
    assert said(at(75, "finish", "Ada"), run(START)) == "Ada finishes"


def test_clock() -> None:
    """The clock runs from the first start until the last runner is in."""
    assert RACE.clock(run(), NOON) == ""
    state = run(at(10, "start", "Ada"), at(70, "start"))
    assert RACE.clock(state, NOON + 3_800 * SECOND) == "1:03:10"
    for runner in RUNNERS:
        state = RACE.apply(state, at(100, "finish", runner))
    assert RACE.clock(state, NOON + 3_800 * SECOND) == "0:01:30"


def test_score_is_plain_and_small() -> None:
    """Of a thousand runners the score has the head of the board and the counts, within a frame."""
    runners = [f"Runner {number:04} {'x' * 100}" for number in range(limits.ORIGINS)]
    state = RACE.start(runners)
    state = RACE.apply(state, START)
    state = RACE.apply(state, at(99, "finish", runners[700]))
    state = RACE.apply(state, at(99, "drop_out", runners[3]))
    score = RACE.score(state)
    board = score["leaderboard"]
    assert isinstance(board, list)
    assert len(board) == LEADERBOARD_ROWS
    assert board[0] == {"place": 1, "runner": runners[700], "time": 99.0, "status": "finished"}
    counts = ("runners", "waiting", "running", "finished", "dropped_out")
    assert [score[key] for key in counts] == [1_000, 0, 998, 1, 1]
    assert len(msgspec.json.encode(score)) < limits.FRAME_BYTES // 4
    assert leaderboard(state)[-1] == LeaderboardRow(None, runners[3], None, "dropped out")


@pytest.mark.parametrize(
    ("runners", "rules", "words"),
    [
        ([], {}, "at least one runner"),
        (["Ada", ""], {}, "each with a name"),
        (["Ada", "Bo", "Ada"], {}, "'Ada' is named twice"),
        (["Ada"], {"precision": 0.5}, r"precision is 0\.5, not one of 1\.0, 0\.1"),
        (["Ada"], {"precision": True}, "precision is True"),
        (["Ada"], {"lap": 3}, "no rule 'lap'; there are precision, laps"),
        (["Ada"], {"laps": -1}, "laps is -1, not 0 to 10,000"),
        (["Ada"], {"heats": []}, "heats is \\[\\], which is no dict"),
        (["Ada"], {"heats": {"": ["Ada"]}}, "heats: '' is not 1 to"),
        (["Ada"], {"heats": {"1": []}}, "heats: 1 is no list of runners"),
        (["Ada"], {"heats": {"1": ["Bo"]}}, "heats: 1 has Bo, no runner"),
        (["Ada"], {"heats": {"1": [["Bo"]]}}, r"heats: 1 has \['Bo'\], no runner"),
        (["Ada"], {"heats": {"1": ["Ada", "Ada"]}}, "heats: Ada stands twice"),
        (["Ada", "Bo"], {"heats": {"1": ["Ada"]}}, "heats: Bo is in none"),
        (["Ada"], {"heats": {str(n): ["Ada"] for n in range(101)}}, "101 heats, at most"),
    ],
)
def test_settings_that_cannot_be(runners: list[str], rules: dict[str, object], words: str) -> None:
    """A race that can't be run is refused with the reason."""
    with pytest.raises(SettingError, match=words):
        RACE.start(runners, rules)


def test_laps_and_who_is_lapped() -> None:
    """On the way those with more laps are in front, then the quicker; each is so far behind who was
    first at its last point."""
    laps = {"laps": 2}
    said = [at(60, "lap", "Bo"), at(62, "lap", "Ada"), at(119, "lap", "Bo"), at(121.5, "lap", "Cy")]
    state = run(START, *said, rules=laps)
    found = RACE.score(state)["leaderboard"]
    assert [(row["runner"], row.get("at"), row.get("gap")) for row in found] == [  # type: ignore[attr-defined]  # a list of dicts
        ("Bo", "lap 2", 0),
        ("Ada", "lap 1", 2),
        ("Cy", "lap 1", 61.5),
        ("Di", None, None),
    ]
    assert RACE.phrase(state, said[3]) == "Cy completes lap 1 in 2:01.5, +1:01.5 behind Bo"
    assert RACE.illegal(state, at(180, "lap", "Bo")) == "Bo has completed 2 laps, of 2"
    assert "lap" in {kind.title for kind in RACE.kinds(laps)}
    assert "lap" not in {kind.title for kind in RACE.kinds()}


def test_gaps_at_a_split() -> None:
    """The gap is to the shortest time taken to that point, whoever came there first."""
    state = run(
        at(0, "start", "Ada"),
        at(60, "start", "Bo"),
        at(600, "split", "Ada", at="5 km"),
        at(650, "split", "Bo", at="5 km"),
    )
    assert RACE.phrase(state, at(650, "split", "Bo", at="5 km")) == "Bo passes 5 km in 9:50"
    slower = at(600, "split", "Ada", at="5 km")
    assert RACE.phrase(state, slower) == "Ada passes 5 km in 10:00, +10 behind Bo"
    again = RACE.apply(RACE.apply(state, at(700, "start")), at(701, "start"))
    assert not again.first


def test_a_time_penalty_counts_before_and_after_the_finish() -> None:
    """It is added to the time, and places go by the sum; equal ones are shared."""
    added = Action("time_penalty", "Ada", NOON + 90 * SECOND, {"seconds": 5, "reason": "a gate"})
    state = run(START, at(60, "finish", "Ada"), at(65, "finish", "Bo"), at(66, "finish", "Cy"))
    late = RACE.apply(state, added)
    assert rows(late)[:3] == [
        (1, "Ada", 65, "finished"),
        (1, "Bo", 65, "finished"),
        (3, "Cy", 66, "finished"),
    ]
    assert RACE.phrase(late, added) == "Ada gets 5 seconds added (a gate)"
    early = run(START, added, at(60, "finish", "Ada"))
    assert rows(early)[0] == (1, "Ada", 65, "finished")


HEATS = {"heats": {"1": ["Ada", "Bo"], "Final": ["Cy", "Di"]}}


def test_who_was_told_to_have_dropped_out_goes_on() -> None:
    """A runner who is seen at a point a minute later, or comes in, did not drop out; what was seen
    about then is kept and says nothing of it."""
    told = [START, at(600, "drop_out", "Ada", reason="cramp")]
    near = at(630, "split", "Ada", at="1 km")
    state = run(*told, near)
    assert rows(state)[-1] == (None, "Ada", None, "dropped out")
    later = at(660, "split", "Ada", at="2 km")
    state = run(*told, near, later)
    assert rows(state)[0] == (None, "Ada", None, "running")
    assert RACE.phrase(state, later) == "Ada, not out after all, passes 2 km in 11:00"
    assert RACE.phrase(state, near) == "Ada passes 1 km in 10:30"
    finish = at(640, "finish", "Ada")
    state = run(*told, finish)
    assert rows(state)[0] == (1, "Ada", 640.0, "finished")
    assert RACE.phrase(state, finish) == "Ada, not out after all, finishes in 10:40, place 1 so far"
    others = [at(650, "drop_out", runner) for runner in RUNNERS[1:]]
    state = run(*told, *others)
    assert RACE.over(state)
    assert not RACE.over(RACE.apply(state, at(720, "split", "Bo", at="2 km")))
    assert RACE.over(RACE.apply(state, at(720, "finish", "Bo")))
    assert RACE.gap(state, RACE.apply(state, at(720, "finish", "Bo")), {"dropped_out": 3}) is None


def test_heats() -> None:
    """Heats start one after the other, each by its clock; all runners are in one standing."""
    state = run(at(0, "start"), at(50, "finish", "Ada"), at(51, "finish", "Bo"), rules=HEATS)
    assert [row[3] for row in rows(state)] == ["finished", "finished", "waiting", "waiting"]
    assert RACE.illegal(state, at(60, "start", heat="1")) == (
        "all runners of 1 have started, and some are in"
    )
    second = at(300, "start")
    state = RACE.apply(state, second)
    assert RACE.phrase(state, second) == "Final starts"
    assert RACE.phrase(state, at(0, "start", heat="1")) == "Heat 1 starts"
    assert RACE.clock(state, NOON + 310 * SECOND) == "0:00:10"
    state = RACE.apply(state, at(349, "finish", "Di"))
    assert RACE.headline(state) == "1. Di 49 · 2. Ada 50 · 3. Bo 51 (3 of 4 in)"
    (heat,) = RACE.kinds(HEATS)[0].details
    assert (heat.name, heat.choices) == ("heat", ("1", "Final"))
    assert not RACE.kinds()[0].details


def test_a_heat_is_run_again() -> None:
    """What its runners ran does not count, penalties among it; those of the other heats keep their
    times, and who was disqualified does not run."""
    state = run(
        at(0, "start"),
        at(50, "finish", "Ada"),
        at(51, "disqualify", "Bo"),
        at(300, "start", heat="Final"),
        at(310, "split", "Cy", at="100 m"),
        at(349, "finish", "Di"),
        Action("time_penalty", "Di", NOON + 350 * SECOND, {"seconds": 5}),
        at(355, "drop_out", "Cy"),
        rules=HEATS,
    )
    assert RACE.over(state)
    again = at(400, "run_again", reason="obstruction")
    state = RACE.apply(state, again)
    assert RACE.phrase(state, again) == "Final is run again (obstruction)"
    assert [row[3] for row in rows(state)] == ["finished", "waiting", "waiting", "disqualified"]
    assert not RACE.over(state)
    assert "100 m" not in state.first
    state = RACE.apply(RACE.apply(state, at(900, "start")), at(940, "finish", "Di"))
    assert rows(state)[0] == (1, "Di", 40.0, "finished")
    first = RACE.apply(state, at(990, "run_again", heat="1"))
    assert [row[1:] for row in rows(first)][-2:] == [
        ("Ada", None, "waiting"),
        ("Bo", None, "disqualified"),
    ]


def test_all_or_one_run_again() -> None:
    """Without heats the whole race is run again, from its start; or one runner alone."""
    state = run(START, at(50, "finish", "Ada"), at(51, "finish", "Bo"), at(52, "drop_out", "Cy"))
    one = RACE.apply(state, at(60, "run_again", "Bo"))
    assert [row[3] for row in rows(one)] == ["finished", "running", "waiting", "dropped out"]
    assert RACE.phrase(one, at(60, "run_again", "Bo")) == "Bo runs again"
    again = RACE.apply(state, at(60, "run_again"))
    assert RACE.headline(again) == "4 not started"
    assert RACE.clock(again, NOON + 70 * SECOND) == ""
    assert RACE.phrase(again, at(60, "run_again")) == "The race is run again"
    state = RACE.apply(RACE.apply(again, at(600, "start")), at(640, "finish", "Cy"))
    assert rows(state)[0] == (1, "Cy", 40.0, "finished")
    assert RACE.clock(state, NOON + 641 * SECOND) == "0:00:41"


def test_a_heat_with_a_number_is_called_one() -> None:
    """It starts as heat 1 on the page as well, a heat with a name by that."""
    looks = RACE.presentation(HEATS).looks["start"]
    assert [(look.title[0], look.when and look.when.value) for look in looks[:2]] == [
        ("Start of heat {heat}", "1"),
        ("Start of {heat}", ""),
    ]
    assert RACE.presentation().looks["start"][0].title[0] == "Start of {heat}"


def test_gaps_without_who_is_disqualified() -> None:
    """Who was first at a point and is disqualified leads nobody."""
    state = run(
        START, at(60, "split", "Ada", at="1 km"), at(61, "split", "Bo", at="1 km"),
        at(64, "split", "Cy", at="1 km"), at(70, "disqualify", "Ada"),
    )  # fmt: skip
    gaps = {row.runner: row.gap for row in leaderboard(state)}
    assert (gaps["Bo"], gaps["Cy"]) == (0, 3 * SECOND)
    state = RACE.apply(state, at(75, "split", "Di", at="1 km"))
    assert RACE.phrase(state, at(75, "split", "Di", at="1 km")).endswith("+14 behind Bo")
