"""Heartbeats, and what they tell of the claims that are open."""

from __future__ import annotations

from touchline.peer.host.event.heartbeat import CLAIM_SECONDS, SOON_SECONDS
from touchline.protocol import limits


def test_heartbeats(ground):
    """Heartbeats come when the feed is idle, at once after a start, and soon after a join; each
    says the newest seq and digest."""
    g = ground(heartbeat=5.0)
    g.wait(1)
    assert len(g.beats) == 1
    g.wait(3)
    g.attach("ann")
    g.wait(0.5)
    assert len(g.beats) == 2
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    before = len(g.beats)
    g.wait(4.6)
    assert len(g.beats) == before
    g.wait(0.5)
    assert len(g.beats) == before + 1
    assert (g.beats[-1].seq, g.beats[-1].digest) == (1, g.core.feed.digest)
    assert g.beats[-1].interval == 5.0


def _told(g):
    return [(one.title, one.origin, one.for_, one.against) for one in g.beats[-1].pending]


def test_a_claim_is_told_soon(ground):
    """How an open claim stands is told within a second of a report, with what it needs."""
    g = ground(heartbeat=10.0, show_open_claims=True)
    g.begun("ann", "bob", "cid", "dan", "eve", "fay", "gus")
    g.wait(1.0)
    before = len(g.beats)
    g.say("ann", "goal", "A")
    g.wait(CLAIM_SECONDS)
    assert len(g.beats) == before + 1
    assert _told(g) == [("goal", "A", 1, 0)]
    assert g.beats[-1].pending[0].needed == 3
    g.say("bob", "goal", "A")
    g.wait(CLAIM_SECONDS)
    assert _told(g) == [("goal", "A", 2, 0)]


def test_not_more_often(ground):
    """Of many reports in a second one heartbeat tells."""
    g = ground(heartbeat=10.0)
    g.begun("ann", "bob", "cid", "dan", "eve", "fay", "gus")
    g.wait(1.0)
    before = len(g.beats)
    for place in range(40):
        g.say("ann", "foul", "A", at=60.0 * place)
        g.wait(0.05)
    assert 2 <= len(g.beats) - before <= 3


def test_what_became_of_it(ground):
    """Once all claims are entries, or over, one more heartbeat says that none is open."""
    g = ground(heartbeat=10.0, show_open_claims=True)
    g.begun("ann", "bob", "cid", "dan")
    g.say("ann", "goal", "A")
    g.wait(CLAIM_SECONDS)
    assert _told(g)
    g.say("bob", "goal", "A")
    g.wait(CLAIM_SECONDS + SOON_SECONDS)
    assert g.beats[-1].pending == []
    before = len(g.beats)
    g.wait(5.0)
    assert len(g.beats) == before, "then it is quiet again"


def test_no_more_than_the_newest(ground):
    """The newest twenty are told, the newest first."""
    g = ground(heartbeat=10.0, show_open_claims=True)
    g.begun("ann", "bob", "cid", "dan")
    for place in range(-limits.PENDING - 5, 0):
        g.say("ann", "foul", "A", at=60.0 * place)
    g.wait(2 * CLAIM_SECONDS)
    told = g.beats[-1].pending
    assert len(told) == limits.PENDING
    assert [one.time for one in told] == sorted((one.time for one in told), reverse=True)
