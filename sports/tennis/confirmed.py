"""A score of a tennis match as people confirm it: checked, compared, and put in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...protocol.errors import SettingError
from ..sport import Score, counts
from . import text
from .state import Ended, Pair, Past, TennisState

MOST = 99
"""The largest number of games or points in a score that is believed: the longest match that was
ever played stood at 70–68."""

CALLED: dict[str, int] = {"0": 0, "15": 1, "30": 2, "40": 3, "AD": 4}
"""Points as they are called (rule 5) and the fewest that they stand for."""

_ENDS: tuple[Ended, ...] = ("", "played", "retired", "defaulted", "walkover")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmed score says; None where it does not say it. Pairs are in the sides' order.

    The server is left aside: it follows from the score and the first server.

    Args:
        sets: won.
        games: of the set being played.
        points: of the game being played, called as `text.points` calls them.
        past: the sets that are over; the points of a tie-break are None where they weren't said.
        tiebreak: whether a tie-break is being played.
        ended: how the match ended, empty while it is on.
        winner: index of the side that won it, None too while it is on.
    """

    sets: Pair | None
    games: Pair | None
    points: tuple[str, str] | Pair | None
    past: tuple[Past, ...] | None
    tiebreak: bool | None
    ended: Ended | None
    winner: int | None

    @property
    def numbers(self) -> list[int]:
        """All numbers of games in it."""
        sets = [self.games or (0, 0), *(past.games for past in self.past or ())]
        return [number for games in sets for number in games]

    @property
    def shown(self) -> str:
        """It as text, such as `6–4 3–2 (40–15)`."""
        parts = [text.set_text(past) for past in self.past or ()]
        if self.past is None and self.sets is not None:
            parts.append(f"{self.sets[0]}–{self.sets[1]} in sets")
        if self.games is not None and self.ended != "played":
            parts.append(f"{self.games[0]}–{self.games[1]}")
        if self.points is not None and (self.points not in {("0", "0"), (0, 0)} or not parts):
            parts.append(f"({self.points[0]}–{self.points[1]})")
        return " ".join(parts) or "nothing"

    def begins_with(self, past: tuple[Past, ...]) -> bool:
        """Return whether the sets that are over so far agree with it, whatever follows them."""
        if self.past is None:
            return True
        if len(past) > len(self.past):
            return False
        return all(
            said.games == found.games and said.tiebreak in {None, found.tiebreak}
            for said, found in zip(self.past, past, strict=False)
        )

    def stands(self, state: TennisState) -> bool:
        """Return whether a state has this score, whichever side gave the match up."""
        if self.past is not None and len(self.past) != len(state.past):
            return False
        return (
            self.begins_with(state.past)
            and self.sets in {None, state.sets}
            and self.games in {None, state.games}
            and self.points in {None, text.points(state)}
            and self.tiebreak in {None, state.tiebreak_to is not None}
        )

    def ends_as(self, state: TennisState) -> bool:
        """Return whether the match is on, or was decided, as a state has it."""
        if self.ended not in {None, state.ended}:
            return False
        return self.winner in {None, state.winner}


def parse(sides: tuple[str, str], score: Score) -> Confirmed:
    """Return what a score says, checked.

    Args:
        sides: of the event.
        score: any of the keys of `Tennis.score`.

    Raises:
        SettingError: names the key that is not valid and why.
    """
    past = _past(score)
    sets = _pair(counts(score, "sets", sides, 3))
    if past is not None:
        won = (
            sum(p.games[0] > p.games[1] for p in past),
            sum(p.games[0] < p.games[1] for p in past),
        )
        if sets not in {None, won} or sum(won) != len(past):
            raise SettingError("score: previous has a set for each of the sets won, and no others")
        sets = won
    ended = score.get("ended")
    if ended is not None and ended not in _ENDS:
        raise SettingError(
            f"score: ended is {str(ended)[:40]!r}, not one of {', '.join(_ENDS[1:])}"
        )
    winner = score.get("winner")
    if winner is not None and winner not in {"", *sides}:
        raise SettingError(f"score: winner is {str(winner)[:40]!r}, not one of {', '.join(sides)}")
    tiebreak = score.get("tiebreak")
    if tiebreak is not None and not isinstance(tiebreak, bool):
        raise SettingError("score: tiebreak is true or false")
    return Confirmed(
        sets=sets,
        games=_pair(counts(score, "games", sides, MOST)),
        points=_points(score, sides),
        past=past,
        tiebreak=tiebreak,
        ended=next((end for end in _ENDS if end == ended), None),
        winner=sides.index(winner) if isinstance(winner, str) and winner else None,
    )


def _pair(numbers: tuple[int, ...] | None) -> Pair | None:
    return None if numbers is None else (numbers[0], numbers[1])


def _points(score: Score, sides: tuple[str, str]) -> tuple[str, str] | Pair | None:
    given = score.get("points")
    called = isinstance(given, Mapping) and [given.get(side) for side in sides]
    if called and all(isinstance(point, str) for point in called):
        one, two = (str(point) for point in called)
        # Rule 5: advantage is called of the first point after deuce only.
        if {one, two} <= set(CALLED) and ("AD" not in {one, two} or {one, two} == {"AD", "40"}):
            return one, two
        raise SettingError(
            f"score: no game stands at {one[:40]}–{two[:40]}; points are 0, 15, 30, 40 and AD"
        )
    return _pair(counts(score, "points", sides, MOST))


