"""A confirmed score of tennis: read as typed, reached by points or not, put in force."""

from __future__ import annotations

import itertools
import random

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action, Score, State
from touchline.sports.tennis import TENNIS, path, scoring, text
from touchline.sports.tennis.confirmed import Confirmed, parse
from touchline.sports.tennis.state import Pair

FINAL_SETS = ("advantage", "tiebreak_7", "tiebreak_10", "tiebreak_12", "match_tiebreak")
RULES: list[dict[str, object]] = [
    {"best_of": best_of, "final_set": final_set, "no_ad": no_ad}
    for best_of in (3, 5)
    for final_set in FINAL_SETS
    for no_ad in (False, True)
]


def play(points: str, **rules: object) -> State:
    return play_on(TENNIS.start(["A", "B"], rules), points)


def play_on(state: State, points: str) -> State:
    for side in points:
        state = TENNIS.apply(state, Action("point", side))
    return state


def games(sides: str) -> str:
    """Return the points of love games."""
    return "".join(side * 4 for side in sides)


def match(chance: random.Random, rules: dict[str, object]) -> list[State]:
    """Return the states of a whole match of two sides that are nearly level."""
    states = [TENNIS.start(["A", "B"], rules)]
    while not TENNIS.over(states[-1]):
        states.append(play_on(states[-1], "A" if chance.random() < 0.52 else "B"))
    return states


def pairs(one: object, two: object) -> dict[str, object]:
    return {"A": one, "B": two}


# ── as it is typed ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("6-4 3-2 40-15", "6–4 3–2 (40–15)"),
        ("6–4, 3:2; ad-40", "6–4 3–2 (AD–40)"),
        ("6/4 3/2 40/A", "6–4 3–2 (40–AD)"),
        ("6-4 3-2 (15-30)", "6–4 3–2 (15–30)"),
        (" 3 - 2  Deuce ", "3–2 (40–40)"),
        ("3-2", "3–2"),
        ("6-4", "6–4"),
        ("6-4 0-0", "6–4 0–0"),
        ("6-4 30-15", "6–4 0–0 (30–15)"),
        ("6-6 5-3", "6–6 (5–3)"),
        ("6-6 11-10", "6–6 (11–10)"),
        ("7-6 2-1", "7–6 2–1"),
        ("7-6(5) 2-1", "7–6(5) 2–1"),
        ("6-7 (5) 2-1", "6–7(5) 2–1"),
        ("6-7(10-12) 2-1", "6–7(10) 2–1"),
        ("7-6 (30-15)", "7–6 0–0 (30–15)"),
        ("6-4 6-3", "6–4 6–3"),
        ("6-4 4-6 8-7", "6–4 4–6 0–0 (8–7)"),
        ("6-4 4-6 0-0 8-7", "6–4 4–6 0–0 (8–7)"),
        ("6-4 6-7 (5-3)", "6–4 6–7 0–0 (5–3)"),
        ("6-4 4-6 10-8", "6–4 4–6 [10–8]"),
        ("6-4 4-6 [13-11]", "6–4 4–6 [13–11]"),
    ],
)
def test_read(typed: str, shown: str) -> None:
    """What people type is taken as they mean it; a match stands so."""
    state = TENNIS.start(["A", "B"], {"final_set": "match_tiebreak"})
    score = TENNIS.read_score(state, typed)
    whole = TENNIS.adopt(state, score)
    assert {key: TENNIS.score(whole)[key] for key in score} | {"tiebreaks": 0} == score | {
        "tiebreaks": 0
    }
    (sentence,) = [TENNIS.gap(state, state, score)]
    assert sentence == f"the reported points lead to 0–0, the score is {shown}"


def test_read_says_only_what_was_typed() -> None:
    """What the text leaves out is not stated; what it has stands under the keys of a score."""
    state = play(games("AB"))
    assert TENNIS.read_score(state, "40-15") == {"points": pairs("40", "15")}
    assert TENNIS.read_score(state, "7-6(5) 3-2") == {
        "sets": pairs(1, 0),
        "previous": [[7, 6]],
        "tiebreaks": [[7, 5]],
        "games": pairs(3, 2),
    }


def test_read_takes_lone_points_as_those_of_the_game_played() -> None:
    """In a tie-break points alone are numbers in brackets."""
    state = play(games("AB" * 6) + "A")
    assert TENNIS.read_score(state, "(1-0)") == {"points": pairs(1, 0)}


