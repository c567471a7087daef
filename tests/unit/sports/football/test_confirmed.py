"""A confirmed score of football: read as typed, compared with the reports, put in force."""

from __future__ import annotations

from itertools import pairwise

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action, Score, State
from touchline.sports.football import FOOTBALL

CUP = {"extra_time": True, "shootout": True}
MINUTE = 60_000_000


def play(said: str, rules: dict[str, object] | None = None, state: State = None) -> State:
    """Return the state after words such as `A` (a goal), `a` (one disallowed), `A+` and `A-`
    (kicks), or the period that ends."""
    state = state or FOOTBALL.start(["A", "B"], CUP if rules is None else rules)
    for minute, word in enumerate(said.split()):
        if len(word) > 2:
            action = Action("period_end", "", 200 * MINUTE, {"period": word})
        elif len(word) == 2:
            title = "shootout_scored" if word[1] == "+" else "shootout_missed"
            action = Action(title, word[0], (300 + minute) * MINUTE)
        else:
            title = "goal" if word.isupper() else "goal_disallowed"
            details = {"player": "Ada"} if word == "A" else {}
            action = Action(title, word.upper(), minute * MINUTE, details)
        state = FOOTBALL.apply(state, action)
    return state


def goals(one: object, two: object) -> Score:
    return {"goals": {"A": one, "B": two}}


@pytest.mark.parametrize("typed", ["2-1", "2–1", "2:1", " 2 - 1 ", "02-1"])
def test_read(typed: str) -> None:
    """Two numbers are the goals in the order of the sides."""
    assert FOOTBALL.read_score(play(""), typed) == goals(2, 1)


@pytest.mark.parametrize(
    "typed", ["3-3 (4-2)", "3–3 (4–2 pens)", "3:3, 4:2", "3-3 4-2 p", "3-3(4-2)"]
)
def test_read_a_shootout(typed: str) -> None:
    """Two more are the kicks."""
    assert FOOTBALL.read_score(play(""), typed) == goals(3, 3) | {"shootout": {"A": 4, "B": 2}}


