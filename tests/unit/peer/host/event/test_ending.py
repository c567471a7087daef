"""The end of an event."""

from __future__ import annotations

from touchline.protocol.messages import Finished


def test_finishes_by_itself(ground):
    """Some time after the action that ends the event it is finished, and takes nothing more."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    g.wait(59)
    assert not g.core.finished
    g.wait(2)
    assert isinstance(g.feed[-1], Finished)
    assert g.outputs[-1].finished
    n = g.say("ann", "goal", "A")
    assert g.fate("ann", n).code == "EVENT_OVER"


def test_end_taken_back(ground):
    """When the action that ended it is deleted in time, the event goes on."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    for name in ("ann", "bob"):
        g.say(name, "delete", entry="1")
    g.wait(200)
    assert not g.core.finished


def test_finishing_survives_a_restart(ground):
    """A host restarted between the end and `finished` finishes; restarted after it, it is over."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    g.restart()
    g.wait(61)
    assert isinstance(g.feed[-1], Finished)
    g.restart()
    assert g.core.finished
    g.wait(300)
    assert sum(isinstance(message, Finished) for message in g.feed) == 1


def test_nothing_after_finished(ground):
    """What is open as the event finishes makes no entry any more, not even when reporters leave."""
    g = ground()
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    for name in names[:2]:
        g.say(name, "goal", "A")
    for name in names[:3]:
        g.say(name, "end")
    assert g.core.finished
    for name in names:
        g.detach(name)
    g.wait(200)
    assert [type(message) for message in g.feed] == [Finished]
    assert g.outcome("p0", 1) == "expired"


def test_batch_across_the_end(ground):
    """In a batch, what follows the vote that ends the event makes no entry."""
    g = ground(verdict="fixed:2")
    g.say("ann", "end")
    g.say("ann", "goal", "A")
    g.batch("bob", g.said("bob", "end"), g.said("bob", "goal", "A"))
    assert [type(message) for message in g.feed] == [Finished]
