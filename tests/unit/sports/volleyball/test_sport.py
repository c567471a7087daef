"""The rules of volleyball as the sport holds them, against a scorer of its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, get
from touchline.sports.capabilities import TeamSheet
from touchline.sports.volleyball import VOLLEYBALL

SIX = ("P1", "P2", "P3", "P4", "P5", "P6")
BENCH = ("S1", "S2", "S3")


def start(rules=None, lineups=None):
    return VOLLEYBALL.start(["A", "B"], rules, lineups)


def play(state, points: str):
    """Return the state after rallies won by these sides, such as `AAB`."""
    for side in points:
        state = VOLLEYBALL.apply(state, Action("point", side))
    return state


def act(state, title: str, origin: str = "A", **details: str):
    return VOLLEYBALL.apply(state, Action(title, origin, 0, details))


# ── the score ────────────────────────────────────────────────────────────────────────────────


def scored(
    points: str, best_of: int, target: int, last: int, cap: int = 0, last_cap: int = 0
) -> list[list[tuple[int, int]]]:
    """Count rallies the plain way: the sets so far, the one being played last; stops at the end."""
    sets = [[0, 0]]
    for side in points:
        won = [sum(one[i] > one[1 - i] for one in sets[:-1]) for i in (0, 1)]
        if max(won) > best_of // 2:
            break
        now = sets[-1]
        now["AB".index(side)] += 1
        goal, most = (last, last_cap) if len(sets) == best_of else (target, cap)
        if (max(now) >= goal and abs(now[0] - now[1]) > 1) or max(now) == most:
            sets.append([0, 0])
    return sets


@given(
    st.text("AB", max_size=120),
    st.sampled_from([1, 3, 5]),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from([None, 0, 1, 3]),
)
def test_the_score_is_that_of_a_plain_count(points, best_of, target, last, above):
    """Whatever the rallies: sets to the target two clear, the last to its own, the most of them;
    with a cap some points above, any lead wins there."""
    caps = (0, 0) if above is None else (target + above, last + above)
    sets = scored(points, best_of, target, last, *caps)
    rules = {"best_of": best_of, "points": target, "final_points": last}
    rules |= dict(zip(("cap", "final_cap"), caps, strict=True))
    played = points[: sum(map(sum, sets))]
    state = play(start(rules), played)
    score = VOLLEYBALL.score(state)
    assert [[*one] for one in score["previous"]] == sets[:-1]
    assert [*score["points"].values()] == sets[-1]
    won = [sum(one[i] > one[1 - i] for one in sets[:-1]) for i in (0, 1)]
    assert [*score["sets"].values()] == won
    over = max(won) > best_of // 2
    assert VOLLEYBALL.over(state) == over == (len(played) < len(points) or over)
    assert score["winner"] == ("AB"[won.index(max(won))] if over else "")
    if over:
        with pytest.raises(IllegalAction, match="the match is over"):
            play(state, "A")


def test_sets_to_25_and_the_fifth_to_15_two_clear() -> None:
    """24–24 goes on until one is two ahead; the fifth set is over at 15 (rules 6.2, 6.3.2)."""
    level = play(start(), "AB" * 24)
    assert VOLLEYBALL.headline(play(level, "A")) == "A 0–0 B (25–24)"
    assert VOLLEYBALL.headline(play(level, "ABBB")) == "A 0–1 B (25–27)"
    fifth = play(start(), "A" * 25 + "B" * 50 + "A" * 25)
    assert VOLLEYBALL.headline(play(fifth, "A" * 14)) == "A 2–2 B (25–0 0–25 0–25 25–0 14–0)"
    assert VOLLEYBALL.headline(play(fifth, "A" * 15)) == "A 3–2 B (25–0 0–25 0–25 25–0 15–0)"
    assert VOLLEYBALL.over(play(fifth, "AB" * 14 + "BB"))
    assert not VOLLEYBALL.over(play(fifth, "AB" * 14 + "AB"))


def test_a_cap_ends_a_set_with_any_lead() -> None:
    """With a cap of 27 a set is over at 27–26; the fifth goes on, unless it has a cap itself."""
    state = play(start({"cap": 27}), "AB" * 26)
    assert VOLLEYBALL.headline(state) == "A 0–0 B (26–26)"
    assert VOLLEYBALL.headline(play(state, "B")) == "A 0–1 B (26–27)"
    ahead = play(start({"cap": 27}), "A" * 25 + "B" * 50 + "A" * 25)
    assert not VOLLEYBALL.over(play(ahead, "AB" * 26 + "A"))
    capped = play(start({"final_cap": 17}), "A" * 25 + "B" * 50 + "A" * 25)
    assert VOLLEYBALL.over(play(capped, "AB" * 16 + "A"))


@pytest.mark.parametrize("rules", [{"cap": 24}, {"final_cap": 14}, {"cap": 100}, {"cap": -1}])
def test_a_cap_below_the_points_is_refused(rules) -> None:
    """A cap that wins before a lead of two can is none."""
    with pytest.raises(SettingError, match="cap is"):
        start(rules)


# ── service ──────────────────────────────────────────────────────────────────────────────────


def served(points: str, first: str) -> list[str]:
    """Return which side serves each rally of one set: whoever won the one before."""
    return [first, *points][: len(points) + 1]


@given(st.text("AB", max_size=24), st.sampled_from("AB"))
def test_who_wins_the_rally_serves_next_and_rotates_in(points, first):
    """Rule 7.6: a side that gains the service rotates one place, one that keeps it does not."""
    lineups = {"A": [f"A{n}" for n in range(6)], "B": [f"B{n}" for n in range(6)]}
    state = start({"first_server": first}, lineups)
    turns = {"A": 0, "B": 0}
    for before, now in pairwise(served(points, first)):
        state = play(state, now)
        turns[now] += before != now
        score = VOLLEYBALL.score(state)
        assert score["server"] == now
        assert score["server_player"] == f"{now}{turns[now] % 6}"


def test_the_toss_is_for_the_first_and_the_deciding_set() -> None:
    """In the others the side serves first that did not in the set before (rule 12.2)."""
    state = act(start(), "serve", "B")
    assert VOLLEYBALL.score(state)["server"] == "B"
    second = play(state, "A" * 25)
    assert VOLLEYBALL.score(second)["server"] == "A"
    third = play(second, "B" * 25)
    assert VOLLEYBALL.score(third)["server"] == "B"
    fifth = play(third, "A" * 25 + "B" * 25)
    assert VOLLEYBALL.score(act(fifth, "serve", "A"))["server"] == "A"
    assert VOLLEYBALL.score(act(fifth, "serve", "B"))["server"] == "B"


def test_who_serves_is_told_in_the_middle() -> None:
    """It tells that a rally went unreported: the next one is that side's to serve."""
    state = act(play(start(), "A"), "serve", "B")
    assert VOLLEYBALL.score(state)["server"] == "B"
    fresh = play(start(), "A")
    assert (
        VOLLEYBALL.score(play(state, "A" * 24))["server"]
        == (VOLLEYBALL.score(play(fresh, "A" * 24))["server"])
    )


