"""Rounds of a canary: seen, missed at a part, and seen again."""

from __future__ import annotations

import pytest

from touchline.peer.canary.core import PARTS, CanaryCore


@pytest.fixture
def core() -> CanaryCore:
    """A canary whose round 1 has just begun, at second 100."""
    made = CanaryCore(5.0, PARTS, 100.0)
    assert made.handle_timer(100.0, 1)
    return made


def go(core: CanaryCore, now: float, parts: tuple[str, ...] = PARTS) -> None:
    for part in parts:
        core.reach(part, core.mark, now)


def test_a_round_is_seen(core: CanaryCore) -> None:
    """It is seen once it came through every part, in whatever order, each once."""
    go(core, 100.5, ("feed", "report", "report", "page"))
    assert (core.seen, core.is_whole()) == (0, False)
    go(core, 101.5)
    assert (core.seen, core.is_whole(), core.seen_at) == (1, True, 101.5)
    assert core.seconds["report"].total == 0.5
    assert core.seconds["entry"].total == 1.5
    assert not core.handle_timer(104.9, 2)
    assert core.handle_timer(core.next_timer(), 2)
    assert sum(core.missed.values()) == 0


@pytest.mark.parametrize("n", range(len(PARTS)))
def test_a_round_is_missed(core: CanaryCore, n: int) -> None:
    """The first part that it did not come through is the broken one, until a round is seen."""
    go(core, 101.0, PARTS[:n])
    assert core.handle_timer(105.0, 2)
    assert (core.broken, core.missed[PARTS[n]]) == (PARTS[n], 1)
    assert sum(core.missed.values()) == 1
    assert core.seen_at == 100.0
    core.handle_timer(110.0, 3)
    assert core.missed[PARTS[n]] + core.missed["report"] == 2 + (n == 0) * 2
    go(core, 111.0)
    assert (core.broken, core.seen) == ("", 1)


def test_late_is_missed(core: CanaryCore) -> None:
    """What comes of a round that is over, or of another run's, is not counted."""
    core.handle_timer(105.0, 2)
    for mark in (0, 1, 3):
        core.reach("report", mark, 106.0)
    assert core.seconds["report"].total == 0
    assert not core.is_whole()


def test_before_the_first() -> None:
    """Nothing is missed before a round began, nor without a page where there is none."""
    core = CanaryCore(5.0, PARTS[:-1], 100.0)
    core.reach("report", 0, 100.0)
    assert not core.is_whole()
    core.handle_timer(100.0, 7)
    go(core, 100.1)
    assert core.seen == 1
    assert "page" not in core.missed
