"""Events from a definition: what counts, what ends them, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from touchline import sports
from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, State, custom, fold
from touchline.sports.custom import CUSTOM

EXAMPLES = Path(__file__).parents[4] / "examples"

SMALL = """
[[actions]]
title = "point"
points = 1
"""


def start(text: str, origins: list[str] | None = None) -> State:
    return CUSTOM.start(origins or ["A", "B"], {"definition": custom.read(text)})


def play(state: State, *said: str) -> State:
    """Apply actions written as `title` or `title origin`."""
    for words in said:
        title, _, origin = words.partition(" ")
        state = CUSTOM.apply(state, Action(title, origin))
    return state


def test_quiz_example() -> None:
    """The quiz of the examples ends with ten points and a lead of two, or with last orders."""
    state = start((EXAMPLES / "quiz.toml").read_text(), ["Owls", "Cats", "Dogs"])
    state = play(state, *["right Owls"] * 9, *["right Cats"] * 9, "right Owls")
    assert CUSTOM.headline(state) == "Owls 10 · Cats 9 · Dogs 0"
    assert not CUSTOM.over(state)
    assert play(state, "last_orders").ended
    state = play(state, "wrong Dogs", "phone Cats")
    assert CUSTOM.score(state) == {
        "points": {"Owls": 11, "Cats": 9, "Dogs": 0},
        "winner": "Owls",
        "over": True,
    }
    refusal = "the event is over: Owls 11 · Cats 9 · Dogs 0"
    assert CUSTOM.illegal(state, Action("right", "Cats")) == refusal


def test_basketball_example() -> None:
    """The basketball of the examples counts one, two and three, and no points for fouls."""
    text = (EXAMPLES / "basketball.toml").read_text()
    state = start(text, ["Reds", "Blues"])
    foul = Action("foul", "Blues", details={"player": "Kim", "kind": "technical"})
    result = fold(
        CUSTOM, play(state, "basket Reds", "three Blues", "free_throw Reds", "three Reds"), [foul]
    )
    assert not result.left_out
    assert CUSTOM.headline(result.state) == "Reds 6–3 Blues"
    assert CUSTOM.phrase(result.state, foul) == ("Foul: Blues (Kim, technical), team fouls 1")
    assert CUSTOM.score(play(result.state, "final_buzzer"))["winner"] == "Reds"
    kinds = {kind.title: kind for kind in CUSTOM.kinds({"definition": custom.read(text)})}
    assert kinds["foul"].identity == ("player",)
    assert kinds["basket"].exclusive == kinds["three"].exclusive == "shot"
    assert not kinds["final_buzzer"].needs_origin


def test_defaults() -> None:
    """An action that says nothing but its title and points has the defaults of any action."""
    (kind,) = CUSTOM.kinds({"definition": custom.read(SMALL)})
    assert kind == sports.Kind("point", "Point", in_play=True)
    assert CUSTOM.kinds() == ()
    state = play(start(SMALL), "point A", "point A")
    assert CUSTOM.headline(state) == "A 2–0 B"
    assert not CUSTOM.over(state)
    assert CUSTOM.clock(state, 5) == ""


def test_points_for_the_others() -> None:
    """With `to = "others"` every origin but the named one gets the points, here negative."""
    state = start(SMALL + '[[actions]]\ntitle = "gift"\npoints = -0.5\nto = "others"', list("ABC"))
    state = play(state, "gift A")
    assert CUSTOM.score(state)["points"] == {"A": 0, "B": -0.5, "C": -0.5}
    assert CUSTOM.headline(state) == "A 0 · B −0.5 · C −0.5"


@pytest.mark.parametrize(
    ("ends", "said", "winner"),
    [
        ("win_at = 3", "AABBA", "A"),
        ("win_at = 3", "AABB", None),
        ("win_at = 3\nwin_by = 2", "AABBA", None),
        ("win_at = 3\nwin_by = 2", "AABBABAA", "A"),
        ("win_at = 0", "B", "B"),
        ("", "AAAAAAAA", None),
    ],
)
def test_win_at(ends: str, said: str, winner: str | None) -> None:
    """The event is over exactly when an origin has the points and the lead, not a point sooner."""
    state = start(ends + SMALL)
    for origin in said:
        assert not CUSTOM.over(state)
        state = play(state, f"point {origin}")
    assert CUSTOM.over(state) == (winner is not None)
    assert CUSTOM.score(state)["winner"] == (winner or "")


def test_level_points_win_nothing() -> None:
    """Two who reach the mark together have not won, and an end at level points has no winner."""
    both = SMALL + '[[actions]]\ntitle = "all"\npoints = 5\nto = "others"\n'
    state = play(start("win_at = 5" + both, list("ABC")), "all A")
    assert not CUSTOM.over(state)
    state = play(start(both + '[[actions]]\ntitle = "bell"\nends = true', list("ABC")), "bell A")
    assert (CUSTOM.over(state), CUSTOM.score(state)["winner"]) == (True, "")


def test_long_headline() -> None:
    """Of many origins the headline names the best few and says how many more there are."""
    state = play(start(SMALL, list("ABCDEFG")), "point G")
    assert CUSTOM.headline(state) == "G 1 · A 0 · B 0 · C 0 · D 0 and 2 more"
    assert CUSTOM.headline(play(start(SMALL, ["A"]), "point A")) == "A 1"


def test_refused_actions_change_nothing() -> None:
    """Actions, origins and details that the definition does not have are refused."""
    state = start(SMALL)
    for action, words in [
        (Action("goal", "A"), "no action 'goal'"),
        (Action("point", "C"), "no origin 'C'"),
        (Action("point"), "no origin ''"),
        (Action("point", "A", details={"x": 1}), "no detail 'x'"),
    ]:
        with pytest.raises(IllegalAction, match=words):
            CUSTOM.apply(state, action)


@pytest.mark.parametrize(
    ("origins", "rules", "words"),
    [
        ([], {"definition": custom.read(SMALL)}, "name at least one"),
        (["A", "A"], {"definition": custom.read(SMALL)}, "each once"),
        (["A", ""], {"definition": custom.read(SMALL)}, "none empty"),
        ([str(n) for n in range(101)], {"definition": custom.read(SMALL)}, "101, at most 100"),
        (["A"], {}, "custom needs a definition"),
        (["A"], None, "custom needs a definition"),
        (["A"], {"definition": "x"}, "definition is 'x', which is no dict"),
        (["A"], {"win_at": 3}, "no rule 'win_at'; there are definition"),
        (["A"], {"definition": {"actions": [{"title": ""}]}}, "needs a title"),
    ],
)
def test_events_that_cannot_be(
    origins: list[str], rules: Mapping[str, object] | None, words: str
) -> None:
    """An event without a definition, or with one or origins that can't be, is refused."""
    with pytest.raises(SettingError, match=words):
        CUSTOM.start(origins, rules)
