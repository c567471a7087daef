"""The face of tennis as a sport: what a host asks, answered from `state`, `scoring` and `text`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import IllegalAction, SettingError
from ..capabilities import Contradiction, Phrases, PointScore
from ..contradictions import misplaced
from ..names import EventNames
from ..presentation import Presentation
from ..simulate.simulation import Simulation
from ..sport import Action, Detail, Kind, Rule, Score, Sport, misfit, settle
from ..statements import resumes
from . import confirmed as confirming
from . import kinds, path, reading, scoring, text
from .phrases import PHRASES
from .presentation import PRESENTATION
from .rules import RULES, parse
from .simulate import SIMULATION
from .state import TennisState


class Tennis:
    """Tennis as in the ITF Rules of Tennis.

    A point counts as won by the side that the report names, whatever its details say: reporters
    who disagree on who serves still saw who won it.
    """

    name: str = "tennis"
    text: str = "Tennis"
    rules: tuple[Rule, ...] = RULES
    point: str = "point"
    phrases: Phrases = PHRASES
    simulation: Simulation = SIMULATION
    aftermath_seconds: float = 600.0
    unmoved: frozenset[str] = frozenset({"medical_time_out"})
    statements: tuple[Detail, ...] = (
        Detail("server", "the side that serves the next point", origin=True),
    )

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions; they are the same under all rules."""
        return kinds.KINDS

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> TennisState:
        """Return the state before the first point.

        Args:
            origins: the two sides.
            rules: see `rules.RULES`.
            lineups: two names a side make it doubles, in the order in which they serve; one
                name or none a side, singles.

        Raises:
            SettingError: not two sides, or a rule or a line-up that is not valid.
        """
        if len(origins) != 2 or len(set(origins)) != 2 or not all(origins):
            listed = ", ".join(origins) or "none"
            raise SettingError(f"origins: tennis has two sides of different names, not {listed}")
        settled = settle(self.rules, rules)
        first = settled["first_server"] or origins[0]
        if first not in origins:
            raise SettingError(f"rules: first_server is {first!r}, not one of {', '.join(origins)}")
        return TennisState(
            sides=(origins[0], origins[1]),
            format=parse(settled),
            players=_players(origins, lineups or {}),
            first=origins.index(first),
        )

    def illegal(self, state: TennisState, action: Action) -> str | None:
        """Return why the action is not legal now, in one sentence, or None where it is."""
        unfit = misfit(kinds.BY_TITLE, state.sides, action)
        if unfit is not None:
            return unfit
        if state.ended:
            return f"the match is over: {text.why_over(state)}"
        if action.title == "serve":
            return scoring.no_serve(state, state.sides.index(action.origin), action)
        if action.title == "walkover" and state.served is not None:
            return "play has begun: a side that stops now retires or is defaulted"
        return None

    def apply(self, state: TennisState, action: Action) -> TennisState:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action is not legal now; the sentence is `illegal`'s.
        """
        refusal = self.illegal(state, action)
        if refusal is not None:
            raise IllegalAction(refusal)
        if action.title in self.unmoved:
            return state
        since = state.stopped
        if action.title == "point" and since is not None and resumes(since, action.time):
            state = scoring.interrupted(state, "resumed", action.time)
        began = action.time if state.began is None else state.began
        state = replace(state, began=began, last=action.time)
        side = state.sides.index(action.origin)
        if action.title == "point":
            return scoring.point(state, side)
        if action.title == "serve":
            return scoring.serve(state, side, str(action.details.get("player", "")))
        if action.title == "penalty_game":
            return scoring.penalty_game(state, side)
        return scoring.end(state, side, action.title)

    def score(self, state: TennisState) -> Score:
        """Return the score as plain JSON values."""
        return text.score(state)

    def headline(self, state: TennisState) -> str:
        """Return the score in one short line, such as `A 6–4 3–6 2–1 (40–AD) B`."""
        return text.headline(state)

    def phrase(self, state: TennisState, action: Action) -> str:
        """Return the action in one sentence; `state` is the one after it."""
        return text.phrase(state, action)

    def clock(self, state: TennisState, time: int) -> str:
        """Return the time played at a time (microseconds) as HH:MM:SS; empty before play."""
        return text.clock(state, time)

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how tennis is shown; it is the same under all rules."""
        return PRESENTATION

    def contradiction(self, action: Action, names: EventNames) -> Contradiction | None:
        """Return what in an action contradicts the line-ups, or None."""
        return misplaced(action, names)

    def point_score(self, state: TennisState) -> PointScore:
        """Return the score after a point; `state` is the one after it."""
        if state.served is None:
            raise AssertionError("no side has served before the first point")
        return PointScore(
            points=text.points(state),
            games=state.games,
            sets=state.sets,
            tiebreak=state.tiebreak_to is not None,
            previous=tuple(past.games for past in state.past),
            served=state.served,
            server=state.server,
        )

    def unstatable(self, state: TennisState, statement: Action) -> str | None:
        """Return why a statement can't be true, in one sentence, or None where it can."""
        server = statement.details.get("server")
        if server is not None and server not in state.sides:
            return f"no server {server!r}; there are {', '.join(state.sides)}"
        return None

    def stated(self, state: TennisState, statement: Action) -> TennisState:
        """Return the state in which a side serves the next point, or play is interrupted."""
        server = statement.details.get("server")
        if server is None:
            return scoring.interrupted(state, statement.details.get("play"), statement.time)
        if state.server is None or server == state.sides[state.server]:
            return state
        return replace(state, first=1 - state.first)

    def rests(self, state: TennisState) -> object:
        """Return the games and sets that were won: at the end of a game the umpire calls them."""
        return state.sets, state.games

    def over(self, state: TennisState) -> bool:
        """Return whether the match is over."""
        return bool(state.ended)

    def read_score(self, state: TennisState, text: str) -> Score:
        """Return the score that a text such as `6-4 3-2 40-15` states; `reading.read` says how.

        Raises:
            SettingError: it can't be read.
        """
        return reading.read(state, text)

    def gap(self, before: TennisState, after: TennisState, confirmed: Score) -> str | None:
        """Return why the reports of an outage are wrong, in one sentence, or None.

        They are right where points can be played that lead from `before` to the confirmed score,
        and the reported ones do. The server is not compared: it follows from the score.

        Raises:
            SettingError: `confirmed` is not a score of tennis.
        """
        wanted = confirming.parse(before.sides, confirmed)
        if not path.leads(before, wanted):
            began = TennisState(before.sides, before.format, before.players, before.first)
            why = (
                "it takes back what was won before"
                if path.leads(began, wanted)
                else "no match under these rules comes to it"
            )
            return f"no points lead from {text.line(before)} to {wanted.shown}: {why}"
        if not wanted.stands(after):
            return f"the reported points lead to {text.line(after)}, the score is {wanted.shown}"
        if not wanted.ends_as(after):
            reported = text.why_over(after) if after.ended else "the match is on"
            return f"by the reports {reported}, by the score it is otherwise"
        return None

    def adopt(self, state: TennisState, confirmed: Score) -> TennisState:
        """Return the state with a confirmed score in force.

        Raises:
            SettingError: `confirmed` is not a score of tennis, or says sets without their games.
        """
        return confirming.adopt(state, confirming.parse(state.sides, confirmed))


def _players(
    origins: Sequence[str], lineups: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    strange = [name for name in lineups if name not in origins]
    if strange:
        raise SettingError(f"line-ups: {strange[0]!r} does not play; {', '.join(origins)} do")
    one, two = (tuple(lineups.get(origin, ())) for origin in origins)
    if len(one) > 2 or len(two) > 2:
        raise SettingError(
            f"line-ups: {max(len(one), len(two))} players on a side, at most 2 allowed"
        )
    if (len(one) == 2) != (len(two) == 2):
        raise SettingError(f"line-ups: {len(one)} against {len(two)} players; name two of each")
    if len({*one, *two}) != len(one) + len(two):
        raise SettingError("line-ups: a player is named twice")
    return one, two


TENNIS: Sport = Tennis()
