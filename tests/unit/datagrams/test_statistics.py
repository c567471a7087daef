"""What a client counts."""

from __future__ import annotations

import random

import pytest

from touchline.datagrams.statistics import MOST_MISSING, Statistics


def counted(*counts: int) -> tuple[int, int, int, int]:
    tally = Statistics()
    for count in counts:
        tally.take(count)
    return tally.received, tally.lost, tally.out_of_order, tally.twice


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), (0, 0, 0, 0)),
        ((1, 2, 3), (3, 0, 0, 0)),
        ((1, 3), (2, 1, 0, 0)),
        ((57, 58, 60), (3, 1, 0, 0)),
        ((1, 3, 2), (3, 0, 1, 0)),
        ((1, 4, 3), (3, 1, 1, 0)),
        ((1, 1, 2, 2), (2, 0, 0, 2)),
        ((1, 3, 2, 2), (3, 0, 1, 1)),
        ((2, 1, 3), (3, 0, 1, 0)),
        ((5, 2), (2, 2, 1, 0)),
    ],
)
def test_counts(counts: tuple[int, ...], expected: tuple[int, int, int, int]) -> None:
    """Late ones are out of order and not lost; a second one is neither."""
    assert counted(*counts) == expected


def test_a_count_far_ahead() -> None:
    """A count that nobody can have sent is not believed, and costs no memory."""
    tally = Statistics()
    tally.take(1)
    assert not tally.take(2**53)
    assert (tally.lost, tally.strange, tally.highest) == (0, 1, 1)
    assert tally.take(MOST_MISSING - 1)


@pytest.mark.parametrize("seed", range(20))
def test_any_order(seed: int) -> None:
    """Whatever is lost, repeated or overtaken: received and lost add up to what was sent."""
    chance = random.Random(seed)
    sent = [count for count in range(1, 200) if chance.random() < 0.9 or count in (1, 199)]
    came = sorted(sent, key=lambda count: count + chance.uniform(0, 4))
    received, lost, late, twice = counted(*came, *chance.sample(came, 7))
    assert (received, received + lost, twice) == (len(sent), 199, 7)
    highest = 0
    expected = 0
    for count in came:
        expected += count < highest
        highest = max(highest, count)
    assert late == expected
