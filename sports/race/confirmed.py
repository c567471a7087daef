"""How many runners are in, as people confirm it: read, compared, and put in force."""

from __future__ import annotations

import re

from ...protocol.errors import SettingError
from ..sport import Score
from .state import RaceState, Status, count

_COUNT = re.compile(r"\s*(\d{1,6})\s*(?:in|finished)?\s*", re.ASCII)

_LASTING: dict[Status, str] = {"finished": "finished"}
"""Where a runner stays; words for it."""

_COUNTED: dict[str, Status] = {
    "waiting": "waiting",
    "running": "running",
    "finished": "finished",
    "dropped_out": "dropped out",
}
"""Keys of the score that count runners."""


def read(state: RaceState, text: str) -> Score:
    """Return how many are in, from a number such as `12` or `12 in`: all that one sees of a
    race at a glance. The times and names behind it are reported as finishes.

    Raises:
        SettingError: it is no number, or more than there are runners.
    """
    match = _COUNT.fullmatch(text)
    if match is None:
        raise SettingError(
            f"score: {text[:60]!r} is not how many are in; write a number, such as 12"
        )
    score: Score = {"finished": int(match[1])}
    _counts(state, score)
    return score


def gap(before: RaceState, after: RaceState, confirmed: Score) -> str | None:
    """Return why the reports of an outage do not add up to the counts, in one sentence, or None.

    Raises:
        SettingError: `confirmed` is not a score of a race.
    """
    for status, stated in _counts(after, confirmed).items():
        least, found = count(before, status), count(after, status)
        if status in _LASTING and stated < least:
            return f"{least} had {_LASTING[status]} when contact was lost, now it is {stated}"
        if stated != found:
            return f"{status}: {found} by the reports, {stated} by the score"
    return None


def adopt(state: RaceState, confirmed: Score) -> RaceState:
    """Return the state as it is: who is in, and when, can come from reports alone.

    Raises:
        SettingError: `confirmed` is not a score of a race.
    """
    _counts(state, confirmed)
    return state


def _counts(state: RaceState, score: Score) -> dict[Status, int]:
    """Return how many a score says are where, checked."""
    found: dict[Status, int] = {}
    for key, status in _COUNTED.items():
        count = score.get(key)
        if count is None:
            continue
        if isinstance(count, bool) or not isinstance(count, int):
            raise SettingError(f"score: {key} is {str(count)[:40]!r}, not a number such as 12")
        if not 0 <= count <= len(state.runs):
            raise SettingError(f"score: {count} {status}, of {len(state.runs)} runners")
        found[status] = count
    return found
