"""A football match in words, for people."""

from __future__ import annotations

from ...protocol.times import SECOND
from ..capabilities import PlayerRecord
from ..names import canonical as key
from ..sport import Action
from .kinds import KICKS, PERIODS
from .laws import nominal_minutes, scoring_side
from .state import FootballPeriod, FootballSide, FootballState

_MINUTE = 60 * SECOND

SHOOTOUT_CLOCK = "pens"
"""What stands for the clock in a shoot-out, which has none."""

_PERIOD_NAMES = {
    "first_half": "first half",
    "second_half": "second half",
    "extra_first": "first half of extra time",
    "extra_second": "second half of extra time",
    "shootout": "shoot-out",
}

_WORDS = {
    "goal": "GOAL for {origin}",
    "goal_disallowed": "Goal disallowed: it does not count for {origin}",
    "yellow_card": "Yellow card for {origin}",
    "second_yellow": "Second yellow card, sent off, {origin}",
    "red_card": "Red card, sent off, {origin}",
    "substitution": "Substitution for {origin}",
    "penalty_saved": "Penalty of {origin} saved",
    "penalty_missed": "Penalty of {origin} missed",
    "penalty": "Penalty for {origin}",
    "penalty_cancelled": "Penalty of {origin} cancelled",
    "penalty_retaken": "Penalty of {origin} is retaken",
    "shot": "Shot of {origin}",
    "save": "Save by {origin}",
    "corner": "Corner kick for {origin}",
    "offside": "Offside, {origin}",
    "foul": "Foul by {origin}",
    "shootout_scored": "Shoot-out: {origin} score",
    "shootout_saved": "Shoot-out: kick of {origin} saved",
    "shootout_missed": "Shoot-out: {origin} miss",
    "full_time": "Full time",
}

_NOTES = ("how", "person", "result", "reason")
"""Details that are said in brackets."""

_WITH_SCORE = {"goal", "goal_disallowed", "full_time", "period_end"}


def headline(state: FootballState) -> str:
    """Return the score in one line, such as `Argentina 3–3 France (4–2 pens)`."""
    home, away = state.origins
    line = f"{home} {state.sides[0].goals}–{state.sides[1].goals} {away}"
    if state.rules.first_leg:
        line += ", {}–{} on aggregate".format(*state.aggregate)
    if state.kicks:
        unheard = sum(state.unreported())
        line += " ({}–{} pens{})".format(
            *state.tally(), f", {unheard} unreported" if unheard else ""
        )
    return line


def phrase(state: FootballState, action: Action) -> str:
    """Return an action in one sentence; `state` is the one after it."""
    if action.title in {"period_start", "period_end"}:
        name = str(action.details.get("period", ""))
        verb = "begins" if action.title == "period_start" else "ends"
        said = f"The {_PERIOD_NAMES.get(name, name)} {verb}"
    elif action.title == "added_time":
        said = f"Added time: {action.details.get('minutes', 0):g} minutes at least"
    else:
        said = _WORDS.get(action.title, action.title).format(origin=action.origin)
        who = _who(state, action)
        said += f": {who}" if who else ""
    unheard = _unheard_before(state, action)
    if unheard:
        said += f" (the kick of {unheard} before it went unreported)"
    if action.title in _WITH_SCORE or action.title in KICKS:
        said += f". {headline(state)}"
    return said


def _unheard_before(state: FootballState, action: Action) -> str:
    """Return the side whose kick just before this one went unreported; empty where none did."""
    if action.title not in KICKS or len(state.kicks) < 2:
        return ""
    before, last = state.kicks[-2:]
    this = last.time == action.time and state.origins[last.side] == action.origin
    return state.origins[before.side] if this and before.scored is None else ""


def _who(state: FootballState, action: Action) -> str:
    details = action.details
    if action.title == "substitution":
        on, off, reason = details.get("on"), details.get("off"), details.get("reason")
        parts = (
            f"{on} on" if on else "",
            f"for {off}" if off else "",
            f"({reason})" if _worth_saying(reason) else "",
        )
        return " ".join(part for part in parts if part)
    who = str(details.get("player", ""))
    if who and action.origin in state.origins:
        index = state.origins.index(action.origin)
        side = state.sides[scoring_side(action, index)]
        place = side.find(who)
        who = side.people[place].name if place >= 0 else who
    notes = [str(details[name]) for name in _NOTES if _worth_saying(details.get(name))]
    if details.get("assist"):
        notes.append(f"assist {details['assist']}")
    if not notes:
        return who
    return f"{who} ({', '.join(notes)})" if who else ", ".join(notes)


def _worth_saying(value: object) -> bool:
    return value not in (None, "", "open play", "player", "tactical")


def clock(state: FootballState, time: int) -> str:
    """Return the match clock, such as `45+2'`; `pens` in the shoot-out, empty in breaks and where
    it is not known.

    The first minute is 1': the minute is the one that is running (as scorers are listed).
    """
    period = _period_at(state, time)
    if period is None:
        return ""
    if period.name == "shootout":
        return SHOOTOUT_CLOCK
    before = minutes_before(state, period)
    length = nominal_minutes(state.rules, period.name)
    minute = period.played(time) // _MINUTE + 1
    if minute > length:
        return f"{before + length}+{minute - length}'"
    return f"{before + minute}'"


def minutes_played(state: FootballState, time: int) -> int:
    """Return whole minutes on the match clock, added time included; in a break, those before it."""
    reached = [period for period in state.periods if period.began <= time]
    if not reached:
        return 0
    period = reached[-1]
    until = time if period.ended is None else min(time, period.ended)
    if period.name == "shootout":
        return minutes_before(state, period)
    return minutes_before(state, period) + period.played(until) // _MINUTE


def _period_at(state: FootballState, time: int) -> FootballPeriod | None:
    for period in reversed(state.periods):
        if period.began <= time:
            return period if period.ended is None or time <= period.ended else None
    return None


def minutes_before(state: FootballState, period: FootballPeriod) -> int:
    names = PERIODS[: PERIODS.index(period.name)]
    if period.name == "shootout" and not any(p.name in PERIODS[2:4] for p in state.periods):
        names = PERIODS[:2]
    return sum(nominal_minutes(state.rules, name) for name in names)


def records(side: FootballSide) -> tuple[PlayerRecord, ...]:
    """Return what the match has brought each person of a side."""
    known = any(person.starts for person in side.people)
    return tuple(
        PlayerRecord(
            name=person.name,
            on=person.on,
            starts=person.starts or not known,
            played=person.on or person.left or person.red or person.starts,
            keeper=bool(side.keeper) and known_as == key(side.keeper),
            goals=person.goal_times,
            booked=person.yellow,
            sent_off=person.red_time if person.red else None,
            left=person.left,
            official=person.official,
        )
        for person, known_as in zip(side.people, side.keys, strict=True)
    )
