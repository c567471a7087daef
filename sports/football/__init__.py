"""Football, by the Laws of the Game of the IFAB.

>>> from touchline import sports
>>> football = sports.get("football")
>>> state = football.start(["Argentina", "France"], {"extra_time": True, "shootout": True})
>>> state = football.apply(state, sports.Action("goal", "Argentina"))
>>> football.headline(state)
'Argentina 1–0 France'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...protocol.errors import IllegalAction
from ..sport import Action, Kind, Rule, Score
from . import confirmed as confirming
from . import kinds, laws, play, text
from .rules import RULES, parse
from .state import Player, State
from .text import lineup_text, minutes_played

__all__ = ["FOOTBALL", "Football", "Player", "lineup", "lineup_text", "minutes_played"]


class Football:
    """The sport as `touchline.sports.Sport` has it; each method's contract is written there."""

    name = "football"
    text = "Football"
    rules: tuple[Rule, ...] = RULES

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions under these rules; the kicks only where there may be a shoot-out."""
        parsed = parse(rules)
        return kinds.of(parsed.extra_time, parsed.shootout)

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> State:
        """Return the state before anything happened.

        Args:
            origins: the two sides.
            rules: by name; what is left out has its default.
            lineups: names by side, those who start first (as many as the rule `players` says),
                then the substitutes. A side without a line-up takes any name; one without
                substitutes lets any name come on.

        Raises:
            SettingError: origins, rules or line-ups that football can't be played with.
        """
        return play.kick_off(origins, parse(rules), lineups)

    def illegal(self, state: State, action: Action) -> str | None:
        """Return which Law the action would break now, in one sentence, or None."""
        return laws.forbids(state, action)

    def apply(self, state: State, action: Action) -> State:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the Laws forbid it now.
        """
        reason = laws.forbids(state, action)
        if reason is not None:
            raise IllegalAction(reason)
        return play.after(state, action)

    def score(self, state: State) -> Score:
        """Return `goals` by origin, `period` (empty if unknown), `shootout` by origin if begun."""
        first, second = state.origins
        goals = {first: state.sides[0].goals, second: state.sides[1].goals}
        score: Score = {"goals": goals, "period": state.period}
        if state.period == "shootout":
            score["shootout"] = dict(zip(state.origins, state.tally(), strict=True))
        return score

    def headline(self, state: State) -> str:
        """Return the score in one line, such as `Argentina 3–3 France (4–2 pens)`."""
        return text.headline(state)

    def phrase(self, state: State, action: Action) -> str:
        """Return an action in one sentence; `state` is the one after it."""
        return text.phrase(state, action)

    def clock(self, state: State, time: int) -> str:
        """Return the match clock, such as `45+2'`; empty in breaks and where no period is known."""
        return text.clock(state, time)

    def over(self, state: State) -> bool:
        """Tell whether the final whistle has gone."""
        return state.finished

    def read_score(self, state: State, text: str) -> Score:
        """Return `goals`, and `shootout` where the text has it too, of `3-3` or `3-3 (4-2)`.

        Raises:
            SettingError: it can't be read.
        """
        return confirming.read(state, text)

    def gap(self, before: State, after: State, confirmed: Score) -> str | None:
        """Return why the reports of an outage don't add up to the score, in one sentence, or None.

        Raises:
            SettingError: `confirmed` is no score of football.
        """
        return confirming.gap(before, after, confirmed)

    def adopt(self, state: State, confirmed: Score) -> State:
        """Return the state with the goals and the shoot-out of a confirmed score.

        Goals too many go from the latest on, goals too few are of unknown players. The periods
        stay as reported: the score does not say when they began.

        Raises:
            SettingError: `confirmed` is no score of football.
        """
        return confirming.adopt(state, confirmed)


def lineup(state: State) -> dict[str, tuple[Player, ...]]:
    """Return each side's people: starters, bench, then whoever was named later, officials too."""
    return {origin: side.people for origin, side in zip(state.origins, state.sides, strict=True)}


FOOTBALL = Football()