# ── interruptions ────────────────────────────────────────────────────────────────────────────


def test_time_outs_have_a_limit_in_each_set() -> None:
    """Two a set (rule 15.1); the next set begins with none. A third tells that the set's end went
    unreported, and is no reason to refuse it."""
    state = act(act(start(), "time_out"), "time_out")
    assert VOLLEYBALL.score(act(state, "time_out"))["timeouts"] == {"A": 2, "B": 0}
    assert VOLLEYBALL.score(act(state, "time_out", "B"))["timeouts"] == {"A": 2, "B": 1}
    assert VOLLEYBALL.score(play(state, "A" * 25))["timeouts"] == {"A": 0, "B": 0}


def test_substitutions_have_a_limit_in_each_set() -> None:
    """Six a set (rule 15.5), also where nobody says who; a seventh is of a set that nobody said
    had begun."""
    state = start()
    for _ in range(6):
        state = act(state, "substitution")
    assert VOLLEYBALL.score(act(state, "substitution"))["substitutions"] == {"A": 6, "B": 0}
    assert VOLLEYBALL.score(act(state, "substitution", "B"))["substitutions"] == {"A": 6, "B": 1}
    assert not VOLLEYBALL.illegal(play(state, "B" * 25), Action("substitution", "A"))


@pytest.mark.parametrize(
    ("done", "off", "on", "reason"),
    [
        ([], "P1", "S1", None),
        ([], "S1", "P1", None),
        ([], "P1", "P2", None),
        ([], "P1", "P1", "P1 can't come on for P1"),
        ([], "P1", "X", "'X' is not one of A's players"),
        ([("P1", "S1")], "S1", "P1", None),
        ([("P1", "S1")], "S1", "S2", None),
        ([("P1", "S1"), ("S1", "P1")], "P1", "S1", None),
    ],
)
def test_who_may_be_exchanged(done, off, on, reason):
    """Players of the side's own; what depends on a substitution or a set's end that may have gone
    unreported is not refused."""
    state = start(None, {"A": SIX + BENCH, "B": SIX})
    for before, after in done:
        state = act(state, "substitution", off=before, on=after)
    found = VOLLEYBALL.illegal(state, Action("substitution", "A", 0, {"off": off, "on": on}))
    assert found == reason or (reason is not None and reason in (found or ""))


