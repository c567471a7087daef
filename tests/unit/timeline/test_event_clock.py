"""The event's own clock."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from touchline.protocol.errors import BadMessage
from touchline.protocol.messages import Attach, Timing
from touchline.protocol.times import EARLIEST, LATEST, SECOND
from touchline.timeline.event_clock import EventClock

EARLY = 300 * SECOND


def test_live():
    """An event that happens now has the wall clock's time."""
    clock = EventClock(None)
    assert clock.latest(1_000) == 1_000 + EARLY
    assert clock.real(30.0) == 30.0


def test_replay():
    """A replay runs from its start at its speed; its seconds pass faster."""
    clock = EventClock(Timing(starts=50 * SECOND, began=1_000 * SECOND, speed=10.0))
    assert clock.latest(1_003 * SECOND) == 80 * SECOND + EARLY
    assert clock.real(30.0) == 3.0


def test_event_time():
    """What time it is in the event: the wall clock's, or the replay's; at speed 0 nobody knows."""
    assert EventClock(None).event_time(5) == 5
    replay = EventClock(Timing(starts=50 * SECOND, began=1_000 * SECOND, speed=10.0))
    assert replay.event_time(1_003 * SECOND) == 80 * SECOND
    assert EventClock(Timing(speed=0.0)).event_time(5) is None


def test_no_relation():
    """At speed 0 no time is early, and seconds are taken as they are."""
    clock = EventClock(Timing(speed=0.0))
    assert clock.latest(5) == LATEST
    assert clock.real(30.0) == 30.0


@pytest.mark.parametrize("speed", [1e-300, 1e300, 1.7e308])
def test_absurd_speed(speed):
    """No speed that a card may hold makes the clock fail."""
    clock = EventClock(Timing(starts=0, began=1_000, speed=speed))
    for wall in (0, 1_000, 10**15):
        assert EARLIEST <= clock.latest(wall) <= LATEST
    with pytest.raises(BadMessage) if speed > 1 else nullcontext():
        assert clock.offset(Attach(id=0, token="t", time=1), 10**15) == 0


def test_shift():
    """A slow clock is put forward, a fast one back; half the round trip is not its fault."""
    clock = EventClock(None)
    wall = 1_000 * SECOND
    assert clock.offset(Attach(id=0, token="t", time=wall - 7 * SECOND), wall) == 7 * SECOND
    assert clock.offset(Attach(id=0, token="t", time=wall + 7 * SECOND), wall) == -7 * SECOND
    assert clock.offset(Attach(id=0, token="t", time=wall - 50, rtt=100), wall) == 0


def test_refusal():
    """A refusal names both numbers, or says that the time is before all time."""
    clock = EventClock(None)
    assert "310 s ahead, at most 300 s" in clock.refusal(310 * SECOND, 0).sentence
    assert "year 1" in clock.refusal(EARLIEST - 1, 0).sentence
