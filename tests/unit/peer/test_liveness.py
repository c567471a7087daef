"""Silence told from contact."""

from __future__ import annotations

import pytest

from touchline.peer.liveness import Liveness

TICK = 0.1


def told(liveness: Liveness, now: float, seconds: float) -> list[float]:
    """Let time pass in ticks; return when silence was told, seconds from the beginning."""
    ticks = round(seconds / TICK)
    return [tick * TICK for tick in range(1, ticks + 1) if liveness.handle_timer(now + tick * TICK)]


@pytest.fixture
def liveness():
    """Watch with the host's defaults; the other was heard at 0."""
    liveness = Liveness(10.0, 25.0)
    liveness.heard(0.0)
    return liveness


def test_nobody_to_watch_over():
    """Before the first word there is no silence."""
    liveness = Liveness(10.0, 25.0)
    assert liveness.next_timer() is None
    assert told(liveness, 0.0, 100) == []
    assert not liveness.silent


def test_times(liveness):
    """Silence is told after two intervals, then every 25 s, each within one tick."""
    assert told(liveness, 0.0, 121) == pytest.approx([20, 45, 70, 95, 120], abs=TICK)
    assert liveness.silent


def test_a_word_ends_it(liveness):
    """Nothing is told after a word, which says that it ended a silence; the next silence is told
    after two intervals again."""
    assert told(liveness, 0.0, 50) == pytest.approx([20, 45], abs=TICK)
    assert liveness.heard(50.0)
    assert not liveness.silent
    assert not liveness.heard(51.0)
    assert told(liveness, 51.0, 19.8) == []
    assert told(liveness, 70.8, 25.4) == pytest.approx([0.2, 25.2], abs=TICK)


def test_words_keep_it_away(liveness):
    """Who says something within two intervals is never silent."""
    now = 0.0
    for _ in range(20):
        assert told(liveness, now, 19.8) == []
        now += 19.8
        assert not liveness.heard(now)


def test_next_timer(liveness):
    """The wake-up is when silence is to be told, and lies ahead once it was told."""
    assert liveness.next_timer() == 20.0
    assert not liveness.handle_timer(19.99)
    assert liveness.handle_timer(20.0)
    assert liveness.next_timer() == 45.0


def test_distances_do_not_drift(liveness):
    """A timer that is handled late does not push the later ones."""
    assert liveness.handle_timer(21.5)
    assert liveness.next_timer() == 45.0


def test_slept(liveness):
    """A process that was itself asleep does not catch up on what it missed."""
    assert liveness.handle_timer(1_000.0)
    assert liveness.next_timer() == 1_025.0
    assert not liveness.handle_timer(1_024.0)


def test_once():
    """Without a distance silence is told once."""
    liveness = Liveness(10.0)
    liveness.heard(0.0)
    assert told(liveness, 0.0, 200) == pytest.approx([20], abs=TICK)
    assert liveness.next_timer() is None


def test_stop(liveness):
    """Who has left in good order is not missed, and may come back."""
    liveness.stop()
    assert told(liveness, 0.0, 100) == []
    liveness.heard(100.0)
    assert liveness.next_timer() == 120.0


@pytest.mark.parametrize(("passed", "due"), [(0.0, 125.0), (10.0, 115.0), (60.0, 100.0)])
def test_resume(passed, due):
    """A silence that an earlier run had told goes on: the next telling is when it would have been,
    or at once; a word ends it like any other."""
    liveness = Liveness(10.0, 25.0)
    liveness.resume(100.0, reported=passed)
    assert liveness.silent
    assert liveness.next_timer() == due
    assert liveness.heard(101.0)
    assert liveness.next_timer() == 121.0


def test_own_sleep_is_forgiven(liveness):
    """A watcher that was itself asleep waits for as long as it would have without that sleep."""
    liveness.forgive(300.0)
    assert told(liveness, 300.0, 46) == pytest.approx([20, 45], abs=TICK)
    Liveness(10.0).forgive(5.0)  # nobody is watched over: nothing to forgive
