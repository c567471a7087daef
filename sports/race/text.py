"""A race in words, for people."""

from __future__ import annotations

from ..sport import Action
from .state import MICROS, RaceState, count, leaderboard
from .times import clock_text


def headline(state: RaceState) -> str:
    """Return the leaders in one short line, such as `1. Ada 9:58.2 · 2. Bo 10:01 (2 of 8 in)`.

    Before anyone is in, how many are running.
    """
    total = len(state.runs)
    leaders = [row for row in leaderboard(state)[:3] if row.time is not None]
    if state.began is None and not leaders:
        return f"{total} not started"
    if not leaders:
        return f"{count(state, 'running')} of {total} running"
    line = " · ".join(f"{row.place}. {row.runner} {clock_text(row.time or 0)}" for row in leaders)
    return f"{line} ({count(state, 'finished')} of {total} in)"


def phrase(state: RaceState, action: Action) -> str:
    """Return the action in one sentence; `state` is the one after it."""
    if action.title in {"start", "run_again"}:
        who = action.origin or _heat(state, action)
        reason = action.details.get("reason")
        if action.title == "start":
            return f"{who} starts"
        said = f"{who} runs again" if action.origin else f"{who} is run again"
        return said + (f" ({reason})" if reason else "")
    run = state.runs[action.origin]
    if action.title in {"drop_out", "disqualify"}:
        reason = action.details.get("reason")
        said = "drops out" if action.title == "drop_out" else "is disqualified"
        return f"{action.origin} {said}" + (f" ({reason})" if reason else "")
    if action.title == "time_penalty":
        reason = action.details.get("reason")
        added = f"{action.origin} gets {action.details['seconds']:g} seconds added"
        return added + (f" ({reason})" if reason else "")
    # An entry that was deleted is spoken of with a state that no longer has it.
    who = action.origin
    if run.back == action.time:
        who += ", not out after all,"
    if action.title == "split":
        at = str(action.details["at"])
        return f"{who} passes {at}" + _standing(state, action.origin, at)
    if action.title == "lap":
        at = f"lap {run.laps}"
        return f"{who} completes {at}" + _standing(state, action.origin, at)
    if run.time is None:
        return f"{who} finishes"
    place = next(row.place for row in leaderboard(state) if row.runner == action.origin)
    return f"{who} finishes in {clock_text(run.time)}, place {place} so far"


def _heat(state: RaceState, action: Action) -> str:
    """Return the heat that starts or is run again, or the race where there are none."""
    heat = str(action.details.get("heat", "")) or state.heat
    return f"Heat {heat}" if heat.isdecimal() else heat or "The race"


def _standing(state: RaceState, runner: str, at: str) -> str:
    """Return the time a runner took to a point, and how far behind the first there that is."""
    taken = dict(state.runs[runner].passed).get(at)
    if taken is None or at not in state.first:
        return ""
    first, leader = state.first[at]
    behind = f", +{clock_text(taken - first)} behind {leader}" if taken > first else ""
    return f" in {clock_text(taken)}{behind}"


def clock(state: RaceState, time: int) -> str:
    """Return the time since the first start as H:MM:SS, which stops with the last action of a
    race that is over; empty before the start.

    Args:
        time: microseconds since 1970 UTC.
    """
    if state.began is None or state.last is None:
        return ""
    until = min(time, state.last) if state.under_way == 0 else time
    seconds = max(0, until - state.began) // MICROS
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