@pytest.mark.parametrize("typed", ["", "2", "two-one", "2-1-0", "2-1 x", "-2-1", "1000-0"])
def test_read_refuses(typed: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(SettingError) as refused:
        FOOTBALL.read_score(play(""), typed)
    assert refused.value.sentence == (
        f"score: {typed!r} can't be read; write the goals, A first, such as 2-1, with a shoot-out"
        " 3-3 (4-2)"
    )


def test_read_refuses_what_the_rules_have_not() -> None:
    """A shoot-out needs the rule; numbers beyond belief are refused."""
    with pytest.raises(SettingError, match="this event has no shoot-out"):
        FOOTBALL.read_score(play("", {}), "3-3 (4-2)")
    with pytest.raises(SettingError, match="goals of A is no whole number from 0 to 199: 200"):
        FOOTBALL.read_score(play(""), "200-0")


def test_what_the_headline_says_can_be_read() -> None:
    """The score as it is shown, without the names, is that score."""
    state = play("A B second_half extra_second A+ B- A+ B+")
    typed = FOOTBALL.headline(state).replace("A ", "").replace(" B", "")
    assert FOOTBALL.gap(state, state, FOOTBALL.read_score(state, typed)) is None


@pytest.mark.parametrize(
    ("before", "after", "typed", "sentence"),
    [
        ("A", "A B", "1-1", None),
        ("A", "A", "1-1", "the reported goals add up to 1–0, the score is 1–1"),
        ("A", "A B", "1-0", "the reported goals add up to 1–1, the score is 1–0"),
        ("A A", "A A", "1-0", "A had 2 and has 1: a goal that was disallowed was not reported"),
        ("A A", "A A a", "1-0", None),
        ("A A", "A A a B", "1-0", "the reported goals add up to 1–1, the score is 1–0"),
    ],
)
def test_gap_of_goals(before: str, after: str, typed: str, sentence: str | None) -> None:
    """Goals add up; fewer than before need one that was reported as disallowed."""
    score = FOOTBALL.read_score(play(""), typed)
    assert FOOTBALL.gap(play(before), play(after), score) == sentence


@pytest.mark.parametrize(
    ("after", "typed", "sentence"),
    [
        ("A+ B+ A+", "0-0 (2-1)", None),
        ("A+ B+", "0-0 (2-1)", "the reported kicks add up to 1–1, the score is 2–1"),
        ("A+ B+", "0-0 (0-1)", "the shoot-out stood at 1–0 and is now 0–1: kicks stay"),
    ],
)
def test_gap_of_kicks(after: str, typed: str, sentence: str | None) -> None:
    """Kicks add up, and none is taken back."""
    played = "second_half extra_second "
    score = FOOTBALL.read_score(play(""), typed)
    assert FOOTBALL.gap(play(played + "A+"), play(played + after), score) == sentence


def test_gap_of_the_period() -> None:
    """A period is compared where it is said, and none comes twice."""
    first, second = play("first_half"), play("first_half second_half")
    assert FOOTBALL.gap(first, second, {"period": "second_half"}) is None
    assert FOOTBALL.gap(first, first, {"period": "second_half"}) == (
        "the reports lead to first half, the score is of second half"
    )
    assert FOOTBALL.gap(second, second, {"period": "first_half"}) == (
        "contact was lost in the second half, the score is of first half"
    )
    with pytest.raises(SettingError, match="period is 'third', not one of first_half"):
        FOOTBALL.gap(first, first, {"period": "third"})


def test_adopt_goals() -> None:
    """Missing goals come without a scorer, those too many go from the latest on, with theirs."""
    state = play("A B A")
    more = FOOTBALL.adopt(state, goals(2, 3))
    assert FOOTBALL.score(more)["goals"] == {"A": 2, "B": 3}
    less = FOOTBALL.adopt(state, goals(1, 0))
    assert FOOTBALL.score(less)["goals"] == {"A": 1, "B": 0}
    assert [len(person.goals) for person in FOOTBALL.players(less)["A"]] == [1]
    again = FOOTBALL.apply(more, Action("goal_disallowed", "B"))
    assert FOOTBALL.score(FOOTBALL.apply(again, Action("goal", "A")))["goals"] == {"A": 3, "B": 2}
    assert FOOTBALL.adopt(state, FOOTBALL.score(state)) is state
    assert FOOTBALL.adopt(state, {}) is state


def test_adopt_decides_whether_the_match_goes_on() -> None:
    """After the second half a lead ends the match where a draw does not, and the reverse."""
    level, led = play("A B second_half"), play("A second_half")
    assert not FOOTBALL.over(level)
    assert FOOTBALL.over(FOOTBALL.adopt(level, goals(2, 1)))
    assert FOOTBALL.over(led)
    assert not FOOTBALL.over(FOOTBALL.adopt(led, goals(1, 1)))
    assert not FOOTBALL.over(FOOTBALL.adopt(play("A first_half"), goals(2, 1)))


@pytest.mark.parametrize("kicks", ["", "A+ B- A+", "B+ A+ B+ A- B+"])
@pytest.mark.parametrize("tally", [(0, 0), (3, 1), (1, 3), (5, 4)])
def test_adopt_kicks(kicks: str, tally: tuple[int, int]) -> None:
    """The shoot-out stands as confirmed and goes on with the other side."""
    state = play("second_half extra_second " + kicks)
    score = goals(0, 0) | {"shootout": dict(zip("AB", tally, strict=True))}
    adopted = FOOTBALL.adopt(state, score)
    assert FOOTBALL.score(adopted) == score | {"period": "shootout"}
    sides = [kick.side for kick in adopted.kicks]
    assert all(one != two for one, two in pairwise(sides))


@pytest.mark.parametrize(("scored", "tally"), [(2, (2, 1)), (3, (2, 2))])
def test_adopt_an_unreported_kick(scored: int, tally: tuple[int, int]) -> None:
    """The tally that people confirm says what became of a kick that nobody reported."""
    state = play("second_half extra_second A+ B+ A+")
    state = FOOTBALL.apply(state, Action("shootout_missed", "A", 400 * MINUTE))
    assert state.tally() == (2, 1)
    assert state.unreported() == (0, 1)
    score = goals(0, 0) | {"shootout": dict(zip("AB", tally, strict=True))}
    adopted = FOOTBALL.adopt(state, score)
    assert FOOTBALL.score(adopted) == score | {"period": "shootout"}
    assert [kick.scored for kick in adopted.kicks] == [True, True, True, scored == 3, False]


@pytest.mark.parametrize(
    ("score", "why"),
    [
        ({"goals": 3}, "score: goals has one count for each of A, B"),
        ({"goals": {"A": 1, "C": 1}}, "score: goals has one count for each of A, B"),
        (goals(1.5, 0), "score: goals of A is no whole number from 0 to 199: 1.5"),
        ({"shootout": {"A": 1, "B": -1}}, "score: shootout of B is no whole number"),
    ],
)
def test_no_score_of_football(score: Score, why: str) -> None:
    """What is no score is refused by its key, when it is compared and when it is put in force."""
    for ask in (FOOTBALL.adopt, lambda state, said: FOOTBALL.gap(state, state, said)):
        with pytest.raises(SettingError) as refused:
            ask(play(""), score)
        assert refused.value.sentence.startswith(why)
