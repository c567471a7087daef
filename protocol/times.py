"""Wall-clock times: integer microseconds since 1970 UTC on the wire, RFC 3339 in text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""Microseconds in a second."""

EARLIEST = -62_135_596_800_000_000
"""The first microsecond of the year 1: RFC 3339 and `datetime` have no earlier time."""

LATEST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_rfc3339(micros: int) -> str:
    """Return a wall-clock time as RFC 3339 with milliseconds and Z (cut, not rounded).

    Args:
        micros: microseconds since 1970 UTC, from `EARLIEST` to `LATEST`.
    """
    moment = _EPOCH + timedelta(microseconds=micros)
    # Not strftime: its %Y does not fill up a year before 1000 on every system.
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_unix(number: float, near: int) -> int:
    """Return a number that a program gave as a time in microseconds since 1970 UTC.

    Most programs count milliseconds or seconds. A number is taken for those where the time that
    it then is lies nearer to what is expected: the three are decades apart.

    Args:
        number: of microseconds, milliseconds or seconds since 1970 UTC; it may have fractions.
        near: a time that is expected, microseconds.

    Raises:
        ValueError, OverflowError: the number is not finite, or far too large.
    """
    found = (round(number), round(number * 1_000), round(number * SECOND))
    return min(found, key=lambda time: abs(time - near))


def from_rfc3339(text: str) -> int:
    """Return microseconds since 1970 UTC.

    Args:
        text: RFC 3339 with an offset or Z. A time without an offset is refused, because its
            time zone is not known.

    Raises:
        ValueError: the text is not a time of RFC 3339, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text[:60]!r} is not a time; write one as 2026-05-01T15:04:05Z"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z or an offset such as +02:00")
    return (moment - _EPOCH) // timedelta(microseconds=1)
