"""The registry of sports, and what all sports share: rules, misfits, the fold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import generated
from touchline import sports
from touchline.peer.host.event.records import EDITION
from touchline.protocol.errors import NotFound, SettingError
from touchline.sports import Action, Detail, Kind, Rule, Sport, custom, fold, misfit
from touchline.sports.sport import settle

QUIZ = Path(__file__).parents[3] / "examples" / "quiz.toml"

SETUPS: dict[str, dict[str, object]] = {"custom": {"definition": custom.read(QUIZ.read_text())}}


OF_RELEASE = {
    "football": (
        "corner foul full_time goal goal_disallowed offside penalty_missed penalty_saved "
        "period_end period_start red_card save second_yellow shootout_missed shootout_saved "
        "shootout_scored substitution yellow_card"
    ),
    "tennis": "default point retire serve walkover",
    "race": "drop_out finish split start",
}
"""The actions of each sport before editions of the rules were told apart by what they know: a host
that did not know an action has refused it, and so must a newer one that reads its journal."""

CHOICES_OF_RELEASE = {
    "how": (
        "open play, header, free kick, penalty, own goal",
        "ace, service winner, winner, forced error, unforced error, error, double fault, penalty",
    ),
    "person": ("player, coach, official",),
    "period": ("first_half, second_half, extra_first, extra_second, shootout",),
}
"""Likewise the choices of a detail, of each sport that has it; others took any text or number."""

DETAILS_OF_RELEASE = {
    "football": {
        "goal": "player how assist",
        "yellow_card": "player person",
        "second_yellow": "player person",
        "red_card": "player person",
        "substitution": "off on",
        "penalty_saved": "player keeper",
        "penalty_missed": "player",
        "save": "player",
        "offside": "player",
        "foul": "player",
        "shootout_scored": "player",
        "shootout_saved": "player keeper",
        "shootout_missed": "player",
        "period_start": "period",
        "period_end": "period",
    },
    "tennis": {
        "point": "how",
        "serve": "player",
        "retire": "reason",
        "default": "reason",
        "walkover": "reason",
    },
    "race": {"split": "at time", "finish": "time", "drop_out": "reason"},
}
"""Likewise the details of each action."""

PLAYED_BY: tuple[dict[str, object], ...] = ({}, {"extra_time": True, "shootout": True})


def test_list() -> None:
    """The sports that come with the project are listed in alphabetical order."""
    names = sports.list()
    assert set(names) >= {"custom", "football", "race", "tennis", "volleyball"}
    assert sorted(names) == [*names]


def test_unknown_sport() -> None:
    """A sport that nobody offers is refused with the ones that there are."""
    with pytest.raises(NotFound, match=r"no sport 'chess'; there are custom, football, race"):
        sports.get("chess")


@pytest.mark.parametrize("name", sports.list())
def test_every_sport_keeps_to_the_interface(name: str) -> None:
    """Each sport has its own name, texts, unique kinds and rules with defaults it accepts."""
    sport: Sport = sports.get(name)
    assert sport is sports.get(name)
    assert sport.name == name
    assert sport.text
    kinds = sport.kinds(SETUPS.get(name))
    titles = [kind.title for kind in kinds]
    assert len(set(titles)) == len(titles) > 0
    for kind in kinds:
        assert kind.text
        assert kind.window > 0
        words = [one for one in kinds if one is kind or (one.same and one.same == kind.same)]
        assert set(kind.identity) <= {detail.name for one in words for detail in one.details}
        assert not kind.relates_to or kind.relates_to in titles
    for rule in sport.rules:
        assert not rule.choices or rule.default in rule.choices
    settled = settle(sport.rules, None)
    state = sport.start(["A", "B"], settled | SETUPS.get(name, {}))
    assert not sport.over(state)
    assert sport.headline(state)
    assert sport.clock(state, 0) == ""
    with pytest.raises(SettingError):
        sport.start(["A", "B"], {"no such rule": 1})


@pytest.mark.parametrize("name", sports.list())
def test_every_sport_confirms(name: str) -> None:
    """Its own score is no gap and changes nothing; a text that is no score is refused with an
    example."""
    sport = sports.get(name)
    state = sport.start(["A", "B"], SETUPS.get(name))
    for score in (sport.score(state), {}):
        assert sport.gap(state, state, score) is None
        assert sport.score(sport.adopt(state, score)) == sport.score(state)
    for text in ("", "?", "nil all", "9" * 400):
        with pytest.raises(SettingError, match="such as") as refused:
            sport.read_score(state, text)
        assert len(refused.value.sentence) < 300


@pytest.mark.parametrize("name", generated.PLAYED)
@given(seed=st.integers(0, 1 << 32))
def test_whatever_happens(name: str, seed: int) -> None:
    """Each action that is legal can be applied, one that is not is refused and changes nothing; a
    score that holds changes nothing when it is confirmed, and is what the headline says."""
    generated.play(name, seed)


KINDS = {
    kind.title: kind
    for kind in (
        Kind(
            "goal",
            "Goal",
            details=(
                Detail("player", "who"),
                Detail("how", "how", choices=("header", "penalty")),
                Detail("minute", "when", number=True),
            ),
        ),
        Kind("card", "Card", details=(Detail("player", "who is booked", required=True),)),
        Kind("whistle", "Whistle", needs_origin=False),
    )
}


@pytest.mark.parametrize(
    "action",
    [
        Action("goal", "A"),
        Action("goal", "A", details={"player": "x", "how": "penalty", "minute": 3}),
        Action("goal", "B", details={"minute": 3.5}),
        Action("card", "A", details={"player": ""}),
        Action("whistle"),
        Action("whistle", "B"),
    ],
)
def test_fits(action: Action) -> None:
    """An action with a known title, origin and details fits."""
    assert misfit(KINDS, {"A", "B"}, action) is None


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (Action("try", "A"), "no action 'try'; there are goal, card, whistle"),
        (Action("goal"), "no origin ''; there are A, B"),
        (Action("goal", "C"), "no origin 'C'; there are A, B"),
        (Action("whistle", "C"), "no origin 'C'; there are A, B"),
        (
            Action("goal", "A", details={"assist": "x"}),
            "goal has no detail 'assist'; it takes player, how, minute",
        ),
        (Action("whistle", details={"x": 1}), "whistle has no detail 'x'; it takes none"),
        (Action("goal", "A", details={"minute": "3"}), "goal: minute is a number, not '3'"),
        (Action("goal", "A", details={"minute": True}), "goal: minute is a number, not True"),
        (Action("goal", "A", details={"player": 9}), "goal: player is a text, not 9"),
        (
            Action("goal", "A", details={"how": "luck"}),
            "goal: how is 'luck', not one of header, penalty",
        ),
        (Action("card", "A"), "card needs player: who is booked"),
    ],
)
def test_misfits(action: Action, sentence: str) -> None:
    """What does not fit is told in a sentence that names what would."""
    assert misfit(KINDS, ["A", "B"], action) == sentence


RULES = (
    Rule("sets", "how many", 3, choices=(3, 5)),
    Rule("unit", "how exact", 0.1),
    Rule("extra", "whether", False),
    Rule("first", "who", ""),
)


def test_settle_fills_in_defaults() -> None:
    """Rules that are left out have their defaults, those given are taken."""
    assert settle(RULES, None) == {"sets": 3, "unit": 0.1, "extra": False, "first": ""}
    given = {"sets": 5, "unit": 1, "extra": True, "first": "A"}
    assert settle(RULES, given) == given


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("set", 3, "rules: no rule 'set'; there are sets, unit, extra, first"),
        ("sets", 4, "rules: sets is 4, not one of 3, 5"),
        ("sets", True, "rules: sets is True, not one of 3, 5"),
        ("unit", "1", "rules: unit is '1', which is no float"),
        ("unit", True, "rules: unit is True, which is no float"),
        ("extra", 1, "rules: extra is 1, which is no bool"),
        ("first", None, "rules: first is None, which is no str"),
    ],
)
def test_settle_refuses(name: str, value: object, sentence: str) -> None:
    """A rule that there is not, or a value of another kind, is refused by name."""
    with pytest.raises(SettingError) as refused:
        settle(RULES, {name: value})
    assert refused.value.sentence == sentence


def test_fold_leaves_out_what_cannot_be() -> None:
    """A fold keeps the order, skips what the rules forbid where it stands, and says why."""
    tennis = sports.get("tennis")
    state = tennis.start(["A", "B"])
    actions = [
        Action("point", "A"),
        Action("walkover", "B"),
        Action("point", "B"),
        Action("retire", "B"),
        Action("point", "B"),
    ]
    result = fold(tennis, state, actions)
    assert tennis.headline(result.state) == "A 0–0 (15–15) B (B retired)"
    assert result.left_out == {
        1: "play has begun: a side that stops now retires or is defaulted",
        4: "the match is over: B retired",
    }
    assert tennis.headline(state) == "A 0–0 B"


def test_fold_of_nothing() -> None:
    """Folding no actions gives back the state that one began with."""
    tennis = sports.get("tennis")
    state = tennis.start(["A", "B"])
    result = fold(tennis, state, [])
    assert result.state is state
    assert not result.left_out


@pytest.mark.parametrize("sport", sorted(OF_RELEASE))
def test_new_actions_say_since_when(sport: str) -> None:
    """What is not of the release names an edition, and only that does."""
    kinds = [kind for rules in PLAYED_BY for kind in sports.get(sport).kinds(rules)]
    new = {kind.title for kind in kinds if kind.since}
    assert {kind.title for kind in kinds} - new <= set(OF_RELEASE[sport].split())
    assert not new & set(OF_RELEASE[sport].split())
    assert all(kind.since <= EDITION for kind in kinds)


def test_an_edition_knows_what_it_knew() -> None:
    """An action and a detail of a later edition are unknown to an earlier one."""
    kind = Kind(
        "shot", "Shot", (Detail("player", "who"), Detail("result", "where", since=5)), since=4
    )
    kinds = {"shot": kind}
    shot = Action("shot", "A")
    assert "no action" in (misfit(kinds, ("A",), shot, 3) or "")
    assert misfit(kinds, ("A",), shot, 4) is None
    told = Action("shot", "A", details={"result": "post"})
    assert "no detail 'result'" in (misfit(kinds, ("A",), told, 4) or "")
    assert misfit(kinds, ("A",), told, 5) is None
    assert misfit(kinds, ("A",), told) is None


def test_an_edition_knows_the_choices_that_it_knew() -> None:
    """A choice of a later edition is refused by an earlier one, which knew the others."""
    person = Detail("person", "what", choices=("player", "sub"), choices_since={"sub": 6})
    kinds = {"card": Kind("card", "Card", (person,))}
    sub, player = (Action("card", "A", details={"person": one}) for one in ("sub", "player"))
    assert misfit(kinds, ("A",), sub, 5) == "card: person is 'sub', not one of player"
    assert misfit(kinds, ("A",), player, 5) is None
    assert misfit(kinds, ("A",), sub, 6) is None
    assert misfit(kinds, ("A",), sub) is None


@pytest.mark.parametrize("sport", sorted(OF_RELEASE))
def test_new_details_and_choices_say_since_when(sport: str) -> None:
    """What is not of the release names an edition, and only that does: a host of then refused
    it."""
    football = {"extra_time": True, "shootout": True} if sport == "football" else None
    for kind in sports.get(sport).kinds(football):
        if kind.since:
            continue
        of_release = DETAILS_OF_RELEASE[sport].get(kind.title, "").split()
        assert {one.name for one in kind.details if not one.since} == set(of_release), kind.title
        for detail in kind.details:
            if detail.since:
                continue
            known = CHOICES_OF_RELEASE.get(detail.name, ("",))
            assert ", ".join(detail.choices_in(0)) in known, (kind.title, detail.name)
            assert max([0, *detail.choices_since.values()]) <= EDITION
