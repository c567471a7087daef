"""From one state of a tennis match to the next: points, games, sets, and ends of other kinds."""

from __future__ import annotations

from dataclasses import replace

from ..sport import Action
from .state import Ended, Pair, Past, TennisState

_ENDS: dict[str, Ended] = {"retire": "retired", "default": "defaulted", "walkover": "walkover"}


def point(state: TennisState, side: int) -> TennisState:
    """Return the state after a side won a point (rules 5 to 7)."""
    served = state.server
    points = _plus_one(state.points, side)
    state = replace(state, served=served)
    mine, other = points[side], points[1 - side]
    target = state.tiebreak_to
    if target is not None:
        won = mine >= target and mine - other >= state.tiebreak_by
    else:
        won = mine >= 4 and (mine - other >= 2 or state.format.no_ad)
    if not won:
        return replace(state, points=points)
    return game(state, side, points if target is not None else None)


def game(state: TennisState, side: int, tiebreak: Pair | None) -> TennisState:
    """Return the state after a side won the game being played (rules 6 and 7).

    Args:
        state: the one before it.
        side: who won it.
        tiebreak: the points where it was a tie-break, None in a standard game.
    """
    games = _plus_one(state.games, side)
    # Rule 6: a set takes six games (short sets four, a pro set eight) and a lead of two, or the
    # tie-break that decides it.
    enough = games[side] >= state.format.set_games and games[side] - games[1 - side] >= 2
    if tiebreak is None and not enough:
        return replace(state, points=(0, 0), games=games)
    sets = _plus_one(state.sets, side)
    won = sets[side] == state.format.sets_to_win
    return replace(
        state,
        points=(0, 0),
        games=(0, 0),
        sets=sets,
        past=(*state.past, Past(games, tiebreak)),
        # Service alternates on through the sets. A tie-break counts as a game, so the side that
        # served first in it receives first in the next set, as rule 5(b) says.
        first=(state.first + sum(games)) % 2,
        winner=side if won else None,
        ended="played" if won else "",
    )


def penalty_game(state: TennisState, side: int) -> TennisState:
    """Return the state after a side was given the game being played; a tie-break is won by as many
    points as it takes at least."""
    served = replace(state, served=state.server)
    target = state.tiebreak_to
    if target is None:
        return game(served, side, None)
    lost = state.points[1 - side]
    won = max(target, lost + state.tiebreak_by)
    return game(served, side, (won, lost) if side == 0 else (lost, won))


def interrupted(state: TennisState, play: object, time: int) -> TennisState:
    """Return the state with play interrupted, or resumed: the clock stands, and goes on."""
    if play == "interrupted" and state.stopped is None:
        return replace(state, stopped=time)
    if play == "resumed" and state.stopped is not None:
        return replace(state, stopped=None, paused=state.paused + max(0, time - state.stopped))
    return state


def _plus_one(pair: Pair, side: int) -> Pair:
    return (pair[0] + 1, pair[1]) if side == 0 else (pair[0], pair[1] + 1)


def end(state: TennisState, side: int, title: str) -> TennisState:
    """Return the state after a side gave the match up or lost it by a decision.

    The score stays as it stood; rule 29 and the codes of conduct leave the match to the other
    side.
    """
    return replace(state, winner=1 - side, ended=_ENDS[title])


def serve(state: TennisState, side: int, player: str) -> TennisState:
    """Return the state in which a side, and in doubles one of its players, serves now.

    Rule 9: the toss decides who serves first in the match. Rule 14: in doubles a pair decides
    anew in each set, before its first game of service, who of the two begins. In singles nothing is
    left to choose after the first point: then it tells that points went unreported, and service
    goes on from this side. A pair's player may be named while the other side still serves.
    """
    players = list(state.players)
    first = state.first
    if len(players[side]) < 2 or not _begun(state):
        first = (side - state.turn) % 2
    if player:
        # Of the turns from now on the next one of this side is this player's.
        turn = state.turn if (first + state.turn) % 2 == side else state.turn + 1
        pair = sorted(players[side], key=lambda name: name != player)
        players[side] = tuple(pair if turn // 2 % 2 == 0 else reversed(pair))
    return replace(state, first=first, players=(players[0], players[1]))


def no_serve(state: TennisState, side: int, action: Action) -> str | None:
    """Return why a side can't serve now, or None.

    When it does is not asked: games may have gone unreported.
    """
    player = action.details.get("player", "")
    pair = state.players[side]
    if player and player not in pair:
        listed = " and ".join(pair) or "nobody in a line-up"
        return f"{player!r} does not play for {action.origin}: there is {listed}"
    if _begun(state) and len(pair) == 2 and not player:
        return f"say which player of {action.origin} serves"
    return None


def _begun(state: TennisState) -> bool:
    return state.served is not None
