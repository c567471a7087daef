"""The state of a race and the leaderboard that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        laps: completed, each of them a split as well.
        penalty: added to the time, microseconds.
        out: when the runner dropped out, microseconds since 1970 UTC; None where that is not so.
        back: when it was seen that a runner who was told to have dropped out goes on, likewise.
        time: taken to the finish, microseconds; None before it, and where it is not known.
    """

    status: Status = "waiting"
    started: int | None = None
    passed: tuple[tuple[str, int | None], ...] = ()
    time: int | None = None
    laps: int = 0
    penalty: int = 0
    out: int | None = None
    back: int | None = None

    @property
    def result(self) -> int | None:
        """The time taken to the finish with what was added to it, microseconds; None before, and
        where it is not known."""
        return None if self.time is None else self.time + self.penalty

    @property
    def last(self) -> tuple[str, int | None]:
        """The point passed last, with the time taken to it; an empty one before the first."""
        return self.passed[-1] if self.passed else ("", None)


@dataclass(frozen=True, slots=True)
class RaceState:
    """A race after some actions; treat `runs` and `first` as read-only.

    Args:
        runs: by runner, in the order of the event's origins.
        precision: microseconds to which times from reports are rounded up.
        laps: of the race; 0: they are not counted.
        began: the first start, microseconds since 1970 UTC; None before it.
        last: the latest action, likewise.
        first: by point passed the shortest time taken to it, microseconds, and whose it is.
        heats: the runners of each by its name; none where all run together.
        heat: the one that started last; empty before the first.
        under_way: runners who have neither finished nor dropped out nor been disqualified.
    """

    runs: Mapping[str, Run]
    precision: int
    laps: int = 0
    began: int | None = None
    last: int | None = None
    heats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heat: str = ""
    under_way: int = 0
    first: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One line of the leaderboard.

    Args:
        place: from 1; runners with the same time share it. None without a time.
        runner: who.
        time: taken to the finish, microseconds; None before it, and where it is not known.
        status: where the runner is in the race.
        at: the point passed last, of who is on the way.
        gap: time behind who was first there, microseconds; None where it is not known.
    """

    place: int | None
    runner: str
    time: int | None
    status: Status
    at: str = ""
    gap: int | None = None


def first_at(runs: Mapping[str, Run]) -> dict[str, tuple[int, str]]:
    """Return by point passed the shortest time taken to it, microseconds, and whose it is, of those
    who are not disqualified."""
    first: dict[str, tuple[int, str]] = {}
    for runner, run in runs.items():
        if run.status == "disqualified":
            continue
        for at, taken in run.passed:
            if taken is not None and (at not in first or taken < first[at][0]):
                first[at] = taken, runner
    return first


def leaderboard(state: RaceState) -> list[LeaderboardRow]:
    """Return all runners: the finished by time, those whose time is not known after the others,
    then those who got furthest, then the rest, and last those who were disqualified.

    Runners still under way are ordered by the points passed and the time taken to the last of them;
    equals stay in the order of the event's origins.
    """
    rows = []
    place, shared = 0, None
    for count, (runner, run) in enumerate(sorted(state.runs.items(), key=_rank), start=1):
        if run.result is None or run.status == "disqualified":
            at, taken = run.last if run.status == "running" else ("", None)
            gap = None if taken is None else taken - state.first[at][0]
            rows.append(LeaderboardRow(None, runner, None, run.status, at, gap))
            continue
        if run.result != shared:
            place, shared = count, run.result
        rows.append(LeaderboardRow(place, runner, run.result, run.status))
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
        return _ORDER[run.status], int(run.result is None), run.result or 0
    return _ORDER[run.status], -len(run.passed), run.last[1] or 0


def group(state: RaceState, heat: str) -> tuple[str, ...]:
    """Return the runners of a heat; all where none is named and there are none."""
    return state.heats[heat] if heat else tuple(state.runs)


def heat_to_start(state: RaceState, named: str) -> str:
    """Return the heat that a start is of: the one that is named, else the first in which anybody
    waits, else the one that started last. Empty where all run together."""
    waits = (
        heat
        for heat, runners in state.heats.items()
        if any(state.runs[runner].status == "waiting" for runner in runners)
    )
    return named or next(waits, state.heat)


def count(state: RaceState, status: Status) -> int:
    return sum(run.status == status for run in state.runs.values())
