"""Who is there, how far their clocks are off, and whose votes count."""

from __future__ import annotations

from random import Random

import pytest

from touchline.peer.host.event.decisions import Decisions
from touchline.protocol import codec, messages
from touchline.protocol.errors import BadMessage, NotAllowed
from touchline.protocol.times import SECOND


def test_presence_falls(ground):
    """When reporters leave, a claim that now has enough is accepted."""
    g = ground(heartbeat=5.0)
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    g.say("p0", "goal", "A")
    g.say("p1", "goal", "A")
    assert g.feed == []
    g.detach("p7")
    g.detach("p8")
    assert g.feed == []
    g.detach("p6")
    assert len(g.feed) == 1
    assert g.feed[0].evidence.present == 6


def test_silence_is_absence(ground):
    """Who says nothing for two heartbeats, while others do, is no longer present."""
    g = ground(heartbeat=5.0)
    for name in ("ann", "bob"):
        g.attach(name)
    g.stay(10, "ann")
    assert g.core.present == 2
    g.stay(5, "ann")
    assert g.core.present == 1
    g.ping("bob")
    assert g.core.present == 2


def test_a_single_report_beside_a_form(ground):
    """A brief connection of a reporter that is there takes nothing from it: it may be asked, and is
    missed. One that has left, or was never there, is there for a moment only."""
    g = ground()
    ann = g.attach("ann", answers=True)
    for _ in range(2):
        g.attach("ann", brief=True)
        assert (ann.stays, ann.answers) == (True, True)
        g.restart()
        ann = g.member("ann")
    g.detach("ann")
    g.attach("ann", brief=True)
    bob = g.attach("bob", brief=True)
    assert [(one.stays, one.answers) for one in (g.member("ann"), bob)] == [(False, False)] * 2


def test_silence_of_all_is_nobodys_absence(ground):
    """Where nobody is heard it is contact that was lost: all still count as present, also until
    those who come back later had time to."""
    g = ground(heartbeat=5.0)
    for name in ("ann", "bob"):
        g.attach(name)
    g.wait(300)
    assert g.core.present == 2
    g.stay(9, "ann")
    assert g.core.present == 2
    g.stay(9, "ann")
    assert g.core.present == 1


def test_viewers_do_not_count(ground):
    """Subscribers are not present as reporters, and can't report."""
    g = ground()
    viewer = g.attach("fan", role="viewer")
    assert g.core.present == 0
    frame = codec.encode(
        messages.Report(token=viewer.token, n=1, time=0, event=messages.Happening("goal", "A", 0))
    )
    with pytest.raises(NotAllowed):
        g.core.report(viewer, codec.decode_report(frame), frame)
    g.core.detach(viewer)
    assert g.core.present == 0


def test_presence_survives_a_restart(ground):
    """After a restart those who were there count as present until they had time to come back, so
    that the first two can't make an entry by themselves."""
    g = ground(heartbeat=5.0)
    for i in range(9):
        g.attach(f"p{i}")
    g.restart()
    assert g.core.present == 9
    g.say("p0", "goal", "A")
    g.say("p1", "goal", "A")
    assert g.feed == []
    g.stay(15, "p0", "p1")
    assert g.core.present == 2
    assert len(g.feed) == 1


def test_clock_shift(ground):
    """A reporter whose clock is a minute slow means the same moment as one whose is right."""
    g = ground()
    g.attach("ann", behind=60.0)
    g.attach("bob")
    g.say("ann", "goal", "A", at=-60)
    g.say("bob", "goal", "A", at=0)
    assert len(g.feed) == 1
    assert g.feed[0].time == 1_700_000_000 * SECOND


def test_round_trip_is_halved(ground):
    """Half the round trip that attach states is not taken for a wrong clock."""
    g = ground()
    g.begin()
    grant = g.grant("ann", "t")
    attach = messages.Attach(id=0, token="t", time=g.wall - 200_000, rtt=400_000)
    assert g.core.attach(grant, attach, "b").clock_offset == 0


def test_shift_at_speed(ground):
    """In a replay a clock's offset counts as many times over as the event's clock is faster."""
    g = ground(timing=messages.Timing(speed=10.0))
    assert g.attach("ann", behind=2.0).clock_offset == 20 * SECOND


def test_absurd_clock(ground):
    """A clock that is off by more than any time can be is refused, and nothing changes."""
    g = ground(timing=messages.Timing(speed=1e6))
    g.begin()
    grant = g.grant("ann", "t")
    with pytest.raises(BadMessage, match="clock"):
        g.core.attach(grant, messages.Attach(id=0, token="t", time=-(10**15)), "b")
    assert g.core.take().commit == b""


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


CROWD = ("ann", "ben", "cid", "dan", "eva", "flo", "gil", "hal")


def _coming_and_going(ground, seed, verdict):
    """Report goals, on some of which few agree, while reporters leave and come back; return what
    was published."""
    random = Random(seed)
    g = ground(verdict=verdict).begun(*CROWD, seconds=3)
    there = list(CROWD)
    for step in range(70):
        if random.random() < 0.2 and len(there) > 1:
            g.detach(there.pop(random.randrange(len(there))))
        elif random.random() < 0.1 and len(there) < len(CROWD):
            back = random.choice([name for name in CROWD if name not in there])
            g.attach(back)
            there.append(back)
        else:
            name, origin = random.choice(there), random.choice("AB")
            g.say(name, random.choice(("goal", "corner")), origin, at=step // 7 * 9)
        g.stay(random.choice((0.2, 1.0, 4.0)), *there)
    return [(one.entry_id, one.status, one.title, one.evidence.for_) for one in g.entries]


@pytest.mark.parametrize("verdict", ["evidence", "quorum", "majority", "fixed:3"])
@pytest.mark.parametrize("seed", range(4))
def test_fewer_that_must_agree(ground, monkeypatch, seed, verdict):
    """Where reporters leave, it comes to the same as if each open claim were decided again."""
    as_is = _coming_and_going(ground, seed, verdict)
    monkeypatch.setattr(Decisions, "in_reach", lambda self: list(self._state.claims.open.values()))
    assert as_is == _coming_and_going(ground, seed, verdict)


def test_who_leaves_costs_what_is_in_reach(ground, monkeypatch):
    """Of many claims with one voice none is decided again because somebody leaves; one with as many
    as it takes now is."""
    g = ground(verdict="majority").begun(*CROWD)
    g.both("goal", "A", at=5, names=CROWD[:4])
    for number in range(50):
        g.say("hal", "foul", "A", at=40 + 25 * number)
    decided = []
    judge = Decisions.judge
    monkeypatch.setattr(
        Decisions, "judge", lambda self, claim: decided.append(claim.title) or judge(self, claim)
    )
    g.detach("gil")
    assert decided == ["goal"]
    assert [entry.title for entry in g.entries] == ["goal"]
