"""The face of football as a sport: what a host asks, answered from `laws`, `play` and `text`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...protocol.errors import IllegalAction
from ..capabilities import Contradiction, Implied, Phrases, PlayerRecord
from ..names import EventNames
from ..presentation import Presentation
from ..simulate.simulation import Simulation
from ..sport import Action, Detail, Kind, Rule, Score, Sport
from . import confirmed as confirming
from . import contradictions, kinds, laws, play, stated, text
from .kinds import KICKS, REVIEWED
from .phrases import PHRASES
from .presentation import shown
from .rules import RULES, parse
from .simulate import SIMULATION
from .state import FootballState
from .text import records


class Football:
    """The sport as `touchline.sports.Sport` has it; each method's contract is written there."""

    name: str = "football"
    text: str = "Football"
    rules: tuple[Rule, ...] = RULES
    phrases: Phrases = PHRASES
    simulation: Simulation = SIMULATION
    aftermath_seconds: float = 900.0
    statements: tuple[Detail, ...] = stated.STATEMENTS
    reviewed: Mapping[str, int] = REVIEWED
    # The protocol of video review: once play has restarted, the referee may not review what was
    # before (but a sending-off). A throw-in is not reported; a kick-off is.
    restarts: Collection[str] = ("period_start",)
    implying: frozenset[str] = frozenset(KICKS)
    unmoved: frozenset[str] = play.UNMOVED
    recent: Mapping[str, float] = laws.RECENT

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions under these rules; the kicks only where there may be a shoot-out."""
        parsed = parse(rules)
        return kinds.of(parsed.extra_time, parsed.shootout)

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> FootballState:
        """Return the state before anything happened.

        Args:
            origins: the two sides.
            rules: by name; what is left out has its default.
            lineups: names by side, those who start first (as many as the rule `players` says),
                then the substitutes. A side without a line-up takes any name; one without
                substitutes lets any name come on.

        Raises:
            SettingError: origins, rules or line-ups that are not valid.
        """
        return play.kick_off(origins, parse(rules), lineups)

    def illegal(self, state: FootballState, action: Action) -> str | None:
        """Return which Law the action would break now, in one sentence, or None."""
        return laws.forbids(state, action)

    def apply(self, state: FootballState, action: Action) -> FootballState:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the Laws forbid it now.
        """
        reason = laws.forbids(state, action)
        if reason is not None:
            raise IllegalAction(reason)
        return play.after(stated.resumed(state, action), action)

    def score(self, state: FootballState) -> Score:
        """Return `goals` by origin, `period` (empty if unknown), `shootout` by origin if begun,
        and `shootout_unreported` likewise where kicks must have gone unreported."""
        first, second = state.origins
        goals = {first: state.sides[0].goals, second: state.sides[1].goals}
        score: Score = {"goals": goals, "period": state.period}
        if state.rules.first_leg:
            score["aggregate"] = dict(zip(state.origins, state.aggregate, strict=True))
        if state.period == "shootout":
            score["shootout"] = dict(zip(state.origins, state.tally(), strict=True))
            if any(state.unreported()):
                unheard = zip(state.origins, state.unreported(), strict=True)
                score["shootout_unreported"] = dict(unheard)
        return score

    def headline(self, state: FootballState) -> str:
        """Return the score in one line, such as `Argentina 3–3 France (4–2 pens)`."""
        return text.headline(state)

    def phrase(self, state: FootballState, action: Action) -> str:
        """Return an action in one sentence; `state` is the one after it."""
        return text.phrase(state, action)

    def clock(self, state: FootballState, time: int) -> str:
        """Return the match clock, such as `45+2'`, or `pens`; empty in breaks and where no period
        is known."""
        return text.clock(state, time)

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how football is shown: its clock and line-ups go by the rules."""
        return shown(rules)

    def players(self, state: FootballState) -> dict[str, tuple[PlayerRecord, ...]]:
        """Return each side's people: starters, bench, then those named later, officials too."""
        return {
            origin: records(side) for origin, side in zip(state.origins, state.sides, strict=True)
        }

    def implied(self, state: FootballState, action: Action) -> Implied | None:
        """Return the kick of the other side before a second kick of one, or None."""
        return play.implied(state, action)

    def contradiction(self, action: Action, names: EventNames) -> Contradiction | None:
        """Return what in an action contradicts the line-ups, or None."""
        return contradictions.contradiction(action, names)

    def minutes(self, state: FootballState, time: int) -> int:
        """Return whole minutes on the match clock; in a break, those before it."""
        return text.minutes_played(state, time)

    def unstatable(self, state: FootballState, statement: Action) -> str | None:
        """Return why a statement can't be true, in one sentence, or None where it can."""
        return stated.unstatable(state, statement)

    def stated(self, state: FootballState, statement: Action) -> FootballState:
        """Return the state with a stated minute, or with play interrupted: the clock stands then,
        and goes on when play is resumed."""
        return stated.after(state, statement)

    def rests(self, state: FootballState) -> object:
        """Return the periods that have ended."""
        return tuple(period.name for period in state.periods if period.ended is not None)

    def over(self, state: FootballState) -> bool:
        """Return whether the final whistle has gone."""
        return state.finished

    def read_score(self, state: FootballState, text: str) -> Score:
        """Return `goals`, and `shootout` where the text has it too, of `3-3` or `3-3 (4-2)`.

        Raises:
            SettingError: it can't be read.
        """
        return confirming.read(state, text)

    def gap(self, before: FootballState, after: FootballState, confirmed: Score) -> str | None:
        """Return why the reports of an outage do not add up to the score, in one sentence, or None.

        Raises:
            SettingError: `confirmed` is not a score of football.
        """
        return confirming.gap(before, after, confirmed)

    def adopt(self, state: FootballState, confirmed: Score) -> FootballState:
        """Return the state with the goals and the shoot-out of a confirmed score.

        Goals too many go from the latest on, goals too few are of unknown players. The periods
        stay as reported: the score does not say when they began.

        Raises:
            SettingError: `confirmed` is not a score of football.
        """
        return confirming.adopt(state, confirmed)

    def adopt_at(self, state: FootballState, confirmed: Score, time: int) -> FootballState:
        """Return the state as `adopt` does; the goals that come are of the time of the statement,
        so that one that is taken back soon after is among them.

        Raises:
            SettingError: `confirmed` is not a score of football.
        """
        return confirming.adopt(state, confirmed, time)


FOOTBALL: Sport = Football()
