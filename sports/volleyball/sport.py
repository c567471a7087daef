"""The face of volleyball as a sport: what a host asks, answered from `play`, `text` and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import IllegalAction
from ..capabilities import Contradiction, PlayerRecord
from ..contradictions import misplaced
from ..names import EventNames
from ..presentation import Presentation
from ..simulate.simulation import Simulation
from ..sport import Action, Kind, Rule, Score, Sport, misfit
from . import confirmed as confirming
from . import play, text
from .kinds import BY_TITLE, KINDS
from .presentation import shown
from .rules import RULES, parse
from .simulate import SIMULATION
from .state import VolleyballState


class Volleyball:
    """The sport as `touchline.sports.Sport` has it; each method's contract is written there."""

    name: str = "volleyball"
    text: str = "Volleyball"
    rules: tuple[Rule, ...] = RULES
    simulation: Simulation = SIMULATION
    aftermath_seconds: float = 600.0

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions; they are the same under all rules."""
        return KINDS

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> VolleyballState:
        """Return the state before the first rally.

        Args:
            origins: the two sides.
            rules: see `rules.RULES`.
            lineups: names by side: those who start, in the order in which they serve, then the
                bench. A side without a line-up takes any name.

        Raises:
            SettingError: origins, rules or line-ups that are not valid.
        """
        return play.begin(origins, parse(rules), lineups or {})

    def illegal(self, state: VolleyballState, action: Action) -> str | None:
        """Return which rule the action would break now, in one sentence, or None."""
        unfit = misfit(BY_TITLE, state.sides, action)
        if unfit is not None:
            return unfit
        if state.ended:
            return f"the match is over: {text.why_over(state)}"
        return play.forbids(state, action)

    def apply(self, state: VolleyballState, action: Action) -> VolleyballState:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the rules forbid it now.
        """
        refusal = self.illegal(state, action)
        if refusal is not None:
            raise IllegalAction(refusal)
        began = action.time if state.began is None else state.began
        return play.after(replace(state, began=began, last=action.time), action)

    def score(self, state: VolleyballState) -> Score:
        """Return the score as plain JSON values."""
        return text.score(state)

    def headline(self, state: VolleyballState) -> str:
        """Return the score in one line, such as `Foxes 1–1 Bears (25–20 23–25 12–8)`."""
        return text.headline(state)

    def phrase(self, state: VolleyballState, action: Action) -> str:
        """Return the action in one sentence; `state` is the one after it."""
        return text.phrase(state, action)

    def clock(self, state: VolleyballState, time: int) -> str:
        """Return the time played at a time (microseconds) as H:MM:SS; empty before play."""
        return text.clock(state, time)

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how volleyball is shown: its line-ups go by the rules."""
        return shown(rules)

    def contradiction(self, action: Action, names: EventNames) -> Contradiction | None:
        """Return what in an action contradicts the line-ups, or None; who won a point is told
        from who lost it by no detail."""
        return None if action.title == "point" else misplaced(action, names)

    def players(self, state: VolleyballState) -> dict[str, tuple[PlayerRecord, ...]]:
        """Return each side's line-up by origin: starters, then the bench."""
        return {
            side: text.records(team, state.rules.players)
            for side, team in zip(state.sides, state.teams, strict=True)
        }

    def rests(self, state: VolleyballState) -> object:
        """Return the sets that were won."""
        return state.sets

    def over(self, state: VolleyballState) -> bool:
        """Return whether the match is over."""
        return bool(state.ended)

    def read_score(self, state: VolleyballState, text: str) -> Score:
        """Return the score that a text such as `25-20 23-25 12-8` states.

        Raises:
            SettingError: it can't be read.
        """
        return confirming.read(state, text)

    def gap(self, before: VolleyballState, after: VolleyballState, confirmed: Score) -> str | None:
        """Return why the reports of an outage are wrong, in one sentence, or None.

        Raises:
            SettingError: `confirmed` is not a score of volleyball.
        """
        return confirming.gap(before, after, confirmed)

    def adopt(self, state: VolleyballState, confirmed: Score) -> VolleyballState:
        """Return the state with a confirmed score in force.

        Raises:
            SettingError: `confirmed` is not a score of volleyball, or has sets without points.
        """
        return confirming.adopt(state, confirmed)


VOLLEYBALL: Sport = Volleyball()
