"""What speaks for a claim and what against it."""

from __future__ import annotations


def test_exclusive(ground):
    """A claim and one that excludes it weigh against each other: more must be for than against; the
    one that gives way goes before the other comes, and both say why."""
    g = ground("tennis")
    for name in ("ann", "bob", "cid", "dan", "eve"):
        g.attach(name)
    g.say("ann", "point", "A")
    g.say("bob", "point", "B")
    g.say("cid", "point", "B")
    assert [entry.origin for entry in g.feed] == ["B"]
    assert (g.feed[0].evidence.for_, g.feed[0].evidence.against) == (2, 1)
    g.say("dan", "point", "A")
    assert len(g.feed) == 1, "2 for, 2 against"
    g.say("eve", "point", "A")
    assert [(entry.origin, entry.status, entry.reason) for entry in g.feed[1:]] == [
        ("B", "DELETED", "entry 1 stands instead: 3 against 2"),
        ("A", "CONFIRMED", "it stands instead of entry 2, 3 against 2"),
    ]


def test_undo_frees_the_rival(ground):
    """Two against two stands still; when one of a side takes its vote back, the other side's claim
    is accepted without a further report."""
    g = ground("tennis", verdict="quorum")
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    for name, origin in zip(names[:4], "AABB", strict=True):
        g.say(name, "point", origin)
    for name in names[6:]:
        g.detach(name)
    assert g.feed == [], "2 of 6 present for either"
    g.say("p0", "undo", n=1)
    assert [entry.origin for entry in g.feed] == ["B"]
    assert (g.feed[0].evidence.for_, g.feed[0].evidence.against) == (2, 1)