def test_read_games_without_a_tiebreak() -> None:
    """In a last set that goes on, games like points are games where points follow."""
    state = TENNIS.start(["A", "B"], {"final_set": "advantage"})
    sets = "6-4 4-6"
    assert TENNIS.read_score(state, f"{sets} 15-15")["points"] == pairs("15", "15")
    assert TENNIS.read_score(state, f"{sets} 15-15 0-15")["games"] == pairs(15, 15)
    assert TENNIS.read_score(state, f"{sets} 70-68")["sets"] == pairs(2, 1)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "it is empty"),
        (" , ", "it is empty"),
        ("six-four", "'six-four' is no pair"),
        ("6-4 3", "'3' is no pair"),
        ("6-4 3-2 40-15 0-0", "nothing follows the points"),
        ("6-4 6-3 1-0", "the match is over before that"),
        ("6-4 (5)", "(5) follows no tie-break set"),
        ("6-4 3-2 50-15", "50-15 are no points; they are 0, 15, 30, 40 and AD"),
        ("6-6 AD-40", "points are numbers in a tie-break"),
        ("AD-15", "no game stands at AD–15; points are 0, 15, 30, 40 and AD"),
        ("9-3", "no match under these rules comes to it"),
        ("7-7", "no match under these rules comes to it"),
        ("6-6 8-2", "no match under these rules comes to it"),
        ("999-999", "games of A is no whole number from 0 to 99: 999"),
    ],
)
def test_read_refuses(typed: str, why: str) -> None:
    """What can't be read, or no match comes to, is refused with the reason and an example."""
    with pytest.raises(SettingError) as refused:
        TENNIS.read_score(play("A"), typed)
    assert refused.value.sentence == (
        f"score: {typed!r} can't be read: {why}; write sets, games and points, A first, such as"
        " 6-4 3-2 40-15"
    )


@pytest.mark.parametrize("rules", RULES)
def test_read_takes_what_the_headline_says(rules: dict[str, object]) -> None:
    """Any score of a match, typed as it is shown, is that score: it holds, and from the start
    of the match it gives the same one, servers included."""
    begin, *states = match(random.Random(7), rules)
    for state in [*states[::5], states[-1]]:
        score = TENNIS.read_score(begin, text.line(state))
        assert TENNIS.gap(begin, state, score) is None
        assert TENNIS.adopt(state, score) is state
        assert TENNIS.score(TENNIS.adopt(begin, score)) == TENNIS.score(state)


# ── whether points lead there ────────────────────────────────────────────────────────────────


def plain(state: State) -> str:
    """Return a score without who serves, in a form that can be kept in a set."""
    score = TENNIS.score(state)
    return repr([score[key] for key in ("sets", "games", "points", "previous", "tiebreaks")])


def reached(before: State, most: int) -> dict[str, Score]:
    """Return all scores that points lead to up to the end of the set, gone through one by one;
    in a tie-break up to so many points."""
    found = {plain(before): TENNIS.score(before)}
    waiting = [before]
    while waiting:
        state = waiting.pop()
        for side in "AB":
            after = play_on(state, side)
            if max(after.points) > most or plain(after) in found:
                continue
            found[plain(after)] = TENNIS.score(after)
            if after.sets == before.sets:
                waiting.append(after)
    return found


@pytest.mark.parametrize(
    ("points", "rules"),
    [
        (games("AABB") + "AAB", {}),
        (games("AB" * 5) + "BABABAB", {"no_ad": True}),
        (games("AB" * 6) + "AABAB", {}),
        (games("A" * 6 + "B" * 6), {"final_set": "match_tiebreak"}),
    ],
)
def test_leads_is_exact(points: str, rules: dict[str, object]) -> None:
    """Of all scores that a set could show, exactly those are reached that playing on reaches."""
    before = play(points, **rules)
    found = reached(before, 12)
    candidates = reached(play(games("A" * 6 + "B" * 6) * bool(before.past), **rules), 12) | found
    one_by_one = {key for key, score in candidates.items() if leads(before, score)}
    assert one_by_one == set(found)
    assert before.past or 1 < len(found) < len(candidates)


def leads(before: State, score: Score) -> bool:
    """Ask the path through the sport's face: what it says of a state that has the score."""
    state = TENNIS.adopt(TENNIS.start(["A", "B"], rules_of(before)), score)
    return TENNIS.gap(before, state, score) is None


def rules_of(state: State) -> dict[str, object]:
    form = state.format
    return {"best_of": form.best_of, "final_set": form.final_set, "no_ad": form.no_ad}


@pytest.mark.parametrize("rules", RULES)
def test_every_later_score_is_led_to_and_no_earlier_one(rules: dict[str, object]) -> None:
    """From any state of a match points lead to each later one; to an earlier one only where the
    same is called, as at deuce."""
    chance = random.Random(11)
    states = match(chance, rules)
    for _ in range(25):
        one, two = sorted(chance.sample(range(len(states)), 2))
        before, after = states[one], states[two]
        assert TENNIS.gap(before, after, TENNIS.score(after)) is None
        back = TENNIS.gap(after, before, TENNIS.score(before))
        if (before.sets, before.games) != (after.sets, after.games):
            assert back is not None
            assert back.endswith("it takes back what was won before")


