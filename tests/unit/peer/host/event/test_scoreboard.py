"""When reporters are asked for the score though contact was never lost."""

from __future__ import annotations

SIX = ("ann", "ben", "cid", "dan", "eva", "flo")


def asked(g):
    """How many were asked, and why, question by question."""
    whys = [confirm.why for _, confirm in g.asked]
    return [(why, whys.count(why)) for why in dict.fromkeys(whys)]


def test_at_the_end_of_a_period(ground):
    """A moment after a half has ended everybody who is there is asked for the score."""
    g = ground().begun(*SIX)
    g.detach("flo")
    g.both("period_end", names=SIX[:3], at=25, period="first_half")
    assert g.asked == []
    g.wait(3.1)
    assert asked(g) == [("period", 5)]
    assert g.asked[0][1].since == g.asked[0][1].until
    g.stay(600, *SIX[:5])
    assert len(g.asked) == 5


def test_at_the_end_of_a_game(ground):
    """In tennis after each game, but not twice within a moment."""
    g = ground("tennis").begun(*SIX)
    for winner in "AAAABBBB":
        g.both("point", winner, names=SIX[:3], at=g.second)
        g.stay(20, *SIX)
    assert asked(g) == [("period", 12)]


def test_not_too_often(ground):
    """Two ends within a moment lead to two questions that are some time apart."""
    g = ground("tennis").begun(*SIX)
    for winner in "AAAABBBB":
        g.both("point", winner, names=SIX[:3], at=g.second)
        g.stay(9, *SIX)
    assert len(g.asked) == 6
    g.stay(20, *SIX)
    assert len(g.asked) == 12


def test_before_the_end(ground):
    """When a second reporter votes for the end, the score is asked for."""
    g = ground().begun(*SIX)
    g.say("ann", "end")
    g.stay(10, *SIX)
    assert g.asked == []
    g.say("ben", "end")
    g.stay(10, *SIX)
    assert asked(g) == [("end", 6)]


def test_where_what_was_seen_cannot_be(ground):
    """A point that enough see after the match was over by the points: the score is asked for, and
    what they state lets it count."""
    g = ground("tennis", finish_after=600.0).begun(*SIX)
    for _ in range(48):
        g.both("point", "A", names=SIX[:3], at=g.second)
        g.stay(20, *SIX)
    assert g.core.sport.over(g.core.timeline.state)
    g.stay(60, *SIX)
    before = len(g.asked)
    g.both("point", "B", names=SIX[:3], at=g.second)
    g.stay(10, *SIX)
    assert {confirm.why for _, confirm in g.asked[before:]} == {"over"}
    for name in SIX[:4]:
        g.say(name, "confirm", at=g.second - 30, score="6-0 5-0 40-15")
    g.stay(10, *SIX)
    assert not g.core.sport.over(g.core.timeline.state)
    assert g.headline == "A 6–0 5–0 (40–30) B"


def test_not_while_contact_is_lost(ground):
    """While contact is lost, or what happened is put together, it is asked for once: then."""
    g = ground().begun(*SIX)
    g.both("period_end", names=SIX[:3], at=25, period="first_half")
    g.core._scoreboard._ask_at = g.now + 40  # so that it is due while nobody is heard
    g.wait(60)
    assert g.state == "suspended"
    assert g.asked == []


def test_not_after_a_restart(ground):
    """A restarted host does not take the score that it finds for a new one."""
    g = ground().begun(*SIX)
    g.both("period_end", names=SIX[:3], at=25, period="first_half")
    g.stay(10, *SIX)
    g.restart()
    g.back(*SIX)
    g.stay(60, *SIX)
    assert asked(g) == [("period", 6)]
