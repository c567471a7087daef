"""The way of one report, read from the journal of its host."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.trace import trace

SECOND = 1_000_000


@pytest.fixture
def event(ground: Any) -> Any:
    """An event of which two reporters must tell the same."""
    return ground(verdict="fixed:2")


def steps(event: Any, peer: str, n: int) -> list[tuple[str, str]]:
    """Return each step of a report with its entry."""
    return [(one.step, one.entry) for one in trace(event.card, event.journal, peer, n)]


def test_the_way_to_an_entry(event: Any) -> None:
    """The first report is stored, waits for others, is accepted and published; a later one of the
    same finds the entry there. Times are in order."""
    for name in ("ann", "bob", "cid"):
        event.attach(name)
        event.wait(30)
    event.say("ann", "goal", "A", at=100)
    event.wait(5)
    for name in ("bob", "cid"):
        event.say(name, "goal", "A", at=100)
    (entry,) = event.entries[:1]
    found = trace(event.card, event.journal, "ann", 1)
    assert [one.step for one in found][:4] == ["said", "stored", "accepted", "published"]
    assert {one.entry for one in found[2:]} == {entry.entry_id}
    assert found[3].seq == entry.seq
    assert [one.time for one in found] == sorted(one.time for one in found)
    assert found[3].time - found[1].time >= 5 * SECOND
    assert "goal A" in found[0].text
    assert steps(event, "cid", 1)[:2] == [("said", ""), ("stored", "")]


def test_a_report_that_nobody_shares(event: Any) -> None:
    """Its claim expires, and the way says so."""
    for name in ("ann", "bob", "cid"):
        event.attach(name)
        event.wait(30)
    event.say("ann", "goal", "A", at=100)
    event.wait(600)
    assert [step for step, _ in steps(event, "ann", 1)][-1] == "expired"


def test_what_is_not_there(event: Any) -> None:
    """A report that was never stored has no way, whoever is asked for."""
    event.attach("ann")
    event.say("ann", "goal", "A", at=1)
    assert steps(event, "ann", 2) == steps(event, "bob", 1) == []
