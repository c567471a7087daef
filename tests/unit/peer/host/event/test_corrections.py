"""Votes to delete, amend, undo and end."""

from __future__ import annotations

import pytest

from touchline.peer.host.event.claims import Claim
from touchline.protocol.messages import Finished


def goal(g, *names, at=0.0, **details):
    for name in names:
        g.say(name, "goal", "A", at=at, **details)


def statuses(g):
    return [message.status for message in g.feed]


def test_delete(ground):
    """When more vote to delete an entry than reported it and stay with it, it goes, and the score
    follows; it is published again under its id."""
    g = ground()
    goal(g, "ann", "bob")
    g.say("ann", "delete", entry="1")
    assert statuses(g) == ["CONFIRMED"]
    g.say("cid", "delete", entry="1")
    assert statuses(g) == ["CONFIRMED", "DELETED"]
    assert [message.entry_id for message in g.feed] == ["1", "1"]
    assert g.headline == g.feed[-1].headline == "A 0–0 B"
    assert g.feed[-1].evidence.against == 1
    for name, n in (("ann", 2), ("cid", 1)):
        assert (g.outcome(name, n), g.fate(name, n).seq) == ("accepted", 2)


def test_defended(ground):
    """As many for the entry as against it, and it stands."""
    g = ground()
    goal(g, "ann", "bob")
    for name in ("cid", "dan"):
        g.say(name, "delete", entry="1")
    assert statuses(g) == ["CONFIRMED"]
    g.say("eve", "delete", entry="1")
    assert statuses(g) == ["CONFIRMED", "DELETED"]


def test_reported_again(ground):
    """What is reported again after a deletion is a new entry."""
    g = ground()
    goal(g, "ann", "bob")
    for name in ("ann", "bob"):
        g.say(name, "delete", entry="1")
    goal(g, "ann", "bob")
    assert statuses(g) == ["CONFIRMED", "DELETED", "CONFIRMED"]
    assert g.feed[-1].entry_id != "1"
    assert g.headline == "A 1–0 B"


def test_amend(ground):
    """Enough who say the same change it; those who would change it otherwise count against."""
    g = ground()
    goal(g, "ann", "bob", player="Ito")
    g.say("ann", "amend", entry="1", player="Abe")
    g.say("bob", "amend", entry="1", player="Ueda")
    g.say("cid", "amend", entry="1", player="Ueda")
    assert statuses(g) == ["CONFIRMED", "UPDATED"]
    assert g.feed[-1].details == {"player": "Ueda"}
    assert (g.feed[-1].evidence.for_, g.feed[-1].evidence.against) == (2, 1)
    assert g.headline == "A 1–0 B"


def test_amend_keeps_the_rest(ground):
    """An amendment changes what it names and nothing else."""
    g = ground()
    goal(g, "ann", "bob", player="Ito", how="header")
    for name in ("ann", "bob"):
        g.say(name, "amend", entry="1", player="Abe")
    assert g.feed[-1].details == {"player": "Abe", "how": "header"}
    assert g.feed[-1].time == g.feed[0].time


def test_amended_identity(ground):
    """Reports of an entry as it was amended speak of it, and make no second one."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "yellow_card", "A", player="Ito")
    for name in ("ann", "bob"):
        g.say(name, "amend", entry="1", player="Abe")
    n = g.say("cid", "yellow_card", "A", player="Abe")
    assert (g.outcome("cid", n), g.fate("cid", n).entry_id) == ("accepted", "1")


def test_deleted_stays_deleted(ground):
    """An amendment that was on its way when the entry was deleted never brings it back: neither by
    a vote in the same batch nor when reporters leave."""
    g = ground()
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    goal(g, *names[:3])
    for name in names[:2]:
        g.say(name, "amend", entry="1", player="Abe")
    for name in names[:2]:
        g.say(name, "delete", entry="1")
    last = names[2]
    g.batch(
        last,
        g.said(last, "delete", entry="1"),
        g.said(last, "amend", entry="1", player="Abe"),
    )
    for name in names:
        g.detach(name)
    assert statuses(g) == ["CONFIRMED", "DELETED"]
    g.wait(200)
    assert g.headline == "A 0–0 B"
    assert g.outcome(names[0], 2) == "expired"


def test_undo_before(ground):
    """A report taken back before its claim was accepted no longer counts, nor what it said."""
    g = ground(verdict="fixed:2")
    g.say("ann", "goal", "A", at=-15, player="Ito")
    n = g.say("ann", "undo", n=1)
    assert g.outcome("ann", n) == "stored"
    g.say("bob", "goal", "A", at=0)
    assert g.feed == []
    g.say("ann", "goal", "A", at=1)
    assert statuses(g) == ["CONFIRMED"]
    assert g.feed[0].details == {}
    assert g.feed[0].time == g.core.timeline.standing[0].time == 1_700_000_000_000_000
    assert g.outcome("ann", 1) == "stored", "nobody is told of a report that was taken back"


def test_an_undo_costs_what_it_touches(ground, monkeypatch):
    """However many claims and entries there are, the one that holds the report is looked at."""
    g = ground()
    for number in range(20):
        g.say("ann", "foul", "A", at=12 * number)
    looked_at = []
    said_in = Claim.said_in
    monkeypatch.setattr(
        Claim, "said_in", lambda self, *vote: looked_at.append(self.number) or said_in(self, *vote)
    )
    n = g.say("ann", "undo", n=17)
    assert g.outcome("ann", n) == "stored"
    assert looked_at == [17]
    n = g.say("ann", "undo", n=17)
    assert g.fate("ann", n).reason == "undo: your report 17 is in no claim and no entry"


def test_an_undo_of_a_double_tap(ground):
    """A report that only says the same again can be taken back as well, after a restart too."""
    g = ground()
    for _ in range(3):
        g.say("ann", "goal", "A", at=30)
    g.restart()
    for n in (3, 1):
        assert g.outcome("ann", g.say("ann", "undo", n=n)) == "stored"
    g.say("bob", "goal", "A", at=30)
    assert [entry.status for entry in g.entries] == ["CONFIRMED"]


def test_undo_after(ground):
    """Taken back after acceptance it is a vote to delete; when both who reported it do, it goes."""
    g = ground()
    goal(g, "ann", "bob")
    g.say("ann", "undo", n=1)
    assert statuses(g) == ["CONFIRMED"]
    g.say("bob", "undo", n=1)
    assert statuses(g) == ["CONFIRMED", "DELETED"]


def test_undo_of_the_deleted(ground):
    """A report whose entry is deleted can't be taken back any more, and the host goes on."""
    g = ground()
    goal(g, "ann", "bob")
    for name in ("ann", "bob"):
        g.say(name, "delete", entry="1")
    for name in ("ann", "bob"):
        n = g.say(name, "undo", n=1)
        assert "deleted already" in g.fate(name, n).reason
    assert statuses(g) == ["CONFIRMED", "DELETED"]
    goal(g, "ann", "bob", at=60)
    assert g.headline == "A 1–0 B"


