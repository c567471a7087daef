"""A volleyball match in words and numbers, for people and for the wire."""

from __future__ import annotations

from ..capabilities import PlayerRecord
from ..sport import Action, Score
from .state import Pair, Team, VolleyballState

_WORDS = {
    "serve": "{origin} serve first",
    "substitution": "Substitution for {origin}",
    "time_out": "Time-out, {origin}",
    "yellow_card": "Yellow card, {origin}",
    "red_card": "Red card, {origin}",
    "forfeit": "{origin} forfeit the match",
}


def score(state: VolleyballState) -> Score:
    """Return the score as plain JSON values; `docs/SPORTS.md` lists the keys."""
    one, two = state.teams
    server = state.server
    return {
        "sets": _by_side(state, state.sets),
        "points": _by_side(state, state.points),
        "previous": [list(points) for points in state.past],
        "server": "" if server is None else state.sides[server],
        "server_player": "" if server is None else state.teams[server].server,
        "timeouts": _by_side(state, (one.timeouts, two.timeouts)),
        "substitutions": _by_side(state, (one.substitutions, two.substitutions)),
        "winner": "" if state.winner is None else state.sides[state.winner],
        "ended": state.ended,
    }


def _by_side(state: VolleyballState, pair: Pair) -> dict[str, int]:
    return dict(zip(state.sides, pair, strict=True))


def headline(state: VolleyballState) -> str:
    """Return the score in a line, such as `Foxes 1–1 Bears (25–20 23–25 12–8)`."""
    line = f"{state.sides[0]} {state.sets[0]}–{state.sets[1]} {state.sides[1]}"
    inside = shown(state)
    if state.ended == "forfeited":
        inside = f"{inside}, {why_over(state)}" if inside else why_over(state)
    return f"{line} ({inside})" if inside else line


def shown(state: VolleyballState) -> str:
    """Return the points of the sets, such as `25–20 23–25 12–8`; empty before the first rally."""
    points = [*state.past]
    if state.ended != "played" and (state.points != (0, 0) or not state.past):
        points.append(state.points)
    if points == [(0, 0)]:
        return ""
    return " ".join(pair_text(pair) for pair in points)


def pair_text(pair: Pair) -> str:
    """Return a pair, such as `25–20`."""
    return f"{pair[0]}–{pair[1]}"


def why_over(state: VolleyballState) -> str:
    """Return how the match ended, such as `Foxes won 3–1` or `Bears forfeited`."""
    winner = state.winner
    if winner is None:
        raise AssertionError("a match that is on has no end")
    if state.ended == "played":
        return f"{state.sides[winner]} won {state.sets[winner]}–{state.sets[1 - winner]}"
    return f"{state.sides[1 - winner]} forfeited"


def phrase(state: VolleyballState, action: Action) -> str:
    """Return an action in a sentence; `state` is the one after it."""
    details = action.details
    if action.title == "point":
        notes = [str(details[name]) for name in ("player", "how") if details.get(name)]
        said = f"{_won(state)} {action.origin}"
        return said + (f" ({', '.join(notes)})" if notes else "") + f", {_stands(state)}"
    said = _WORDS[action.title].format(origin=action.origin)
    if action.title == "substitution":
        on, off = details.get("on"), details.get("off")
        parts = (f"{on} on" if on else "", f"for {off}" if off else "")
        who = " ".join(part for part in parts if part)
    else:
        who = str(details.get("player") or details.get("reason") or "")
    return f"{said}: {who}" if who else said


def _won(state: VolleyballState) -> str:
    if state.points != (0, 0):
        return "Point"
    return "Set and match" if state.ended else "Set"


def _stands(state: VolleyballState) -> str:
    """Return what a point has led to: the points, or after a set those of the set."""
    return pair_text(state.points if state.points != (0, 0) or not state.past else state.past[-1])


def clock(state: VolleyballState, time: int) -> str:
    """Return the time played as H:MM:SS; it starts with the first action, stops with the last.

    Args:
        time: microseconds since 1970 UTC.
    """
    if state.began is None or state.last is None:
        return ""
    until = min(time, state.last) if state.ended else time
    seconds = max(0, until - state.began) // 1_000_000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def records(team: Team, players: int) -> tuple[PlayerRecord, ...]:
    """Return what the match has brought each player of a side."""
    off = {starter for starter, _ in team.exchanged} - set(team.court)
    return tuple(
        PlayerRecord(
            name=name,
            on=name in team.court,
            starts=place < players,
            played=place < players or name in team.court,
            booked=name in team.cautioned,
            left=name in off,
        )
        for place, name in enumerate(team.players)
    )
