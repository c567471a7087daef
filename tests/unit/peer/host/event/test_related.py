"""A correction takes back exactly what it means."""

from __future__ import annotations

from typing import Any

import pytest

CROWD = ("ann", "ben", "cid", "dan", "eva", "flo")
MINUTE = 60.0


def scored(g: Any, minutes: float, *names: str) -> str:
    """Let some report a goal of A; return the id of its entry."""
    g.both("goal", "A", at=minutes * MINUTE, names=names or CROWD[:3])
    return str(g.entries[-1].entry_id)


def disallowed(g: Any, minutes: float, *names: str) -> list[int]:
    """Let some report that a goal of A does not count; return the numbers of their reports."""
    at = minutes * MINUTE
    return [g.say(name, "goal_disallowed", "A", at=at) for name in names or CROWD[:3]]


@pytest.fixture
def match(ground: Any) -> Any:
    """A match of six, at its 50th minute."""
    g = ground(verdict="quorum", claim_ttl=120.0).begun(*CROWD)
    g.stay(50 * MINUTE, *CROWD)
    return g


def test_a_ball_in_the_net_that_never_counted(match: Any) -> None:
    """Case 1: the goal of the 10th minute stands; what is disallowed in the 40th is the claim of
    one voice, which is told so."""
    first = scored(match, 10)
    n = match.say("ann", "goal", "A", at=40 * MINUTE)
    disallowed(match, 40.1, "cid", "dan")
    assert match.headline == "A 1–0 B"
    goal, correction = match.entries
    assert (goal.entry_id, correction.title) == (first, "goal_disallowed")
    assert correction.relates_to not in ("", first)
    for name in ("ben", "eva", "flo"):  # whose thumbs were slower
        match.say(name, "goal", "A", at=40 * MINUTE)
    assert match.headline == "A 1–0 B"
    match.stay(130, *CROWD)
    fate = match.fate("ann", n)
    assert (fate.outcome, fate.reason) == (
        "refused",
        f"it does not count: entry {correction.entry_id} says so",
    )


def test_the_claim_may_come_after_the_whistle_against_it(match: Any) -> None:
    """Whoever taps first, and whatever the order of the times that they state."""
    scored(match, 10)
    disallowed(match, 40)
    assert [entry.title for entry in match.entries] == ["goal"]
    match.say("ann", "goal", "A", at=40 * MINUTE + 4)
    assert [entry.title for entry in match.entries] == ["goal", "goal_disallowed"]
    match.both("goal", "A", at=40 * MINUTE + 4, names=("ben", "eva", "flo"))
    assert match.headline == "A 1–0 B"


def test_a_goal_that_is_looked_at_for_long(match: Any) -> None:
    """Within five minutes it is the latest goal that stands; a later one is left alone."""
    first = scored(match, 40)
    disallowed(match, 44.5)
    assert match.entries[-1].relates_to == first
    scored(match, 46)
    assert match.headline == "A 1–0 B"


def stated(g: Any, minutes: float, score: str) -> None:
    """Let all but one state the score."""
    for name in CROWD[:5]:
        g.say(name, "state", at=minutes * MINUTE, score=score)


def test_a_goal_that_only_a_stated_score_tells_of(match: Any) -> None:
    """Nobody told the goal, and everybody the score; what is disallowed a little later is it. After
    five minutes nothing is left that could be."""
    scored(match, 10)
    stated(match, 47, "2-0")
    assert match.headline == "A 2–0 B"
    disallowed(match, 49)
    assert match.headline == "A 1–0 B"
    assert match.entries[-1].title == "goal_disallowed"
    match.restart()
    assert match.headline == "A 1–0 B"
    disallowed(match, 49.8, *CROWD[3:])
    assert match.headline == "A 1–0 B"


def test_a_stated_score_of_long_ago_is_not_taken_back(match: Any) -> None:
    """The bound of a goal that was told holds for one that was not."""
    stated(match, 40, "1-0")
    disallowed(match, 49)
    assert match.headline == "A 1–0 B"


def test_a_goal_is_not_taken_back_twice(match: Any) -> None:
    """Of two goals the one that was taken back already is not meant again; a third time there is
    none, and the sentence says so."""
    one, two = scored(match, 40), scored(match, 42)
    disallowed(match, 43)
    assert match.headline == "A 1–0 B"
    disallowed(match, 44.5, "ben", "cid", "dan")
    assert {entry.relates_to for entry in match.entries[-2:]} == {one, two}
    assert match.headline == "A 0–0 B"
    n = disallowed(match, 46.5, "cid", "dan", "eva")[0]
    match.stay(130, *CROWD)
    assert match.fate("cid", n).reason == "A has no goal of the last 5 minutes to take away"


