"""A confirmed score of volleyball: read as typed, compared with the reports, put in force."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol.errors import SettingError
from touchline.sports import Action
from touchline.sports.volleyball import VOLLEYBALL
from touchline.sports.volleyball.confirmed import leads, parse

SMALL = {"best_of": 3, "points": 3, "final_points": 2}


def play(points: str, state=None, **rules):
    state = VOLLEYBALL.start(["A", "B"], rules or None) if state is None else state
    for side in points:
        state = VOLLEYBALL.apply(state, Action("point", side))
    return state


@pytest.mark.parametrize(
    ("text", "sets", "points"),
    [
        ("25-20 23-25 12-8", [[25, 20], [23, 25]], (12, 8)),
        ("25–20, 23:25", [[25, 20], [23, 25]], None),
        ("1-1 (25-20 23-25 12-8)", [[25, 20], [23, 25]], (12, 8)),
        ("25-20 (3-4)", [[25, 20]], (3, 4)),
        ("26-24 0-0", [[26, 24]], (0, 0)),
        ("12-8", [], (12, 8)),
        ("0-0", [], (0, 0)),
        ("25-0 0-25 25-0 0-25 15-13", [[25, 0], [0, 25], [25, 0], [0, 25], [15, 13]], None),
    ],
)
def test_what_a_text_states(text, sets, points):
    """Pairs that end a set are sets, the last other one the points of the set being played."""
    score = VOLLEYBALL.read_score(play(""), text)
    assert score["previous"] == sets
    assert score.get("points") == (None if points is None else {"A": points[0], "B": points[1]})
    assert sum(score["sets"].values()) == len(sets)


def test_points_alone_say_nothing_of_the_sets_before() -> None:
    """In a later set a pair that ends no set is of the set being played; the fifth goes to 15."""
    third = play("A" * 25 + "B" * 25)
    assert VOLLEYBALL.read_score(third, "12-8") == {"points": {"A": 12, "B": 8}}
    fifth = play("A" * 25 + "B" * 25, third)
    with pytest.raises(SettingError, match="no set is at 16–8"):
        VOLLEYBALL.read_score(fifth, "16-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("two-one", "'two-one' is no pair"),
        ("27-20", "no set is at 27–20"),
        ("25-24 12-8", "25–24 ends no set"),
        ("25-20 25-20 25-20 1-0", "the match is over before that"),
        ("25-20 25-20 25-20 25-20", "the match is over before that"),
        ("2-0 (25-20 20-25)", "these sets are 1–1"),
        ("400-1", "more than 199 points"),
        ("25-20 12-", "is no pair"),
    ],
)
def test_what_can_not_be_read(text, why):
    """The sentence says what is wrong and what would be right."""
    with pytest.raises(SettingError, match=f"{why}.*write the points of each set, A first"):
        VOLLEYBALL.read_score(play(""), text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("27-26 3-1", True), ("26-27", True), ("27-25", True), ("27-24", False), ("28-26", False)],
)
def test_a_set_that_ends_at_its_cap(text, fits):
    """Where any lead wins at 27 points, a set can end with one more, and no set goes beyond."""
    state = play("", cap=27)
    if fits:
        (first,) = VOLLEYBALL.read_score(state, text)["previous"]
        assert max(first) == 27
    else:
        with pytest.raises(SettingError, match="no set is at"):
            VOLLEYBALL.read_score(state, text)


@given(st.text("AB", max_size=40), st.booleans())
def test_what_stands_is_read_back_from_its_headline(points, names):
    """Any score as it is shown, without the names, is read as itself."""
    state = VOLLEYBALL.start(["A", "B"], SMALL)
    for side in points:
        if not VOLLEYBALL.over(state):
            state = VOLLEYBALL.apply(state, Action("point", side))
    shown = VOLLEYBALL.headline(state).replace("A", "", 1).replace("B", "", 1)
    text = shown if names else shown.replace("(", "").replace(")", "").split(None, 1)[-1]
    if not names and "(" not in shown:
        text = shown
    assert parse(state, VOLLEYBALL.read_score(state, text)).stands(state)


# ── reports and score ────────────────────────────────────────────────────────────────────────


def reached(before, most: int):
    """Return all scores that up to so many rallies lead to, by playing every one of them."""
    found, now = {}, [before]
    for _ in range(most + 1):
        later = []
        for state in now:
            score = VOLLEYBALL.score(state)
            kept = {key: score[key] for key in ("sets", "points", "previous")}
            if str(kept) not in found:
                found[str(kept)] = kept
                if not VOLLEYBALL.over(state):
                    later += [play(side, state) for side in "AB"]
        now = later
    return found


def variants(score):
    """Return a score and what is left of it where somebody says less."""
    yield score
    yield {"points": score["points"]}
    yield {"sets": score["sets"]}
    yield {"sets": score["sets"], "previous": score["previous"]}


def fits(said, found) -> bool:
    return any(all(one[key] == said[key] for key in said) for one in found.values())


@pytest.mark.parametrize("caps", [{}, {"cap": 4, "final_cap": 2}])
def test_a_score_is_led_to_exactly_where_playing_on_leads_to_it(caps: dict[str, int]) -> None:
    """Against brute force: from states of short matches to all scores of such matches."""
    chance = random.Random(3)
    rules = SMALL | caps
    everything = reached(VOLLEYBALL.start(["A", "B"], rules), 14)
    scores = [said for score in everything.values() for said in variants(score)]
    for _ in range(12):
        before = VOLLEYBALL.start(["A", "B"], rules)
        for _ in range(chance.randrange(0, 9)):
            if not VOLLEYBALL.over(before):
                before = play(chance.choice("AB"), before)
        # Far enough for every score within the bounds of `everything`.
        found = reached(before, 14)
        for said in chance.sample(scores, min(250, len(scores))):
            assert leads(before, parse(before, said)) == fits(said, found), (before, said)


def test_reports_that_lead_to_the_score_are_right() -> None:
    """Where they lead elsewhere, or the score takes back what was won, the sentence says so."""
    before = play("AAB")
    after = play("AB", before)
    assert VOLLEYBALL.gap(before, after, VOLLEYBALL.read_score(before, "3-2")) is None
    assert VOLLEYBALL.gap(before, after, VOLLEYBALL.read_score(before, "4-2")) == (
        "the reported points lead to 3–2, the score is 4–2"
    )
    assert VOLLEYBALL.gap(before, after, VOLLEYBALL.read_score(before, "1-2")) == (
        "no rallies lead from 2–1 to 1–2: it takes back what was won before"
    )
    assert VOLLEYBALL.gap(before, before, {"ended": "forfeited", "winner": "A"}) == (
        "by the reports the match is on, by the score it is otherwise"
    )


@given(st.text("AB", max_size=40), st.text("AB", max_size=40))
def test_an_adopted_score_stands(points, others):
    """What was read of any match is in force in any other state of it, and stays so."""
    state, seen = (VOLLEYBALL.start(["A", "B"], SMALL) for _ in "12")
    for side in points:
        state = state if VOLLEYBALL.over(state) else play(side, state)
    for side in others:
        seen = seen if VOLLEYBALL.over(seen) else play(side, seen)
    score = {key: VOLLEYBALL.score(seen)[key] for key in ("sets", "points", "previous")}
    adopted = VOLLEYBALL.adopt(state, score)
    assert parse(adopted, score).stands(adopted)
    assert VOLLEYBALL.over(adopted) == VOLLEYBALL.over(seen)
    assert VOLLEYBALL.adopt(adopted, score) is adopted
    # Points alone are never refused, wherever they were read.
    VOLLEYBALL.adopt(state, {"points": score["points"]})


def test_play_goes_on_from_a_confirmed_score() -> None:
    """The next set has fresh time-outs, and the right side serves first in it."""
    state = VOLLEYBALL.apply(play("AAB"), Action("time_out", "A"))
    adopted = VOLLEYBALL.adopt(state, VOLLEYBALL.read_score(state, "25-20 3-1"))
    assert VOLLEYBALL.headline(adopted) == "A 1–0 B (25–20 3–1)"
    assert VOLLEYBALL.score(adopted)["timeouts"] == {"A": 0, "B": 0}
    assert VOLLEYBALL.score(adopted)["server"] == "B"
    assert VOLLEYBALL.headline(play("A" * 22, adopted)) == "A 2–0 B (25–20 25–1)"


@pytest.mark.parametrize(
    ("score", "why"),
    [
        ({"sets": {"A": 4, "B": 0}}, "from 0 to 3"),
        ({"sets": {"A": 3, "B": 3}}, "at most 3 win"),
        ({"sets": {"A": 1, "B": 0}}, "without the points of each"),
        ({"sets": {"A": 1, "B": 0}, "previous": [[20, 25]]}, "0–1 by their points"),
        ({"previous": [[25, 24]]}, "no set ends 25–24"),
        ({"previous": [[25, 20]] * 4}, "after the end of the match"),
        ({"previous": "25-20"}, "no list"),
        ({"previous": [[25, "20"]]}, "no pair of points"),
        ({"points": {"A": 1}}, "one count for each"),
        ({"ended": "rain"}, "not one of"),
        ({"winner": "C"}, "not a side"),
    ],
)
def test_what_is_no_score_is_refused(score, why):
    """Whatever comes over the network is checked."""
    with pytest.raises(SettingError, match=why):
        VOLLEYBALL.adopt(play(""), score)
