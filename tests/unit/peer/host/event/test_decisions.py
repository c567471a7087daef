"""When claims make it, and what becomes of those that do not."""

from __future__ import annotations

import pytest

from touchline.peer.host.event.decisions import Decisions
from touchline.protocol import limits, messages
from touchline.protocol.times import SECOND


def test_one_is_not_enough(ground):
    """One report makes no entry, a second one does, and both are told its seq."""
    g = ground()
    first = g.say("ann", "goal", "A")
    assert g.feed == []
    assert g.outcome("ann", first) == "stored"
    second = g.say("bob", "goal", "A")
    assert [entry.status for entry in g.feed] == ["CONFIRMED"]
    for name, n in (("ann", first), ("bob", second)):
        fate = g.fate(name, n)
        assert (fate.outcome, fate.seq, fate.entry_id) == ("accepted", 1, "1")


def test_alone(ground):
    """Where the event allows it, one who is alone is enough, provisionally; a second confirms."""
    g = ground(alone=True)
    g.say("ann", "goal", "A")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL"]
    assert g.feed[0].evidence.for_ == 1
    n = g.say("bob", "goal", "A")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL", "CONFIRMED"]
    assert g.feed[0].entry_id == g.feed[1].entry_id
    assert g.feed[1].evidence.for_ == 2
    assert g.headline == "A 1–0 B"
    assert g.fate("bob", n).outcome == "accepted"


def test_alone_no_more(ground):
    """One is not enough as soon as a second reporter is there, and is again when it has left."""
    g = ground(alone=True)
    g.attach("bob")
    g.say("ann", "goal", "A")
    assert g.feed == []
    g.detach("bob")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL"]


@pytest.mark.parametrize(
    ("verdict", "present", "needed"),
    [
        ("quorum", 2, 2),
        ("quorum", 6, 2),
        ("quorum", 7, 3),
        ("quorum", 10, 4),
        ("majority", 5, 3),
        ("majority", 6, 4),
        ("fixed:3", 9, 3),
        ("fixed:1", 9, 1),
    ],
)
def test_policies(ground, verdict, present, needed):
    """The report that makes the policy's number, and none before it, makes the entry."""
    g = ground(verdict=verdict)
    names = [f"p{i}" for i in range(present)]
    for name in names:
        g.attach(name)
    for name in names[: needed - 1]:
        g.say(name, "goal", "A")
    assert g.feed == []
    g.say(names[needed - 1], "goal", "A")
    assert len(g.feed) == 1
    assert g.feed[0].evidence.present == present


def test_entry_time_is_median(ground):
    """The entry's time is the median of the times reported when it was accepted."""
    g = ground(verdict="fixed:3")
    for name, at in (("ann", 10), ("bob", 14), ("cid", 11)):
        g.say(name, "goal", "A", at=at)
    assert g.feed[0].time == g.card.starts + 1_700_000_011 * SECOND


def test_details_by_majority(ground):
    """Each detail has its most reported value; of equally many, the first that was said."""
    g = ground(verdict="fixed:3")
    g.say("ann", "goal", "A", player="Ito", how="header")
    g.say("bob", "goal", "A", player="Abe", how="penalty")
    g.say("cid", "goal", "A", player="Abe")
    assert g.feed[0].details == {"how": "header", "player": "Abe"}


def test_expiry(ground):
    """A claim expires when its time to live has passed since its last report; its reporters are
    told, each once."""
    g = ground(claim_ttl=30.0, verdict="fixed:3")
    g.say("ann", "goal", "A")
    g.wait(20)
    g.say("bob", "goal", "A")
    g.wait(29)
    assert g.outcome("ann", 1) == "stored"
    g.wait(2)
    assert g.outcome("ann", 1) == g.outcome("bob", 1) == "expired"
    assert g.core.counters.expired == 1
    assert sum(fate.outcome == "expired" for _, r in g.receipts for fate in r.fates) == 2


def test_expired_is_not_joined(ground):
    """A report that comes after its claim has expired begins a new one."""
    g = ground(claim_ttl=30.0)
    g.say("ann", "goal", "A")
    g.stay(31, "ann")
    g.say("bob", "goal", "A")
    assert g.feed == []


