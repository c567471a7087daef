"""The face of a race as a sport: what a host asks, answered from its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import IllegalAction, SettingError
from ..capabilities import Implied
from ..presentation import Presentation
from ..sport import Action, Kind, Rule, Score, Sport, misfit, settle
from . import confirmed as confirming
from . import text
from .kinds import BY_TITLE, of
from .presentation import shown
from .rules import RULES, heats_of
from .state import (
    MICROS,
    LeaderboardRow,
    RaceState,
    Run,
    Status,
    count,
    first_at,
    group,
    heat_to_start,
    leaderboard,
)
from .times import micros

LEADERBOARD_ROWS = 50
"""Rows in a score, which rides on every entry and must fit its frame; `leaderboard` has all."""


MOST_LAPS = 10_000

MOST_PENALTY = 86_400
"""Seconds that are added to a time at once."""

GOES_ON_SECONDS = 60.0
"""Who passes a point so long after having dropped out, or later, did not drop out: what is nearer
was seen before, perhaps, by others whose times are a little off."""

_ON_THE_WAY = {"split", "lap", "finish"}

_DONE: dict[Status, str] = {
    "finished": "finished",
    "dropped out": "dropped out",
    "disqualified": "been disqualified",
}
"""Where a runner has nothing more to do, in words."""


class Race:
    """A race of any kind against the clock."""

    name: str = "race"
    text: str = "Race"
    rules: tuple[Rule, ...] = RULES
    disqualification: str = "disqualify"
    aftermath_seconds: float = 5_400.0  # protests are heard for half an hour after the results
    implying: frozenset[str] = frozenset({"split", "lap", "finish"})

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions; laps only where the rules count them, heats where they have some."""
        heats = (rules or {}).get("heats")
        names = [str(name) for name in heats] if isinstance(heats, Mapping) else ()
        return of((rules or {}).get("laps"), names)

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
        settled = settle(self.rules, rules)
        precision, laps = round(settled["precision"] * MICROS), settled["laps"]
        if not 0 <= laps <= MOST_LAPS:
            raise SettingError(f"rules: laps is {laps}, not 0 to {MOST_LAPS:,}")
        heats = heats_of(settled["heats"], origins)
        runs = dict.fromkeys(origins, Run())
        return RaceState(runs, precision, laps, heats=heats, under_way=len(runs))

    def illegal(self, state: RaceState, action: Action) -> str | None:
        """Return why the action is not legal now, in one sentence, or None where it is."""
        unfit = misfit(BY_TITLE, state.runs, action)
        if unfit is not None:
            return unfit
        heat = str(action.details.get("heat", ""))
        if heat and heat not in state.heats:
            return f"no heat {heat!r}; there are {', '.join(state.heats) or 'none'}"
        if action.title == "run_again":
            return _not_run(state, action)
        if action.title == "start" and not action.origin:
            return _not_started(state, heat_to_start(state, heat))
        run = state.runs[action.origin]
        if action.title == "disqualify":
            done = run.status == "disqualified"
            return f"{action.origin} has been disqualified already" if done else None
        if action.title == "time_penalty":
            seconds = action.details["seconds"]
            fits = isinstance(seconds, int | float) and 0 < seconds <= MOST_PENALTY
            return None if fits else f"seconds is {seconds!r}, not up to {MOST_PENALTY:,}"
        # Who goes on had not dropped out, whatever was told.
        goes_on = run.status == "dropped out" and action.title in _ON_THE_WAY and run.started
        if run.status in _DONE and not goes_on:
            return f"{action.origin} has already {_DONE[run.status]}"
        if action.title in {"start", "drop_out"}:
            return None
        if action.title == "split" and action.details["at"] in dict(run.passed):
            return f"{action.origin} has already passed {action.details['at']}"
        if action.title == "lap" and not state.laps:
            return "this race has no laps"
        if action.title == "lap" and run.laps >= state.laps:
            return f"{action.origin} has completed {run.laps} laps, of {state.laps}"
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
            return _start(state, action)
        if action.title == "run_again":
            return _run_again(state, action)
        run = before = state.runs[action.origin]
        if action.title in {"split", "lap"}:
            laps = run.laps + (action.title == "lap")
            at = str(action.details["at"]) if action.title == "split" else f"lap {laps}"
            taken = _taken(state, run, action)
            if taken is not None and (at not in state.first or taken < state.first[at][0]):
                state = replace(state, first={**state.first, at: (taken, action.origin)})
            passed = (*run.passed, (at, taken))
            run = replace(_under_way(run, action), passed=passed, laps=laps)
        elif action.title == "time_penalty":
            added = round(float(action.details["seconds"]) * MICROS)
            run = replace(run, penalty=run.penalty + added)
        elif action.title == "finish":
            back = _under_way(run, action, 0.0).back
            run = replace(run, status="finished", time=_taken(state, run, action), back=back)
        elif action.title == "drop_out":
            run = replace(run, status="dropped out", out=action.time)
        else:
            run = replace(run, status="disqualified")
        runs = {**state.runs, action.origin: run}
        if action.title == "disqualify":
            state = replace(state, first=first_at(runs))
        under_way = state.under_way - (run.status in _DONE) + (before.status in _DONE)
        return replace(state, runs=runs, last=action.time, under_way=under_way)

    def implied(self, state: RaceState, action: Action) -> Implied | None:
        """Return the start of a runner who passes a point, or comes in, without having started."""
        if action.title not in self.implying or state.runs[action.origin].started is not None:
            return None
        return Implied(("start",), (action.origin, ""), 0, action.time)

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
                    **_on_the_way(row),
                }
                for row in rows[:LEADERBOARD_ROWS]
            ],
            "runners": len(rows),
            "waiting": count(state, "waiting"),
            "running": count(state, "running"),
            "finished": count(state, "finished"),
            "dropped_out": count(state, "dropped out"),
            "disqualified": count(state, "disqualified"),
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
        """Return how a race is shown: its heats by their names or numbers."""
        return shown(rules)

    def over(self, state: RaceState) -> bool:
        """Return whether every runner has finished, dropped out or been disqualified."""
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


