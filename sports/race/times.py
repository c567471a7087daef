"""Times as runners read them."""

from __future__ import annotations

import re

from .state import MICROS

_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):(?=\d\d))?(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)


def micros(text: str) -> int | None:
    """Return the microseconds of a time such as `9.58`, `12:34.5` or `2:03:15`, None if none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups(default="0")
    if ":" in text and int(seconds) > 59:
        return None
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * MICROS + int(fraction.ljust(6, "0"))


def clock_text(time: int) -> str:
    """Return microseconds as `9.58`, `12:34.5` or `2:03:15`."""
    seconds, fraction = divmod(time, MICROS)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    tail = f".{fraction:06}".rstrip("0").rstrip(".")
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}{tail}"
    return f"{minutes}:{seconds:02}{tail}" if minutes else f"{seconds}{tail}"
