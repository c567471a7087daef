"""A score of a football match as people confirm it: read, compared, and put in force."""

from __future__ import annotations

import re

from ...protocol.errors import SettingError
from ..sport import Score, counts
from .kinds import PERIODS
from .play import latest, with_goals, with_tally
from .state import FootballState

MOST = 199
"""The largest number of goals that is believed."""

_PAIR = r"(\d{1,3})\s*[-–—−:]\s*(\d{1,3})"
_TEXT = re.compile(
    rf"\s*{_PAIR}(?:[\s,;]*[(\[]?\s*{_PAIR}\s*(?:p|pen|pens|penalties)?\s*[)\]]?)?\s*",
    re.ASCII | re.IGNORECASE,
)


def read(state: FootballState, text: str) -> Score:
    """Return the goals of a text such as `2-1`, and the shoot-out of one such as `3-3 (4-2)`.

    Args:
        state: the match so far, for its sides and rules.
        text: the side that is named first in the event first; a dash or a colon between.

    Raises:
        SettingError: it can't be read so, or has a shoot-out where the rules have none.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise SettingError(
            f"score: {text[:60]!r} can't be read; write the goals, {state.origins[0]} first,"
            " such as 2-1, with a shoot-out 3-3 (4-2)"
        )
    one, two, *kicks = match.groups()
    score: Score = {"goals": dict(zip(state.origins, (int(one), int(two)), strict=True))}
    if kicks[0] is not None:
        if not state.rules.shootout:
            raise SettingError(
                f"score: {text[:60]!r}: this event has no shoot-out; write the goals, such as 2-1"
            )
        score["shootout"] = dict(zip(state.origins, map(int, kicks), strict=True))
    _goals(state, score)
    _tally(state, score)
    return score


def gap(before: FootballState, after: FootballState, confirmed: Score) -> str | None:
    """Return why the reports of an outage do not add up to a confirmed score, or None.

    A side can only have fewer goals than before where one was disallowed, and then the reports
    must say so. Kicks of a shoot-out stay.

    Args:
        before: the match when contact was lost.
        after: what the reports lead to.
        confirmed: any of the keys of `Football.score`.

    Raises:
        SettingError: it is no score of football.
    """
    goals = _goals(after, confirmed)
    if goals is not None:
        for origin, had, reported, has in zip(
            before.origins,
            (side.goals for side in before.sides),
            (side.goals for side in after.sides),
            goals,
            strict=True,
        ):
            if has < had and reported > has:
                return (
                    f"{origin} had {had} and has {has}: a goal that was disallowed was not reported"
                )
        reports = (after.sides[0].goals, after.sides[1].goals)
        if reports != goals:
            return f"the reported goals add up to {_shown(reports)}, the score is {_shown(goals)}"
    return _kicks_gap(before, after, confirmed) or _period_gap(before, after, confirmed)


def _kicks_gap(before: FootballState, after: FootballState, confirmed: Score) -> str | None:
    tally = _tally(after, confirmed)
    if tally is None:
        return None
    had = before.tally()
    if tally[0] < had[0] or tally[1] < had[1]:
        return f"the shoot-out stood at {_shown(had)} and is now {_shown(tally)}: kicks stay"
    if after.tally() != tally:
        return f"the reported kicks add up to {_shown(after.tally())}, the score is {_shown(tally)}"
    return None


def _period_gap(before: FootballState, after: FootballState, confirmed: Score) -> str | None:
    period = confirmed.get("period")
    if period is None:
        return None
    if period != "" and period not in PERIODS:
        raise SettingError(
            f"score: period is {str(period)[:40]!r}, not one of {', '.join(PERIODS)}"
        )
    said = str(period).replace("_", " ") or "no period"
    found = after.period.replace("_", " ") or "no period"
    if before.period and (not period or PERIODS.index(str(period)) < PERIODS.index(before.period)):
        return f"contact was lost in the {before.period.replace('_', ' ')}, the score is of {said}"
    return None if said == found else f"the reports lead to {found}, the score is of {said}"


def adopt(state: FootballState, confirmed: Score, time: int | None = None) -> FootballState:
    """Return the state with the goals and the kicks of a confirmed score.

    Args:
        state: the match.
        confirmed: the score.
        time: at which it was stated, microseconds; None: not known.

    Raises:
        SettingError: it is no score of football.
    """
    goals, tally = _goals(state, confirmed), _tally(state, confirmed)
    if goals is not None and goals != (state.sides[0].goals, state.sides[1].goals):
        state = with_goals(state, goals, latest(state) if time is None else time)
    return state if tally is None else with_tally(state, tally)


def _goals(state: FootballState, score: Score) -> tuple[int, int] | None:
    found = counts(score, "goals", state.origins, MOST)
    return None if found is None else (found[0], found[1])


def _tally(state: FootballState, score: Score) -> tuple[int, int] | None:
    found = counts(score, "shootout", state.origins, MOST)
    return None if found is None else (found[0], found[1])


def _shown(pair: tuple[int, int]) -> str:
    return f"{pair[0]}–{pair[1]}"
