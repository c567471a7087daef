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


def test_how_long_each_status_took(ground):
    """From the first vote that led to it; texts that move, rulings of the owner and a restart count
    for nothing."""
    g = ground(owner="owner")
    told = [("goal", 0, 5), ("goal", 100, 2)]
    for title, at, apart in told:
        g.say("ann", title, "A", at=at)
        g.wait(apart)
        g.say("bob", title, "A", at=at)
    g.wait(20)
    entry = g.standing[0].entry_id
    g.say("ann", "delete", entry=entry)
    g.wait(3)
    g.say("bob", "delete", entry=entry)
    taken = [version for output in g.outputs for version in output.versions]
    assert [(status, round(seconds, 3)) for status, seconds in taken] == [
        ("CONFIRMED", 5),
        ("CONFIRMED", 2),
        ("DELETED", 3),
    ]
    known = len(g.outputs)
    g.restart()
    assert not any(output.versions for output in g.outputs[known:])


def test_how_long_answers_took(ground):
    """From the question to the first answer; a reporter that changes its mind counts once."""
    g = ground(verdict="evidence")
    names = ("ann", "bob", "cid", "dan", "eve")
    for name in names:
        g.attach(name, answers=True)
    g.stay(30, *names)
    g.say("ann", "goal", "A", at=30)
    g.stay(12, *names)
    name, question = g.questions[0]
    before = next(told.claim for _, told in g.questions)
    asked = g.core.claims.open[before].asked
    g.wait(1.5)
    since = (g.wall - min(asked.values())) / 1_000_000
    for yes in (True, False):
        g.say(name.removeprefix("token of "), "answer", claim=question.claim, yes=yes)
    (took,) = (seconds for output in g.outputs for seconds in output.answers)
    assert took == since
