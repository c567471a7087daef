"""Reporters' clocks: those that are set in the middle of an event."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.records import ClockSet
from touchline.protocol import codec, messages
from touchline.protocol.times import LATEST, SECOND

TRIP = 0.2
"""Seconds from ping to pong."""


def offset(g: Any, name: str = "ann") -> float:
    """The seconds that are added to the times of somebody's reports."""
    return g.member(name).clock_offset / SECOND


def pings(g: Any, *behind: float, rtt: float = TRIP, **more: Any) -> None:
    """Let ann ping every 5 s, by a clock that is so many seconds behind."""
    for seconds in behind:
        g.wait(5.0)
        g.ping("ann", behind=seconds + rtt / 2, rtt=rtt, **more)


def steps(g: Any) -> list[float]:
    """What ann was told of her clock, in seconds."""
    return [receipt.stepped / SECOND for _, receipt in g.receipts if receipt.stepped]


def recorded(g: Any) -> list[int]:
    return [record.shift for record, _ in g.recorded() if isinstance(record, ClockSet)]


@pytest.fixture
def g(ground):
    """Ann is there, with a clock that has been right for some pings."""
    g = ground(heartbeat=10.0)
    pings(g, 0.0, 0.0)
    return g


def test_a_clock_that_is_set_forward(g):
    """It is seen at the next ping: none arrives before it is sent."""
    pings(g, -25.0)
    assert -25.0 <= offset(g) <= -25.0 + TRIP
    assert [round(step) for step in steps(g)] == [25]
    assert g.core.counters.clocks_set == 1
    pings(g, -25.0, -25.0)
    assert g.core.counters.clocks_set == len(recorded(g)) == 1


def test_a_clock_that_is_set_back(g):
    """It is seen at the second ping, which tells the round trip of the first."""
    pings(g, 25.0)
    assert offset(g) == 0.0
    pings(g, 25.0)
    assert offset(g) == pytest.approx(25.0, abs=TRIP)
    assert [round(step) for step in steps(g)] == [-25]


def test_to_and_fro(g):
    """A clock that is set and set right again is followed both ways."""
    pings(g, -25.0, 0.0, 0.0)
    assert offset(g) == pytest.approx(0.0, abs=TRIP)
    assert [round(step) for step in steps(g)] == [25, -25]


@pytest.mark.parametrize("behind", [-1.9, 1.9])
def test_what_may_be_a_measurement(g, behind):
    """Up to 2 s is what measurements differ by."""
    pings(g, behind, behind, behind, rtt=0.01)
    assert recorded(g) == []


def test_a_ping_that_was_queued(g):
    """Pings that are late say nothing of the clock, and their round trips say so."""
    g.ping("ann", behind=30.0, rtt=TRIP)
    g.ping("ann", behind=10.0, rtt=30.1)
    g.ping("ann", behind=0.1, rtt=10.1)
    pings(g, 0.0)
    assert recorded(g) == []


def test_pings_that_were_queued_together(g):
    """Of several that waited for a link, each is late by less; the round trips, or that there are
    none yet, say so."""
    for late in (20.0, 15.0, 10.0, 5.0, 0.0):
        g.ping("ann", behind=late)
    g.ping("ann", behind=0.1, rtt=0.2)
    pings(g, 0.0)
    assert recorded(g) == []


def test_pings_without_a_pong(g):
    """Of a ping that has had no answer nothing is known, however alike the next one is."""
    pings(g, 0.0)
    for _ in range(3):
        g.wait(5.0)
        g.ping("ann", behind=12.0)
    assert recorded(g) == []


def test_a_clock_that_is_right_again(g):
    """A clock that was set back and right again before that was proven is left as it is."""
    pings(g, 25.0, 0.0, 0.0)
    assert recorded(g) == []


def test_a_clock_behind_a_slow_link(g):
    """A clock that is set back by more than the round trip is seen behind a slow link too."""
    pings(g, 25.0, 25.0, rtt=6.0)
    assert offset(g) == pytest.approx(25.0, abs=3.0)


def test_the_round_trip_is_of_the_ping_before(g):
    """What another connection pinged, or a ping that was not measured, has another round trip."""
    g.ping("ann", behind=30.0, rtt=TRIP, connection=b"other")
    g.ping("ann", behind=20.0, rtt=TRIP)
    assert recorded(g) == []
    g.member("ann").pinged = None
    g.ping("ann", behind=20.0, rtt=TRIP)
    assert recorded(g) == []


def test_peers_that_tell_no_round_trip(ground):
    """A peer of release 0.1 is believed when two pings say the same, and not when they were queued
    together."""
    g = ground(heartbeat=10.0)
    pings(g, 0.0, 0.0, rtt=0.0)
    for late in (12.0, 7.0, 2.0):
        g.ping("ann", behind=late)
    assert recorded(g) == []
    pings(g, 25.0, rtt=0.0)
    assert recorded(g) == []
    pings(g, 25.0, rtt=0.0)
    assert offset(g) == 25.0
    pings(g, -5.0, rtt=0.0)
    assert offset(g) == -5.0


