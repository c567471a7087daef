"""The score as it is to be seen at the ground, and as people state it who are asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from random import Random

from touchline import sports
from touchline.cli.demo.crowd import score_text
from touchline.protocol.errors import IllegalAction
from touchline.sports import Action, State
from touchline.sports.matchfile import Match

from .crowd import score_title


class Board:
    """The scores of a match, one after the other.

    Args:
        match: its sides and rules.
        actions: what leads to the scores, in order of time.
    """

    def __init__(self, match: Match, actions: Iterable[Action]) -> None:
        self._match = match
        self._sport = sports.get(match.sport)
        self._texts: dict[int, str] = {}
        state = self._sport.start(match.origins, match.rules, match.lineups)
        self._times = [0]
        self._states = [state]
        for action in actions:
            try:
                state = self._sport.apply(state, action)
            except IllegalAction:
                continue  # what is invented may come when all is over
            self._times.append(action.time)
            self._states.append(state)

    @property
    def final(self) -> State:
        """The score in the end."""
        return self._states[-1]

    def text(self, time: int) -> str:
        """Return the score at a time (microseconds), as it is typed."""
        return self._text(self._place(time))

    def misread(self, time: int, chance: Random) -> str:
        """Return a wrong score at a time: the one before the last change, or with one more for a
        side, by chance."""
        place = self._place(time)
        now = self._states[place]
        if chance.random() < 0.5:
            more = Action(score_title(self._match), chance.choice(self._match.origins), time)
            if self._sport.illegal(now, more) is None:
                return self._typed(self._sport.apply(now, more))
        earlier = map(self._text, reversed(range(place)))
        return next((text for text in earlier if text != self._text(place)), "")

    def _place(self, time: int) -> int:
        return bisect_right(self._times, time) - 1

    def _text(self, place: int) -> str:
        if place not in self._texts:
            self._texts[place] = self._typed(self._states[place])
        return self._texts[place]

    def _typed(self, state: State) -> str:
        return score_text(self._sport, state, self._match.origins)
