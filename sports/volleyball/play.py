"""What the rules allow at a point of a volleyball match, and what it does.

A crowd does not report everything: what depends on something that may have gone unreported (a
substitution before) is refused only where line-ups say who is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import SettingError
from ..sport import Action
from .rules import VolleyballRules
from .state import Pair, Team, VolleyballState, set_winner


def begin(
    origins: Sequence[str], rules: VolleyballRules, lineups: Mapping[str, Sequence[str]]
) -> VolleyballState:
    """Return the state before the first rally.

    Raises:
        SettingError: not two different sides, a first server or a line-up of neither, or a name
            twice in one.
    """
    if len(origins) != 2 or len(set(origins)) != 2 or not all(origins):
        listed = ", ".join(origins) or "none"
        raise SettingError(f"origins: volleyball has two sides of different names, not {listed}")
    first = rules.first_server or origins[0]
    if first not in origins:
        raise SettingError(f"rules: first_server is {first!r}, not one of {', '.join(origins)}")
    for origin in lineups:
        if origin not in origins:
            raise SettingError(f"line-ups: {origin!r} does not play; {', '.join(origins)} do")
    one, two = (_team(origin, lineups.get(origin, ()), rules.players) for origin in origins)
    side = origins.index(first)
    return VolleyballState((origins[0], origins[1]), rules, (one, two), first=side, serving=side)


def _team(origin: str, names: Sequence[str], players: int) -> Team:
    if len(set(names)) != len(names) or not all(names):
        raise SettingError(f"line-ups: {origin} names a player twice or not at all")
    if names and len(names) < players:
        raise SettingError(f"line-ups: {origin} names {len(names)} players, {players} start")
    return Team(tuple(names), tuple(names[:players]))


def forbids(state: VolleyballState, action: Action) -> str | None:
    """Return which rule an action of a side would break now, in one sentence, or None."""
    side = state.sides.index(action.origin)
    team = state.teams[side]
    if action.title == "serve":
        return _no_toss(state)
    if action.title == "time_out" and team.timeouts >= state.rules.timeouts:
        taken, most = team.timeouts, state.rules.timeouts
        return f"{action.origin} has taken {taken} time-outs in this set, at most {most} allowed"
    if action.title == "substitution":
        return _no_substitution(state, team, action)
    return None


def _no_toss(state: VolleyballState) -> str | None:
    # Rule 12.2: the toss decides in the first set and in the deciding one; in the others the side
    # begins that did not begin the set before.
    if state.points != (0, 0) or (state.past and not state.final_set):
        return "who serves first is tossed for before the first and the deciding set"
    return None


def _no_substitution(state: VolleyballState, team: Team, action: Action) -> str | None:
    most = state.rules.substitutions
    if team.substitutions >= most:
        made = team.substitutions
        return f"{action.origin} has made {made} substitutions in this set, at most {most} allowed"
    off, on = str(action.details.get("off", "")), str(action.details.get("on", ""))
    if off and off == on:
        return f"{off} can't come on for {off}"
    if not team.players:
        return None
    for name in (off, on):
        if name and name not in team.players:
            return f"{name!r} is not one of {action.origin}'s players"
    if off and off not in team.court:
        return f"{off} is not on the court"
    if on and on in team.court:
        return f"{on} is already on the court"
    return _no_exchange(team, off, on) if off and on else None


def _no_exchange(team: Team, off: str, on: str) -> str | None:
    """Return why two may not be exchanged in this set (rule 15.6), or None."""
    before = next((pair for pair in team.exchanged if off in pair or on in pair), None)
    if before is None:
        return None
    starter, substitute = before
    if {off, on} != {starter, substitute}:
        return f"{starter} and {substitute} can be exchanged in this set for each other alone"
    if starter in team.returned:
        return f"{starter} has gone off and come back once in this set already"
    return None


def after(state: VolleyballState, action: Action) -> VolleyballState:
    """Return the state after an action that the rules allow."""
    side = state.sides.index(action.origin)
    team = state.teams[side]
    match action.title:
        case "point":
            return rally(state, side)
        case "serve":
            return replace(state, first=side, serving=side)
        case "substitution":
            return _with(state, side, _exchanged(team, action))
        case "time_out":
            return _with(state, side, replace(team, timeouts=team.timeouts + 1))
        case "forfeit":
            # Rule 6.4: the match is the other side's. What was played stays as it stood.
            return replace(state, winner=1 - side, ended="forfeited")
        case "yellow_card":
            name = str(action.details.get("player", ""))
            return _with(state, side, replace(team, cautioned=(*team.cautioned, name)))
    # A red card: the point that it gives is reported as one.
    return state


def rally(state: VolleyballState, side: int) -> VolleyballState:
    """Return the state after a side won a rally: a point, and the service (rule 6.1.3)."""
    if side != state.serving:
        # Rule 7.6.2: a side that gains the service rotates, and the player from position 2 serves.
        team = state.teams[side]
        state = _with(state, side, replace(team, rotations=team.rotations + 1))
    points = plus_one(state.points, side)
    state = replace(state, points=points, serving=side)
    winner = set_winner(points, state.target)
    return state if winner is None else set_over(state, winner)


def set_over(state: VolleyballState, winner: int) -> VolleyballState:
    """Return the state after a side won the set being played with the points that stand."""
    sets = plus_one(state.sets, winner)
    won = sets[winner] == state.rules.sets_to_win
    first = 1 - state.first
    one, two = (_fresh(team, state.rules.players) for team in state.teams)
    return replace(
        state,
        teams=(one, two),
        points=(0, 0),
        sets=sets,
        past=(*state.past, state.points),
        first=first,
        serving=first,
        winner=winner if won else None,
        ended="played" if won else "",
    )


def _fresh(team: Team, players: int) -> Team:
    """Return a side at the beginning of a set: with those who began the match, unless somebody
    reports otherwise."""
    return Team(team.players, team.players[:players], cautioned=team.cautioned)


def _exchanged(team: Team, action: Action) -> Team:
    off, on = str(action.details.get("off", "")), str(action.details.get("on", ""))
    team = replace(team, substitutions=team.substitutions + 1)
    if not (off and on and off in team.court):
        return team
    court = tuple(on if name == off else name for name in team.court)
    if (on, off) in team.exchanged:
        return replace(team, court=court, returned=(*team.returned, on))
    return replace(team, court=court, exchanged=(*team.exchanged, (off, on)))


def plus_one(pair: Pair, side: int) -> Pair:
    """Return a pair with one more for a side."""
    return (pair[0] + 1, pair[1]) if side == 0 else (pair[0], pair[1] + 1)


def _with(state: VolleyballState, side: int, team: Team) -> VolleyballState:
    one, two = state.teams
    return replace(state, teams=(team, two) if side == 0 else (one, team))