def test_a_goal_of_long_ago_is_not_meant(match: Any) -> None:
    """Where nobody said that there was a goal, none is taken away."""
    scored(match, 30)
    disallowed(match, 40)
    assert [entry.title for entry in match.entries] == ["goal"]


def test_nothing_is_taken_back_where_the_goal_is_deleted(match: Any) -> None:
    """The correction of a goal that never was is void, and takes no other instead."""
    scored(match, 38)
    gone = scored(match, 40)
    disallowed(match, 41)
    match.both("delete", names=CROWD[:4], entry=gone)
    assert match.headline == "A 1–0 B"
    match.restart()
    assert match.headline == "A 1–0 B"


def test_what_was_not_accepted_counts_once_the_correction_is_deleted(match: Any) -> None:
    """The ball was in after all: the claim that was held is decided anew."""
    match.say("ann", "goal", "A", at=40 * MINUTE)
    disallowed(match, 40.1, "cid", "dan")
    match.both("goal", "A", at=40 * MINUTE, names=("ben", "eva", "flo"))
    match.restart()
    match.both("delete", names=("ann", "ben", "eva", "flo"), entry=match.entries[-1].entry_id)
    assert match.headline == "A 1–0 B"


@pytest.mark.parametrize("deleted", [0, 1, 2, 3, 4])
def test_deleted_and_disallowed_say_the_same(match: Any, deleted: int) -> None:
    """Of nine who told the goal some vote to delete it, some say that it was disallowed: together
    they are enough, and all are told so."""
    crowd = (*CROWD, "gil", "hal", "ida")
    match.begun(*crowd, seconds=5)
    goal = scored(match, 40, *crowd)
    against = ("eva", "flo", "gil", "hal", "ida")
    n = {}
    for name in against[:deleted]:
        n[name] = match.say(name, "delete", entry=goal)
    for name in against[deleted:]:
        n[name] = disallowed(match, 41, name)[0]
    assert match.headline == "A 0–0 B"
    match.stay(150, *crowd)
    assert {match.outcome(name, number) for name, number in n.items()} == {"accepted"}
    match.restart()
    assert match.headline == "A 0–0 B"
    assert match.core.claims.open == {}


def test_the_last_word_may_be_either(match: Any) -> None:
    """A vote to delete is enough as well where the others say that it was disallowed."""
    crowd = (*CROWD, "gil", "hal", "ida")
    match.begun(*crowd, seconds=5)
    goal = scored(match, 40, *crowd)
    disallowed(match, 41, "eva", "flo")
    assert match.headline == "A 1–0 B"
    for name in ("gil", "hal", "ida"):
        match.say(name, "delete", entry=goal)
    assert match.headline == "A 0–0 B"
    assert match.entries[-1].evidence.for_ == 5


def test_each_vote_may_be_the_last_that_is_needed(ground: Any) -> None:
    """Also where the correction by itself would need more of them before it is judged again."""
    crowd = (*CROWD, "gil", "hal", "ida")
    g = ground(verdict="evidence").begun(*crowd)
    g.both("goal", "A", at=g.second, names=crowd)
    g.stay(60, *crowd)
    g.both("delete", names=("gil", "hal", "ida"), entry="1")
    g.say("eva", "goal_disallowed", "A", at=g.second)
    assert g.headline == "A 1–0 B"
    g.say("flo", "goal_disallowed", "A", at=g.second)
    assert g.headline == "A 0–0 B"


def test_of_another_goal(match: Any) -> None:
    """Votes to delete one goal say nothing of a correction that takes back another."""
    crowd = (*CROWD, "gil", "hal", "ida")
    match.begun(*crowd, seconds=5)
    first = scored(match, 20, *crowd)
    scored(match, 40, *crowd)
    disallowed(match, 41, "eva", "flo")
    for name in ("gil", "hal", "ida"):
        match.say(name, "delete", entry=first)
    assert match.headline == "A 2–0 B"


@pytest.mark.parametrize("restart", [False, True])
def test_a_goal_under_review_is_never_too_old(match: Any, *, restart: bool) -> None:
    """The officials look at it for seven minutes, and disallow it; without that it would be too
    old."""
    goal = scored(match, 50)
    for name in CROWD[:5]:
        match.say(name, "state", at=50.5 * MINUTE, review="begun", reason="offside")
    match.stay(7 * MINUTE, *CROWD)
    if restart:
        match.restart()
        match.begun(*CROWD, seconds=5)
    disallowed(match, 57)
    assert match.headline == "A 0–0 B"
    assert match.core.timeline.versions[goal].reviewed == "overturned"
