"""Entries and lengths of time in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from touchline.timeline.texts import clock_of, evidence_of, span

from ..following import entry


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0994, "99 ms"),
        (0.1, "0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (5_900, "98 min"),
        (7_200, "2 h"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    """A length of time is told with as many digits as help, in six characters."""
    assert span(seconds) == text
    assert len(span(seconds)) <= 6


@pytest.mark.usefixtures("two_hours_ahead")
def test_evidence_and_clock_words() -> None:
    """Evidence names those against; without a match clock an entry shows the time of day here."""
    goal = entry(1)
    against = replace(goal.evidence, against=2)
    assert evidence_of(replace(goal, evidence=against)) == "5 of 12, 2 against, 0.8 s"
    assert clock_of(replace(goal, clock="")) == "00:13:20"
    assert clock_of(replace(goal, clock="", time=2**61)) == ""
