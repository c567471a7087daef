"""What people state of a football match besides what happens: the minute, and interruptions."""

from __future__ import annotations

from msgspec.structs import replace

from ...protocol.times import SECOND
from ..sport import Action, Detail
from ..statements import resumes
from .kinds import IN_PLAY, PERIODS
from .laws import nominal_minutes
from .rules import FootballRules
from .state import FootballPeriod, FootballState
from .text import minutes_before

STATEMENTS = (Detail("minute", "the minute that is played", number=True),)

MOST_MINUTES = 200

ADDED = 20
"""Minutes: a period has hardly ever had more added time."""

_MINUTE = 60 * SECOND


def unstatable(state: FootballState, statement: Action) -> str | None:
    """Return why a statement can't be true, in one sentence, or None where it can."""
    minute = statement.details.get("minute")
    if minute is None:
        return None
    if not isinstance(minute, int) or not 1 <= minute <= MOST_MINUTES:
        return f"minute is {minute!r}, not a whole number from 1 to {MOST_MINUTES}"
    period = _running(state)
    if period is not None and minute <= minutes_before(state, period):
        name = period.name.replace("_", " ")
        return f"minute {minute} is before the {name}, which has begun"
    return None


def after(state: FootballState, statement: Action) -> FootballState:
    """Return the state after a statement."""
    minute = statement.details.get("minute")
    if isinstance(minute, int) and unstatable(state, statement) is None:
        return _at_minute(state, minute, statement.time)
    play = statement.details.get("play")
    period = _running(state)
    if play is None or period is None:
        return state
    open_stop = bool(period.stops) and period.stops[-1][1] is None
    if play == "interrupted" and not open_stop:
        return _with_last(state, replace(period, stops=(*period.stops, (statement.time, None))))
    if play == "resumed" and open_stop:
        since, _ = period.stops[-1]
        stops = (*period.stops[:-1], (since, max(since, statement.time)))
        return _with_last(state, replace(period, stops=stops))
    return state


def resumed(state: FootballState, action: Action) -> FootballState:
    """Return the state before an action with play going on, where the action shows that it does: an
    interruption that nobody stated the end of is over then."""
    period = _running(state)
    if period is None or not period.stops or action.title not in IN_PLAY:
        return state
    since, until = period.stops[-1]
    if until is not None or not resumes(since, action.time):
        return state
    return _with_last(state, replace(period, stops=(*period.stops[:-1], (since, action.time))))


def _at_minute(state: FootballState, minute: int, time: int) -> FootballState:
    """Return the state in which a minute is played at a time: its middle, as far as is known."""
    period = _running(state)
    if period is not None and _is_past(state, period, minute):
        state, period = _with_last(state, replace(period, ended=time)), None
    if period is None:
        period = FootballPeriod(_period_of(state, minute), time)
        state = replace(state, periods=(*state.periods, period), finished=False)
    played = (minute - minutes_before(state, period)) * _MINUTE - _MINUTE // 2
    # Interruptions stay as long as they were.
    return _with_last(state, replace(period, began=period.began + period.played(time) - played))


def _is_past(state: FootballState, period: FootballPeriod, minute: int) -> bool:
    """Return whether a minute is one of a later period: so late none is added to this one, and the
    whistles went unreported."""
    timed = _timed(state.rules)
    end = minutes_before(state, period) + nominal_minutes(state.rules, period.name)
    return period.name in timed[:-1] and minute > end + ADDED


def _period_of(state: FootballState, minute: int) -> str:
    """Return in which period a minute is, as far as it was not reported: a later one than those
    that were."""
    over = [PERIODS.index(period.name) for period in state.periods]
    names = [name for name in _timed(state.rules) if not over or PERIODS.index(name) > max(over)]
    end = 0
    for name in _timed(state.rules):
        end += nominal_minutes(state.rules, name)
        if name in names and minute <= end:
            return name
    return names[-1] if names else state.periods[-1].name


def _timed(rules: FootballRules) -> tuple[str, ...]:
    return PERIODS[:4] if rules.extra_time else PERIODS[:2]


def _running(state: FootballState) -> FootballPeriod | None:
    if state.periods and state.periods[-1].ended is None:
        return state.periods[-1]
    return None


def _with_last(state: FootballState, period: FootballPeriod) -> FootballState:
    return replace(state, periods=(*state.periods[:-1], period))