def test_what_cannot_be_is_searched_in_full_and_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole match of five sets with tie-breaks takes at most so many steps, also where
    it is in vain, where sets are not said, and where the last set has no end."""
    steps = itertools.count()
    point, game = scoring.point, scoring.game

    def point_counted(state: State, side: int) -> State:
        next(steps)
        return point(state, side)

    def game_counted(state: State, side: int, tiebreak: Pair | None) -> State:
        next(steps)
        return game(state, side, tiebreak)

    monkeypatch.setattr(scoring, "point", point_counted)
    monkeypatch.setattr(scoring, "game", game_counted)
    before = play("", best_of=5, final_set="advantage")
    for score in (
        TENNIS.read_score(before, "7-6(90) 6-7(0) 7-6 6-7 98-98 40-15"),
        {"previous": [[7, 6], [6, 7], [7, 6], [6, 7]], "games": pairs(99, 90)},
        {"sets": pairs(3, 2), "games": pairs(1, 1)},
        {"points": pairs(5, 99)},
    ):
        began = next(steps)
        TENNIS.gap(before, before, score)
        assert 50 < next(steps) - began < 10_000
    # One set that stands elsewhere: nothing beyond the games that were stated is looked at.
    behind = play(games("AAB"), best_of=5)
    wanted = parse(("A", "B"), TENNIS.read_score(before, "1-5 40-15"))
    began = next(steps)
    assert not path.leads(behind, wanted)
    assert next(steps) - began < 3


def test_either_side_wins_a_tiebreak_that_goes_on() -> None:
    """From 8–7 in a tie-break, whoever won it needs no more than the set said."""
    before = play(games("AB" * 6) + "AB" * 7 + "A")
    assert before.points == (8, 7)
    for typed in ("7-6", "6-7", "7-6(12)", "6-7(8)", "6-7 3-2 40-15"):
        assert path.leads(before, confirmed(typed))
    assert not path.leads(before, confirmed("6-7(7)"))


# ── what is wrong with an outage ─────────────────────────────────────────────────────────────


def test_a_gap_in_the_reports() -> None:
    """Points are missing or too many: both scores are named."""
    before, after = play("A"), play("AAB")
    score = TENNIS.read_score(before, "0-0 40-15")
    assert TENNIS.gap(before, after, score) == (
        "the reported points lead to 0–0 (30–15), the score is 0–0 (40–15)"
    )
    assert TENNIS.gap(before, after, TENNIS.read_score(before, "30-15")) is None
    assert TENNIS.gap(before, after, {}) is None


def test_a_gap_backwards() -> None:
    """A score behind the one when contact was lost can't be, whatever was reported."""
    before = play(games("AAB") + "BB")
    score = TENNIS.read_score(before, "1-2 15-0")
    assert TENNIS.gap(before, before, score) == (
        "no points lead from 2–1 (0–30) to 1–2 (15–0): it takes back what was won before"
    )


def test_a_gap_to_nowhere() -> None:
    """A score that no match comes to is told from one that only lies behind."""
    before = play("A")
    score: Score = {"sets": pairs(0, 0), "previous": [], "games": pairs(9, 3)}
    assert TENNIS.gap(before, before, score) == (
        "no points lead from 0–0 (15–0) to 9–3: no match under these rules comes to it"
    )


def test_a_gap_in_how_it_ended() -> None:
    """Who gave up is compared where it is said."""
    before = play("A")
    after = TENNIS.apply(before, Action("retire", "B"))
    score = TENNIS.score(after)
    assert TENNIS.gap(before, after, score) is None
    assert TENNIS.gap(before, before, score) == (
        "by the reports the match is on, by the score it is otherwise"
    )
    assert TENNIS.gap(before, after, {"winner": "B"}) == (
        "by the reports B retired, by the score it is otherwise"
    )


def test_nothing_is_played_after_the_end() -> None:
    """From a match that was given up no points lead on."""
    over = TENNIS.apply(play("A"), Action("retire", "B"))
    assert not path.leads(over, confirmed("0-0 30-0"))
    assert path.leads(over, confirmed("0-0 15-0"))


def confirmed(typed: str) -> Confirmed:
    return parse(("A", "B"), TENNIS.read_score(TENNIS.start(["A", "B"]), typed))


