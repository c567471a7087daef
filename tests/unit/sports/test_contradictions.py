"""Reports that name somebody of the wrong side."""

from __future__ import annotations

from typing import Any

import pytest

from touchline import sports
from touchline.protocol.messages import Card
from touchline.sports import Action, matches
from touchline.sports.contradictions import (
    Check,
    check_of,
    names_of,
    unchecked,
    without_contradiction,
)
from touchline.sports.names import Forms

LINE_UPS = {
    "Argentina": ["23 Emiliano Martínez", "10 Lionel Messi", "26 Nahuel Molina"],
    "France": ["1 Hugo Lloris", "10 Kylian Mbappé", "7 Antoine Griezmann"],
}


def check(sport: str = "football", **lineups: list[str]) -> Check:
    card = Card(
        event="e",
        title="final",
        sport=sport,
        origins=list(LINE_UPS),
        lineups=lineups or LINE_UPS,
    )
    return check_of(card)


@pytest.mark.parametrize(
    ("origin", "details", "words", "answers"),
    [
        (
            "Argentina",
            {"player": "Messi", "how": "own goal"},
            (
                "10 Lionel Messi is in the line-up of Argentina, whose own goals count for France:"
                " report it with the origin France if France gains, or without how=own goal if"
                " Argentina does"
            ),
            [
                ("Argentina", "Argentina", {"player": "Messi"}),
                (
                    "France (own goal)",
                    "France",
                    {"player": "Messi", "how": "own goal"},
                ),
            ],
        ),
        (
            "Argentina",
            {"player": "mbappe", "how": "penalty"},
            (
                "10 Kylian Mbappé is in the line-up of France: report it with the origin France if"
                " France gains, or with how=own goal if Argentina does"
            ),
            [
                (
                    "Argentina (own goal)",
                    "Argentina",
                    {"player": "mbappe", "how": "own goal"},
                ),
                ("France", "France", {"player": "mbappe", "how": "penalty"}),
            ],
        ),
        (
            "France",
            {"player": "E. Martínez"},
            (
                "23 Emiliano Martínez is in the line-up of Argentina: report it with the origin"
                " Argentina if Argentina gains, or with how=own goal if France does"
            ),
            [
                (
                    "France (own goal)",
                    "France",
                    {"player": "E. Martínez", "how": "own goal"},
                ),
                ("Argentina", "Argentina", {"player": "E. Martínez"}),
            ],
        ),
    ],
)
def test_which_side_gains(
    origin: str, details: Any, words: str, answers: list[tuple[str, str, Any]]
) -> None:
    """A goal whose scorer is of the wrong side is asked about; either answer can be reported."""
    found = check()(Action("goal", origin, 7, details))
    assert found is not None
    assert (found.sentence, found.question) == (words, "Which side gains?")
    assert [(text, one.origin, dict(one.details)) for text, one in found.answers] == answers
    for _, action in found.answers:
        assert (action.title, action.time) == ("goal", 7)
        assert check()(action) is None


@pytest.mark.parametrize(
    ("title", "details"),
    [
        ("goal", {"player": "Messi"}),
        ("goal", {"player": "Mbappé", "how": "own goal"}),
        ("goal", {"player": "Pezzella"}),
        ("goal", {"player": "Pezzella", "how": "own goal"}),
        ("goal", {"player": "7"}),
        ("goal", {"how": "own goal"}),
        ("goal", {"player": "Nahuel Griezmann"}),
        ("yellow_card", {"player": "N. Molina"}),
        ("penalty_saved", {"player": "Messi", "keeper": "Lloris"}),
        ("substitution", {"off": "Molina", "on": "Foyth"}),
        ("foul", {}),
        ("period_start", {"period": "first_half"}),
    ],
)
def test_what_contradicts_nothing(title: str, details: Any) -> None:
    """Those of the right side, those of neither, and numbers alone are no contradiction."""
    assert check()(Action(title, "Argentina", 0, details)) is None


@pytest.mark.parametrize(
    ("title", "details", "wrong"),
    [
        ("yellow_card", {"player": "Griezmann", "person": "player"}, "player"),
        ("substitution", {"off": "Molina", "on": "Griezmann"}, "on"),
        ("penalty_saved", {"player": "Messi", "keeper": "Martinez"}, "keeper"),
        ("goal", {"player": "Messi", "assist": "Griezmann"}, "assist"),
    ],
)
def test_the_wrong_side(title: str, details: Any, wrong: str) -> None:
    """Of any other action the name can be left out."""
    found = check()(Action(title, "Argentina", 0, details))
    assert found is not None
    assert f"{wrong} names one of" in found.sentence
    assert found.question == "Which side is it?"
    rest = {name: value for name, value in details.items() if name != wrong}
    assert found.answers[-1] == ("Argentina, without the name", Action(title, "Argentina", 0, rest))
    assert all(check()(action) is None for _, action in found.answers)
    assert f"report it with the origin France, or without {wrong}" in found.sentence


