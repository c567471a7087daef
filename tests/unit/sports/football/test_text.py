"""Football in words, and the match clock."""

from __future__ import annotations

import pytest

from touchline.sports import Action
from touchline.sports.football import FOOTBALL
from touchline.sports.football.text import minutes_played

A, B = "Argentina", "France"
SECOND = 1_000_000
RULES = {"extra_time": True, "shootout": True}


def period(title: str, name: str, minutes: float) -> Action:
    return Action(title, "", round(minutes * 60 * SECOND), {"period": name})


def after(*actions: Action, lineups=None):
    state = FOOTBALL.start((A, B), RULES, lineups)
    for action in actions:
        state = FOOTBALL.apply(state, action)
    return state


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (
            Action("goal", A, 0, {"player": "lionel messi", "how": "penalty"}),
            "GOAL for Argentina: Lionel Messi (penalty). Argentina 1–0 France",
        ),
        (Action("goal", B, 0, {"how": "header"}), "GOAL for France: header. Argentina 0–1 France"),
        (
            Action("goal", B, 0, {"player": "lionel messi", "how": "own goal"}),
            "GOAL for France: Lionel Messi (own goal). Argentina 0–1 France",
        ),
        (
            Action("goal", A, 0, {"player": "Lionel Messi", "how": "open play", "assist": "Amy"}),
            "GOAL for Argentina: Lionel Messi (assist Amy). Argentina 1–0 France",
        ),
        (Action("goal", A), "GOAL for Argentina. Argentina 1–0 France"),
        (Action("corner", B), "Corner kick for France"),
        (
            Action("yellow_card", B, 0, {"player": "Bo", "person": "coach"}),
            "Yellow card for France: Bo (coach)",
        ),
        (
            Action("substitution", A, 0, {"off": "Lionel Messi", "on": "Amy"}),
            "Substitution for Argentina: Amy on for Lionel Messi",
        ),
        (Action("substitution", A, 0, {"on": "Amy"}), "Substitution for Argentina: Amy on"),
        (
            Action("shootout_saved", B, 0, {"player": "Bo"}),
            "Shoot-out: kick of France saved: Bo. Argentina 0–0 France (0–0 pens)",
        ),
        (period("period_start", "extra_first", 0), "The first half of extra time begins"),
    ],
)
def test_an_action_in_one_sentence(action, text):
    """The sentence names origin, person as first spelt, manner, and the score where it changes."""
    state = after(action, lineups={A: ["Lionel Messi"]})
    assert FOOTBALL.phrase(state, action) == text


def test_every_kind_has_its_sentence():
    """No kind of action is shown to people by its word on the wire."""
    for kind in FOOTBALL.kinds(RULES):
        details = {"period": "second_half"} if "period" in kind.identity else {}
        said = FOOTBALL.phrase(after(), Action(kind.title, A, 0, details))
        assert "_" not in said
        assert said[0].isupper()


@pytest.mark.parametrize(
    ("minutes", "clock"),
    [
        (-1, ""),
        (0, "1'"),
        (22.99, "23'"),
        (44.99, "45'"),
        (45, "45+1'"),
        (51.5, "45+7'"),
        (52, "45+8'"),
        (60, ""),
        (68, "46'"),
        (113.5, "90+1'"),
        (125, "91'"),
        (139, "105'"),
        (142.5, "106'"),
        (160, "120+3'"),
        (166, "pens"),
    ],
)
def test_the_clock(minutes, clock):
    """The running minute, added time apart; nothing in breaks."""
    state = after(
        period("period_start", "first_half", 0),
        period("period_end", "first_half", 52),
        period("period_start", "second_half", 68),
        period("period_end", "second_half", 117),
        period("period_start", "extra_first", 125),
        period("period_start", "extra_second", 142.5),
        period("period_end", "extra_second", 161),
        period("period_start", "shootout", 165),
    )
    assert FOOTBALL.clock(state, round(minutes * 60 * SECOND)) == clock


def test_the_clock_of_periods_that_are_partly_reported():
    """No period, no clock; an end without a beginning tells when it began."""
    assert FOOTBALL.clock(after(), 5) == ""
    state = after(period("period_end", "first_half", 47))
    assert FOOTBALL.clock(state, 46 * 60 * SECOND) == "45'"


def test_minutes_played():
    """Whole minutes on the clock, standing still in breaks."""
    state = after(
        period("period_start", "first_half", 0),
        period("period_end", "first_half", 47.5),
        period("period_start", "second_half", 60),
    )
    at = [minutes_played(state, round(m * 60 * SECOND)) for m in (-1, 0.9, 10, 47.5, 55, 60.5, 70)]
    assert at == [0, 0, 10, 47, 47, 45, 55]
    assert minutes_played(after(), 5) == 0


def test_what_a_match_brings_each_player():
    """Goals are kept, own goals left out, and a second yellow card sends off as a red one does."""
    state = after(
        Action("goal", A, 1, {"player": "Ann"}),
        Action("goal", A, 2, {"player": "ann"}),
        Action("goal", B, 3, {"player": "Amy", "how": "own goal"}),
        Action("red_card", A, 4, {"player": "Ann"}),
        Action("second_yellow", B, 4, {"player": "Bo"}),
        lineups={A: ["Ann", "Amy"], B: ["Bo"]},
    )
    ann, amy = FOOTBALL.players(state)[A]
    (bo,) = FOOTBALL.players(state)[B]
    assert (ann.goals, ann.sent_off, ann.booked, ann.on) == ((1, 2), 4, False, False)
    assert (amy.goals, amy.sent_off, amy.on) == ((), None, True)
    assert (bo.sent_off, bo.booked) == (4, True)
    assert (ann.keeper, amy.keeper) == (True, False)


def test_the_clock_of_a_shoot_out():
    """It has none; what happens in it, a card as well as a kick, stands at `pens` till the end."""
    state = after(
        period("period_start", "first_half", 0),
        period("period_end", "first_half", 45),
        period("period_start", "second_half", 60),
        period("period_end", "second_half", 105),
        period("period_start", "shootout", 140),
        Action("shootout_scored", A, 141 * 60 * SECOND, {}),
    )
    assert FOOTBALL.clock(state, 142 * 60 * SECOND) == "pens"
    assert FOOTBALL.clock(state, 120 * 60 * SECOND) == ""
    state = FOOTBALL.apply(state, Action("full_time", "", 150 * 60 * SECOND))
    assert FOOTBALL.clock(state, 150 * 60 * SECOND) == "pens"
    assert FOOTBALL.clock(state, 151 * 60 * SECOND) == ""