def _past(score: Score) -> tuple[Past, ...] | None:
    if "previous" not in score:
        return None
    games = [_listed(pair, "previous") for pair in _list(score["previous"], "previous")]
    rows = _list(score.get("tiebreaks") or [[] for _ in games], "tiebreaks")
    if len(rows) != len(games):
        raise SettingError(f"score: {len(games)} sets in previous, {len(rows)} in tiebreaks")
    ties = [_listed(row, "tiebreaks") if row else None for row in rows]
    return tuple(Past(won, tie) for won, tie in zip(games, ties, strict=True))


def _list(given: object, key: str) -> Sequence[object]:
    if not isinstance(given, list | tuple) or len(given) > 5:
        raise SettingError(f"score: {key} lists at most 5 sets, each as a pair of numbers")
    return given


def _listed(given: object, key: str) -> Pair:
    if isinstance(given, list | tuple) and len(given) == 2:
        found = counts({key: {"0": given[0], "1": given[1]}}, key, ("0", "1"), MOST)
        return _pair(found) or (0, 0)
    raise SettingError(f"score: {key} lists at most 5 sets, each as a pair of numbers")


def adopt(state: TennisState, confirmed: Confirmed) -> TennisState:
    """Return the state with a confirmed score in force.

    Games and points that it leaves out stay where the sets and games before them are the same,
    and begin anew elsewhere. The server follows from the first server of the match. What
    `reading.read` returned is never refused, whatever the state.

    Raises:
        SettingError: more sets than the match can have, sets without their games, or points that
            can't be called in the game being played.
    """
    if confirmed.stands(state) and confirmed.ends_as(state):
        return state
    sets = state.sets if confirmed.sets is None else confirmed.sets
    most = state.format.sets_to_win
    if max(sets) > most or sets == (most, most):
        raise SettingError(f"score: {sets[0]}–{sets[1]} in sets, at most {most} win the match")
    past = _adopted_past(state, confirmed, sets)
    same = [p.games for p in past] == [p.games for p in state.past]
    games = confirmed.games
    if games is None:
        games = state.games if same else (0, 0)
    first = state.first - sum(sum(p.games) for p in state.past)
    points = state.points if same and games == state.games else (0, 0)
    state = replace(
        state,
        first=(first + sum(sum(p.games) for p in past)) % 2,
        points=points,
        games=games,
        sets=sets,
        past=past,
    )
    state = _decided(state, confirmed)
    if state.ended != "played":
        state = replace(state, points=_counted(state, confirmed))
    return replace(state, served=_served(state))


def _adopted_past(state: TennisState, confirmed: Confirmed, sets: Pair) -> tuple[Past, ...]:
    if confirmed.past is None:
        if sets != state.sets:
            raise SettingError(f"score: {sets[0]}–{sets[1]} in sets, without the games of each")
        return state.past
    kept = dict(enumerate(state.past))
    return tuple(
        kept[n] if n in kept and said.tiebreak is None and kept[n].games == said.games else said
        for n, said in enumerate(confirmed.past)
    )


def _decided(state: TennisState, confirmed: Confirmed) -> TennisState:
    """Return the state with the match won, given up, or on, as its sets and the score say."""
    if max(state.sets) == state.format.sets_to_win:
        winner = 0 if state.sets[0] > state.sets[1] else 1
        return replace(state, games=(0, 0), points=(0, 0), winner=winner, ended="played")
    if confirmed.ended in {"retired", "defaulted", "walkover"} and confirmed.winner is not None:
        return replace(state, winner=confirmed.winner, ended=confirmed.ended)
    if confirmed.ended is None and state.ended != "played":
        return state
    return replace(state, winner=None, ended="")


def _counted(state: TennisState, confirmed: Confirmed) -> Pair:
    """Return the points of a score as they are counted in the game being played.

    Points alone may have been read in another game than the one that is played by now (a late
    entry has come): they say nothing of this one.
    """
    if confirmed.points is None:
        return state.points
    one, two = confirmed.points
    counting = state.tiebreak_to is not None
    if isinstance(one, int) and isinstance(two, int) and (counting or one == two == 0):
        return one, two
    if isinstance(one, str) and isinstance(two, str) and (not counting or one == two == "0"):
        return CALLED[one], CALLED[two]
    if confirmed.games is None:
        return state.points
    game = "a tie-break" if counting else "a standard game"
    raise SettingError(f"score: {one}–{two} are no points of {game}")


def _served(state: TennisState) -> int | None:
    """Return the side that served the last point, as far as the score tells; see `turn`."""
    first, games, points, tie = (
        state.first,
        state.games,
        state.points,
        state.tiebreak_to is not None,
    )
    if points == games == (0, 0):
        if not state.past:
            return None
        last = state.past[-1]
        games, first = last.games, first - sum(last.games)
        points, tie = last.tiebreak or (0, 0), last.tiebreak is not None
        turn = sum(games) - 1
    else:
        turn = sum(games) - (points == (0, 0))
    return (first + turn + (sum(points) // 2 if tie else 0)) % 2