def test_an_attach_that_was_late(ground):
    """Where the first ping contradicts what `attach` measured, the clock was not set: it is
    corrected, and nobody is told."""
    g = ground()
    g.attach("ann", behind=10.0)
    g.ping("ann", behind=0.1, rtt=TRIP)
    assert offset(g) == pytest.approx(0.1)
    assert steps(g) == []
    pings(g, -25.0)
    assert [round(step) for step in steps(g)] == [25]


def test_event_time(ground):
    """On an event that runs ten times as fast, a clock's step is ten times as much event time."""
    g = ground(timing=messages.Timing(starts=0, began=0, speed=10.0))
    pings(g, 0.0, -25.0)
    assert offset(g) == pytest.approx(-250.0, abs=10 * TRIP)
    assert [round(step) for step in steps(g)] == [25]


def test_a_clock_beyond_all_times(ground):
    """A clock that is off by more than times can span is left as it is."""
    g = ground(timing=messages.Timing(starts=0, began=0, speed=1_000.0))
    pings(g, 0.0)
    g.ping("ann", behind=(g.wall - LATEST) / SECOND, rtt=TRIP)
    assert recorded(g) == []


def test_pings_that_measure_nothing(g):
    """Nothing is measured of a peer that does not report, nor by a ping without a time."""
    viewer = g.attach("eve", role="viewer")
    for peer, time in ((viewer, 1), (g.member("ann"), 0)):
        for _ in range(3):
            g.begin()
            ping = messages.HostPing(id=1, event="e", time=time)
            g.core.measure_clock(peer, ping, b"")
            g.take()
    assert recorded(g) == []


def test_after_a_restart(g):
    """A host that starts again goes on with the offset that was in force."""
    pings(g, -25.0)
    before = offset(g), g.member("ann").clock_error
    g.restart()
    assert (offset(g), g.member("ann").clock_error) == before
    g.say("ann", "goal", "A", at=40.0)
    (claim,) = g.core.claims.open.values()
    assert claim.times == [1_700_000_000 * SECOND + round((40.0 + before[0]) * SECOND)]


def times(g: Any) -> list[float]:
    """The event times of all votes, in seconds since the begin, to the tenth."""
    claims = g.core.claims.open.values()
    return [
        round(time / SECOND - 1_700_000_000, 1) for claim in claims for time in sorted(claim.times)
    ]


def test_a_report_that_was_made_later_than_it_came(g):
    """It is moved to when it came, before any ping has measured the clock; what was made up to 2 s
    later is left, and so is what waited in an outbox."""
    now = g.second
    g.say("ann", "goal", "A", at=now + 20, made=now + 25)
    g.say("ann", "corner", "A", at=now + 2, made=now + 2)
    g.say("ann", "foul", "A", at=now - 900, made=now - 900)
    assert sorted(times(g)) == [now - 900, now - 5, now + 2]
    assert recorded(g) == []
    g.restart()
    assert sorted(times(g)) == [now - 900, now - 5, now + 2]


def test_reports_of_one_frame(g):
    """Of an outbox that is sent at once, what was made before the clock was set stays as it is."""
    now = g.second
    old = g.said("ann", "goal", "A", at=now - 60)
    new = g.said("ann", "corner", "A", at=now + 25)
    said = [messages.Said(n=one.n, time=one.event.time, event=one.event) for one in (old, new)]
    g.batch("ann", *said)
    assert sorted(times(g)) == [now - 60, now]


def test_a_step_of_an_hour_is_not_refused(g):
    """A report that would lie too far ahead is taken for made when it came."""
    now = g.second
    n = g.say("ann", "goal", "A", at=now + 3_600, made=now + 3_600)
    assert (g.outcome("ann", n), times(g)) == ("stored", [now])


def test_made_later_at_another_speed(ground):
    """Event time is moved by the clock's error times the speed of the event."""
    g = ground(timing=messages.Timing(starts=1_700_000_000 * SECOND, began=1_700_000_000 * SECOND,
                                      speed=10.0))  # fmt: skip
    g.attach("ann")
    g.wait(100.0)
    g.say("ann", "goal", "A", at=1_250, made=125)
    assert times(g) == [1_000.0]


def test_rules_of_release_0_1(g):
    """A journal of the time before is restored by the rules of its time."""
    g.core._state.edition = 0
    now = g.second
    g.say("ann", "goal", "A", at=now + 20, made=now + 25)
    assert times(g) == [now + 20]


def test_old_clients_read_the_receipt(g):
    """What tells of the step is left out of receipts that have nothing to tell of."""
    g.say("ann", "goal", "A")
    assert b"stepped" not in codec.encode(g.receipts[-1][1])
