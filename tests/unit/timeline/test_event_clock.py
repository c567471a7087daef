"""The event's own clock."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from touchline.protocol.errors import BadMessage
from touchline.protocol.messages import Timing
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
        assert clock.offset(10**15) == 0


@pytest.mark.parametrize("speed", [0.0, 1.0, 10.0])
def test_offset(speed):
    """Event time is off by a clock's error times the speed, and the error can be told from it."""
    clock = EventClock(Timing(speed=speed))
    assert clock.offset(-7 * SECOND) == -7 * SECOND * (speed or 1)
    assert clock.error(clock.offset(-7 * SECOND)) == -7 * SECOND


DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("timing", "starts", "hosted", "earliest"),
    [
        (None, 5 * DAY, 9 * DAY, 4 * DAY),
        (None, 0, 9 * DAY, 8 * DAY),
        (None, 0, 0, EARLIEST),
        (Timing(starts=50 * DAY, began=9 * DAY, speed=10.0), 0, 9 * DAY, 49 * DAY),
        (Timing(starts=50 * DAY, began=9 * DAY, speed=10.0), 51 * DAY, 9 * DAY, 50 * DAY),
        (Timing(starts=50 * DAY, speed=0.0), 0, 9 * DAY, 49 * DAY),
        (Timing(speed=0.0), 0, 9 * DAY, EARLIEST),
        (None, EARLIEST + 1, 0, EARLIEST),
    ],
)
def test_earliest(timing, starts, hosted, earliest):
    """What is of an event begins a day before it, as far as it is known when that is."""
    assert EventClock(timing).earliest(starts, hosted) == earliest


def test_refusal():
    """A refusal names both numbers, or says that the time is before all time."""
    clock = EventClock(None)
    assert "310 s ahead, at most 300 s" in clock.refusal(310 * SECOND, 0).sentence
    before = clock.refusal(5 * SECOND, 9 * DAY, 8 * DAY).sentence
    assert "is 1970-01-01T00:00:05.000Z, nothing before 1970-01-09T00:00:00.000Z" in before
    assert "year 1" in clock.refusal(EARLIEST - 1, 0).sentence
