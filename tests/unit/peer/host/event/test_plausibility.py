"""What no event has is refused; what an honest reporter says is not."""

from __future__ import annotations

from typing import Any

import pytest

from touchline import sports
from touchline.peer.host.event import plausibility, records
from touchline.protocol.errors import Implausible
from touchline.protocol.times import SECOND
from touchline.sports import matches


def kind(title: str) -> sports.Kind:
    return next(one for one in sports.get("football").kinds() if one.title == title)


def test_so_many_of_an_event() -> None:
    """Of an action with a bound a reporter begins so many claims, whichever origin they are of."""
    begun: plausibility.Begun = {}
    goal = kind("goal")
    for number in range(goal.most):
        plausibility.count(begun, goal, "AB"[number % 2], number * 60 * SECOND)
    with pytest.raises(Implausible, match="goal: you have reported 200, more than an event has"):
        plausibility.count(begun, goal, "A", 10**6 * SECOND)
    for number in range(10_000):
        plausibility.count(begun, kind("foul"), "A", number)


def test_so_many_a_minute() -> None:
    """Of one origin within a minute; of the other one, and of the next minute, as many again."""
    begun: plausibility.Begun = {}
    goal = kind("goal")
    for origin, minute in (("A", 5), ("B", 5), ("A", 6)):
        for number in range(goal.most_a_minute):
            plausibility.count(begun, goal, origin, (60 * minute + number) * SECOND)
        with pytest.raises(Implausible, match=f"6 of {origin} in this minute"):
            plausibility.count(begun, goal, origin, 60 * minute * SECOND)


def test_the_refusal(ground: Any) -> None:
    """It has a code, is counted, and a restart comes to the same."""
    g = ground().begun("ann", "bob")
    g.stay(9_000)
    for number in range(205):
        g.say("ann", "goal", "A", at=8_990 - 40 * number)
    outcomes = [g.outcome("ann", n) for n in range(1, 206)]
    assert outcomes == ["stored"] * 200 + ["refused"] * 5
    assert g.fate("ann", 205).code == "IMPLAUSIBLE"
    assert g.core.counters.refused["IMPLAUSIBLE"] == 5
    g.say("bob", "goal", "A", at=8_990 - 40 * 204)
    assert g.outcome("bob", 1) == "stored"
    claims = list(g.core.claims.open)
    g.restart()
    assert list(g.core.claims.open) == claims


def test_journals_of_before(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken in before there was a bound is taken in again."""
    monkeypatch.setattr(records, "EDITION", 2)
    g = ground().begun("ann")
    g.stay(9_000)
    for number in range(205):
        g.say("ann", "goal", "A", at=8_990 - 40 * number)
    claims = list(g.core.claims.open)
    assert len(claims) == 205
    monkeypatch.undo()
    g.restart()
    assert list(g.core.claims.open) == claims


@pytest.mark.parametrize("name", matches.names())
def test_whole_matches_stay_far_below(name: str) -> None:
    """An outbox with all of a real match three times over is taken in."""
    match = matches.load(name)
    kinds = {one.title: one for one in sports.get(match.sport).kinds(match.rules)}
    begun: plausibility.Begun = {}
    for action in match.actions * 3:
        plausibility.count(begun, kinds[action.title], action.origin, action.time)
