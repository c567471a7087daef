"""Times of a race as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.sports.race.times import clock_text, micros

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("9.58", 9_580_000),
        ("583.2", 583_200_000),
        ("12:34.5", 754_500_000),
        ("2:03:15", 7_395_000_000),
        (" 1:00 ", 60_000_000),
        ("1:60", None),
        ("1:5", None),
        ("1:75:00", None),
        ("-3", None),
        ("", None),
        ("1.2.3", None),
        ("9,58", None),
        ("٣", None),
        ("1" * 5_000, None),
    ],
)
def test_micros(text: str, time: int | None) -> None:
    """Times are read as people write them; anything else is no time."""
    assert micros(text) == time


@given(st.integers(1, 500 * 3_600 * SECOND))
def test_clock_text_and_back(time: int) -> None:
    """A time that was written is read back as the same time."""
    assert micros(clock_text(time)) == time
