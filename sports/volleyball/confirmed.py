"""A score of a volleyball match as people confirm it: read, compared, and put in force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...protocol.errors import SettingError
from ..sport import Score, counts
from . import text
from .play import plus_one
from .rules import SetTarget
from .state import Ended, Pair, VolleyballState, can_be_over, set_winner

MOST = 199
"""The largest number of points of one set that is believed."""

_PAIR = re.compile(r"[(\[]?(\d{1,3})\s*[-–—−:]\s*(\d{1,3})[)\]]?", re.ASCII)
_WITH_SETS = re.compile(r"\s*(\d)\s*[-–—−:]\s*(\d)\s*\((.*)\)\s*", re.ASCII | re.DOTALL)
_SPACE = re.compile(r"[\s,;]*")
_ENDS: tuple[Ended, ...] = ("", "played", "forfeited")


@dataclass(frozen=True, slots=True)
class ConfirmedSets:
    """What a confirmed score says; None where it does not say it. Pairs are in the sides' order.

    The server is left aside, and so are time-outs and substitutions.

    Args:
        sets: won.
        points: of the set being played.
        past: points of the sets that are over.
        ended: how the match ended, empty while it is on.
        winner: index of the side that won it; None too while it is on.
    """

    sets: Pair | None = None
    points: Pair | None = None
    past: tuple[Pair, ...] | None = None
    ended: Ended | None = None
    winner: int | None = None

    @property
    def shown(self) -> str:
        """It as text, such as `25–20 12–8`."""
        parts = [text.pair_text(pair) for pair in self.past or ()]
        if self.past is None and self.sets is not None:
            parts.append(f"{text.pair_text(self.sets)} in sets")
        if self.points is not None and (self.points != (0, 0) or not parts):
            parts.append(text.pair_text(self.points))
        return " ".join(parts) or "nothing"

    def stands(self, state: VolleyballState) -> bool:
        """Return whether a state has this score."""
        return (
            self.sets in {None, state.sets}
            and self.points in {None, state.points}
            and self.past in {None, state.past}
        )

    def ends_as(self, state: VolleyballState) -> bool:
        """Return whether a match has ended as the score says, or is on as it says."""
        if self.ended is None:
            return True
        return self.ended == state.ended and (not self.ended or self.winner == state.winner)


def read(state: VolleyballState, said: str) -> Score:
    """Return the score that a text states.

    All sets from the first on, then the points of the set being played, the side that is named
    first in the event always first: `25-20 23-25 12-8`. A pair that ends a set is a set that is
    over. The points of the set being played may be left out, and then nothing is said of them;
    alone, nothing is said of the sets before. All of it may stand in brackets behind the sets won,
    as in a headline: `1-1 (25-20 23-25 12-8)`.

    Args:
        state: the match so far, for its rules and the set being played.
        said: what was typed.

    Raises:
        SettingError: it can't be read so, or no match under its rules comes to it.
    """
    try:
        before = _WITH_SETS.fullmatch(said)
        pairs = _pairs(before[3] if before else said)
        past = _sets(state, pairs)
        if before and _won(state, past) != (int(before[1]), int(before[2])):
            raise ValueError(f"these sets are {text.pair_text(_won(state, past))}")
        rest = pairs[len(past) :]
        if len(rest) > 1:
            raise ValueError(f"{text.pair_text(rest[0])} ends no set")
        alone = before is None and bool(rest) and not past and bool(state.past)
        number = len(state.past) if alone else len(past)
        if rest and set_winner(rest[0], state.rules.target(number)) is not None:
            raise ValueError(f"no set is at {text.pair_text(rest[0])}")
    except ValueError as error:
        raise SettingError(
            f"score: {said[:60]!r} can't be read: {error}; write the points of each set,"
            f" {state.sides[0]} first, such as 25-20 12-8"
        ) from None
    score: Score = {}
    if not alone:
        score["sets"] = dict(zip(state.sides, _won(state, past), strict=True))
        score["previous"] = [list(pair) for pair in past]
    if rest:
        score["points"] = dict(zip(state.sides, rest[0], strict=True))
    return score


def _pairs(said: str) -> list[Pair]:
    pairs = []
    at = _after_space(said, 0)
    while at < len(said):
        match = _PAIR.match(said, at)
        if match is None:
            raise ValueError(f"{said[at : at + 20]!r} is no pair")
        pairs.append((int(match[1]), int(match[2])))
        at = _after_space(said, match.end())
    if not pairs:
        raise ValueError("it is empty")
    if max(max(pair) for pair in pairs) > MOST:
        raise ValueError(f"more than {MOST} points")
    return pairs


def _after_space(said: str, at: int) -> int:
    match = _SPACE.match(said, at)
    return match.end() if match else at


def _sets(state: VolleyballState, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return the pairs that are sets which are over, from the first on."""
    past: list[Pair] = []
    sets: Pair = (0, 0)
    for pair in pairs:
        target = state.rules.target(len(past))
        if not can_be_over(pair, target):
            break
        if max(sets) == state.rules.sets_to_win:
            raise ValueError("the match is over before that")
        past.append(pair)
        sets = plus_one(sets, 0 if pair[0] > pair[1] else 1)
    if len(past) < len(pairs) and max(sets) == state.rules.sets_to_win:
        raise ValueError("the match is over before that")
    return tuple(past)


