"""The face of a custom contest as a sport: what a host asks, answered from its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from ...protocol import limits
from ...protocol.errors import IllegalAction, SettingError
from ..presentation import Presentation
from ..sport import Action, Detail, Kind, Rule, Score, Sport, misfit, settle
from ..statements import resumes
from . import checking, text
from . import confirmed as confirming
from .definition import MOST_IN_ALL, MOST_POINTS, Number, define, read
from .presentation import shown
from .rules import RULES
from .schema import schema
from .state import (
    CustomState,
    clock_marked,
    marked,
    no_legs,
    no_mark,
    scored,
    sent_out,
    tallied,
    winner,
    won,
)

ORIGINS = 100
"""Origins of a custom event: all their points ride on every entry and must fit its frame."""


SCORE_BYTES = limits.FRAME_BYTES // 2
"""The largest score: it rides on every entry, which has to fit its frame."""


class Custom:
    """A sport that an event brings with it."""

    name: str = "custom"
    text: str = "Custom, from a file"
    rules: tuple[Rule, ...] = RULES
    aftermath_seconds: float = 600.0
    statements: tuple[Detail, ...] = ()

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions that the rules define, none where they define none.

        Raises:
            SettingError: the definition is not valid.
        """
        definition = (rules or {}).get("definition")
        return tuple(define(definition).kinds.values()) if definition else ()

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> CustomState:
        """Return the state before anything happened.

        Args:
            origins: the sides, from 1 to `ORIGINS`.
            rules: the definition under `definition`, as `read` returns it.
            lineups: not used; a player is named in an action's details.

        Raises:
            SettingError: origins or a definition that are not valid.
        """
        if not origins or not all(origins) or len(set(origins)) != len(origins):
            raise SettingError("origins: name at least one, each once and none empty")
        if len(origins) > ORIGINS:
            raise SettingError(f"origins: {len(origins)}, at most {ORIGINS} allowed")
        raw = settle(self.rules, rules)["definition"]
        if not raw:
            raise SettingError("rules: custom needs a definition; see docs/SPORTS.md")
        definition = define(raw)
        if definition.sets is not None and len(origins) != 2:
            raise SettingError(f"origins: sets are played by two, not {len(origins)}")
        none = dict.fromkeys(origins, 0)
        counts = dict.fromkeys(definition.counters, none)
        state = CustomState(definition, none, counts=counts, legs=no_legs(definition))
        size = len(msgspec.json.encode(self.score(_largest(state))))
        if size > SCORE_BYTES:
            raise SettingError(
                f"origins: a score of up to {size:,} bytes, at most {SCORE_BYTES:,} allowed: name"
                " fewer or shorter ones, or define fewer periods and counters"
            )
        return state

    def illegal(self, state: CustomState, action: Action) -> str | None:
        """Return why the action is not legal now, in one sentence, or None where it is."""
        unfit = misfit(state.definition.kinds, state.points, action)
        if unfit is not None:
            return unfit
        if state.ended:
            return f"the event is over: {text.headline(state)}"
        effect = state.definition.effects[action.title]
        if effect.points_from:
            points = action.details[effect.points_from]
            if not 0 <= float(points) <= MOST_POINTS:
                return f"{effect.points_from} is {points!r}, not from 0 to {MOST_POINTS:,}"
        gained = _gained(state, action)
        if any(abs(state.points[origin] + more) > MOST_IN_ALL for origin, more in gained.items()):
            return f"{action.title} leads to more than {MOST_IN_ALL:,} points"
        return no_mark(state, effect.period) if effect.period else None

    def apply(self, state: CustomState, action: Action) -> CustomState:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action is not legal now; the sentence is `illegal`'s.
        """
        refusal = self.illegal(state, action)
        if refusal is not None:
            raise IllegalAction(refusal)
        effect = state.definition.effects[action.title]
        since = state.stopped if state.interrupted else None
        in_play = state.definition.kinds[action.title].in_play
        if in_play and since is not None and resumes(since, action.time):
            state = clock_marked(state, "starts", action.time)
        if effect.period:
            state = marked(state, effect.period, action.time)
        if effect.clock:
            state = clock_marked(state, effect.clock, action.time)
        if effect.out:
            state = sent_out(state, action.origin, effect, action.time)
        if effect.counts:
            state = tallied(state, effect.counts, action.origin)
        if effect.serves:
            state = state.served_by(action.origin)
        if effect.loses:
            state = replace(state, lost=action.origin)
        gained = _gained(state, action)
        if gained:
            state = scored(state, gained, action.time)
        return replace(state, ended=effect.ends or won(state))

    def score(self, state: CustomState) -> Score:
        """Return the score as plain JSON values."""
        score: Score = {"points": dict(state.points), "winner": winner(state), "over": state.ended}
        if state.definition.sets is not None:
            score["sets"] = dict(state.sets)
            score["previous"] = [list(points) for points in state.past]
        if state.legs:
            score["legs"] = dict(zip(state.points, state.legs, strict=True))
        if state.definition.has_server:
            score["server"] = state.server
        if state.counts:
            score["counts"] = {name: dict(counts) for name, counts in state.counts.items()}
        if state.definition.has_beside:
            score["in_full"] = text.in_full(state)
        if state.definition.periods:
            score["period"] = text.period(state)
            score["periods"] = [dict(points) for points in state.periods]
        return score

    def headline(self, state: CustomState) -> str:
        """Return `A 3–1 B` of two origins, `A 1–0 B (21–18 5–3)` where there are sets, and of any
        other number the best few: `A 3 · B 2 · C 0`."""
        return text.headline(state)

    def phrase(self, state: CustomState, action: Action) -> str:
        """Return the action in one sentence, such as `Right answer: Owls (art), 11–9`."""
        return text.phrase(state, action)

    def clock(self, state: CustomState, time: int) -> str:
        """Return the period, its minute where it has a clock, and who is short, such as
        `2nd half 31' · Reds one short`."""
        return text.clock(state, time)

    def unstatable(self, state: CustomState, statement: Action) -> str | None:
        """Return None: whether play is interrupted is for people to say."""
        return None

    def stated(self, state: CustomState, statement: Action) -> CustomState:
        """Return the state with play interrupted, or resumed: a clock that can be stopped stands,
        and goes on."""
        play = statement.details.get("play")
        if play is None:
            return state
        if play != "interrupted":
            return clock_marked(state, "starts", statement.time)
        after = clock_marked(state, "stops", statement.time)
        # A clock that an action has stopped is started by an action that says so.
        return replace(after, interrupted=state.interrupted or state.stopped is None)

    def rests(self, state: CustomState) -> object:
        """Return the sets that are over: at the end of one everybody knows the score."""
        return state.past

    def read_definition(self, text: str) -> dict[str, object]:
        """Return the definition in a TOML text; `definition.read` says more.

        Raises:
            SettingError: names the line that is no TOML, or the key that is not valid and why.
        """
        return read(text)

    def check_definition(self, text: str) -> dict[str, object]:
        """Return the definition in a TOML text.

        Raises:
            SettingError: the sentence begins with the line and column of what is not valid.
        """
        return checking.check(text)

    def play(
        self, definition: dict[str, object], text: str, origins: Sequence[str]
    ) -> Iterator[tuple[int, Action, CustomState]]:
        """Play a list of actions; yield the line of each, the action, and the state after it.

        Raises:
            SettingError: names the line that is not valid, or the action that is not legal there.
        """
        return checking.play(self, definition, text, origins)

    def definition_schema(self) -> dict[str, object]:
        """Return the format of a definition as JSON Schema."""
        return schema()

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how the contest is shown, under the name that its definition gives it."""
        return shown(rules)

    def over(self, state: CustomState) -> bool:
        """Return whether an origin has won or an action has ended the event."""
        return state.ended

    def read_score(self, state: CustomState, text: str) -> Score:
        """Return the points that a text such as `3-1` or `11, 9, 0` states, in the origins' order.

        A minus sign does not stand behind a digit, and its number stands right behind it: `10--2`.

        Raises:
            SettingError: not one number for each origin.
        """
        return confirming.read(state, text)

    def gap(self, before: CustomState, after: CustomState, confirmed: Score) -> str | None:
        """Return why the reports of an outage do not add up to the points, in a sentence, or None.

        Raises:
            SettingError: `confirmed` is not a score of this event.
        """
        return confirming.gap(before, after, confirmed)

    def adopt(self, state: CustomState, confirmed: Score) -> CustomState:
        """Return the state with the points of a confirmed score.

        Whether they end the event follows from them; one that an action has ended stays over.

        Raises:
            SettingError: `confirmed` is not a score of this event.
        """
        return confirming.adopt(state, confirmed)


