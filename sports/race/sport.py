"""The face of a race as a sport: what a host asks, answered from its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import IllegalAction, SettingError
from ..presentation import Presentation
from ..sport import Action, Kind, Rule, Score, Sport, misfit, settle
from . import confirmed as confirming
from . import text
from .kinds import BY_TITLE, KINDS
from .presentation import PRESENTATION
from .rules import RULES
from .state import MICROS, RaceState, Run, count, leaderboard
from .times import micros

LEADERBOARD_ROWS = 50
"""Rows in a score, which rides on every entry and must fit its frame; `leaderboard` has all."""


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
    ) -> RaceState:
        """Return the state before the start.

        Args:
            origins: the runners.
            rules: see `RULES`.
            lineups: not used; a team that races is one origin.

        Raises:
            SettingError: no runners, two of one name, or a rule that is not valid.
        """
        if not origins or not all(origins):
            raise SettingError("origins: a race has at least one runner, each with a name")
        if len(set(origins)) != len(origins):
            twice = next(name for name in origins if list(origins).count(name) > 1)
            raise SettingError(f"origins: {twice!r} is named twice")
        precision = settle(self.rules, rules)["precision"]
        runs = dict.fromkeys(origins, Run())
        return RaceState(runs, precision=round(precision * MICROS), under_way=len(runs))

    def illegal(self, state: RaceState, action: Action) -> str | None:
        """Return why the action is not legal now, in one sentence, or None where it is."""
        unfit = misfit(BY_TITLE, state.runs, action)
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

    def apply(self, state: RaceState, action: Action) -> RaceState:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action is not legal now; the sentence is `illegal`'s.
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

    def score(self, state: RaceState) -> Score:
        """Return the head of the leaderboard and how many are where, as plain JSON values."""
        rows = leaderboard(state)
        return {
            "leaderboard": [
                {
                    "place": row.place,
                    "runner": row.runner,
                    "time": None if row.time is None else row.time / MICROS,
                    "status": row.status,
                }
                for row in rows[:LEADERBOARD_ROWS]
            ],
            "runners": len(rows),
            "waiting": count(state, "waiting"),
            "running": count(state, "running"),
            "finished": count(state, "finished"),
            "dropped_out": count(state, "dropped out"),
        }

    def headline(self, state: RaceState) -> str:
        """Return the leaders in one short line, such as `1. Ada 9:58.2 · 2. Bo 10:01 (2 of 8 in)`.

        Before anyone is in, how many are running.
        """
        return text.headline(state)

    def phrase(self, state: RaceState, action: Action) -> str:
        """Return the action in one sentence; `state` is the one after it."""
        return text.phrase(state, action)

    def clock(self, state: RaceState, time: int) -> str:
        """Return the time since the first start as H:MM:SS, which stops with the last action of a
        race that is over; empty before the start.

        Args:
            time: microseconds since 1970 UTC.
        """
        return text.clock(state, time)

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how a race is shown; it is the same under all rules."""
        return PRESENTATION

    def over(self, state: RaceState) -> bool:
        """Return whether every runner has finished or dropped out."""
        return state.under_way == 0

    def read_score(self, state: RaceState, text: str) -> Score:
        """Return how many are in, from a number such as `12` or `12 in`: all that one sees of a
        race at a glance. The times and names behind it are reported as finishes.

        Raises:
            SettingError: it is no number, or more than there are runners.
        """
        return confirming.read(state, text)

    def gap(self, before: RaceState, after: RaceState, confirmed: Score) -> str | None:
        """Return why the reports of an outage do not add up to the counts, in a sentence, or None.

        Raises:
            SettingError: `confirmed` is not a score of a race.
        """
        return confirming.gap(before, after, confirmed)

    def adopt(self, state: RaceState, confirmed: Score) -> RaceState:
        """Return the state as it is: who is in, and when, can come from reports alone.

        Raises:
            SettingError: `confirmed` is not a score of a race.
        """
        return confirming.adopt(state, confirmed)


def _start(state: RaceState, runners: Iterable[str], time: int) -> RaceState:
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
        early = (started - action.time) / MICROS
        return f"{action.origin} started {early:g} seconds after this {action.title}"
    return None


def _taken(state: RaceState, run: Run, action: Action) -> int:
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


RACE: Sport = Race()
