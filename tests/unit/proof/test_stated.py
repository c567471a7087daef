"""What nobody reported and is under review comes to something, and to nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from touchline.proof.check import check

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
