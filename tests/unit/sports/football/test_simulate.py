"""Made-up football matches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from touchline.sports import fold, misfit
from touchline.sports.football import FOOTBALL
from touchline.sports.football.simulate import football
from touchline.sports.matchfile import read, write


def folded(match):
    start = FOOTBALL.start(match.origins, match.rules, match.lineups)
    return fold(FOOTBALL, start, match.actions)


@pytest.mark.parametrize("cup", [False, True])
def test_every_match_is_legal_and_ends(cup):
    """Whatever the seed: nothing is left out, nothing misfits, and the final whistle goes."""
    for seed in range(60):
        match = football(FOOTBALL, Random(seed), extra_time=cup, shootout=cup, goals=2.0)
        result = folded(match)
        kinds = {kind.title: kind for kind in FOOTBALL.kinds(match.rules)}
        assert result.left_out == {}, seed
        assert not [a for a in match.actions if misfit(kinds, match.origins, a)], seed
        assert FOOTBALL.over(result.state), seed
        assert (
            not cup
            or len(set(FOOTBALL.score(result.state)["goals"].values())) == 2
            or (len(set(FOOTBALL.score(result.state)["shootout"].values())) == 2)
        ), seed


def test_a_seed_gives_the_same_match_again():
    """The same chance, the same match; another chance, another."""
    assert football(FOOTBALL, Random(3)) == football(FOOTBALL, Random(3))
    assert football(FOOTBALL, Random(3)) != football(FOOTBALL, Random(4))


def test_a_match_survives_its_file():
    """Times are whole milliseconds, so that a written match reads the same."""
    match = football(FOOTBALL, Random(5), extra_time=True, shootout=True)
    assert read(write(match)) == match


def test_actions_are_apart():
    """Two actions of a period lie so far apart that reports of one are not taken for the other."""
    match = football(FOOTBALL, Random(6))
    played = [a for a in match.actions if not a.title.startswith("period")]
    assert min((b.time - a.time) / 1e6 for a, b in pairwise(played)) >= 25


def test_the_numbers_are_plausible():
    """Over many matches: goals as asked for, some of each kind, added time, line-ups with bench."""
    count = Counter()
    matches = [
        football(FOOTBALL, Random(seed), extra_time=True, shootout=True) for seed in range(150)
    ]
    for match in matches:
        count.update(action.title for action in match.actions)
    every = {kind.title for kind in FOOTBALL.kinds(matches[0].rules)} - {"full_time"}
    # What a simulated referee and shooters spare the crowd.
    every -= {"penalty", "penalty_cancelled", "penalty_retaken", "shot", "added_time"}
    assert set(count) == every
    # Extra time adds to the 2.7 of 90 minutes.
    assert 2.3 < (count["goal"] - count["goal_disallowed"]) / 150 < 3.5
    assert 2.5 < count["yellow_card"] / 150 < 5.0
    assert 4 < count["substitution"] / 150 < 12
    assert {len(names) for match in matches for names in match.lineups.values()} == {20}
    assert any(len(people) == 20 for people in FOOTBALL.players(folded(matches[0]).state).values())


def test_what_can_be_chosen():
    """Sides, kick-off, goals expected and bench are the caller's."""
    match = football(FOOTBALL, Random(1), origins=("X", "Y"), starts=5_000_000, goals=0.0, bench=0)
    assert match.origins == ("X", "Y")
    assert match.actions[0].time == match.starts == 5_000_000
    titles = {action.title for action in match.actions}
    assert "goal" not in titles
    assert "substitution" not in titles