def _gained(state: CustomState, action: Action) -> dict[str, Number]:
    """Return how many points an action counts, by those who get them; empty where it counts
    none."""
    effect = state.definition.effects[action.title]
    points: object = effect.points
    if effect.points_from:
        points = action.details[effect.points_from]
    if not isinstance(points, int | float) or not points:
        return {}
    return {
        origin: points
        for origin in state.points
        if (origin == action.origin) == (effect.to == "origin")
    }


def _largest(state: CustomState) -> CustomState:
    """Return a state with the longest score that an event can come to."""
    definition = state.definition
    points = dict.fromkeys(state.points, -MOST_IN_ALL - 0.1)
    sets = 2 * int(definition.win_at or 0) - 1 if definition.sets is not None else 0
    longest = max(definition.periods, key=lambda span: len(span.text.encode()), default=None)
    return replace(
        state,
        points=points,
        periods=(points,) * len(definition.periods),
        past=(tuple(points.values()),) * sets,
        counts=dict.fromkeys(state.counts, dict.fromkeys(points, MOST_POINTS)),
        serving=max(points, key=lambda origin: len(origin.encode())),
        definition=replace(definition, periods=(longest,) * len(definition.periods))
        if longest is not None
        else definition,
        on=True,
    )


CUSTOM: Sport = Custom()
