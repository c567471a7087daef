"""Enrolments that come in one burst."""

from __future__ import annotations

import logging

from touchline.peer.host.event import enrolment_bursts, records
from touchline.peer.host.event.enrolment_bursts import BURST_KEYS, BURST_SECONDS, EnrolmentBursts

SECOND = 1_000_000


def came(bursts: EnrolmentBursts, peer: str, second: float, invite: str = "i") -> None:
    bursts.record(
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
