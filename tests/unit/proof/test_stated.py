"""Proofs of what is under review, and of what reporters told again with more details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from touchline.proof.check import check
from touchline.sports import shipped

from .forging import Proof, at, broken, resealed, whole, with_body

CROWD = ("ann", "bob", "cid", "dan", "eve", "fay")


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_a_review_that_came_to_a_penalty(
    ground: Any, build_proof: Callable[[Any], Proof], verdict: str
) -> None:
    """Its outcome follows from the penalty, and not from a goal of before."""
    g = ground("football", signs=True, verdict=verdict, finish_after=600.0)
    g.begun(*CROWD)
    g.both("goal", "A", at=g.second, names=CROWD)
    g.stay(30, *CROWD)
    for name in CROWD:
        g.say(name, "state", review="begun", entry="")
    review = g.entries[-1]
    assert (review.title, review.review) == ("state", "under review")
    g.stay(90, *CROWD)
    g.both("penalty", "A", names=CROWD, at=g.second)
    g.stay(30, *CROWD)
    assert g.core.timeline.versions[review.entry_id].reviewed == "overturned"
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    outcome = at(proof, "text")
    for changes in ({"reviewed": "upheld"}, {"review": "more"}, {"time": 5}):
        words = "changes what its votes do not speak of"
        broken(check(resealed(with_body(proof, outcome, **changes))), outcome, words)


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_told_again(ground: Any, build_proof: Callable[[Any], Proof], verdict: str) -> None:
    """The last word of each is the vote that is proven."""
    g = ground("football", signs=True, verdict=verdict).begun(*CROWD)
    g.both("goal", "A", at=g.second, names=CROWD[:4])
    g.wait(8)
    g.both("goal", "A", at=g.second, names=CROWD[:3], player="A7")
    g.both("goal", "A", at=g.second - 8, names=CROWD[4:])
    g.both("goal", "A", at=g.second, names=CROWD[4:], player="A7")
    g.stay(60, *CROWD)
    assert [dict(one.details) for one in g.standing] == [{"player": "A7"}]
    assert check(whole(build_proof(g))).flaw is None


@pytest.mark.parametrize("verdict", ["quorum", "majority", "fixed:3", "evidence"])
@pytest.mark.parametrize("period", ["first_half", "second_half"])
def test_the_whistle_in_two_words(
    ground: Any, build_proof: Callable[[Any], Proof], verdict: str, period: str
) -> None:
    """Full time and the end of a half are votes of one entry, whose title they turn."""
    g = ground("football", signs=True, verdict=verdict, finish_after=60.0).begun(*CROWD)
    g.both("period_start", at=g.second, names=CROWD, period=period)
    g.stay(46 * 60, *CROWD)
    g.both("full_time", at=g.second, names=CROWD[:3])
    g.both("period_end", at=g.second, names=CROWD[3:], period=period)
    g.stay(200, *CROWD)
    assert [one.title for one in g.standing] == ["period_start", "period_end"]
    assert g.core.finished == (period == "second_half")
    assert check(whole(build_proof(g))).flaw is None


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_a_long_review(ground: Any, build_proof: Callable[[Any], Proof], verdict: str) -> None:
    """A goal that was under review is disallowed after seven minutes."""
    g = ground("football", signs=True, verdict=verdict).begun(*CROWD)
    g.both("goal", "A", at=g.second, names=CROWD)
    g.stay(30, *CROWD)
    g.both("state", names=CROWD, at=g.second, review="begun", reason="offside")
    g.stay(7 * 60, *CROWD)
    g.both("goal_disallowed", "A", at=g.second, names=CROWD)
    g.stay(60, *CROWD)
    assert g.headline == "A 0–0 B"
    assert check(whole(build_proof(g))).flaw is None


FINALS = {
    "handball": "final",
    "ice-hockey": "final",
    "rugby-union": "final",
    "basketball": "final_buzzer",
    "football": "full_time",
}


@pytest.mark.parametrize("verdict", ["quorum", "majority", "evidence"])
@pytest.mark.parametrize("first", ["end", "whistle"])
@pytest.mark.parametrize("contest", FINALS)
def test_the_end_in_two_words(
    ground: Any, build_proof: Callable[[Any], Proof], contest: str, first: str, verdict: str
) -> None:
    """Two of six report the final whistle, two vote to end: the event is over, and the proof says
    by whom. Two alone end nothing."""
    sport, rules = shipped.resolved(contest, {})
    g = ground(sport, rules=rules, signs=True, verdict=verdict).begun(*CROWD)
    halves = ({"period": "first_half"}, {"period": "second_half"})
    for number, half in enumerate(halves):
        said = half if contest == "football" else {}
        g.both("period_start", at=g.second, names=CROWD, **said)
        g.stay(46 * 60, *CROWD)
        if not number:
            g.both("period_end", at=g.second, names=CROWD, **said)
            g.stay(15 * 60, *CROWD)
    words = ["end", FINALS[contest]] if first == "end" else [FINALS[contest], "end"]
    g.both(words[0], at=g.second, names=CROWD[:2])
    g.stay(10, *CROWD)
    assert not g.core.finished
    g.both(words[1], at=g.second, names=CROWD[2:4])
    g.stay(30, *CROWD)
    assert g.core.finished
    assert all(g.outcome(name, g.counts[name]) == "accepted" for name in CROWD[:4])
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    g.restart()
    assert g.core.finished


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_stated_against_one_that_left(
    ground: Any, build_proof: Callable[[Any], Proof], verdict: str
) -> None:
    """Who stated another score and left is among those of whom so many must agree, for the host as
    for the proof."""
    trio = CROWD[:3]
    g = ground("football", signs=True, verdict=verdict).begun(*trio)
    g.say("cid", "state", at=g.second, score="2-2")
    g.detach("cid")
    g.both("state", at=g.second, names=trio[:2], score="2-1")
    g.stay(30, *trio[:2])
    assert g.headline == "A 0–0 B"
    assert check(whole(build_proof(g))).flaw is None
    g.say("cid", "state", at=g.second, score="2-1")
    g.stay(30, *trio)
    assert g.headline == "A 2–1 B"
    assert check(whole(build_proof(g))).flaw is None
