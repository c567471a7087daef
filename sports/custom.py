"""Any contest that counts points, described by a TOML file instead of by code.

    text = "Pub quiz"
    win_at = 10

    [[actions]]
    title = "right"
    text = "Right answer"
    points = 1

`read` turns such a text into a definition. It goes into the event's rules under `definition`, so
that it travels with the event; `docs/SPORTS.md` lists all keys.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from ..protocol import limits
from ..protocol.errors import IllegalAction, SettingError
from .sport import Action, Detail, Kind, Rule, Score, Sport, misfit, settle

ACTIONS = 60
"""Actions that a definition may have."""

ORIGINS = 100
"""Origins of a custom event: all their points ride on every entry and must fit its frame."""

_MOST_POINTS = 1_000_000_000
_MOST_STATED = 1_000_000_000_000_000
_LONGEST_WINDOW = 3_600.0
_HEADLINE_ORIGINS = 5

T = TypeVar("T")
Number = int | float

RULES: tuple[Rule, ...] = (
    Rule("definition", "the actions and what they count, as `read` returns it", {}),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does to the score.

    Args:
        points: may be negative.
        to: the action's origin, or every other one.
        ends: the event is over with it.
    """

    points: Number
    to: Literal["origin", "others"]
    ends: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A sport as a file describes it.

    Args:
        text: its name for people.
        kinds: its actions by title.
        effects: by title.
        win_at: points at which an origin wins; None where points don't end the event.
        win_by: the lead that this takes.
    """

    text: str
    kinds: Mapping[str, Kind]
    effects: Mapping[str, Effect]
    win_at: Number | None
    win_by: Number


@dataclass(frozen=True, slots=True)
class State:
    """An event after some actions; treat `points` as read-only.

    Args:
        definition: of the sport.
        points: by origin, in the order of the event's origins.
        ended: nothing more can happen.
    """

    definition: Definition
    points: Mapping[str, Number]
    ended: bool = False


def read(text: str) -> dict[str, object]:
    """Return the definition that a TOML text holds, for an event's rules under `definition`.

    Raises:
        SettingError: names the line that is no TOML, or the key that can't be and why.
    """
    try:
        definition = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError(f"not a TOML file: {error}") from None
    define(definition)
    return definition


def define(raw: object) -> Definition:
    """Return the checked form of a definition, wherever it came from.

    Raises:
        SettingError: names the key that can't be and why.
    """
    table = _Table(raw, "definition")
    text = table.text("text", "Custom")
    kinds: dict[str, Kind] = {}
    effects: dict[str, Effect] = {}
    for action in table.tables("actions", ACTIONS):
        kind, effect = _action(action)
        if kind.title in kinds:
            raise SettingError(f"{action.where}.title: {kind.title!r} stands twice")
        kinds[kind.title], effects[kind.title] = kind, effect
    if not kinds:
        raise SettingError("definition.actions: no actions; write at least one [[actions]] table")
    win_at = table.number("win_at", None, least=0)
    win_by = table.number("win_by", 0, least=0)
    if win_by and win_at is None:
        raise SettingError("definition.win_by: a lead wins nothing without win_at")
    table.no_more()
    return Definition(text, kinds, effects, win_at, win_by)


def _action(table: _Table) -> tuple[Kind, Effect]:
    title = table.text("title", "")
    if not title:
        raise SettingError(f"{table.where}.title: an action needs a title")
    details = tuple(_detail(detail) for detail in table.tables("details", limits.DETAILS))
    names = [detail.name for detail in details]
    if len(set(names)) != len(names):
        raise SettingError(f"{table.where}.details: a name stands twice in {', '.join(names)}")
    identity = table.texts("identity")
    for name in identity:
        if name not in names:
            raise SettingError(f"{table.where}.identity: no detail {name!r} of this action")
    kind = Kind(
        title=title,
        text=table.text("text", title.replace("_", " ").capitalize()),
        details=details,
        needs_origin=table.flag("needs_origin", True),
        window=float(table.number("window", 15.0, least=0.1, most=_LONGEST_WINDOW)),
        identity=identity,
        exclusive=table.text("exclusive", ""),
    )
    to = table.text("to", "origin")
    if to not in {"origin", "others"}:
        raise SettingError(f"{table.where}.to: {to!r} is not one of origin, others")
    effect = Effect(
        points=table.number("points", 0, least=-_MOST_POINTS),
        to="others" if to == "others" else "origin",
        ends=table.flag("ends", False),
    )
    if effect.points and not kind.needs_origin:
        raise SettingError(f"{table.where}.points: points need an origin, see needs_origin")
    table.no_more()
    return kind, effect


def _detail(table: _Table) -> Detail:
    name = table.text("name", "")
    if not name:
        raise SettingError(f"{table.where}.name: a detail needs a name")
    detail = Detail(
        name=name,
        text=table.text("text", name),
        choices=table.texts("choices"),
        number=table.flag("number", False),
        required=table.flag("required", False),
    )
    if detail.number and detail.choices:
        raise SettingError(f"{table.where}.choices: a number has no choices")
    table.no_more()
    return detail


class _Table:
    """Reads the keys of one table with their types checked, and says which ones are left over."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, Mapping):
            raise SettingError(f"{where}: {_short(raw)} is not a table")
        self.where = where
        self._raw = raw
        self._known: set[str] = set()

    def _take(self, key: str, default: object) -> object:
        self._known.add(key)
        value: object = self._raw.get(key, default)
        return value

    def _refuse(self, key: str, value: object, wanted: str) -> SettingError:
        return SettingError(f"{self.where}.{key}: {_short(value)} is not {wanted}")

    def text(self, key: str, default: str) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._refuse(key, value, "a text")
        if len(value) > limits.NAME_CHARS:
            raise SettingError(
                f"{self.where}.{key}: {len(value):,} characters, at most {limits.NAME_CHARS}"
                " allowed"
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self._refuse(key, value, "a list of texts")
        return tuple(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._refuse(key, value, "true or false")
        return value

    def number(
        self, key: str, default: T, *, least: Number, most: Number = _MOST_POINTS
    ) -> Number | T:
        if key not in self._raw:
            self._known.add(key)
            return default
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise self._refuse(key, value, "a number")
        if not least <= value <= most:
            raise self._refuse(key, value, f"from {least:,} to {most:,}")
        return value

    def tables(self, key: str, most: int) -> list[_Table]:
        value = self._take(key, [])
        if not isinstance(value, list | tuple):
            raise self._refuse(key, value, "a list of tables")
        if len(value) > most:
            raise SettingError(f"{self.where}.{key}: {len(value)} of them, at most {most} allowed")
        prefix = key if self.where == "definition" else f"{self.where}.{key}"
        return [_Table(one, f"{prefix}[{number}]") for number, one in enumerate(value, start=1)]

    def no_more(self) -> None:
        for key in self._raw:
            if key not in self._known:
                there = ", ".join(sorted(self._known))
                raise SettingError(f"{self.where}: no key {_short(key)}; there are {there}")


def _short(value: object) -> str:
    # What came from the network may be of any size; an error is one sentence.
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


class Custom:
    """A sport that an event brings with it."""

    name: str = "custom"
    text: str = "Custom, from a file"
    rules: tuple[Rule, ...] = RULES

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions that the rules define, none where they define none.

        Raises:
            SettingError: the definition can't be.
        """
        definition = (rules or {}).get("definition")
        return tuple(define(definition).kinds.values()) if definition else ()

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> State:
        """Return the state before anything happened.

        Args:
            origins: the sides, from 1 to `ORIGINS`.
            rules: the definition under `definition`, as `read` returns it.
            lineups: not used; a player is named in an action's details.

        Raises:
            SettingError: origins or a definition that can't be.
        """
        if not origins or not all(origins) or len(set(origins)) != len(origins):
            raise SettingError("origins: name at least one, each once and none empty")
        if len(origins) > ORIGINS:
            raise SettingError(f"origins: {len(origins)}, at most {ORIGINS} allowed")
        raw = settle(self.rules, rules)["definition"]
        if not raw:
            raise SettingError("rules: custom needs a definition; see docs/SPORTS.md")
        return State(define(raw), dict.fromkeys(origins, 0))

    def illegal(self, state: State, action: Action) -> str | None:
        """Return why the action can't happen now, in one sentence, or None where it can."""
        unfit = misfit(state.definition.kinds, state.points, action)
        if unfit is not None:
            return unfit
        if state.ended:
            return f"the event is over: {self.headline(state)}"
        return None

    def apply(self, state: State, action: Action) -> State:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action can't happen now; the sentence is `illegal`'s.
        """
        refusal = self.illegal(state, action)
        if refusal is not None:
            raise IllegalAction(refusal)
        effect = state.definition.effects[action.title]
        points = dict(state.points)
        if effect.points:
            for origin in points:
                if (origin == action.origin) == (effect.to == "origin"):
                    points[origin] += effect.points
        ended = effect.ends or _won(state.definition, points)
        return replace(state, points=points, ended=ended)

    def score(self, state: State) -> Score:
        """Return the score as plain JSON values."""
        return {"points": dict(state.points), "winner": _winner(state), "over": state.ended}

    def headline(self, state: State) -> str:
        """Return `A 3–1 B` of two origins, `A 3 · B 2 · C 0` (the best few) of any other number."""
        if len(state.points) == 2:
            (one, ones), (two, twos) = state.points.items()
            return f"{one} {ones:g}–{twos:g} {two}"
        best = sorted(state.points.items(), key=lambda item: -item[1])
        more = len(best) - _HEADLINE_ORIGINS
        line = " · ".join(f"{name} {points:g}" for name, points in best[:_HEADLINE_ORIGINS])
        return f"{line} and {more} more" if more > 0 else line

    def phrase(self, state: State, action: Action) -> str:
        """Return the action in one sentence, such as `Right answer: Owls (category art)`."""
        kind = state.definition.kinds[action.title]
        line = f"{kind.text}: {action.origin}" if action.origin else kind.text
        said = ", ".join(f"{name} {value}" for name, value in action.details.items())
        return f"{line} ({said})" if said else line

    def clock(self, state: State, time: int) -> str:
        """Return an empty text: a custom sport has no clock."""
        return ""

    def over(self, state: State) -> bool:
        """Tell whether an origin has won or an action has ended the event."""
        return state.ended

    def read_score(self, state: State, text: str) -> Score:
        """Return the points that a text such as `3-1` or `11, 9, 0` states, in the origins' order.

        A minus sign stands at the beginning or after a blank, with its number right behind it.

        Raises:
            SettingError: not one number for each origin.
        """
        numbers = [float(found) for found in _NUMBER.findall(text.replace("−", "-"))]
        if _NUMBER.sub("", text.replace("−", "-")).strip(_BETWEEN) or not numbers:
            wrong = "has more in it than numbers" if numbers else "has no numbers"
        elif len(numbers) != len(state.points):
            wrong = f"has {len(numbers)} numbers for {len(state.points)} origins"
        else:
            whole = [int(number) if number.is_integer() else number for number in numbers]
            score: Score = {"points": dict(zip(state.points, whole, strict=True))}
            _stated(state, score)
            return score
        names = list(state.points)
        right = "-".join(str(number) for number in range(len(names), 0, -1)[:4])
        raise SettingError(
            f"score: {text[:60]!r} {wrong}; write the points, {names[0]} first, such as {right}"
        )

    def gap(self, before: State, after: State, confirmed: Score) -> str | None:
        """Return why the reports of an outage don't add up to the points, in a sentence, or None.

        Raises:
            SettingError: `confirmed` is no score of this event.
        """
        stated = _stated(before, confirmed)
        if stated is not None and not _loses(before.definition):
            for origin, points in stated.items():
                if points < before.points[origin]:
                    had = before.points[origin]
                    return f"{origin} had {had:g} and has {points:g}: no action takes points away"
        if stated is not None and stated != after.points:
            shown = self.headline(replace(after, points=stated))
            return f"the reported actions add up to {self.headline(after)}, the score is {shown}"
        over = confirmed.get("over")
        if over is not None and over != after.ended:
            return (
                f"by the reports the event is {'over' if after.ended else 'on'}, by the score not"
            )
        return None

    def adopt(self, state: State, confirmed: Score) -> State:
        """Return the state with the points of a confirmed score.

        Whether they end the event follows from them; one that an action has ended stays over.

        Raises:
            SettingError: `confirmed` is no score of this event.
        """
        stated = _stated(state, confirmed)
        if stated is None or stated == state.points:
            return state
        by_action = state.ended and not _won(state.definition, state.points)
        return replace(state, points=stated, ended=by_action or _won(state.definition, stated))


_NUMBER = re.compile(r"(?:(?<![\d.\-–:])-)?\d{1,10}(?:\.\d{1,6})?", re.ASCII)
_BETWEEN = " \t\r\n,;:·–-"


def _stated(state: State, score: Score) -> dict[str, Number] | None:
    """Return the points that a score states, by origin in the event's order; None if none."""
    given = score.get("points")
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != set(state.points):
        raise SettingError(f"score: points has a number for each of {', '.join(state.points)}")
    for origin, points in given.items():
        number = isinstance(points, int | float) and not isinstance(points, bool)
        if not number or not abs(points) <= _MOST_STATED:
            raise SettingError(f"score: points of {origin} are {_short(points)}, not a number")
    return {origin: given[origin] for origin in state.points}


def _loses(definition: Definition) -> bool:
    return any(effect.points < 0 for effect in definition.effects.values())


def _won(definition: Definition, points: Mapping[str, Number]) -> bool:
    if definition.win_at is None:
        return False
    best, *others = sorted(points.values(), reverse=True)
    lead = best - others[0] if others else best
    # Two that reach the mark level have not decided it, whatever lead is asked for.
    return best >= definition.win_at and lead > 0 and lead >= definition.win_by


def _winner(state: State) -> str:
    if not state.ended:
        return ""
    best = max(state.points.values())
    leaders = [origin for origin, points in state.points.items() if points == best]
    return leaders[0] if len(leaders) == 1 else ""


CUSTOM: Sport = Custom()
