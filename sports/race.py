"""A race: runners start together or one by one, pass points on the way, finish or drop out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..protocol.errors import IllegalAction, SettingError
from .sport import Action, Detail, Kind, Rule, Score, Sport, misfit, settle

LEADERBOARD_ROWS = 50
"""Rows in a score, which rides on every entry and must fit its frame; `leaderboard` has all."""

_MICROS = 1_000_000

_TIME = Detail("time", "time since the start, as 9.58 (seconds), 12:34.5 or 2:03:15")
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):(?=\d\d))?(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)

KINDS: tuple[Kind, ...] = (
    Kind("start", "Start", needs_origin=False, window=30.0),
    Kind(
        "split",
        "Passes",
        details=(Detail("at", "the point passed, such as 10 km", required=True), _TIME),
        window=60.0,
        identity=("at",),
    ),
    # A runner does so once: reports far apart are of the same finish.
    Kind("finish", "Finishes", details=(_TIME,), window=120.0),
    Kind("drop_out", "Drops out", details=(Detail("reason", "why, if known"),), window=600.0),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "precision",
        "seconds to which times taken from reports are rounded up",
        0.1,
        choices=(1.0, 0.1, 0.01, 0.001),
    ),
)

_BY_TITLE = {kind.title: kind for kind in KINDS}

Status = Literal["waiting", "running", "finished", "dropped out"]


@dataclass(frozen=True, slots=True)
class Run:
    """How far one runner has come.

    Args:
        status: where the runner is in the race.
        started: microseconds since 1970 UTC, None before the start.
        passed: splits on the way, each with the time taken to it in microseconds.
        time: taken to the finish, microseconds; None before it.
    """

    status: Status = "waiting"
    started: int | None = None
    passed: tuple[tuple[str, int], ...] = ()
    time: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A race after some actions; treat `runs` as read-only.

    Args:
        runs: by runner, in the order of the event's origins.
        precision: microseconds to which times from reports are rounded up.
        began: the first start, microseconds since 1970 UTC; None before it.
        last: the latest action, likewise.
        under_way: runners who have neither finished nor dropped out.
    """

    runs: Mapping[str, Run]
    precision: int
    began: int | None = None
    last: int | None = None
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the leaderboard.

    Args:
        place: from 1; runners with the same time share it. None before the finish.
        runner: who.
        time: taken to the finish, microseconds, None before it.
        status: where the runner is in the race.
    """

    place: int | None
    runner: str
    time: int | None
    status: Status


def micros(text: str) -> int | None:
    """Return the microseconds of a time such as `9.58`, `12:34.5` or `2:03:15`, None if none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups(default="0")
    if ":" in text and int(seconds) > 59:
        return None
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * _MICROS + int(fraction.ljust(6, "0"))


def clock_text(time: int) -> str:
    """Return microseconds as `9.58`, `12:34.5` or `2:03:15`."""
    seconds, fraction = divmod(time, _MICROS)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    tail = f".{fraction:06}".rstrip("0").rstrip(".")
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}{tail}"
    return f"{minutes}:{seconds:02}{tail}" if minutes else f"{seconds}{tail}"


def leaderboard(state: State) -> list[Row]:
    """Return all runners: the finished by time, then those who got furthest, then the rest.

    Who is still running is ordered by the points passed and the time taken to the last of them;
    equals stay in the order of the event's origins.
    """
    rows = []
    place, shared = 0, None
    for count, (runner, run) in enumerate(sorted(state.runs.items(), key=_rank), start=1):
        if run.time is None:
            rows.append(Row(None, runner, None, run.status))
            continue
        if run.time != shared:
            place, shared = count, run.time
        rows.append(Row(place, runner, run.time, run.status))
    return rows


_ORDER: dict[Status, int] = {"finished": 0, "running": 1, "waiting": 2, "dropped out": 3}


def _rank(item: tuple[str, Run]) -> tuple[int, int, int]:
    run = item[1]
    if run.time is not None:
        return _ORDER[run.status], 0, run.time
    return _ORDER[run.status], -len(run.passed), run.passed[-1][1] if run.passed else 0


