"""New keys: those that came in a burst are seen, and none counts before its probation is over."""

from __future__ import annotations

import logging

import pytest

from touchline.peer.host.event import enrolment_bursts, records
from touchline.peer.host.event.enrolment_bursts import BURST_KEYS, BURST_SECONDS, EnrolmentBursts

SECOND = 1_000_000


def came(bursts: EnrolmentBursts, peer: str, second: float, invite: str = "i") -> None:
    bursts.note(
        records.MemberAttached(
            peer=peer,
            name=peer,
            token="t",
            role="reporter",
            expires=1,
            invite=invite,
            enrolled=round(second * SECOND),
        )
    )


# ── bursts ───────────────────────────────────────────────────────────────────────────────────


def test_burst(caplog):
    """Those who enrolled by one invitation within a minute are a burst, in whatever order they
    come; it is logged once."""
    found = EnrolmentBursts()
    with caplog.at_level(logging.WARNING, enrolment_bursts.__name__):
        for peer, second in (("c", 100), ("a", 45), ("far", 300), ("d", 110), ("b", 60)):
            came(found, peer, second)
    assert found.members == {"a", "b", "c", "d"}
    (told,) = caplog.messages
    assert "3 or more" in told
    assert "60 s" in told
    assert "invitation i" in told


def test_no_burst(caplog):
    """Too few, too far apart, by several invitations, or by none: that is no burst. Nor is one
    person who comes again and again."""
    found = EnrolmentBursts()
    for number in range(20):
        came(found, f"slow {number}", number * (BURST_SECONDS / (BURST_KEYS - 1) + 1))
        came(found, f"other {number}", 0, invite=f"i{number}")
        came(found, f"open {number}", 0, invite="")
        came(found, "again", 5_000)
    came(found, "and one more", 5_001)
    assert found.members == set()
    assert caplog.messages == []


def test_reporters_alone_are_counted(ground):
    """A host notes its reporters, not who follows, also after a restart."""
    g = ground()
    for name in ("ann", "bob", "cid"):
        g.attach(name, enrolled=1.0, invite="i")
    for name in ("x", "y", "z"):
        g.attach(name, "viewer", enrolled=1.0, invite="j")
    assert len(g.core.roster.bursts.members) == 3
    g.restart()
    assert len(g.core.roster.bursts.members) == 3


# ── probation ────────────────────────────────────────────────────────────────────────────────


def test_votes_of_new_keys_do_not_count(ground):
    """On probation nobody makes an entry, alone or with one other; the votes are kept, and count
    as soon as it is over."""
    g = ground(probation=60.0)
    g.attach("ann", enrolled=-1_000)
    for name in ("new", "newer"):
        g.attach(name, enrolled=0)
    for name in ("new", "newer", "ann"):
        g.say(name, "goal", "A", at=1)
    (claim,) = g.core.claims.open.values()
    assert len(claim.votes) == 3
    assert g.feed == []
    assert g.core.present == 1
    g.stay(62, "ann", "new", "newer")
    (entry,) = g.entries
    assert (entry.evidence.for_, entry.evidence.present) == (3, 3)
    assert g.core.present == 3


def test_old_keys_decide_alone(ground):
    """New keys neither help nor hinder: who is present, for and against is reckoned without
    them."""
    g = ground(probation=60.0, verdict="majority")
    for name in ("ann", "bob", "cid"):
        g.attach(name, enrolled=-1_000)
    for number in range(10):
        g.attach(f"new {number}", enrolled=0)
        g.say(f"new {number}", "goal", "B", at=1)
    g.say("ann", "goal", "A", at=1)
    g.say("bob", "goal", "A", at=1)
    (entry,) = g.entries
    assert (entry.origin, entry.evidence.for_, entry.evidence.against) == ("A", 2, 0)
    assert entry.evidence.present == 3


def test_restart_on_probation(ground):
    """After a restart the same ones are on probation, for as long as before."""
    g = ground(probation=60.0)
    g.attach("ann", enrolled=-1_000)
    g.attach("new", enrolled=0)
    g.say("ann", "goal", "A", at=1)
    g.say("new", "goal", "A", at=1)
    g.restart()
    assert [member.eligible for member in g.core.roster.reporters] == [True, False]
    assert (g.core.present, g.feed) == (1, [])
    g.stay(62, "ann", "new")
    assert len(g.entries) == 1


def test_leaving_on_probation(ground):
    """Who comes and goes on probation changes nothing of who is present."""
    g = ground(probation=60.0)
    g.attach("ann", enrolled=-1_000)
    for _ in range(2):
        g.attach("new", enrolled=0)
        g.detach("new")
    assert g.core.present == 1
    g.attach("new", enrolled=0)
    g.stay(62, "ann", "new")
    g.detach("new")
    assert g.core.present == 1


@pytest.mark.parametrize("probation", [0.0, 60.0])
def test_no_probation(ground, probation):
    """Without the setting, and for those whose enrolment is not known to be new, votes count at
    once."""
    g = ground(probation=probation)
    for name in ("ann", "bob"):
        g.attach(name, enrolled=0.0 if not probation else -1_000)
    g.both("goal", "A", at=1)
    assert len(g.entries) == 1
