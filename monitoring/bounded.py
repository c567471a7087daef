"""The subjects of a table that are shown each by itself, and the sum of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

OTHERS = "_others"
"""The label of what is summed; no event has an id like it."""

Reading = dict[str, float]
"""The numbers of one metric of one subject: by the value of the metric's label, by bucket, or
under an empty text."""


class Selection:
    """Chooses the subjects that are shown; one that is shown stays so until it is over.

    Args:
        bound: the most that are shown.
        live: returns whether a subject is not over.
    """

    def __init__(self, bound: int, live: Callable[[Any], bool]) -> None:
        self._bound = bound
        self._live = live
        self._shown: dict[str, None] = {}

    def split(self, subjects: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the live subjects that are shown, and the other live ones."""
        living = {name: subject for name, subject in subjects.items() if self._live(subject)}
        self._shown = {name: None for name in self._shown if name in living}
        for name in living:
            if len(self._shown) >= self._bound:
                break
            self._shown[name] = None
        shown = {name: living[name] for name in self._shown}
        return shown, {name: living[name] for name in living.keys() - shown.keys()}


class GrowingSum:
    """The sum of counters of subjects that come and go; it never falls.

    Prometheus takes a counter that falls for a restart, so what a subject has counted stays in the
    sum when the subject leaves.
    """

    def __init__(self) -> None:
        self._totals: dict[str, Reading] = {}
        self._last: dict[str, dict[str, Reading]] = {}

    def add(self, row: str, subject: str, reading: Reading) -> None:
        """Add what a subject has counted since it was last added."""
        totals = self._totals.setdefault(row, {})
        seen = self._last.setdefault(subject, {})
        last = seen.get(row, {})
        for key, number in reading.items():
            before = last.get(key, 0.0)
            # Less than before: the subject began anew under its name.
            totals[key] = totals.get(key, 0.0) + number - (before if before <= number else 0.0)
        seen[row] = reading

    def start_from(self, row: str, subject: str, reading: Reading) -> None:
        """Count a subject from here on: what it has counted was shown by itself."""
        self._last.setdefault(subject, {})[row] = reading

    def total(self, row: str) -> Reading:
        """Return the sums of a row."""
        return self._totals.get(row, {})

    def forget(self, kept: Mapping[str, Any]) -> None:
        """Drop what is known of subjects that are no longer there; their counts stay."""
        self._last = {name: seen for name, seen in self._last.items() if name in kept}


def combine(readings: list[Reading], how: str) -> Reading:
    """Return the sums or the greatest of gauges by key."""
    found: Reading = {}
    for reading in readings:
        for key, number in reading.items():
            before = found.get(key, 0.0)
            found[key] = max(before, number) if how == "max" else before + number
    return found
