"""Sheets and books as they might be, with as little said as a test needs."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from touchline.peer.grades.sheet import (
    GradeCounts,
    GradeSheet,
    ReporterGrade,
    SharedError,
    SheetHeader,
    signed,
)
from touchline.protocol.keys import Identity

BEGIN = 1_700_000_000_000_000

SECOND = 1_000_000


@cache
def identity(name: str) -> Identity:
    return Identity(sha256(name.encode()).digest())


def key(name: str) -> bytes:
    return identity(name).public


def header(event: str = "e", grader: str = "umpire", **fields: Any) -> SheetHeader:
    usual = {
        "title": "A v B",
        "sport": "football",
        "time": BEGIN,
        "source": "journal",
        "feed": bytes(16),
        "record": bytes(32),
        "covers": ("goal",),
    }
    return SheetHeader(event=event, grader=key(grader), **{**usual, **fields})


def grade(
    name: str,
    decides: tuple[int, int, int, int] = (0, 0, 0, 0),
    rest: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> ReporterGrade:
    """Hits, misses, false claims and those declined, of what decides and of the rest."""
    return ReporterGrade(key(name), name, GradeCounts(*decides), GradeCounts(*rest))


def sheet(
    *grades: ReporterGrade,
    event: str = "e",
    at: int = 0,
    grader: str = "umpire",
    shared: list[tuple[list[str], list[str]]] | None = None,
    **fields: Any,
) -> GradeSheet:
    """A sheet on an event that ended at a second, signed; `shared`: who made a false claim
    together, and who was there, which is counted besides what the grades say."""
    told = shared or []
    ordered = sorted(grades, key=lambda one: one.key)
    places = {one.name: place for place, one in enumerate(ordered)}
    counted = tuple(_counted(one, told) for one in ordered)

    def of(names: list[str]) -> tuple[int, ...]:
        return tuple(sorted(places[name] for name in names))

    lines = tuple(
        SharedError("goal", "A", BEGIN + number, of(said), of(there))
        for number, (said, there) in enumerate(told)
    )
    made = GradeSheet(
        header(event, grader, **{"time": BEGIN + at * SECOND, **fields}), counted, lines
    )
    return signed(made, identity(grader))


def _counted(one: ReporterGrade, shared: list[tuple[list[str], list[str]]]) -> ReporterGrade:
    false = sum(one.name in said for said, _ in shared)
    declined = sum(one.name in there for _, there in shared) - false
    before = one.decides
    counts = GradeCounts(
        before.hits, before.misses, before.false_claims + false, before.declined + declined
    )
    return replace(one, decides=counts)
