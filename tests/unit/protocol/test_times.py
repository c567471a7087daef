"""Wall-clock times as microseconds and as RFC 3339."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol import times

MICROS = st.integers(times.EARLIEST, times.LATEST)


@given(MICROS)
def test_both_ways(micros: int) -> None:
    """Written and read again, a time is the same down to its millisecond, cut, not rounded."""
    text = times.to_rfc3339(micros)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert times.from_rfc3339(text) == micros - micros % 1_000


@given(MICROS, MICROS)
def test_order(one: int, other: int) -> None:
    """Times as text sort as times do, down to their milliseconds."""
    before = times.to_rfc3339(one) < times.to_rfc3339(other)
    assert before == (one // 1_000 < other // 1_000)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_671_378_600_000_999, "2022-12-18T15:50:00.000Z"),
        (times.EARLIEST, "0001-01-01T00:00:00.000Z"),
        (times.LATEST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_known(micros: int, text: str) -> None:
    """Some times are known, the first and last that can be written among them."""
    assert times.to_rfc3339(micros) == text


@pytest.mark.parametrize("micros", [times.EARLIEST - 1, times.LATEST + 1])
def test_beyond(micros: int) -> None:
    """One microsecond beyond can't be written."""
    with pytest.raises(OverflowError):
        times.to_rfc3339(micros)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T19:30:00-04:30", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
    ],
)
def test_read(text: str, micros: int) -> None:
    """Any offset and any number of digits after the second is read."""
    assert times.from_rfc3339(text) == micros


@pytest.mark.parametrize("text", ["", "now", "2022-12-18", "2022-12-18T15:00:00", "2022-13-01T00Z"])
def test_not_read(text: str) -> None:
    """What is no time, or does not say whose clock it is of, is refused."""
    with pytest.raises(ValueError, match=r".+"):
        times.from_rfc3339(text)


@pytest.mark.parametrize(
    ("number", "near", "time"),
    [
        (1_777_636_800_000_000, 1_777_640_000_000_000, 1_777_636_800_000_000),
        (1_777_636_800_000, 1_777_640_000_000_000, 1_777_636_800_000_000),
        (1_777_636_800, 1_777_640_000_000_000, 1_777_636_800_000_000),
        (600_000_000, 500_000_000, 600_000_000),
        (600_000, 500_000_000, 600_000_000),
        (600, 500_000_000, 600_000_000),
        (1_671_375_600, 1_777_640_000_000_000, 1_671_375_600_000_000),
        (0, 1_777_640_000_000_000, 0),
    ],
)
def test_numbers_of_other_programs(number: int, near: int, time: int) -> None:
    """Microseconds, milliseconds and seconds are told apart by what is expected."""
    assert times.from_unix(number, near) == time
