"""Alarms, the return, and restarts meanwhile, on a clock that is moved by hand."""

from __future__ import annotations

import pytest

from touchline.peer.host.event import records
from touchline.protocol.messages import Alarm, Finished, Restored

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
CREW = ("ann", "bob")

# ── alarms ───────────────────────────────────────────────────────────────────────────────────


def test_alarms(ground):
    """Alarms come after two intervals of silence and every 25 s from then on, numbered, each with a
    seq of its own and the time at which anything was last received."""
    g = ground().begun()
    g.wait(121)
    assert [at for at, _ in g.alarms] == pytest.approx([150, 175, 200, 225, 250])
    assert [alarm.number for _, alarm in g.alarms] == [1, 2, 3, 4, 5]
    assert [alarm.seq for _, alarm in g.alarms] == [1, 2, 3, 4, 5]
    assert {alarm.last_received for _, alarm in g.alarms} == {BEGIN + 30 * SECOND}
    assert g.beats[-1].state == "suspended"


def test_settings(ground):
    """The interval and the distance of alarms can be set."""
    g = ground(heartbeat=1.0, alarm_every=0.5).begun(seconds=5)
    g.wait(3.1)
    assert [at for at, _ in g.alarms] == pytest.approx([107, 107.5, 108])


def test_any_word_is_contact(ground):
    """A ping or report of one of them, brief or not, is enough that there is no alarm."""
    g = ground().begun("ann", "bob", "cid")
    g.attach("eve", brief=True)
    for word in (
        lambda: g.ping("ann"),
        lambda: g.say("bob", "foul", "A", at=g.second),
        lambda: g.say("eve", "foul", "A", at=g.second),
        lambda: g.attach("cid"),
        lambda: g.detach("cid"),
    ):
        g.wait(19.9)
        word()
    assert g.alarms == []
    g.wait(20)
    assert len(g.alarms) == 1


def test_subscribers_are_no_contact(ground):
    """Those who follow are not at the venue: their pings keep no alarm away, and raise none."""
    g = ground()
    g.attach("fan", "viewer")
    g.wait(100)
    assert g.alarms == []
    g.attach("ann")
    for _ in range(10):
        g.wait(5)
        g.begin()
        g.core.ping(g.member("fan", "viewer"))
        g.take()
    assert len(g.alarms) == 2


def test_brief(ground):
    """Who comes for a report or two is not watched over."""
    g = ground()
    g.attach("ann", brief=True)
    g.say("ann", "goal", "A")
    g.wait(300)
    assert g.feed == []


def test_orderly_leave(ground):
    """When all who stayed have said that they leave, their silence is no outage; while one is left
    it is."""
    g = ground().begun()
    g.detach("ann")
    g.wait(25)
    assert len(g.alarms) == 1
    g.ping("bob")
    g.detach("bob")
    g.wait(300)
    assert len(g.alarms) == 1
    assert g.kinds == ["Alarm", "Restored"]


def test_leaving_is_the_first_word(lost):
    """Who comes back only to leave has been heard: the event is not suspended for ever."""
    g = lost()
    for name in CREW:
        g.detach(name)
    assert g.state == "reconstructing"
    g.wait(60)
    assert g.state == "live"
    assert isinstance(g.feed[-1], Restored)


def test_finished(ground):
    """After the end there is no alarm, whoever still pings or comes."""
    g = ground().begun()
    g.both("end")
    assert g.core.finished
    g.ping("ann")
    g.attach("cid")
    g.wait(300)
    assert g.kinds == ["Finished"]
    assert g.beats[-1].state == "finished"


def test_over_when_contact_is_lost(ground):
    """Reporters who just go when the match is over do not keep it from finishing."""
    g = ground(finish_after=60.0).begun()
    g.both("full_time", at=g.second)
    g.wait(300)
    assert g.kinds == ["Entry", "Alarm", "Alarm", "Finished"]
    g.back()
    g.wait(300)
    assert isinstance(g.feed[-1], Finished), "no `restored` after it"
    assert records.ContactRegained not in [type(record) for record, _ in g.recorded()]


def test_over_and_restarted(ground):
    """So does one whose host restarts meanwhile."""
    g = ground(finish_after=60.0).begun()
    g.both("full_time", at=g.second)
    g.wait(30)
    g.restart()
    assert g.state == "suspended"
    g.wait(61)
    assert isinstance(g.feed[-1], Finished)


def test_over_and_back(ground):
    """When reporters come back before it has finished, it waits for what they have to say."""
    g = ground(finish_after=60.0).begun()
    g.both("full_time", at=g.second)
    g.wait(40)
    g.back(pending=1)
    g.stay(30, *CREW)
    assert not g.core.finished
    g.both("foul", "A", at=20)
    g.stay(6, *CREW)
    g.confirm("0-0")
    g.stay(61, *CREW)
    assert g.kinds[-2:] == ["Restored", "Finished"]


# ── the return ───────────────────────────────────────────────────────────────────────────────