def test_undo_alone(ground):
    """One who is alone takes back at once what alone was accepted."""
    g = ground(alone=True)
    goal(g, "ann")
    g.say("ann", "undo", n=1)
    assert statuses(g) == ["PROVISIONAL", "DELETED"]


def test_undo_of_a_vote(ground):
    """A vote to delete can itself be taken back."""
    g = ground()
    goal(g, "ann", "bob")
    g.say("ann", "delete", entry="1")
    g.say("ann", "undo", n=2)
    g.say("cid", "delete", entry="1")
    assert statuses(g) == ["CONFIRMED"]


@pytest.mark.parametrize(
    ("title", "details", "reason"),
    [
        ("delete", {}, "no entry ''"),
        ("delete", {"entry": "9"}, "no entry '9'"),
        ("amend", {"entry": "1"}, "say what changes"),
        ("amend", {"entry": "1", "size": 3}, "no detail 'size'"),
        ("undo", {}, "name your report's number"),
        ("undo", {"n": True}, "name your report's number"),
        ("undo", {"n": 77}, "in no claim and no entry"),
        ("undo", {"n": 1, "why": "x"}, "undo has no detail 'why'; it takes n"),
        ("delete", {"entry": "1", "player": "Ito"}, "delete has no detail 'player'"),
        ("confirm", {"score": "1-0", "by": "me"}, "confirm has no detail 'by'"),
    ],
)
def test_refused(ground, title, details, reason):
    """A correction of nothing, or to what can't be, is refused with the reason."""
    g = ground()
    goal(g, "ann", "bob")
    n = g.say("ann", title, **details)
    assert g.outcome("ann", n) == "refused"
    assert reason in g.fate("ann", n).reason
    assert statuses(g) == ["CONFIRMED"]


def test_voted_already(ground):
    """Nobody votes twice for the same correction."""
    g = ground()
    goal(g, "ann", "bob")
    g.say("cid", "delete", entry="1")
    n = g.say("cid", "delete", entry="1")
    assert "voted for that already" in g.fate("cid", n).reason
    assert statuses(g) == ["CONFIRMED"]


def test_entry_of_a_report_that_expired(ground):
    """A report whose claim has expired can't be taken back."""
    g = ground()
    goal(g, "ann")
    g.wait(130)
    n = g.say("ann", "undo", n=1)
    assert g.outcome("ann", n) == "refused"


def test_end(ground):
    """Enough votes end the event; each voter is told so, once."""
    g = ground()
    goal(g, "ann", "bob")
    g.say("ann", "end")
    g.say("bob", "end")
    assert isinstance(g.feed[-1], Finished)
    assert g.feed[-1].headline == "A 1–0 B"
    g.wait(1_000)
    told = [fate.outcome for _, receipt in g.receipts for fate in receipt.fates if fate.seq == 2]
    assert told == ["accepted", "accepted"]
    assert [g.outcome(name, 2) for name in ("ann", "bob")] == ["accepted", "accepted"]
    for word in ("delete", "undo", "end"):
        n = g.say("ann", word)
        assert g.fate("ann", n).code == "EVENT_OVER"


def test_votes_expire(ground):
    """A correction that finds no agreement expires like any claim."""
    g = ground(claim_ttl=30.0)
    goal(g, "ann", "bob")
    n = g.say("cid", "delete", entry="1")
    g.wait(31)
    assert g.outcome("cid", n) == "expired"
    again = g.say("cid", "delete", entry="1")
    assert g.outcome("cid", again) == "stored"
