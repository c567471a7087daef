"""A tennis match in words and numbers for people and for the wire."""

from __future__ import annotations

from ..sport import Action, Score
from .state import Pair, Past, TennisState

_STANDARD = ("0", "15", "30", "40")

_ENDINGS = {"retired": "retired", "defaulted": "was defaulted", "walkover": "did not play"}


def points(state: TennisState) -> tuple[str, str] | Pair:
    """Return each side's points: numbers in a tie-break, else 0, 15, 30, 40 or AD (rule 5)."""
    if state.tiebreak_to is not None:
        return state.points
    return _called(state.points[0], state.points[1]), _called(state.points[1], state.points[0])


def _called(mine: int, other: int) -> str:
    # From deuce on only the lead counts.
    if mine > 3 or other > 3:
        return "AD" if mine > other else "40"
    return _STANDARD[mine]


def score(state: TennisState) -> Score:
    """Return the score as plain JSON values; `docs/SPORTS.md` lists the keys."""
    one, two = state.sides
    called = points(state)
    return {
        "sets": {one: state.sets[0], two: state.sets[1]},
        "games": {one: state.games[0], two: state.games[1]},
        "points": {one: called[0], two: called[1]},
        "tiebreak": state.tiebreak_to is not None,
        "previous": [list(past.games) for past in state.past],
        "tiebreaks": [list(past.tiebreak or ()) for past in state.past],
        "served": _side(state, state.served),
        "server": _side(state, state.server),
        "server_player": state.server_player,
        "winner": _side(state, state.winner),
        "ended": state.ended,
    }


def _side(state: TennisState, side: int | None) -> str:
    return "" if side is None else state.sides[side]


def headline(state: TennisState) -> str:
    """Return the score in a line, such as `A 6–4 3–6 2–1 (40–AD) B`."""
    shown = " ".join(part for part in (state.sides[0], line(state), state.sides[1]) if part)
    return f"{shown} ({why_over(state)})" if state.ended in _ENDINGS else shown


def line(state: TennisState) -> str:
    """Return the score without the names, such as `6–4 3–6 2–1 (40–AD)`."""
    sets = [set_text(past) for past in state.past]
    called = points(state)
    # Who gives up between two sets leaves no set at 0–0.
    between = bool(state.ended and sets) and state.games == state.points == (0, 0)
    if state.ended not in {"played", "walkover"} and not between:
        if not (state.final_set and state.format.match_tiebreak):
            sets.append(f"{state.games[0]}–{state.games[1]}")
        if state.points != (0, 0):
            sets.append(f"({called[0]}–{called[1]})")
    return " ".join(sets)


def set_text(past: Past) -> str:
    """Return a set that is over, such as `6–4`, `7–6(5)` or, for a match tie-break, `[10–8]`."""
    if past.tiebreak is None:
        return f"{past.games[0]}–{past.games[1]}"
    if sum(past.games) == 1:
        return f"[{past.tiebreak[0]}–{past.tiebreak[1]}]"
    return f"{past.games[0]}–{past.games[1]}({min(past.tiebreak)})"


def why_over(state: TennisState) -> str:
    """Return how the match ended, such as `A won 3–1` or `B retired`."""
    winner = state.winner
    if winner is None:
        raise AssertionError("a match that is on has no end")
    if state.ended == "played":
        return f"{state.sides[winner]} won {state.sets[winner]}–{state.sets[1 - winner]}"
    return f"{state.sides[1 - winner]} {_ENDINGS[state.ended]}"


def phrase(state: TennisState, action: Action) -> str:
    """Return an action in a sentence; `state` is the one after it."""
    if action.title == "serve":
        player = action.details.get("player")
        return f"{player or action.origin} serves first" + (
            f" for {action.origin}" if player else ""
        )
    if action.title == "point":
        how = action.details.get("how")
        return f"{_won(state)} {action.origin}" + (f" ({how})" if how else "")
    if action.title == "penalty_game":
        return f"Penalty game, {_won(state).lower()} {action.origin}" + _because(action)
    if action.title == "medical_time_out":
        who = action.details.get("player") or action.origin
        return f"Medical time-out for {who}" + _because(action)
    words = {"retire": "retires", "default": "is defaulted", "walkover": "does not play"}
    return f"{action.origin} {words[action.title]}" + _because(action)


def _because(action: Action) -> str:
    reason = action.details.get("reason")
    return f" ({reason})" if reason else ""


def _won(state: TennisState) -> str:
    if state.points != (0, 0):
        return "Point"
    if state.ended:
        return "Game, set and match"
    return "Game" if state.games != (0, 0) else "Game and set"


def clock(state: TennisState, time: int) -> str:
    """Return the time played as HH:MM:SS, interruptions left out; it starts with the first action
    and stops with the last.

    Args:
        time: microseconds since 1970 UTC.
    """
    if state.began is None or state.last is None:
        return ""
    until = min(time, state.last) if state.ended else time
    until = until if state.stopped is None else min(until, state.stopped)
    seconds = max(0, until - state.began - state.paused) // 1_000_000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
