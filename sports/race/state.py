"""The state of a race and the leaderboard that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MICROS = 1_000_000

Status = Literal["waiting", "running", "finished", "dropped out", "disqualified"]


@dataclass(frozen=True, slots=True)
class Run:
    """How far one runner has come.

    Args:
        status: where the runner is in the race.
        started: microseconds since 1970 UTC, None before the start.
        passed: splits on the way, each with the time taken to it in microseconds; None where the
            start went unreported.
        time: taken to the finish, microseconds; None before it, and where it is not known.
    """

    status: Status = "waiting"
    started: int | None = None
    passed: tuple[tuple[str, int | None], ...] = ()
    time: int | None = None


@dataclass(frozen=True, slots=True)
class RaceState:
    """A race after some actions; treat `runs` as read-only.

    Args:
        runs: by runner, in the order of the event's origins.
        precision: microseconds to which times from reports are rounded up.
        began: the first start, microseconds since 1970 UTC; None before it.
        last: the latest action, likewise.
        under_way: runners who have neither finished nor dropped out nor been disqualified.
    """

    runs: Mapping[str, Run]
    precision: int
    began: int | None = None
    last: int | None = None
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One line of the leaderboard.

    Args:
        place: from 1; runners with the same time share it. None without a time.
        runner: who.
        time: taken to the finish, microseconds; None before it, and where it is not known.
        status: where the runner is in the race.
    """

    place: int | None
    runner: str
    time: int | None
    status: Status


def leaderboard(state: RaceState) -> list[LeaderboardRow]:
    """Return all runners: the finished by time, those whose time is not known after the others,
    then those who got furthest, then the rest, and last those who were disqualified.

    Runners still under way are ordered by the points passed and the time taken to the last of them;
    equals stay in the order of the event's origins.
    """
    rows = []
    place, shared = 0, None
    for count, (runner, run) in enumerate(sorted(state.runs.items(), key=_rank), start=1):
        if run.time is None or run.status == "disqualified":
            rows.append(LeaderboardRow(None, runner, None, run.status))
            continue
        if run.time != shared:
            place, shared = count, run.time
        rows.append(LeaderboardRow(place, runner, run.time, run.status))
    return rows


_ORDER: dict[Status, int] = {
    "finished": 0,
    "running": 1,
    "waiting": 2,
    "dropped out": 3,
    "disqualified": 4,
}


def _rank(item: tuple[str, Run]) -> tuple[int, int, int]:
    run = item[1]
    if run.status == "finished":
        return _ORDER[run.status], int(run.time is None), run.time or 0
    last = run.passed[-1][1] if run.passed else None
    return _ORDER[run.status], -len(run.passed), last or 0


def count(state: RaceState, status: Status) -> int:
    return sum(run.status == status for run in state.runs.values())