def _won(state: VolleyballState, past: Sequence[Pair]) -> Pair:
    first = sum(pair[0] > pair[1] for pair in past)
    return first, len(past) - first


def parse(state: VolleyballState, score: Score) -> ConfirmedSets:
    """Return what a score says, checked.

    Args:
        state: of the match, for its sides and rules.
        score: any of the keys of `text.score`.

    Raises:
        SettingError: it is no score of volleyball under these rules.
    """
    sets = _counts(state, score, "sets", state.rules.sets_to_win)
    points = _counts(state, score, "points", MOST)
    past = _previous(state, score)
    if past is not None:
        won = _won(state, past)
        if sets is not None and sets != won:
            raise SettingError(
                f"score: {text.pair_text(sets)} in sets, {text.pair_text(won)} by their points"
            )
        sets = won
    if sets is not None:
        most = state.rules.sets_to_win
        if max(sets) > most or sets == (most, most):
            raise SettingError(
                f"score: {text.pair_text(sets)} in sets, at most {most} win the match"
            )
    ended = score.get("ended")
    if ended is not None and ended not in _ENDS:
        raise SettingError(f"score: ended is {str(ended)[:40]!r}, not one of {', '.join(_ENDS)}")
    winner = score.get("winner")
    if winner and winner not in state.sides:
        raise SettingError(f"score: winner is {str(winner)[:40]!r}, not a side")
    return ConfirmedSets(
        sets,
        points,
        past,
        next((end for end in _ENDS if end == ended), None),
        state.sides.index(str(winner)) if winner else None,
    )


def _counts(state: VolleyballState, score: Score, key: str, most: int) -> Pair | None:
    found = counts(score, key, state.sides, most)
    return None if found is None else (found[0], found[1])


def _previous(state: VolleyballState, score: Score) -> tuple[Pair, ...] | None:
    given = score.get("previous")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > state.rules.best_of:
        raise SettingError(f"score: previous is no list of at most {state.rules.best_of} sets")
    past: list[Pair] = []
    for number, pair in enumerate(given):
        whole = isinstance(pair, list) and all(type(one) is int for one in pair)
        if not whole or len(pair) != 2:
            raise SettingError(f"score: previous holds {str(pair)[:40]!r}, no pair of points")
        points = (pair[0], pair[1])
        if not 0 <= min(points) <= max(points) <= MOST:
            raise SettingError(f"score: {text.pair_text(points)} are no points of a set")
        if max(_won(state, past)) == state.rules.sets_to_win:
            raise SettingError("score: a set after the end of the match")
        if not can_be_over(points, state.rules.target(number)):
            raise SettingError(f"score: no set ends {text.pair_text(points)}")
        past.append(points)
    return tuple(past)


def gap(before: VolleyballState, after: VolleyballState, confirmed: Score) -> str | None:
    """Return why the reports of an outage are wrong, in one sentence, or None.

    They are right where rallies can be played that lead from `before` to the confirmed score, and
    the reported ones do.

    Raises:
        SettingError: `confirmed` is not a score of volleyball.
    """
    wanted = parse(before, confirmed)
    if not leads(before, wanted):
        why = (
            "it takes back what was won before"
            if leads(_began(before), wanted)
            else "no match under these rules comes to it"
        )
        return f"no rallies lead from {_line(before)} to {wanted.shown}: {why}"
    if not wanted.stands(after):
        return f"the reported points lead to {_line(after)}, the score is {wanted.shown}"
    if not wanted.ends_as(after):
        reported = text.why_over(after) if after.ended else "the match is on"
        return f"by the reports {reported}, by the score it is otherwise"
    return None