def test_a_side_without_a_line_up() -> None:
    """Where one side has no line-up, the whole name of the other's player is needed."""
    known = check(Argentina=LINE_UPS["Argentina"])
    own = {"how": "own goal"}
    assert known(Action("goal", "Argentina", 0, {"player": "Lionel Messi", **own})) is not None
    assert known(Action("goal", "Argentina", 0, {"player": "Messi", **own})) is None
    assert known(Action("goal", "France", 0, {"player": "messi, lionel"})) is not None
    assert known(Action("goal", "France", 0, {"player": "L. Messi"})) is None


def test_one_who_may_be_of_either_side() -> None:
    """A name that can mean somebody of the right side is no contradiction."""
    known = check(Argentina=["Molina"], France=["Nahuel Molina"])
    assert known(Action("goal", "Argentina", 0, {"player": "Nahuel Molina"})) is None


def test_details_that_go_together() -> None:
    """Of details that were voted on each by itself the name goes that does not fit the others."""
    names = names_of(
        Card(event="e", title="t", sport="football", origins=[*LINE_UPS], lineups=LINE_UPS)
    )
    both = Action("goal", "Argentina", 0, {"how": "header", "player": "Mbappé", "assist": "Lloris"})
    assert without_contradiction(check(), names, both).details == {"how": "header"}
    own = Action("goal", "Argentina", 0, {"how": "own goal", "player": "Mbappé"})
    assert without_contradiction(check(), names, own) is own
    assert without_contradiction(check(), None, both) is both
    assert without_contradiction(unchecked, names, both) is both


def test_an_origin_in_another_form() -> None:
    """The origin is read as the host reads it."""
    found = check()(Action("goal", "argentína ", 0, {"player": "Mbappé"}))
    assert found is not None
    assert [action.origin for _, action in found.answers] == ["Argentina", "France"]
    assert check()(Action("goal", "Brazil", 0, {"player": "Mbappé"})) is None


def test_other_sports() -> None:
    """Volleyball and tennis have the check; what they do not check, and other sports, pass."""
    volleyball = check("volleyball")
    assert volleyball(Action("yellow_card", "France", 0, {"player": "Messi"})) is not None
    assert volleyball(Action("substitution", "France", 0, {"on": "Messi"})) is not None
    assert volleyball(Action("point", "France", 0, {"player": "Messi"})) is None
    doubles = check("tennis", Argentina=["Ann Lee", "Bea Po"], France=["Cy Ro", "Di Su"])
    assert doubles(Action("serve", "France", 0, {"player": "Bea"})) is not None
    assert doubles(Action("serve", "France", 0, {"player": "Di"})) is None
    assert check("race") is check("custom") is check("not installed") is unchecked
    assert check("football", France=[]) is unchecked


@pytest.mark.parametrize("name", matches.names())
def test_no_match_contradicts_itself(name: str) -> None:
    """Nothing that really happened is refused."""
    match = matches.load(name)
    lineups = {origin: list(names) for origin, names in match.lineups.items()}
    card = Card(
        event="e",
        title="t",
        sport=match.sport,
        origins=list(match.origins),
        lineups=lineups,
        rules=dict(match.rules),
    )
    found = check_of(card, names_of(card))
    assert [action for action in match.actions if found(action) is not None] == []
    assert sports.get(match.sport)


@pytest.mark.parametrize("name", sports.list())
def test_what_the_page_asks_about(name: str) -> None:
    """The actions of which the page asks first are those in which the sport finds something."""
    rules: dict[str, object] = {"shootout": True} if name == "football" else {}
    found = check(name)
    named = sports.presentation_of(name, rules).lineup.named
    asked = [
        kind.title
        for kind in sports.get(name).kinds(rules)
        for detail in kind.details
        if detail.name in named
        and (
            found(Action(kind.title, "Argentina", 0, {detail.name: "Lloris"})) is not None
            or found(Action(kind.title, "France", 0, {detail.name: "Lloris"})) is not None
        )
    ]
    assert list(dict.fromkeys(asked)) == list(sports.presentation_of(name, rules).lineup.checked)


def test_somebody_named_twice() -> None:
    """The reporter is asked which of the two it was; two that may be one are not asked about, nor
    the goalkeeper of the other side of the same name."""
    found = check()(Action("goal", "Argentina", 0, {"player": "Messi", "assist": "10"}))
    assert found is not None
    assert found.question == "Which is it?"
    assert [(text, dict(action.details)) for text, action in found.answers] == [
        ("player: 10 Lionel Messi", {"player": "Messi"}),
        ("assist: 10 Lionel Messi", {"assist": "10"}),
    ]
    alike = check(Argentina=["7 Al Able", "9 Bo Able"], France=["7 Al Able"])
    assert alike(Action("goal", "Argentina", 0, {"player": "Able", "assist": "Able"})) is None
    saved = Action("penalty_saved", "Argentina", 0, {"player": "Al Able", "keeper": "Al Able"})
    assert alike(saved) is None


def test_before_the_names_were_read_loosely() -> None:
    """What a journal of an edition before took in is restored as it was."""
    card = Card(event="e", title="t", sport="football", origins=list(LINE_UPS), lineups=LINE_UPS)
    before = check_of(card, names_of(card, Forms.TRANSCRIBED))
    assert before(Action("goal", "Argentina", 0, {"player": "Messi", "assist": "Messi"})) is None
