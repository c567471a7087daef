"""Versions of entries as they are published."""

from __future__ import annotations


def test_relates_to(ground):
    """A disallowed goal names the latest goal of its side that it can mean."""
    g = ground()
    for at in (10, 100):
        for name in ("ann", "bob"):
            g.say(name, "goal", "A", at=at)
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=130)
    assert g.feed[-1].relates_to == g.feed[1].entry_id
    assert g.headline == "A 1–0 B"


def test_late_entry_refolds(ground):
    """An entry that comes late stands where it happened, and the score follows."""
    g = ground()
    for at, origin in ((100, "A"), (50, "B")):
        for name in ("ann", "bob"):
            g.say(name, "goal", origin, at=at)
    assert [entry.origin for entry in g.standing] == ["B", "A"]
    assert [entry.seq for entry in g.standing] == [2, 3]
    assert g.feed[1].headline == "A 1–1 B"


def test_epoch_in_entries(ground):
    """Entries carry the epoch under which they were published; seq goes on over a restart."""
    g = ground()
    for at in (0, 100):
        for name in ("ann", "bob"):
            g.say(name, "goal", "A", at=at)
        g.restart()
    assert [(entry.epoch, entry.seq) for entry in g.feed] == [(1, 1), (2, 2)]
