"""Which held claims are decided again: all that a change may let in, and no other."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from touchline.peer.host.event.decisions import Decisions
from touchline.sports.football.sport import Football

TITLES = ("goal", "goal_disallowed", "goal_disallowed", "state", "delete", "delete", "foul")


def _played(ground: Any, seed: int) -> tuple[list[object], list[int]]:
    """Report goals, goals that do not count and stated scores in any order of their times; return
    what was published, and which claims are still held."""
    random = Random(seed)
    g = ground(verdict="fixed:1", claim_ttl=9_000.0).begun("ann", "bob", seconds=3)
    g.stay(2_000, "ann", "bob")
    for number in range(80):
        name = ("ann", "bob")[number % 2]
        title = random.choice(TITLES)
        at = random.randrange(0, 2_000, 10)
        origin = random.choice("AB")
        if title == "state":
            g.both("state", at=at, score=f"{random.randint(0, 2)}-{random.randint(0, 2)}")
            g.stay(10, "ann", "bob")
        elif title == "delete":
            if g.entries:
                g.say(name, "delete", entry=random.choice(g.entries).entry_id)
        else:
            g.say(name, title, origin, at=at)
    feed = [(e.entry_id, e.status, e.title, e.time, e.relates_to, e.headline) for e in g.entries]
    return feed, sorted(g.core.held)


@pytest.mark.parametrize("seed", range(20, 34))
def test_none_is_overlooked(ground: Any, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """What happened long before a goal that does not count neither permits nor forbids it: the
    match comes to the same as if each held claim were decided again."""
    as_is = _played(ground, seed)
    monkeypatch.setattr(Football, "recent", {})
    assert as_is == _played(ground, seed)


def test_many_that_are_too_late(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A goal lets in only what may take it back, however many claims are held after that."""
    g = ground(verdict="fixed:1", claim_ttl=9_000.0).begun("ann", "bob")
    g.stay(6_000, "ann", "bob")
    for number in range(40):
        g.say("ann", "goal_disallowed", "AB"[number % 2], at=1_000 + 130 * number)
    assert len(g.core.held) == 40
    looked_at = []
    forbidden = Decisions.is_forbidden

    def noted(self: Decisions, claim: Any) -> bool:
        looked_at.append(claim.mean)
        return forbidden(self, claim)

    monkeypatch.setattr(Decisions, "is_forbidden", noted)
    g.say("bob", "goal", "A", at=3_000)
    assert 0 < len(looked_at) <= 40 / 2
    assert len(g.core.held) == 39


def test_what_a_stated_score_adds(ground: Any) -> None:
    """A goal of long ago that is deleted is one more that the score adds when it is stated: what
    takes that back is let in, though it is long after the goal."""
    g = ground(verdict="fixed:1", claim_ttl=9_000.0).begun("ann", "bob")
    g.stay(1_300, "ann", "bob")
    for at in (100, 200):
        g.say("bob", "goal", "A", at=at)
    g.both("state", at=1_000, score="3-0")
    g.stay(10, "ann", "bob")
    for at in (1_060, 1_200):
        g.say("ann", "goal_disallowed", "A", at=at)
    g.say("bob", "goal", "B", at=50)
    assert (g.headline, len(g.core.held)) == ("A 2–0 B", 1)
    g.both("delete", entry=g.entries[0].entry_id)
    assert (g.headline, len(g.core.held)) == ("A 1–0 B", 0)
