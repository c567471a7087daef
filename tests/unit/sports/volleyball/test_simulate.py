"""Simulated volleyball: legal, whole, as real matches are, the same from its seed."""

from __future__ import annotations

import random

import pytest

from touchline.sports import fold, matches, misfit
from touchline.sports.matchfile import read, write
from touchline.sports.volleyball import VOLLEYBALL
from touchline.sports.volleyball.simulate import volleyball

SHIPPED = "five-set-volleyball"


def folded(match):
    return fold(
        VOLLEYBALL, VOLLEYBALL.start(match.origins, match.rules, match.lineups), match.actions
    )


@pytest.mark.parametrize("best_of", [1, 3, 5])
def test_every_simulated_match_is_legal_and_ends(best_of):
    """Whatever the seed: nothing is left out, nothing misfits, and a side wins."""
    kinds = {kind.title: kind for kind in VOLLEYBALL.kinds()}
    for seed in range(30):
        match = volleyball(VOLLEYBALL, random.Random(seed), best_of=best_of)
        result = folded(match)
        assert result.left_out == {}, seed
        assert not [one for one in match.actions if misfit(kinds, match.origins, one)], seed
        assert VOLLEYBALL.over(result.state), seed
        assert read(write(match)) == match


def test_simulated_matches_are_as_real_ones() -> None:
    """Sides of one strength: neither wins all, and a match of five sets takes 1 to 2.5 hours."""
    won = {"Foxes": 0, "Bears": 0}
    for seed in range(60):
        state = folded(volleyball(VOLLEYBALL, random.Random(seed))).state
        won[str(VOLLEYBALL.score(state)["winner"])] += 1
        assert 40 * 60 < (state.last - state.began) / 1e6 < 150 * 60
    assert min(won.values()) > 12
    strong = [volleyball(VOLLEYBALL, random.Random(seed), edge=0.3) for seed in range(10)]
    assert all(VOLLEYBALL.score(folded(one).state)["winner"] == "Foxes" for one in strong)


def test_the_shipped_match_is_that_of_its_seed_and_goes_over_five_sets() -> None:
    """The recorded match comes to its known result, and to it with its last rally alone."""
    match = matches.load(SHIPPED)
    origins = ("Lindau", "Porto Alto")
    assert match == volleyball(
        VOLLEYBALL, random.Random(10), origins=origins, note="simulated with seed 10"
    )
    result = folded(match)
    assert result.left_out == {}
    line = "Lindau 3–2 Porto Alto (21–25 25–19 27–25 20–25 22–20)"
    assert VOLLEYBALL.headline(result.state) == line
    *others, last = match.actions
    before = fold(VOLLEYBALL, VOLLEYBALL.start(origins, match.rules, match.lineups), others).state
    assert not VOLLEYBALL.over(before)
    assert VOLLEYBALL.headline(VOLLEYBALL.apply(before, last)) == line
