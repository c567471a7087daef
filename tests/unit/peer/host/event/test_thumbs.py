"""How late people tap, learned from how far apart they tap."""

from __future__ import annotations

from random import Random
from statistics import median_low

from touchline.peer.host.event import thumbs
from touchline.peer.host.event.thumbs import Thumbs


def test_the_delay_is_that_of_the_middle_deviation():
    """The delay follows from the median of the median deviations, however the times lie."""
    random = Random(7)
    learned, deviations = Thumbs(), []
    for _ in range(300):
        reach = random.randrange(400_000, 3_000_000)
        times = sorted(random.randrange(reach) for _ in range(random.randint(4, 30)))
        middle = median_low(times)
        assert thumbs.middle(times) == middle
        deviations.append(median_low([abs(time - middle) for time in times]))
        learned.learn(times)
        newest = sorted(deviations[-thumbs.KEPT :])
        expected = thumbs.SLOPE * newest[len(newest) // 2] - thumbs.INTERCEPT
        if len(deviations) >= thumbs.ENOUGH:
            assert learned.delay == min(max(expected, thumbs.LEAST), thumbs.MOST)


def test_few_times_say_nothing():
    """Claims of fewer than four votes are not learned from."""
    learned = Thumbs()
    for _ in range(2 * thumbs.ENOUGH):
        learned.learn([0, 5_000_000, 10_000_000])
    assert learned.delay == thumbs.DELAY
