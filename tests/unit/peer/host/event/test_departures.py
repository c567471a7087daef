"""Those who leave have heard what was claimed while they were there."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.departures import GRAIN, SPEAK, Departures
from touchline.protocol.times import SECOND

CROWD = tuple("abcdefghijk")


def test_who_left_in_time_to_speak() -> None:
    """Who left later than a claim's first report by the time to speak is silent about it."""
    left = Departures()
    left.add(0b001, 10 * SECOND)
    left.add(0b010, 20 * SECOND)
    left.add(0b100, 20 * SECOND + GRAIN)
    assert left.silent_about(10 * SECOND - SPEAK) == 0b111
    assert left.silent_about(10 * SECOND - SPEAK + 1) == 0b110
    assert left.silent_about(20 * SECOND) == 0
    left.forget(0b010)
    assert left.silent_about(20 * SECOND - SPEAK) == 0b100
    left.add(0b1000, 5 * SECOND)  # the clock was set back
    assert left.silent_about(20 * SECOND + GRAIN - SPEAK) == 0b1100


@pytest.mark.parametrize("leave", ["detach", "fall silent"])
@pytest.mark.parametrize("verdict", ["evidence", "quorum"])
def test_two_who_stay_confirm_nothing_that_all_passed_over(
    ground: Any, verdict: str, leave: str
) -> None:
    """Two of eleven claim what nobody else saw. When the others go home it stays what it was, and
    after a restart too; a claim that is made when they are gone has enough."""
    g = ground(verdict=verdict, heartbeat=5.0).begun(*CROWD)
    for minute in range(3):
        g.both("corner", "AB"[minute % 2], names=CROWD, at=g.second)
        g.stay(60, *CROWD)
    before = len(g.standing)
    g.both("goal", "A", names=CROWD[:2], at=g.second)
    g.stay(30, *CROWD)
    assert len(g.standing) == before
    if leave == "detach":
        for name in CROWD[2:]:
            g.detach(name)
    g.stay(60, *CROWD[:2])
    assert g.core.present == 2
    assert len(g.standing) == before
    g.restart()
    g.stay(60, *CROWD[:2])
    assert len(g.standing) == before
    g.both("goal", "B", names=CROWD[:2], at=g.second)
    g.stay(30, *CROWD[:2])
    assert [(e.title, e.origin) for e in g.standing[before:]] == [("goal", "B")]


def test_the_silence_of_the_excluded_counts_for_nothing(ground: Any) -> None:
    """Who is excluded after having left, or before, is missed by nobody."""
    g = ground(verdict="quorum", heartbeat=5.0).begun(*CROWD)
    g.both("corner", "A", names=CROWD, at=g.second)
    g.stay(60, *CROWD)
    before = len(g.standing)
    g.both("goal", "A", names=CROWD[:2], at=g.second)
    g.stay(30, *CROWD)
    g.detach(CROWD[2])
    assert len(g.standing) == before
    g.core.revoke([g.member(name).peer for name in CROWD[2:]])
    g.stay(1, *CROWD[:2])
    assert len(g.standing) == before + 1