def test_contact(lost):
    """The first sign of life puts on record that contact is back, and is told at once by a
    heartbeat; no alarm comes after it."""
    g = lost()
    alarms, beats = len(g.alarms), len(g.beats)
    g.ping("ann")
    assert g.state == "reconstructing"
    assert records.ContactRegained in [type(record) for record, _ in g.recorded()]
    g.wait(0.01)
    assert len(g.beats) == beats + 1
    assert g.beats[-1].state == "reconstructing"
    g.stay(100, "ann")
    assert len(g.alarms) == alarms


def test_asked_when_all_is_told(lost):
    """Reporters are asked once, when all are back and all that they have said is stored."""
    g = lost()
    g.ping("ann", last=1)
    g.stay(6, "ann")
    assert g.asked == []
    g.ping("bob", last=0)
    g.stay(12, *CREW)
    assert g.asked == [], "a report of ann's is missing"
    g.say("ann", "goal", "A", at=60)
    g.say("bob", "goal", "A", at=60)
    g.stay(6, *CREW)
    assert [name for name, _ in g.asked] == ["ann", "bob"]
    request = g.asked[0][1]
    assert (request.since, request.until) == (BEGIN + 30 * SECOND, BEGIN + 100 * SECOND)
    g.stay(12, *CREW)
    assert len(g.asked) == 2


def test_reports_do_not_tell_the_last(ground):
    """The first report of an outbox that comes does not pass for the last."""
    g = ground(verdict="fixed:1").begun("ann")
    g.wait(70)
    g.say("ann", "goal", "A", at=40)
    assert g.state == "reconstructing"
    g.wait(6)
    assert g.asked == []
    g.ping("ann", last=1)
    g.wait(6)
    assert len(g.asked) == 1


def test_not_all_come_back(lost):
    """Who is not back in twice the interval is not waited for."""
    g = lost()
    g.ping("ann")
    g.stay(19, "ann")
    assert g.asked == []
    g.stay(6, "ann")
    assert [name for name, _ in g.asked] == ["ann"]


def test_an_outbox_that_never_empties(lost):
    """Whatever is missing, the event goes on after the longest wait."""
    g = lost()
    g.back(pending=5)
    wait = 20 + 120 + 30
    g.stay(wait - 5, *CREW)
    assert g.state == "reconstructing"
    g.stay(15, *CREW)
    assert g.state == "live"
    assert g.asked == []
    assert isinstance(g.feed[-1], Restored)


def test_outbox_that_was_lost(lost):
    """Who attaches with a new outbox is not asked for what the old one held."""
    g = lost()
    g.back(pending=5)
    for name in CREW:
        g.attach(name, last=0)
    g.stay(6, *CREW)
    assert len(g.asked) == 2


# ── restarts ─────────────────────────────────────────────────────────────────────────────────


def test_restart_while_suspended(lost):
    """A host that restarts in an outage goes on with its alarms where it was: same distance, next
    number, same last time; its own start is no sign of life."""
    g = lost()
    assert [at for at, _ in g.alarms] == pytest.approx([150, 175, 200])
    g.wait(10)
    g.restart()
    assert g.state == "suspended"
    g.wait(40)
    assert [at for at, _ in g.alarms[3:]] == pytest.approx([225, 250])
    assert [alarm.number for _, alarm in g.alarms[3:]] == [4, 5]
    assert len({alarm.last_received for _, alarm in g.alarms[2:]}) == 1


def test_away_while_suspended(lost):
    """One that was away for longer raises the alarm that was due at once."""
    g = lost()
    g.now += 60
    g.restart()
    g.wait(0.01)
    assert g.alarms[-1][0] == pytest.approx(260)
    assert g.alarms[-1][1].number == 4


def test_restart_while_live(ground):
    """After a restart reporters have two intervals to come back before it is an outage, which then
    began when they were last heard, as far as that is on record."""
    g = ground().begun()
    g.say("ann", "foul", "A", at=g.second)
    g.stay(5, *CREW)
    g.now += 40
    g.restart()
    g.wait(19.9)
    assert g.alarms == []
    g.wait(1)
    ((at, alarm),) = g.alarms
    assert at == pytest.approx(195)
    assert alarm.last_received == BEGIN + 30 * SECOND


def test_restart_while_reconstructing(lost):
    """One that restarts during the reconstruction waits for everybody and asks again; what was put
    together before is closed with what came after, by one `restored`."""
    g = lost()
    g.back(pending=2)
    g.both("goal", "A", at=50)
    g.restart()
    assert g.state == "reconstructing"
    g.stay(6)
    assert g.asked == []
    g.back(pending=1)
    g.both("goal", "A", at=70)
    g.stay(6, *CREW)
    assert len(g.asked) == 2
    g.restart()
    g.back()
    g.stay(6, *CREW)
    assert len(g.asked) == 4
    g.confirm("1-1")
    (restored,) = g.restored
    assert (restored.entries, restored.inaccurate) == (2, 2)
    g.restart()
    assert g.state == "live"
    assert g.headline == "A 1–1 B"
    g.stay(100, *CREW)
    assert len(g.restored) == 1
    assert [type(message) for message in g.feed].count(Alarm) == 3
    assert {entry.delay_status for entry in g.standing} == {"RECONSTRUCTION_INACCURATE"}