def _on_the_way(row: LeaderboardRow) -> dict[str, object]:
    """Return what a row says of who is on the way, as far as it is known."""
    if not row.at:
        return {}
    return {"at": row.at} | ({} if row.gap is None else {"gap": row.gap / MICROS})


def _under_way(run: Run, action: Action, within: float = GOES_ON_SECONDS) -> Run:
    """Return a run with its runner on the way, where the action shows that: also who was told to
    have dropped out, from so many seconds before."""
    if run.status != "dropped out":
        return replace(run, status="running")
    if run.out is None or action.time - run.out < within * MICROS:
        return run
    return replace(run, status="running", out=None, back=action.time)


def _not_started(state: RaceState, heat: str) -> str | None:
    """Return why a heat, or the race, can't start now, in one sentence, or None where it can."""
    statuses = [state.runs[runner].status for runner in group(state, heat)]
    if "finished" in statuses and "waiting" not in statuses:
        of = f" of {heat}" if heat else ""
        return f"all runners{of} have started, and some are in"
    return None


def _start(state: RaceState, action: Action) -> RaceState:
    """Return the state after a start: of one runner, of all who wait, or of all who run once more.

    Where all have started, the start before was a false one: who has not dropped out runs again,
    and times count from the new start. So it is with a runner who starts a second time.
    """
    time = action.time
    heat = "" if action.origin else heat_to_start(state, str(action.details.get("heat", "")))
    together = group(state, heat)
    who = [action.origin] if action.origin else _with_status(state, together, "waiting")
    again = not who
    if again:
        who = _with_status(state, together, "running")
    started = {
        runner: Run("running", started=time, penalty=state.runs[runner].penalty) for runner in who
    }
    runs = {**state.runs, **started}
    # The clock shows the time of the heat that is run.
    anew = state.began is None or again or heat
    began = time if anew else _first(runs.values(), time)
    heat = heat or state.heat
    return replace(state, runs=runs, began=began, last=time, first=first_at(runs), heat=heat)


def _again(state: RaceState, action: Action) -> tuple[str, ...]:
    """Return who is to run again: one, those of a heat, or all who ran."""
    if action.origin:
        return (action.origin,)
    together = group(state, str(action.details.get("heat", "")) or state.heat)
    return tuple(one for one in together if state.runs[one].status != "disqualified")


def _not_run(state: RaceState, action: Action) -> str | None:
    """Return why nothing can be run again now, in one sentence, or None where it can."""
    who = _again(state, action)
    if action.origin and state.runs[action.origin].status == "disqualified":
        return f"{action.origin} has been disqualified"
    if all(state.runs[one].status == "waiting" for one in who):
        return f"{action.origin} has not started" if action.origin else "none of them has started"
    return None


def _run_again(state: RaceState, action: Action) -> RaceState:
    """Return the state in which runners wait once more: what they ran does not count."""
    who = dict.fromkeys(_again(state, action), Run())
    back = sum(state.runs[runner].status in _DONE for runner in who)
    runs = {**state.runs, **who}
    waits = all(run.status == "waiting" for run in runs.values())
    return replace(
        state,
        runs=runs,
        began=None if waits else state.began,
        last=action.time,
        first=first_at(runs),
        under_way=state.under_way + back,
    )


def _with_status(state: RaceState, runners: Iterable[str], status: Status) -> list[str]:
    return [runner for runner in runners if state.runs[runner].status == status]


def _first(runs: Iterable[Run], time: int) -> int:
    """Return the first start of those who have started; that of a runner who starts at `time`."""
    return min((run.started for run in runs if run.started is not None), default=time)


def _no_time(started: int | None, action: Action) -> str | None:
    given = action.details.get("time")
    if given is not None:
        known = micros(str(given))
        return None if known else f"{given!r} is not a time such as 9.58, 12:34.5 or 2:03:15"
    # A start that nobody reported leaves the time open.
    if started is not None and action.time <= started:
        early = (started - action.time) / MICROS
        return f"{action.origin} started {early:g} seconds after this {action.title}"
    return None


def _taken(state: RaceState, run: Run, action: Action) -> int | None:
    """Return the time taken, microseconds: as stated, else from the times of the actions; None
    where the start went unreported.

    A stated time is an official one and stays as it is. One from people's reports is rounded up
    to the next unit, as hand timing is in athletics.
    """
    given = action.details.get("time")
    stated = micros(str(given)) if given is not None else None
    if stated is not None:
        return stated
    if run.started is None:
        return None
    return -(-(action.time - run.started) // state.precision) * state.precision


RACE: Sport = Race()
