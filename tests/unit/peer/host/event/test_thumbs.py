"""How late people tap, learned from how far apart they tap."""

from __future__ import annotations

from random import Random
from statistics import median_low

from touchline.peer.host.event import thumbs
from touchline.peer.host.event.records import EDITION
from touchline.peer.host.event.thumbs import Thumbs


def test_the_delay_is_that_of_the_middle_deviation():
    """The delay follows from the median of the median deviations, however the times lie."""
    random = Random(7)
    learned, deviations = Thumbs(edition=thumbs.SINCE_EDITION - 1), []
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
    learned = Thumbs(EDITION)
    for _ in range(2 * thumbs.ENOUGH):
        learned.learn([0, 5_000_000, 10_000_000])
    assert learned.delay == thumbs.DELAY


def test_the_first_guess_gives_way():
    """What claims say of the delay counts more and more against the first guess: as much as it
    after eight; in the editions before for nothing before the twelfth, and alone since."""
    times = [0, 660_000, 1_320_000, 1_980_000]  # 0.66 s apart in the median: 3.96 s late
    learned, before = Thumbs(EDITION), Thumbs(edition=thumbs.SINCE_EDITION - 1)
    delays = []
    for count in range(1, 13):
        learned.learn(times)
        before.learn(times)
        delays.append(learned.delay)
        assert before.delay == (3_960_000 if count == 12 else thumbs.DELAY)
    assert delays == sorted(delays)
    assert delays[7] == (3_960_000 + thumbs.DELAY) // 2


def test_slower_thumbs_are_off_by_more():
    """The spread told is at least four fifths of the delay; in the editions before it was not."""
    close, wide = [0, 1, 2, 3], [0, 1, 2, 8_000_000]
    learned, before = Thumbs(EDITION), Thumbs(edition=thumbs.SINCE_EDITION - 1)
    assert learned.spread(close) == before.spread(close) == 1_600_000
    for _ in range(200):
        learned.learn([0, 1_000_000, 2_000_000, 3_000_000])
        before.learn([0, 1_000_000, 2_000_000, 3_000_000])
    assert learned.spread(close) == learned.delay * 4 // 5 > 4_000_000
    assert before.spread(close) == 1_600_000
    assert learned.spread(wide) == before.spread(wide) == 7_200_000