def test_whoever_comes_on_takes_the_place_in_the_rotation() -> None:
    """The substitute serves when it would have been the starter's turn."""
    state = start(None, {"A": SIX + BENCH, "B": SIX})
    state = act(state, "substitution", off="P2", on="S1")
    assert VOLLEYBALL.score(play(state, "BA"))["server_player"] == "S1"
    assert isinstance(VOLLEYBALL, TeamSheet)
    sheet = {one.name: one for one in VOLLEYBALL.players(state)["A"]}
    assert (sheet["P2"].on, sheet["P2"].left, sheet["S1"].on) == (False, True, True)
    again = {one.name: one for one in VOLLEYBALL.players(play(state, "A" * 25))["A"]}
    assert again["P2"].on


def test_cards_leave_the_score_and_a_forfeit_ends_the_match() -> None:
    """The point of a penalty is reported as one; a match that is forfeited stays as it stood."""
    state = play(start(), "AAB")
    assert VOLLEYBALL.score(act(state, "red_card", "B")) == VOLLEYBALL.score(state)
    over = act(state, "forfeit", "A")
    assert VOLLEYBALL.over(over)
    assert VOLLEYBALL.score(over)["winner"] == "B"
    assert VOLLEYBALL.headline(over) == "A 0–0 B (2–1, A forfeited)"
    with pytest.raises(IllegalAction, match="the match is over: A forfeited"):
        play(over, "A")


@pytest.mark.parametrize(
    ("origins", "rules", "lineups", "reason"),
    [
        (["A"], {}, {}, "two sides"),
        (["A", "A"], {}, {}, "two sides"),
        (["A", "B"], {"first_server": "C"}, {}, "not one of A, B"),
        (["A", "B"], {"best_of": 4}, {}, "not one of 1, 3, 5"),
        (["A", "B"], {"points": 0}, {}, "points is 0, not 1 to 99"),
        (["A", "B"], {}, {"C": SIX}, "'C' does not play"),
        (["A", "B"], {}, {"A": SIX[:5]}, "names 5 players, 6 start"),
        (["A", "B"], {}, {"A": (*SIX, "P1")}, "a player twice"),
    ],
)
def test_what_can_not_be_played_is_refused(origins, rules, lineups, reason):
    """Sides, rules and line-ups are checked before the match."""
    with pytest.raises(SettingError, match=reason):
        VOLLEYBALL.start(origins, rules, lineups)


def test_sentences_and_the_clock() -> None:
    """What people read says who, how, and what it came to."""
    second = 1_000_000
    state = start()
    action = Action("point", "A", 10 * second, {"player": "P1", "how": "block"})
    state = VOLLEYBALL.apply(state, action)
    assert VOLLEYBALL.phrase(state, action) == "Point A (P1, block), 1–0"
    assert VOLLEYBALL.clock(state, 3_675 * second) == "1:01:05"
    won = play(state, "A" * 24)
    assert VOLLEYBALL.phrase(won, Action("point", "A")) == "Set A, 25–0"
    end = play(won, "A" * 50)
    assert VOLLEYBALL.phrase(end, Action("point", "A")) == "Set and match A, 25–0"
    change = Action("substitution", "B", 0, {"on": "S1", "off": "P1"})
    assert VOLLEYBALL.phrase(state, change) == "Substitution for B: S1 on for P1"
    assert VOLLEYBALL.phrase(state, Action("serve", "B")) == "B serve first"


def test_it_is_installed() -> None:
    """The entry point in setup.cfg is all that makes it known."""
    assert get("volleyball") is VOLLEYBALL
