"""Entries and lengths of time in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from touchline.protocol.messages import EntryStatus, Evidence, Finished
from touchline.timeline.rows import EntryRow
from touchline.timeline.texts import (
    clock_of,
    entry_text,
    evidence_of,
    finished_text,
    short_clock,
    span,
)

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


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("CONFIRMED", "ruled by the owner: age"),
        ("UPDATED", "amended by the owner: age"),
        ("DELETED", "deleted by the owner: age"),
    ],
)
def test_what_the_owner_ruled(status: EntryStatus, mark: str) -> None:
    """Of what the owner ruled, the line says so, why, and who that is."""
    ruled = replace(
        entry(1), status=status, by="k3vq", reason="age", evidence=Evidence(for_=0, present=3)
    )
    line = entry_text(EntryRow(ruled, late=False, changed=0.0))
    assert f"({mark})" in line
    assert line.endswith("[k3vq]")
    voted = replace(ruled, evidence=entry(1).evidence)
    assert evidence_of(voted) == evidence_of(entry(1))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({}, "Finished. A 1–0 B"),
        ({"how": "abandoned", "reason": "no light"}, "Abandoned (no light). A 1–0 B"),
        ({"how": "walkover", "winner": "B"}, "Walkover, B wins. A 1–0 B"),
        (
            {"how": "awarded", "winner": "B", "reason": "age", "by": "k3vq"},
            "Awarded, B wins (age; by the owner, k3vq). A 1–0 B",
        ),
        (
            {"over": False, "reason": "a goal was missed", "by": "k3vq"},
            "Not over: a goal was missed; by the owner, k3vq. A 1–0 B",
        ),
    ],
)
def test_how_it_ended(told: dict[str, object], text: str) -> None:
    """The end says how it came about, where an event was not played to its end."""
    end = Finished(event="e", epoch=1, seq=1, sent=0, headline="A 1–0 B", **told)  # type: ignore[arg-type]
    assert finished_text(end) == text


@pytest.mark.parametrize(
    ("clock", "short"),
    [
        ("45+2'", "45+2'"),
        ("0:42:10", "0:42:10"),
        ("2nd half 32' · Reds one short", "32'"),
        ("2nd half 60+4'", "60+4'"),
        ("2nd quarter 7:30", "7:30"),
        ("4th quarter · Reds one short", "4th quarter"),
        ("Set 2, Leg 3", "Set 2, Leg 3"),
        ("", ""),
    ],
)
def test_a_clock_in_a_column_is_short(clock: str, short: str) -> None:
    """The figures stand alone; words stand where there are none."""
    assert short_clock(clock) == short
