"""Wall-clock times: integer microseconds since 1970 UTC on the wire, RFC 3339 in text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""Microseconds in a second."""

EARLIEST = -62_135_596_800_000_000
"""The first microsecond of the year 1: RFC 3339 can say nothing earlier, nor can `datetime`."""

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


def from_rfc3339(text: str) -> int:
    """Return microseconds since 1970 UTC.

    Args:
        text: RFC 3339 with an offset or Z. A time without an offset is refused: whose clock
            would it be?

    Raises:
        ValueError: the text is not such a time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z or an offset such as +02:00")
    return (moment - _EPOCH) // timedelta(microseconds=1)
