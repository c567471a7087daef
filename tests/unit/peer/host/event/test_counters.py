"""What viewers tell of what they received is summed."""

from __future__ import annotations

from touchline.peer.host.event.counters import UNSEEN, EventCounters


def test_viewers_are_summed() -> None:
    """Each ping adds what is new; a viewer that begins anew is added whole; what was only late is
    not lost twice."""
    counters = EventCounters()
    one = counters.add_viewer(UNSEEN, (100, 40, 0, 0))
    one = counters.add_viewer(one, (140, 37, 37, 0))
    one = counters.add_viewer(one, (150, 41, 38, 3))
    assert (counters.viewers_received, counters.viewers_lost) == (150, 41)
    assert counters.viewers_repaired == 38
    counters.add_viewer(one, (5, 1, 1, 1))
    counters.add_viewer(UNSEEN, (7, 0, 0, 0))
    found = counters.viewers_received, counters.viewers_lost, counters.viewers_repaired
    assert found == (162, 42, 39)
    assert counters.viewers_duplicate == 4


def test_since_when_it_stands_so() -> None:
    """A dispute and an outage are as old as their beginning, whatever claims come and go meanwhile;
    what has ended begins anew."""
    counters = EventCounters()
    counters.set_state(100.0, disputed=1, suspended=False)
    counters.set_state(110.0, disputed=3, suspended=True)
    counters.set_state(120.0, disputed=2, suspended=True)
    assert (counters.disputed, counters.disputed_since, counters.suspended_since) == (2, 100, 110)
    counters.set_state(130.0, disputed=0, suspended=False)
    assert (counters.disputed_since, counters.suspended_since) == (None, None)
    counters.set_state(140.0, disputed=1, suspended=True)
    assert (counters.disputed_since, counters.suspended_since) == (140, 140)
