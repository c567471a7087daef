"""The matches that come with the project."""

from __future__ import annotations

import itertools

import pytest

from touchline.protocol.errors import NotFound
from touchline.protocol.times import to_rfc3339
from touchline.sports import fold, get, matches, misfit
from touchline.sports.football import FOOTBALL
from touchline.sports.matchfile import read, write

FINAL = "world-cup-final-2022"
OWN_GOAL = "uruguay-russia-2018"


def folded(name: str):
    match = matches.load(name)
    sport = get(match.sport)
    return (
        match,
        sport,
        fold(sport, sport.start(match.origins, match.rules, match.lineups), match.actions),
    )


@pytest.mark.parametrize("name", matches.names())
def test_each_folds_whole(name):
    """Nothing is left out, every action is one of the sport's, in order, and the match ends."""
    match, sport, result = folded(name)
    kinds = {kind.title: kind for kind in sport.kinds(match.rules)}
    assert [
        misfit(kinds, match.origins, action)
        for action in match.actions
        if misfit(kinds, match.origins, action)
    ] == []
    assert result.left_out == {}
    assert sport.over(result.state)
    assert list(match.actions) == sorted(match.actions, key=lambda action: action.time)
    assert match.actions[0].time >= match.starts
    assert read(write(match)) == match


@pytest.mark.parametrize("name", [FINAL, OWN_GOAL])
def test_actions_of_one_kind_are_told_apart(name):
    """Two of one title and origin lie beyond the window or differ in what identifies them."""
    match, sport, _ = folded(name)
    for kind in sport.kinds(match.rules):
        for origin in ("", *match.origins):
            same = [a for a in match.actions if (a.title, a.origin) == (kind.title, origin)]
            for first, second in itertools.pairwise(same):
                known = [(first.details.get(n), second.details.get(n)) for n in kind.identity]
                apart = (second.time - first.time) / 1e6
                assert apart >= 10
                assert apart > 2 * kind.window or any(a != b for a, b in known)


def test_the_final_of_2022():
    """3–3, 4–2 on kicks; scorers, cards, substitutions and the periods are those on record."""
    match, sport, result = folded(FINAL)
    state = result.state
    assert sport.headline(state) == "Argentina 3–3 France (4–2 pens)"
    goals = {
        p.name: len(p.goals) for side in FOOTBALL.players(state).values() for p in side if p.goals
    }
    assert goals == {"Lionel Messi": 2, "Ángel Di María": 1, "Kylian Mbappé": 3}
    count = {}
    for action in match.actions:
        count[action.title] = count.get(action.title, 0) + 1
    assert count == {
        "period_start": 5, "period_end": 5, "goal": 6, "yellow_card": 8, "substitution": 13,
        "save": 1, "shootout_scored": 6, "shootout_saved": 1, "shootout_missed": 1,
    }  # fmt: skip
    booked = {p.name for side in FOOTBALL.players(state).values() for p in side if p.booked}
    assert booked == {
        "Enzo Fernández", "Marcos Acuña", "Leandro Paredes", "Gonzalo Montiel",
        "Emiliano Martínez", "Adrien Rabiot", "Marcus Thuram", "Olivier Giroud",
    }  # fmt: skip
    clocks = [sport.clock(state, a.time) for a in match.actions if a.title == "goal"]
    assert clocks == ["23'", "36'", "80'", "81'", "108'", "118'"]
    assert to_rfc3339(match.starts) == "2022-12-18T15:00:00.000Z"


def test_a_match_with_an_own_goal_and_a_sending_off():
    """Uruguay's second is Cheryshev's own goal; Smolnikov is sent off for a second caution."""
    match, sport, result = folded(OWN_GOAL)
    assert sport.headline(result.state) == "Uruguay 3–0 Russia"
    assert [a.details["player"] for a in match.actions if a.details.get("how") == "own goal"] == [
        "Denis Cheryshev"
    ]
    russia = {p.name: p for p in FOOTBALL.players(result.state)["Russia"]}
    assert russia["Igor Smolnikov"].sent_off is not None
    assert russia["Denis Cheryshev"].goals == ()
    clocks = [sport.clock(result.state, a.time) for a in match.actions if a.title == "goal"]
    assert clocks == ["10'", "23'", "90'"]


@pytest.mark.parametrize("name", ["", "no-such", "../matches/world-cup-final-2022"])
def test_an_unknown_match(name):
    """An unknown name is refused with those that there are; no path gets out of the folder."""
    with pytest.raises(NotFound, match=FINAL):
        matches.load(name)
