"""The score of a tennis match as people type it, such as `6-4 3-2 40-15`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ...protocol.errors import SettingError
from ..sport import Score
from . import scoring
from .confirmed import CALLED, MOST, parse
from .path import leads
from .state import Pair, Past, TennisState

_POINT = r"\d{1,3}|ad|adv|a"
_TOKEN = re.compile(
    rf"(?P<open>[(\[])?(?P<one>{_POINT})\s*-\s*(?P<two>{_POINT})(?!\w)[)\]]?"
    r"|[(\[](?P<loser>\d{1,3})[)\]]"
    r"|(?P<deuce>deuce)(?!\w)",
    re.ASCII,
)
_SPACE = re.compile(r"[\s,;]*")
_DASHES = str.maketrans("–—−:/", "-----")
_CALLED = {0, 15, 30, 40}


@dataclass(frozen=True, slots=True)
class _Word:
    """One part of the text.

    Args:
        kind: two numbers, points that can't be anything else, or the loser's points of a tie-break.
        texts: as they were typed.
        bracketed: they stood in brackets.
        last: nothing follows.
    """

    kind: Literal["pair", "points", "loser"]
    texts: tuple[str, str]
    bracketed: bool = False
    last: bool = False

    @property
    def pair(self) -> Pair:
        """The two numbers."""
        return int(self.texts[0]), int(self.texts[1])


def read(state: TennisState, text: str) -> Score:
    """Return the score that a text states.

    All sets from the first on, then the games of the set being played, then the points, the side
    that is named first in the event always first: `6-4 3-2 40-15`. A pair that ends a set is a
    set that is over. Points, or games and points, may be left out, and then nothing is said of
    them; points alone are of the game being played. Points are 0, 15, 30, 40 and AD (A, `deuce`),
    numbers in a tie-break. After a set the loser's points in its tie-break, `7-6(5)`, or both
    sides', `7-6(7-5)`; points may stand in brackets; a match tie-break is `10-8` or `[10-8]`.
    For the dash a colon or slash will do, between the parts a blank or a comma.

    Args:
        state: the match so far, for its rules and what the text leaves open.
        text: what was typed.

    Raises:
        SettingError: it can't be read so, or no match under its rules comes to it.
    """
    try:
        reader = _Reader(state)
        for word in _words(text):
            reader.take(word)
        score = reader.score()
        began = TennisState(state.sides, state.format, state.players, state.first)
        if not leads(began, parse(state.sides, score)):
            raise ValueError("no match under these rules comes to it")
    except (ValueError, SettingError) as error:
        why = str(error).removeprefix("score: ")
        raise SettingError(
            f"score: {text[:60]!r} can't be read: {why}; write sets, games and points,"
            f" {state.sides[0]} first, such as 6-4 3-2 40-15"
        ) from None
    return score


def _words(text: str) -> Iterator[_Word]:
    plain = text.translate(_DASHES).casefold().strip(" \t\r\n,;")
    if not plain:
        raise ValueError("it is empty")
    at = 0
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            raise ValueError(f"{plain[at : at + 20]!r} is no pair")
        space = _SPACE.match(plain, match.end())
        at = space.end() if space else match.end()
        last = at == len(plain)
        if match["deuce"]:
            yield _Word("points", ("40", "40"), last=last)
        elif match["loser"]:
            yield _Word("loser", (match["loser"], ""), last=last)
        else:
            texts = (_point(match["one"]), _point(match["two"]))
            kind: Literal["pair", "points"] = "points" if "AD" in texts else "pair"
            yield _Word(kind, texts, match["open"] is not None, last)


def _point(text: str) -> str:
    return "AD" if text.startswith("a") else str(int(text))


class _Reader:
    """Takes the words one by one; a ValueError says what is not valid.

    Args:
        state: the match so far.
    """

    def __init__(self, state: TennisState) -> None:
        self._now = state
        # Sets and games as the text has them; None as long as it has said nothing of them.
        self._sets: TennisState | None = None
        self._games: Pair | None = None
        self._points: dict[str, object] | None = None

    @property
    def _at(self) -> TennisState:
        """The match with the sets and games that were said, or as it is before any were."""
        if self._sets is None:
            return self._now
        return replace(self._sets, games=self._games or (0, 0))

    def take(self, word: _Word) -> None:
        if self._points is not None:
            raise ValueError("nothing follows the points")
        if self._is_tiebreak_score(word):
            return
        if word.kind == "loser":
            raise ValueError(f"({word.texts[0]}) follows no tie-break set")
        if self._sets is not None and self._sets.ended:
            raise ValueError("the match is over before that")
        if self._means_points(word):
            self._take_points(word)
            return
        self._take_games(word.pair)

    def _begin(self) -> TennisState:
        if self._sets is None:
            state = self._now
            first = (state.first - sum(sum(past.games) for past in state.past)) % 2
            self._sets = TennisState(state.sides, state.format, state.players, first)
        return self._sets

    def _means_points(self, word: _Word) -> bool:
        if word.kind == "points" or word.bracketed or self._games is not None:
            return True
        one, two = word.pair
        if not ({one, two} <= _CALLED and (one or two)):
            return False
        # 15–15 can be the games of a last set without a tie-break, with its points behind them.
        return one != two or word.last

    def _take_games(self, games: Pair) -> None:
        sets = self._begin()
        if sets.tiebreak_to is not None and games != (0, 0):
            self._take_match_tiebreak(games)
            return
        if games[0] != games[1]:
            winner = 0 if games[0] > games[1] else 1
            before = (games[0] - 1, games[1]) if winner == 0 else (games[0], games[1] - 1)
            sets = replace(sets, games=before)
            tiebreak = (0, 0) if sets.tiebreak_to is not None else None
            after = scoring.game(sets, winner, tiebreak)
            if after.past != sets.past:
                self._sets = after
                return
        self._games = games

    def _take_match_tiebreak(self, points: Pair) -> None:
        after = _ended(self._begin(), points)
        if after is not None:
            self._sets, self._games = after, None
        else:
            self._games = (0, 0)
            self._say_points(points)

    def _take_points(self, word: _Word) -> None:
        if self._sets is not None and self._games is None:
            self._games = (0, 0)
        if self._at.ended:
            raise ValueError("the match is over")
        if self._at.tiebreak_to is None:
            one, two = word.texts
            if not {one, two} <= set(CALLED):
                raise ValueError(f"{one}-{two} are no points; they are 0, 15, 30, 40 and AD")
            self._say_points((one, two))
        elif word.kind == "points":
            raise ValueError("points are numbers in a tie-break")
        elif self._sets is not None and self._sets.tiebreak_to is not None:
            self._take_match_tiebreak(word.pair)
        else:
            self._say_points(word.pair)

    def _say_points(self, points: Pair | tuple[str, str]) -> None:
        self._points = dict(zip(self._now.sides, points, strict=True))

    def _is_tiebreak_score(self, word: _Word) -> bool:
        """Take the points of the tie-break that ended the last set, if that is what they are."""
        sets = self._sets
        if (
            sets is None
            or not sets.past
            or self._games is not None
            or sets.past[-1].tiebreak
            != (
                0,
                0,
            )
        ):
            return False
        if word.kind == "points" or not (word.bracketed or word.kind == "loser"):
            return False
        games = sets.past[-1].games
        winner = 0 if games[0] > games[1] else 1
        before = replace(
            sets,
            past=sets.past[:-1],
            sets=_less(sets.sets, winner),
            games=_less(games, winner),
            ended="",
            winner=None,
        )
        points = word.pair if word.kind == "pair" else _with_loser(before, word, winner)
        after = _ended(before, points)
        if after is None or after.past[-1].games != games:
            return False
        self._sets = after
        return True

    def score(self) -> Score:
        """Return what was said, under the keys of `text.score`."""
        said: Score = {}
        one, two = self._now.sides
        if self._sets is not None:
            said["sets"] = {one: self._sets.sets[0], two: self._sets.sets[1]}
            past = self._sets.past
            said["previous"] = [list(each.games) for each in past]
            said["tiebreaks"] = [_said(each) for each in past]
            if self._games is not None:
                said["games"] = {one: self._games[0], two: self._games[1]}
        if self._points is not None:
            said["points"] = self._points
        return said


def _said(past: Past) -> list[int]:
    # Where the points of a tie-break weren't said, the reader holds 0–0.
    return [*past.tiebreak] if past.tiebreak and any(past.tiebreak) else []


def _less(pair: Pair, side: int) -> Pair:
    return (pair[0] - 1, pair[1]) if side == 0 else (pair[0], pair[1] - 1)


def _with_loser(before: TennisState, word: _Word, winner: int) -> Pair:
    lost = int(word.texts[0])
    won = max(before.tiebreak_to or 0, lost + before.tiebreak_by)
    return (won, lost) if winner == 0 else (lost, won)


def _ended(before: TennisState, points: Pair) -> TennisState | None:
    """Return the state after a tie-break that ended so, None where it does not end so."""
    if points[0] == points[1] or before.tiebreak_to is None or max(points) > MOST:
        return None
    winner = 0 if points[0] > points[1] else 1
    after = scoring.point(replace(before, points=_less(points, winner)), winner)
    # One who was far enough ahead before the last point had won already.
    by = before.tiebreak_by
    early = max(points) > before.tiebreak_to and (by == 1 or abs(points[0] - points[1]) > by)
    return after if after.past != before.past and not early else None
