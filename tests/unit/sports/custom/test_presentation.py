"""How a custom contest is shown: by what its definition counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports.custom import CUSTOM, define, read
from touchline.sports.custom.presentation import shown
from touchline.sports.presentation import SHIPPED, Presentation

EXAMPLES = Path(__file__).parents[4] / "examples"


def of(example: str) -> Presentation:
    return shown({"definition": read((EXAMPLES / example).read_text("utf-8"))})


def test_sets_have_a_scoreboard() -> None:
    """Sets stand by their name, the points of the current one beside them."""
    table_tennis = of("table-tennis.toml")
    assert (table_tennis.text, table_tennis.score.kind) == ("Table tennis", "sets")
    assert (table_tennis.score.set_text, table_tennis.score.sets) == ("Game", "previous")
    assert (table_tennis.chart.counts, table_tennis.form.kind) == ("point", "text")
    state = CUSTOM.start(["A", "B"], {"definition": read((EXAMPLES / "squash.toml").read_text())})
    assert {"sets", "previous", "points"} <= CUSTOM.score(state).keys()


def test_the_page_has_the_clock() -> None:
    """Periods have their clock, with what each action tells it; sets are numbered."""
    handball, darts = of("handball.toml"), of("darts.toml")
    assert (handball.clock.kind, [one.minutes for one in handball.clock.parts]) == (
        "parts",
        [30, 30, 5, 5],
    )
    assert handball.clock.marks["goal"] == ("scores",)
    assert handball.clock.marks["period_end"] == ("ends",)
    assert (darts.clock.kind, darts.clock.part, darts.clock.counted) == (
        "none",
        "Set {}",
        "previous",
    )
    assert [one.key for one in darts.score.columns] == ["legs", "points"]
    assert of("quiz.toml").clock.kind == "none"


def test_counters_stand_side_by_side() -> None:
    """Counters of the whole event are statistics; those that begin anew, or are shown in groups,
    would say something else in a sum."""
    assert [one.text for one in of("basketball.toml").statistics] == ["Time-outs"]
    assert [(one.text, one.actions) for one in of("ice-hockey.toml").statistics] == [
        ("Shots on goal", ("goal", "shot"))
    ]
    assert [one.text for one in of("cricket.toml").statistics] == ["Wickets"]
    assert of("quiz.toml").statistics == ()


def test_what_stands_beside_the_points_stands_below_them() -> None:
    """The pages show the points large, and all of it below; it is not asked for."""
    assert (of("cricket.toml").score.extra, of("cricket.toml").form.kind) == ("in_full", "text")
    assert (of("quiz.toml").score.extra, of("quiz.toml").form.kind) == ("", "counts")


@pytest.mark.parametrize("rules", [None, {}, {"definition": 3}, {"definition": {"text": "Tag"}}])
def test_what_is_not_valid_is_shown_plainly(rules: dict[str, object] | None) -> None:
    """A name is enough."""
    found = shown(rules)
    assert found.text in {"Custom", "Tag"}
    assert found.score.kind == "sides"


def test_the_point_that_wins_a_set_is_a_set() -> None:
    """It is shown with the sets, the others with the points; where legs win sets, a leg with the
    legs."""
    looks = of("badminton.toml").looks["point"]
    assert [(look.title, look.then) for look in looks] == [((), "points"), (("Game",), "sets")]
    looks = of("darts.toml").looks["visit"]
    assert [look.then for look in looks] == ["points", "legs", "sets"]
    assert of("handball.toml").looks == {}


@pytest.mark.parametrize(
    ("icon", "shape"),
    [("whistle", None), ("7m", "7m"), ("✋", "✋"), ("ÅÄÖ", "ÅÄÖ"), ("2'", "2'")],
)
def test_an_action_has_a_drawing(icon: str, shape: str | None) -> None:
    """An action is drawn as its definition says: by a shipped drawing, a sign or a few letters."""
    definition = {"actions": [{"title": "point", "icon": icon}, {"title": "foul"}]}
    drawings = shown({"definition": definition}).drawings
    assert set(drawings) == {"point"}
    drawing = drawings["point"]
    if shape is None:
        assert drawing == SHIPPED[icon]
    else:
        assert [(one.d, one.text) for one in drawing] == [("", shape)]


@pytest.mark.parametrize("icon", ["wistle", "abcd", " ", "a\nb", "\u202ea", "✋" * 9, 7])
def test_what_is_no_drawing(icon: object) -> None:
    """A name that is none, a long text, and what can't be seen are refused."""
    with pytest.raises(SettingError, match="icon"):
        define({"actions": [{"title": "point", "icon": icon}]})
