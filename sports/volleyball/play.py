"""What the rules allow at a point of a volleyball match, and what it does.

A crowd does not report everything: nothing is refused that depends on what may have gone
unreported, a substitution before or the last point of a set, with which time-outs and substitutions
are counted anew.
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
    if action.title == "substitution":
        return _no_substitution(state, team, action)
    return None


def _no_substitution(state: VolleyballState, team: Team, action: Action) -> str | None:
    if not state.rules.substitutions:
        return "there are no substitutions under this event's rules"
    off, on = str(action.details.get("off", "")), str(action.details.get("on", ""))
    if off and off == on:
        return f"{off} can't come on for {off}"
    for name in (off, on):
        if name and team.players and name not in team.players:
            return f"{name!r} is not one of {action.origin}'s players"
    return None


def after(state: VolleyballState, action: Action) -> VolleyballState:
    """Return the state after an action that the rules allow."""
    side = state.sides.index(action.origin)
    team = state.teams[side]
    match action.title:
        case "point":
            return rally(state, side)
        case "serve":
            # Rule 12.2: the side of the toss begins the set. Told in the middle of one, points
            # went unreported, and the rally is this side's to serve.
            first = side if state.points == (0, 0) else state.first
            return replace(state, first=first, serving=side)
        case "substitution":
            team = _exchanged(team, action)
            most = state.rules.substitutions
            return _with(state, side, replace(team, substitutions=min(team.substitutions, most)))
        case "time_out":
            taken = min(team.timeouts + 1, state.rules.timeouts)
            return _with(state, side, replace(team, timeouts=taken))
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
    if not (off and on and off in team.court and on not in team.court):
        return team  # another one before it went unreported, or nobody said who
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
