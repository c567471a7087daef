"""What the verdict that weighs says of cases at its edges."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.verdict import parse
from touchline.peer.host.event.verdict.case import EVERYBODY, PRIOR, Case, Judgement


def judged(*, votes: int = 0, silent: int = 0, **known: Any) -> Judgement:
    """Return what it says where all reporters have the prior."""
    counts = {"votes": votes, "silent": silent, "yes": 0, "no": 0, "rival_votes": 0}
    counts |= {name: known.pop(name) for name in counts if name in known}
    groups: Any = {name: {PRIOR: count} if count else {} for name, count in counts.items()}
    active = sum(counts.values()) + known.get("excused", 0)
    case = Case(**{"weight": "point", "silence": known["age"], "active": active, **known}, **groups)
    return parse("evidence", alone=False).judge(case)


def test_what_fewer_than_half_say_waits() -> None:
    """Five of eleven say so at once, and nobody else: they may have agreed to before. It is asked
    first. Half of a crowd need not be."""
    few = judged(votes=5, silent=6, age=30)
    assert few.likelihood > 4500, "it would be enough"
    assert (few.standing, few.ask) == ("PROVISIONAL", 1)
    assert judged(votes=6, silent=6, age=30).standing == "CONFIRMED"
    assert judged(votes=5, silent=5, excused=1, age=35, asked=30).standing == "CONFIRMED"


def test_a_goal_of_which_nobody_asked_says_anything() -> None:
    """Six of eleven say that it is one; it is confirmed when somebody says so who was asked, and
    stays as it is where nobody does. A point counts by then."""
    asked = {"votes": 6, "standing": "PROVISIONAL", "asked": 30, "weight": "decisive"}
    for age in (100, 250):
        assert judged(**asked, silent=5, age=age).standing == "PROVISIONAL"
        assert judged(**asked, silent=4, yes=1, age=age).standing == "CONFIRMED"
        assert judged(**{**asked, "votes": 7}, silent=4, age=age).standing == "CONFIRMED"
    point = asked | {"weight": "point"}
    assert judged(**point, silent=5, age=250).standing == "CONFIRMED"


@pytest.mark.parametrize("rival", [None, 1000])
def test_of_two_things_of_which_one_happened_all_are_asked(rival: int | None) -> None:
    """Two say the one and two the other, and neither is an entry: everybody else is asked."""
    said = judged(votes=2, rival_votes=2, silent=4, age=30, rival=rival)
    assert (said.standing, said.ask) == ("", EVERYBODY)
    alone = judged(votes=2, rival_votes=1, silent=5, age=30)
    assert alone.ask == 1, "one may be wrong"


def test_a_crowd_that_is_divided_is_asked() -> None:
    """Three of eight saw something: of what two of them say it is asked, though silence speaks
    against it, and not of what one says."""
    said = judged(votes=2, rival_votes=1, silent=5, age=30, silence=50)
    assert said.likelihood < -3500
    assert (said.standing, said.ask) == ("", 1)
    assert judged(votes=1, rival_votes=2, silent=5, age=30, silence=50).ask == 0
    assert judged(votes=2, silent=10, age=30, silence=50).ask == 0, "two are no quorum of twelve"


def test_what_is_nearly_settled_is_asked_about_once() -> None:
    """Where the evidence is enough, one answer settles a dispute; else everybody is asked."""
    assert judged(votes=6, rival_votes=3, silent=2, age=30).ask == 1
    assert judged(votes=4, rival_votes=3, silent=4, age=30).ask == EVERYBODY


def test_what_is_out_of_reach_is_not_asked_about() -> None:
    """Of what is so far behind what excludes it that a yes and a no would not turn it nobody is
    asked: the questions about the other decide."""
    behind = {"votes": 3, "rival_votes": 4, "silent": 4, "age": 30}
    said = judged(**behind).likelihood
    assert judged(**behind, rival=said + 5000).ask == EVERYBODY
    assert judged(**behind, rival=said + 5001).ask == 0
