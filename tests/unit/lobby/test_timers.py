"""What is due: in order, set anew, cancelled, and without a heap that grows for ever."""

from __future__ import annotations

from touchline.lobby.timers import SPARE, Timers


def test_timers_are_taken_in_order_when_they_are_due() -> None:
    """The earliest comes first, and none before its time."""
    timers = Timers()
    timers.set(("record", "late"), 9.0)
    timers.set(("connection", 1), 3.0)
    timers.set(("connection", 2), 5.0)
    assert timers.next() == 3.0
    assert timers.take(2.9) is None
    assert [timers.take(6.0) for _ in range(3)] == [("connection", 1), ("connection", 2), None]
    assert timers.next() == 9.0


def test_a_timer_that_is_set_anew_is_due_once() -> None:
    """Setting a timer again moves it, earlier or later."""
    timers = Timers()
    for due in (3.0, 8.0, 5.0):
        timers.set(("away", "x"), due)
    assert timers.take(4.0) is None
    assert timers.take(9.0) == ("away", "x")
    assert timers.take(9.0) is None
    assert ("away", "x") not in timers


def test_a_cancelled_timer_never_comes() -> None:
    """A cancelled timer is neither waited for nor taken; one that is not set may be cancelled."""
    timers = Timers()
    timers.set(("away", "x"), 3.0)
    timers.cancel(("away", "x"))
    timers.cancel(("away", "y"))
    assert timers.next() is None
    assert timers.take(9.0) is None


def test_cancelled_timers_do_not_pile_up() -> None:
    """The heap stays within a bound however many timers come and go."""
    timers = Timers()
    timers.set(("record", "kept"), 1e6)
    for number in range(5 * SPARE):
        timers.set(("connection", number), 1e5)
        timers.cancel(("connection", number))
    assert len(timers) <= SPARE + 4
    assert timers.next() == 1e6
