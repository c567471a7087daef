"""Claims are looked at although nothing is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from touchline.peer.host.event.looks import AGES, APART, Looks
from touchline.peer.host.event.verdict.case import Case, Judgement
from touchline.peer.host.event.verdict.evidence import WeighedEvidence
from touchline.timeline.event_clock import EventClock

CROWD = ("ann", "bob", "cid", "dan", "eve")


def test_what_nobody_looked_at(ground: Any) -> None:
    """A claim that became old while the host was away is settled all the same, once the reporters
    have had time to come back."""
    g = ground(verdict="evidence").begun(*CROWD)
    g.both("save", "A", at=30, names=CROWD[:2])
    g.now += 60
    g.restart()
    g.stay(20, *CROWD)
    assert [one.status for one in g.entries] == ["PROVISIONAL"]
    g.stay(10, *CROWD)
    assert [one.status for one in g.entries] == ["PROVISIONAL", "CONFIRMED"]


def test_many_are_looked_at_together() -> None:
    """Of a hundred claims a second those of a tenth of it share a turn; one alone does not wait."""
    looks = Looks(EventClock(None))
    for number in range(100):
        looks.begin(SimpleNamespace(number=number), number / 100)  # type: ignore[arg-type]  # all it reads
    first = looks.next()
    assert first == AGES[0]
    assert len(looks.due(first)) == 1
    turns = 0
    while (at := looks.next()) is not None:
        turns += 1
        assert looks.due(at - APART / 2) == []
        looks.due(at)
    assert turns == 10


def test_more_than_a_turn_holds() -> None:
    """What a turn has no room for is due in the next one, at once."""
    looks = Looks(EventClock(None))
    for number in range(3):
        looks.begin(SimpleNamespace(number=number), 0.0)  # type: ignore[arg-type]  # all it reads
    assert len(looks.due(AGES[0], 2)) == 2
    assert looks.next() == AGES[0]
    assert len(looks.due(AGES[0], 2)) == 1


def test_looks_cost_no_verdicts_where_nothing_can_change(
    ground: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reporter that is alone is judged when it speaks and when the time for others is over, not
    at each age in between."""
    judged = []
    judge = WeighedEvidence.judge

    def counted(policy: WeighedEvidence, case: Case) -> Judgement:
        judged.append(case.age)
        return judge(policy, case)

    monkeypatch.setattr(WeighedEvidence, "judge", counted)
    g = ground(verdict="evidence", alone=True).begun("ann")
    g.both("save", "A", at=30, names=("ann",))
    g.stay(11, "ann")
    assert len(judged) == 1
    g.stay(3, "ann")
    assert len(judged) > 1, "its time is up"
    assert [one.status for one in g.entries] == ["PROVISIONAL"]