class Race:
    """A race of any kind against the clock."""

    name: str = "race"
    text: str = "Race"
    rules: tuple[Rule, ...] = RULES

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions; they are the same under all rules."""
        return KINDS

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> State:
        """Return the state before the start.

        Args:
            origins: the runners.
            rules: see `RULES`.
            lineups: not used; a team that races is one origin.

        Raises:
            SettingError: no runners, two of one name, or a rule that can't be.
        """
        if not origins or not all(origins):
            raise SettingError("origins: a race has at least one runner, each with a name")
        if len(set(origins)) != len(origins):
            twice = next(name for name in origins if list(origins).count(name) > 1)
            raise SettingError(f"origins: {twice!r} is named twice")
        precision = settle(self.rules, rules)["precision"]
        runs = dict.fromkeys(origins, Run())
        return State(runs, precision=round(precision * _MICROS), under_way=len(runs))

    def illegal(self, state: State, action: Action) -> str | None:
        """Return why the action can't happen now, in one sentence, or None where it can."""
        unfit = misfit(_BY_TITLE, state.runs, action)
        if unfit is not None:
            return unfit
        if action.title == "start" and not action.origin:
            waiting = any(run.status == "waiting" for run in state.runs.values())
            return None if waiting else "all runners have started"
        run = state.runs[action.origin]
        if run.status in {"finished", "dropped out"}:
            done = "finished" if run.status == "finished" else "dropped out"
            return f"{action.origin} has already {done}"
        if action.title == "start":
            return f"{action.origin} has already started" if run.status == "running" else None
        if action.title == "drop_out":
            return None
        if run.started is None:
            return f"{action.origin} has not started"
        if action.title == "split" and action.details["at"] in dict(run.passed):
            return f"{action.origin} has already passed {action.details['at']}"
        return _no_time(run.started, action)

    def apply(self, state: State, action: Action) -> State:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action can't happen now; the sentence is `illegal`'s.
        """
        refusal = self.illegal(state, action)
        if refusal is not None:
            raise IllegalAction(refusal)
        if action.title == "start":
            return _start(state, [action.origin] if action.origin else state.runs, action.time)
        run = state.runs[action.origin]
        under_way = state.under_way
        if action.title == "split":
            passed = (str(action.details["at"]), _taken(state, run, action))
            run = replace(run, passed=(*run.passed, passed))
        elif action.title == "finish":
            run = replace(run, status="finished", time=_taken(state, run, action))
            under_way -= 1
        else:
            run = replace(run, status="dropped out")
            under_way -= 1
        runs = {**state.runs, action.origin: run}
        return replace(state, runs=runs, last=action.time, under_way=under_way)

    def score(self, state: State) -> Score:
        """Return the head of the leaderboard and how many are where, as plain JSON values."""
        rows = leaderboard(state)
        return {
            "leaderboard": [
                {
                    "place": row.place,
                    "runner": row.runner,
                    "time": None if row.time is None else row.time / _MICROS,
                    "status": row.status,
                }
                for row in rows[:LEADERBOARD_ROWS]
            ],
            "runners": len(rows),
            "waiting": _count(state, "waiting"),
            "running": _count(state, "running"),
            "finished": _count(state, "finished"),
            "dropped_out": _count(state, "dropped out"),
        }

    def headline(self, state: State) -> str:
        """Return the leaders in one short line, such as `1. Ada 9:58.2 · 2. Bo 10:01 (2 of 8 in)`.

        Before anyone is in, how many are running.
        """
        total = len(state.runs)
        if state.began is None:
            return f"{total} not started"
        leaders = [row for row in leaderboard(state)[:3] if row.time is not None]
        if not leaders:
            return f"{_count(state, 'running')} of {total} running"
        line = " · ".join(
            f"{row.place}. {row.runner} {clock_text(row.time or 0)}" for row in leaders
        )
        return f"{line} ({_count(state, 'finished')} of {total} in)"

    def phrase(self, state: State, action: Action) -> str:
        """Return the action in one sentence; `state` is the one after it."""
        if action.title == "start":
            return f"{action.origin} starts" if action.origin else "The race starts"
        run = state.runs[action.origin]
        if action.title == "drop_out":
            reason = action.details.get("reason")
            return f"{action.origin} drops out" + (f" ({reason})" if reason else "")
        # An entry that was deleted is spoken of with a state that no longer has it.
        if action.title == "split":
            taken = dict(run.passed).get(str(action.details["at"]))
            return f"{action.origin} passes {action.details['at']}" + (
                f" in {clock_text(taken)}" if taken is not None else ""
            )
        if run.time is None:
            return f"{action.origin} finishes"
        place = next(row.place for row in leaderboard(state) if row.runner == action.origin)
        return f"{action.origin} finishes in {clock_text(run.time)}, place {place} so far"

    def clock(self, state: State, time: int) -> str:
        """Return the time since the first start as H:MM:SS, which stops with the last action of a
        race that is over; empty before the start.

        Args:
            time: microseconds since 1970 UTC.
        """
        if state.began is None or state.last is None:
            return ""
        until = min(time, state.last) if self.over(state) else time
        seconds = max(0, until - state.began) // _MICROS
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    def over(self, state: State) -> bool:
        """Tell whether every runner has finished or dropped out."""
        return state.under_way == 0

    def read_score(self, state: State, text: str) -> Score:
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

    def gap(self, before: State, after: State, confirmed: Score) -> str | None:
        """Return why the reports of an outage don't add up to the counts, in one sentence, or None.

        Raises:
            SettingError: `confirmed` is no score of a race.
        """
        for status, count in _counts(after, confirmed).items():
            least, found = _count(before, status), _count(after, status)
            if status in _LASTING and count < least:
                return f"{least} had {_LASTING[status]} when contact was lost, now it is {count}"
            if count != found:
                return f"{status}: {found} by the reports, {count} by the score"
        return None

    def adopt(self, state: State, confirmed: Score) -> State:
        """Return the state as it is: who is in, and when, can come from reports alone.

        Raises:
            SettingError: `confirmed` is no score of a race.
        """
        _counts(state, confirmed)
        return state


_COUNT = re.compile(r"\s*(\d{1,6})\s*(?:in|finished)?\s*", re.ASCII)

_LASTING: dict[Status, str] = {"finished": "finished", "dropped out": "dropped out"}
"""Where a runner stays; words for it."""

_COUNTED: dict[str, Status] = {
    "waiting": "waiting",
    "running": "running",
    "finished": "finished",
    "dropped_out": "dropped out",
}
"""Keys of the score that count runners."""


def _counts(state: State, score: Score) -> dict[Status, int]:
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


def _start(state: State, runners: Iterable[str], time: int) -> State:
    started = {
        runner: Run("running", started=time)
        for runner in runners
        if state.runs[runner].status == "waiting"
    }
    began = time if state.began is None else min(time, state.began)
    return replace(state, runs={**state.runs, **started}, began=began, last=time)


def _no_time(started: int, action: Action) -> str | None:
    given = action.details.get("time")
    if given is not None:
        known = micros(str(given))
        return None if known else f"{given!r} is not a time such as 9.58, 12:34.5 or 2:03:15"
    if action.time <= started:
        early = (started - action.time) / _MICROS
        return f"{action.origin} started {early:g} seconds after this {action.title}"
    return None


def _taken(state: State, run: Run, action: Action) -> int:
    """Return the time taken, microseconds: as stated, else from the times of the actions.

    A stated time is an official one and stays as it is. One from people's reports is rounded up
    to the next unit, as hand timing is in athletics.
    """
    given = action.details.get("time")
    stated = micros(str(given)) if given is not None else None
    if stated is not None:
        return stated
    if run.started is None:
        raise AssertionError("a runner who has not started has no time")
    return -(-(action.time - run.started) // state.precision) * state.precision


def _count(state: State, status: Status) -> int:
    return sum(run.status == status for run in state.runs.values())


RACE: Sport = Race()