def test_claim_ttl_is_event_time(ground):
    """In a replay at ten times the speed a claim lives a tenth as long."""
    g = ground(
        claim_ttl=30.0,
        timing=messages.Timing(
            starts=1_700_000_000 * SECOND, began=1_700_000_000 * SECOND, speed=10.0
        ),
    )
    g.say("ann", "goal", "A")
    g.wait(2.9)
    assert g.outcome("ann", 1) == "stored"
    g.wait(0.2)
    assert g.outcome("ann", 1) == "expired"


def test_held_until_possible(ground):
    """What the rules forbid although enough agree is held, and accepted when what was missing
    comes."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=120)
    assert g.feed == []
    assert g.outcome("ann", 1) == "stored"
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=10)
    assert [entry.title for entry in g.feed] == ["goal", "goal_disallowed"]
    assert g.outcome("ann", 1) == "accepted"
    assert g.headline == "A 0–0 B"


def test_held_over_a_restart(ground):
    """A held claim is still held after a restart."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=120)
    g.restart()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=10)
    assert [entry.title for entry in g.feed] == ["goal", "goal_disallowed"]


def test_held_to_the_end(ground):
    """A held claim whose time is over is refused with the rule that forbids it."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=20)
    g.wait(130)
    fate = g.fate("ann", 1)
    assert (fate.outcome, fate.code) == ("refused", "ILLEGAL_ACTION")
    assert fate.reason == "A has no goal of the last 5 minutes to take away"
    assert not g.core.held


def test_many_held(ground):
    """Any number of held claims is accepted when what forbade them all is taken away."""
    count = 400
    actions = [
        {"title": "hit", "points": 1, "window": 0.2},
        {"title": "bell", "ends": True, "needs_origin": False},
    ]
    rules = {"definition": {"actions": actions}}
    g = ground("custom", rules=rules, verdict="fixed:1", claim_ttl=600.0, finish_after=600.0)
    g.say("ann", "bell", at=10)
    for number in range(count):
        g.say("ann", "hit", "A", at=15 + number * 0.7)
    assert len(g.feed) == 1
    g.both("delete", names=("bob", "cid"), entry="1")
    assert len(g.feed) == count + 2
    assert not g.core.held


def test_held_claims_cost_what_concerns_them(ground, monkeypatch):
    """A held claim is looked at again where something changed before it, and only then."""
    g = ground(verdict="fixed:1", claim_ttl=600.0).begun("ann", "bob")
    g.stay(3_000)
    for number in range(20):
        g.say("ann", "goal_disallowed", "A", at=1_000 + 70 * number)
    assert len(g.core.held) == 20
    looked_at = []
    forbidden = Decisions.is_forbidden
    monkeypatch.setattr(
        Decisions,
        "is_forbidden",
        lambda self, claim: looked_at.append(claim.number) or forbidden(self, claim),
    )
    g.say("bob", "foul", "A", at=10)
    g.say("bob", "goal", "A", at=2_990)
    assert looked_at == []
    g.say("bob", "goal", "A", at=1_395)
    assert len(set(looked_at)) < 20
    # One of them takes it back; then there is nothing more to take back.
    assert sorted(entry.title for entry in g.entries[-2:]) == ["goal", "goal_disallowed"]
    assert len(g.core.held) == 19


def test_long_rule_is_cut(ground):
    """So is the rule that forbids a claim, in the journal and in the receipt."""
    g = ground()
    g.core._state.sport = type(
        "Strict", (), {"illegal": lambda *_: "no" * 3_000, "over": lambda *_: False}
    )()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    g.wait(130)
    assert len(g.fate("ann", 1).reason) == limits.TEXT_CHARS
    assert len(g.recorded()) > 4


@pytest.mark.parametrize("verdict", ["evidence", "quorum"])
def test_a_goal_told_late_is_no_second_one(ground, verdict):
    """A goal of second 10 that two others tell 40 seconds later, as if it had just been, is no
    second goal; one that is told by those who told the first one is."""
    g = ground(verdict=verdict).begun("ann", "bob", "cid", "dan", seconds=60)
    g.both("goal", "A", at=10, names=("ann", "bob"))
    g.both("goal", "A", at=50, names=("cid", "dan"))
    g.stay(40, "ann", "bob", "cid", "dan")
    assert [entry.status for entry in g.standing] == ["CONFIRMED"]
    assert g.headline == "A 1–0 B"
    g.both("goal", "A", at=90, names=("ann", "bob", "cid", "dan"))
    assert g.headline == "A 2–0 B"
