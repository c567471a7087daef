"""A turn takes in so much as is done in a moment; what is over it waits for the next one."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event import event, workload
from touchline.peer.host.event.claims import Claim


def push(g: Any, name: str, count: int, title: str = "foul") -> int:
    """Report in one turn until it has enough to do; return how many reports that took."""
    said = [g.said(name, title, "AB"[number % 2], at=-30 * number) for number in range(count)]
    g.begin()
    taken = 0
    for one in said:
        report = g.report(name, one)
        g.core.report(g.member(name), report, b"")
        taken += 1
        if g.core.laden:
            break
    return taken


def test_what_is_published_at_once(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one report is enough, so many entries make a turn full."""
    monkeypatch.setattr(workload, "TURN", 1_000)
    g = ground(verdict="fixed:1").begun("ann")
    assert push(g, "ann", 100) == 1_000 // (workload.PUBLISHED + workload.JUDGED)
    g.take()
    g.begin()
    assert not g.core.laden
    g.take()


def test_what_is_still_to_be_judged(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims that will be judged when the turn ends count by what claims have taken of late."""
    monkeypatch.setattr(workload, "TURN", 1_000)
    g = ground(verdict="fixed:2").begun("ann", "bob")
    said = [g.said("ann", "foul", "A", at=-30 * number) for number in range(100)]
    g.batch("ann", *said)
    assert push(g, "bob", 100) <= 2 * 1_000 // workload.PUBLISHED
    assert g.feed == []
    g.take()
    assert g.feed


def test_folding_counts(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late goals among many fill a turn sooner, since each is folded through to the end."""
    g = ground(verdict="fixed:1").begun("ann", "bob")
    for first in range(0, 200, 50):
        g.batch("ann", *(g.said("ann", "goal", "A", at=-30 * n) for n in range(first, first + 50)))
    monkeypatch.setattr(workload, "TURN", 2_000)
    folded = g.core.timeline.applied
    said = [g.said("bob", "goal", "B", at=-9_000 - 30 * number) for number in range(50)]
    g.begin()
    for one in said:
        g.core.report(g.member("bob"), g.report("bob", one), b"")
        if g.core.laden:
            break
    assert g.member("bob").n < 15
    assert g.core.timeline.applied - folded <= 2_000 + 300
    g.take()


def test_silence_is_looked_at_in_parts(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many claims that are due at one time some are left for the next turn, which is at once."""
    monkeypatch.setattr(event, "LOOKS", 3)
    crowd = ("ann", "bob", "cid", "dan", "eve")
    g = ground(verdict="evidence").begun(*crowd)
    looked_at: list[Claim] = []
    decide = type(g.core)._decide
    monkeypatch.setattr(
        type(g.core),
        "_decide",
        lambda self, claim: looked_at.append(claim) or decide(self, claim),  # type: ignore[func-returns-value]
    )
    g.batch("ann", *(g.said("ann", "foul", "A", at=-30 * number) for number in range(20)))
    monkeypatch.setattr(workload, "TURN", 100)
    g.now += 1.5
    looked_at.clear()
    g.begin()
    g.core.handle_timer(g.now)
    assert 10 <= len(looked_at) < 20
    assert g.core.next_timer() <= g.now
    g.take()
    g.begin()
    g.core.handle_timer(g.now)
    g.take()
    assert len({claim.number for claim in looked_at}) == 20