# ── put in force ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rules", RULES)
def test_adopt_any_score(rules: dict[str, object]) -> None:
    """A score in full is in force afterwards from whatever state, servers included, and play goes
    on to the same scores."""
    chance = random.Random(3)
    states = match(chance, rules)
    for _ in range(25):
        one, two = chance.choice(states), chance.choice(states)
        adopted = TENNIS.adopt(one, TENNIS.score(two))
        assert TENNIS.score(adopted) == TENNIS.score(two)
        if not TENNIS.over(two):
            assert TENNIS.score(play_on(adopted, "A")) == TENNIS.score(play_on(two, "A"))


def test_adopt_keeps_what_is_not_said() -> None:
    """Points stay with the game, games with the set; where those move on, they begin anew."""
    state = play(games("A" * 6 + "AB") + "AAB")
    assert TENNIS.adopt(state, {}) is state
    for typed, line in (
        ("6-0 1-1", "6–0 1–1 (30–15)"),
        ("6-0", "6–0 1–1 (30–15)"),
        ("6-0 2-1", "6–0 2–1"),
        ("6-1", "6–1 0–0"),
        ("15-40", "6–0 1–1 (15–40)"),
    ):
        assert text.line(TENNIS.adopt(state, TENNIS.read_score(state, typed))) == line


def test_adopt_never_refuses_what_was_read() -> None:
    """Points alone that were read in another kind of game say nothing of this one; whatever was
    read in one state can be put in force in any."""
    standard, tiebreak = play("A"), play(games("AB" * 6) + "A")
    for one, other, typed in ((standard, tiebreak, "40-15"), (tiebreak, standard, "(5-3)")):
        assert TENNIS.adopt(other, TENNIS.read_score(one, typed)) == other
    states = match(random.Random(5), {})
    for typed in ("40-15", "deuce", "3-2", "6-4", "7-6(5) 6-6 5-3", "6-4 6-3", "0-0 15-0"):
        score = TENNIS.read_score(states[0], typed)
        for state in states:
            TENNIS.headline(TENNIS.adopt(state, score))


def test_adopt_opens_and_closes_a_match() -> None:
    """Sets won end a match, sets taken back reopen it; who gave up is kept unless it is said."""
    won = play(games("A" * 12))
    assert not TENNIS.over(TENNIS.adopt(won, TENNIS.read_score(won, "6-0 5-0")))
    on = play("A")
    assert TENNIS.score(TENNIS.adopt(on, TENNIS.read_score(on, "6-0 6-0")))["winner"] == "A"
    gone = TENNIS.apply(on, Action("retire", "B"))
    assert TENNIS.over(TENNIS.adopt(gone, {"points": pairs("30", "0")}))
    assert not TENNIS.over(TENNIS.adopt(gone, {"ended": ""}))
    assert TENNIS.score(TENNIS.adopt(on, TENNIS.score(gone)))["ended"] == "retired"


@pytest.mark.parametrize(
    ("score", "why"),
    [
        ({"sets": pairs(1, 0)}, "score: 1–0 in sets, without the games of each"),
        ({"sets": pairs(2, 2)}, "score: 2–2 in sets, at most 2 win the match"),
        ({"sets": {"A": 1}}, "score: sets has one count for each of A, B"),
        ({"sets": pairs(1, 1), "previous": [[6, 4]]}, "score: previous has a set for each"),
        ({"previous": [[3, 3]]}, "score: previous has a set for each of the sets won"),
        ({"previous": [[6]]}, "score: previous lists at most 5 sets, each as a pair of numbers"),
        ({"previous": 6}, "score: previous lists at most 5 sets"),
        ({"previous": [[6, 4]], "tiebreaks": [[], []]}, "score: 1 sets in previous, 2 in"),
        ({"games": pairs(True, 0)}, "score: games of A is no whole number from 0 to 99: True"),
        ({"games": pairs(-1, 0)}, "score: games of A is no whole number from 0 to 99: -1"),
        ({"points": pairs("AD", "30")}, "score: no game stands at AD–30"),
        ({"points": pairs("40", 2)}, "score: points of A is no whole number"),
        (
            {"games": pairs(3, 2), "points": pairs(5, 3)},
            "score: 5–3 are no points of a standard game",
        ),
        ({"tiebreak": 1}, "score: tiebreak is true or false"),
        ({"ended": "rain"}, "score: ended is 'rain', not one of played, retired"),
        ({"winner": "C"}, "score: winner is 'C', not one of A, B"),
    ],
)
def test_no_score_of_tennis(score: Score, why: str) -> None:
    """A score that can't be, or says too little to go on from, is refused by its key."""
    with pytest.raises(SettingError) as refused:
        TENNIS.adopt(play("A"), score)
    assert refused.value.sentence.startswith(why)