def _line(state: VolleyballState) -> str:
    return text.shown(state) or "0–0"


def _began(state: VolleyballState) -> VolleyballState:
    return VolleyballState(state.sides, state.rules, state.teams, state.first, state.first)


def leads(before: VolleyballState, to: ConfirmedSets) -> bool:
    """Return whether rallies, none or more, lead from a state to a score.

    Whatever the points, either side can still win the set; so only the sets on the way are gone
    through, at most five.
    """
    if before.ended:
        return to.stands(before)
    if to.past is not None and to.past[: len(before.past)] != before.past:
        return False
    return _leads(before, before.sets, before.points, to)


def _leads(state: VolleyballState, sets: Pair, points: Pair, to: ConfirmedSets) -> bool:
    """Return whether the score follows from a set in which the sides have these points at least."""
    number = sum(sets)
    target = state.rules.target(number)
    here = to.sets in {None, sets} and (to.past is None or len(to.past) == number)
    if here and _reached(points, to.points, target):
        return True
    for winner in (0, 1):
        if to.past is not None and not _is_won(to.past[number:], winner, points):
            continue
        won = plus_one(sets, winner)
        if won[winner] < state.rules.sets_to_win:
            if _leads(state, won, (0, 0), to):
                return True
        elif _over(to, won, number + 1):
            return True
    return False


def _over(to: ConfirmedSets, won: Pair, played: int) -> bool:
    """Return whether a score is that of a match which is over with these sets."""
    same = to.sets in {None, won} and to.points in {None, (0, 0)}
    return same and (to.past is None or len(to.past) == played)


def _reached(points: Pair, wanted: Pair | None, target: SetTarget) -> bool:
    """Return whether a set that is on can come from its points to others, and still be on."""
    if wanted is None:
        return True
    grown = wanted[0] >= points[0] and wanted[1] >= points[1]
    return grown and set_winner(wanted, target) is None


def _is_won(sets: Sequence[Pair], winner: int, points: Pair) -> bool:
    """Return whether the first of some sets is won by a side, from these points at least."""
    if not sets:
        return False
    end = sets[0]
    return end[winner] > end[1 - winner] and end[0] >= points[0] and end[1] >= points[1]


def adopt(state: VolleyballState, confirmed: Score) -> VolleyballState:
    """Return the state with a confirmed score in force.

    In the same set the server stays as reported, in another one it is as rule 12.2 says. In
    another set time-outs and substitutions begin anew.

    Raises:
        SettingError: `confirmed` is not a score of volleyball, or says sets without their points.
    """
    wanted = parse(state, confirmed)
    if wanted.stands(state) and wanted.ends_as(state):
        return state
    sets = state.sets if wanted.sets is None else wanted.sets
    if wanted.past is None and sets != state.sets:
        raise SettingError(f"score: {text.pair_text(sets)} in sets, without the points of each")
    past = state.past if wanted.past is None else wanted.past
    same = past == state.past
    if not same:
        state = _other_set(state, past, sets)
    state = _decided(state, wanted)
    if state.ended == "played":
        return replace(state, points=(0, 0))
    points = wanted.points
    if points is None:
        points = state.points if same else (0, 0)
    if set_winner(points, state.target) is not None:
        # Points alone may have been read in another set than the one that is played by now.
        points = state.points
    return replace(state, points=points)


def _other_set(state: VolleyballState, past: tuple[Pair, ...], sets: Pair) -> VolleyballState:
    first = (state.first + len(past) - len(state.past)) % 2
    players = state.rules.players
    one, two = (
        replace(
            team,
            court=team.players[:players],
            exchanged=(),
            returned=(),
            substitutions=0,
            timeouts=0,
            rotations=0,
        )
        for team in state.teams
    )
    return replace(
        state, teams=(one, two), past=past, sets=sets, first=first, serving=first, points=(0, 0)
    )


def _decided(state: VolleyballState, wanted: ConfirmedSets) -> VolleyballState:
    """Return the state with the match won, forfeited, or on, as its sets and the score say."""
    if max(state.sets) == state.rules.sets_to_win:
        winner = 0 if state.sets[0] > state.sets[1] else 1
        return replace(state, winner=winner, ended="played")
    if wanted.ended == "forfeited" and wanted.winner is not None:
        return replace(state, winner=wanted.winner, ended="forfeited")
    if wanted.ended is None and state.ended != "played":
        return state
    return replace(state, winner=None, ended="")
