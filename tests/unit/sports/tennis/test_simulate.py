"""Simulated tennis is tennis: legal, whole, at the pace of real play, the same from its seed."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from touchline.protocol import times
from touchline.protocol.errors import SettingError
from touchline.sports import State, fold, matches, matchfile
from touchline.sports.tennis import TENNIS
from touchline.sports.tennis.simulate import tennis

SHIPPED = "five-set-tennis"
SHIPPED_SEED = 138


def folded(match: matchfile.Match) -> State:
    """Return the last state, having checked that every action was legal and the match is over."""
    result = fold(TENNIS, TENNIS.start(match.origins, match.rules, match.lineups), match.actions)
    assert not result.left_out
    assert TENNIS.over(result.state)
    return result.state


def shipped() -> matchfile.Match:
    return tennis(
        TENNIS,
        random.Random(SHIPPED_SEED),
        origins=("Leo Marchetti", "Jonas Falk"),
        best_of=5,
        final_set="tiebreak_10",
        note=f"simulated with seed {SHIPPED_SEED}",
    )


@pytest.mark.parametrize("final_set", TENNIS.rules[1].choices)
def test_always_legal(final_set: str) -> None:
    """Matches of every final-set rule are legal to the last point, with and without no-ad."""
    for seed in range(6):
        match = tennis(TENNIS, random.Random(seed), final_set=final_set, no_ad=seed % 2 == 0)
        folded(match)


def test_doubles() -> None:
    """With line-ups of two a side the match is doubles and says which player serves."""
    lineups = {"A": ("a", "b"), "B": ("c", "d")}
    match = tennis(TENNIS, random.Random(1), origins=("A", "B"), lineups=lineups)
    state = TENNIS.start(match.origins, match.rules, match.lineups)
    servers = set()
    for action in match.actions:
        servers.add(TENNIS.score(state)["server_player"])
        state = TENNIS.apply(state, action)
    assert TENNIS.over(state)
    assert servers == {"a", "b", "c", "d"}


def test_retirement() -> None:
    """A match may end with the loser of a game retiring; then nothing follows."""
    match = tennis(TENNIS, random.Random(3), retires=0.5)
    assert match.actions[-1].title == "retire"
    assert TENNIS.score(folded(match))["ended"] == "retired"


def test_the_better_server_wins_more() -> None:
    """The probabilities given are those that the match is played with."""
    wins = 0
    for seed in range(30):
        match = tennis(TENNIS, random.Random(seed), origins=("A", "B"), serve=(0.7, 0.55))
        wins += TENNIS.score(folded(match))["winner"] == "A"
    assert wins >= 27


def test_pace() -> None:
    """Points are far enough apart to be told apart, and sets and odd games bring their rest."""
    match = tennis(TENNIS, random.Random(5), best_of=5)
    points = [action for action in match.actions if action.title == "point"]
    gaps = [(b.time - a.time) / times.SECOND for a, b in pairwise(points)]
    assert min(gaps) >= 17
    sets = len(folded(match).past)
    assert sum(gap >= 120 for gap in gaps) >= sets - 1
    assert sum(90 <= gap < 120 for gap in gaps) > 3 * sets
    assert 30 < sum(gaps) / 60 < 300


def test_same_seed_same_match() -> None:
    """One seed gives one match, another another."""
    assert tennis(TENNIS, random.Random(1)) == tennis(TENNIS, random.Random(1))
    assert tennis(TENNIS, random.Random(1)) != tennis(TENNIS, random.Random(2))


def test_what_cannot_be_played_is_refused() -> None:
    """A probability that is none, or three players, are refused."""
    with pytest.raises(SettingError, match=r"1\.0 is not from 0 up to 1"):
        tennis(TENNIS, random.Random(1), serve=(1.0, 0.5))
    with pytest.raises(SettingError, match="two sides"):
        tennis(TENNIS, random.Random(1), origins=("A", "B", "C"))


def test_the_shipped_match_comes_from_its_seed() -> None:
    """The five-set match that ships is what its seed gives, note included."""
    assert matches.load(SHIPPED) == shipped()


def test_the_shipped_match_is_worth_watching() -> None:
    """It goes over five sets with at least two tie-breaks and ends with a winner."""
    match = matches.load(SHIPPED)
    state = folded(match)
    assert [past.tiebreak is not None for past in state.past] == [False, False, True, True, True]
    assert TENNIS.headline(state).startswith("Leo Marchetti 4–6 2–6 7–6(5) 7–6(7) 7–6(6)")
    # One point less and it would still be on.
    shorter = replace(match, actions=match.actions[:-1])
    with pytest.raises(AssertionError):
        folded(shorter)
