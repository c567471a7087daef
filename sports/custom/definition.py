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
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from ...protocol import limits
from ...protocol.errors import SettingError
from ..presentation import SHIPPED, SIGNS, Drawing, drawing_of
from ..sport import WORDS, Detail, Kind, Weight

ACTIONS = 60
"""Actions that a definition may have."""

MOST_POINTS = 1_000_000_000

MOST_IN_ALL = 1_000_000_000_000_000
"""Points of one origin at most, less than nothing likewise: numbers that every reader has exactly.
"""

LONGEST_WINDOW = 3_600.0

DEFINITION_BYTES = 65_536
"""The largest file; the definition rides in the event's card."""

NESTED = 16
"""The deepest nesting; a definition takes 6."""

LINE_CHARS = 2_000

COUNTERS = 12
"""Counters that a definition may have."""

PERIODS = 24
"""Periods that a definition may have."""

SETS = 50
"""Sets that win a match at most: the score has the points of each."""

MOST_MINUTES = 1_440

LONGEST_TURN = 100
"""Points of a turn of service."""

_RESERVED = {"delete"}

PeriodMark = Literal["", "begins", "ends"]
"""What an action does to a period."""

ClockMark = Literal["", "stops", "starts"]
"""What an action does to the clock."""

PeriodClock = Literal["", "up", "down"]
"""The clock of a period: it runs through, or counts up or down and may be stopped."""

ServeRule = Literal["", "winner", "turns"]
"""Who serves: as it is reported, whoever won the last point, or each for so many points."""

_MARKS: Mapping[str, PeriodMark] = {"": "", "begins": "begins", "ends": "ends"}
_CLOCK_MARKS: Mapping[str, ClockMark] = {"": "", "stops": "stops", "starts": "starts"}
_WEIGHTS: Mapping[str, Weight] = {"action": "action", "point": "point", "decisive": "decisive"}
_CLOCKS: Mapping[str, PeriodClock] = {"": "", "up": "up", "down": "down"}
_SERVES: Mapping[str, ServeRule] = {"": "", "winner": "winner", "turns": "turns"}

T = TypeVar("T")

Number = int | float


@dataclass(frozen=True, slots=True)
class Span:
    """A period of play.

    Args:
        text: its name for people.
        minutes: how long it lasts; 0: no clock is shown.
        clock: how they are counted.
    """

    text: str
    minutes: Number
    clock: PeriodClock = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted of every origin besides points: fouls, wickets, time-outs.

    Args:
        text: what it is, for people.
        anew: it begins at 0 in each period or set.
        beside: how it stands behind the points in a headline, around `{}`; empty: it does not.
        by: it is shown in groups of so many and what is left, as overs of six balls are; 0: not.
    """

    text: str
    anew: bool = False
    beside: str = ""
    by: int = 0

    def shown(self, count: int) -> str:
        """Return a count for people, such as `7`, or `19.4` where it is shown in groups."""
        return f"{count // self.by}.{count % self.by}" if self.by else str(count)


@dataclass(frozen=True, slots=True)
class Sets:
    """The sets, games or legs of which a match is won.

    Args:
        text: what one is called.
        win_at: points that win one.
        win_by: the lead that this takes.
        cap: points that win one with any lead; None: there are none.
        last_at: as `win_at`, of the last one that a match can have: a deciding set, a match
            tie-break.
        last_cap: as `cap`, of the last one.
        legs: of which one is won, where points do not do it: then what is said of points here is of
            legs, and points are those of the leg that is played. It has no legs of its own.
        serve: who serves.
        turn: points for which a side serves, by turns; one where both are a point short of winning.
    """

    text: str
    win_at: Number
    win_by: Number
    cap: Number | None
    last_at: Number
    last_cap: Number | None
    serve: ServeRule
    turn: int
    legs: Sets | None = None

    @property
    def smallest(self) -> Sets:
        """What is won by points: the legs, or the sets where there are none."""
        return self.legs or self

    def won(self, points: Iterable[Number], last: bool) -> bool:
        """Return whether a set with these points is over.

        Args:
            points: of both sides.
            last: it is the last that the match can have.
        """
        at, cap = (self.last_at, self.last_cap) if last else (self.win_at, self.cap)
        low, high = sorted(points)
        lead = high - low
        capped = cap is not None and high >= cap
        return high >= at and lead > 0 and (lead >= self.win_by or capped)

    def is_decided_by(self, points: tuple[Number, Number], last: bool) -> bool:
        """Return whether a set is over with the next point, whoever wins it."""
        one, two = points
        return self.won((one + 1, two), last) and self.won((one, two + 1), last)

    def ends_with(self, points: tuple[Number, Number], last: bool) -> bool:
        """Return whether a set can end with these points when they are counted by ones: it is
        over, and was not a point before."""
        at, cap = (self.last_at, self.last_cap) if last else (self.win_at, self.cap)
        low, high = sorted(points)
        # With no lead to take, the other one has won with as many.
        possible = (cap is None or high <= cap) and (low < at or self.win_by > 1)
        return possible and self.won(points, last) and not self.won((low, high - 1), last)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does to the score.

    Args:
        points: may be negative.
        to: the action's origin, or every other one.
        ends: the event is over with it.
        points_from: the detail whose number is what it counts instead; empty: none.
        period: it begins or ends a period.
        out: seconds for which its origin is one short from then on; 0: it is not.
        freed: that ends before, when another side scores that is less short.
        clock: it stops or starts the clock.
        counts: the counters to which it adds one.
        serves: its origin serves, or has the ball, from then on.
        loses: its origin has lost, and the event is over.
    """

    points: Number
    to: Literal["origin", "others"]
    ends: bool
    points_from: str = ""
    period: PeriodMark = ""
    out: Number = 0
    freed: bool = False
    clock: ClockMark = ""
    counts: tuple[str, ...] = ()
    serves: bool = False
    loses: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A sport as a file describes it.

    Args:
        text: its name for people.
        kinds: its actions by title.
        effects: by title.
        win_at: points, or sets where there are any, at which an origin wins; None where they don't
            end the event.
        win_by: the lead that this takes.
        periods: in order; none where play is not parted.
        sets: how they are won; None where points alone count.
        counters: by name.
        mercy: a lead that wins at once; 0: none does.
        mercy_periods: periods that have to be over before.
        drawings: of actions that say one, by title.
    """

    text: str
    kinds: Mapping[str, Kind]
    effects: Mapping[str, Effect]
    win_at: Number | None
    win_by: Number
    periods: tuple[Span, ...] = ()
    sets: Sets | None = None
    counters: Mapping[str, Counter] = field(default_factory=dict)
    mercy: Number = 0
    mercy_periods: int = 0
    drawings: Mapping[str, Drawing] = field(default_factory=dict)

    @property
    def has_beside(self) -> bool:
        """Whether a counter stands beside the points."""
        return any(counter.beside for counter in self.counters.values())

    @property
    def has_server(self) -> bool:
        """Whether it is known who serves, or has the ball."""
        serve = self.sets.serve if self.sets is not None else ""
        return bool(serve) or any(effect.serves for effect in self.effects.values())


def read(text: str) -> dict[str, object]:
    """Return the definition in a TOML text, for an event's rules under `definition`.

    Raises:
        SettingError: names the line that is not TOML, or the key that is not valid and why.
    """
    text = text.removeprefix("\ufeff")  # of an editor that marks UTF-8
    size = len(text.encode())
    if size > DEFINITION_BYTES:
        raise SettingError(f"a file of {size:,} bytes, at most {DEFINITION_BYTES:,} allowed")
    # A key of very many parts is legal TOML and takes time by the square of them.
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LINE_CHARS:
            raise SettingError(
                f"{len(line):,} characters, at most {LINE_CHARS:,} allowed"
                f" (at line {number}, column {LINE_CHARS + 1})"
            )
    try:
        definition = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError(f"not a TOML file: {error}") from None
    define(definition)
    return definition


def define(raw: object) -> Definition:
    """Return the checked form of a definition, wherever it came from.

    Raises:
        SettingError: names the key that is not valid and why.
    """
    if _nests_deeper(raw, NESTED):
        raise SettingError(f"definition: tables nested more than {NESTED} deep")
    table = _Table(raw, "definition")
    text = table.text("text", "Custom")
    kinds, effects, drawings, where = _actions(table)
    counters = {}
    for row in table.tables("counters", COUNTERS):
        name, counter = _counter(row)
        if name in counters:
            raise SettingError(f"{row.where}.name: {name!r} stands twice")
        counters[name] = counter
    for title, effect in effects.items():
        for name in effect.counts:
            if name not in counters:
                raise SettingError(f"{where[title]}.counts: no counter {name!r}, see counters")
    _check_same(kinds.values(), where)
    if not kinds:
        raise SettingError("definition.actions: no actions; write at least one [[actions]] table")
    win_at = table.number("win_at", None, least=0)
    win_by = table.number("win_by", 0, least=0)
    if win_by and win_at is None:
        raise SettingError("definition.win_by: a lead wins nothing without win_at")
    periods = tuple(_span(period) for period in table.tables("periods", PERIODS))
    marked = {effect.period for effect in effects.values()} - {""}
    if marked and not periods:
        raise SettingError("definition.periods: actions begin or end periods, and there are none")
    if periods and "begins" not in marked:
        raise SettingError("definition.periods: no action begins one; see period")
    sets = _sets(table.table("sets"))
    if sets is not None and win_at is None:
        raise SettingError("definition.win_at: say how many sets win")
    if sets is not None and not 1 <= (win_at or 0) <= SETS:
        raise SettingError(f"definition.win_at: {win_at:,} sets, how many sets win is 1 to {SETS}")
    if sets is not None and periods:
        raise SettingError("definition.periods: a contest of sets has none")
    mercy = table.number("mercy", 0, least=0)
    mercy_periods = table.whole("mercy_periods", 0, most=PERIODS)
    if mercy_periods > len(periods) or (mercy_periods and not mercy):
        raise SettingError("definition.mercy_periods: more than there are periods, or no mercy")
    table.no_more()
    return Definition(
        text,
        kinds,
        effects,
        win_at,
        win_by,
        periods,
        sets,
        counters,
        mercy,
        mercy_periods,
        drawings,
    )


def _span(table: _Table) -> Span:
    text = table.text("text", "")
    if not text:
        raise SettingError(f"{table.where}.text: a period needs a text")
    minutes = table.number("minutes", 0, least=0, most=MOST_MINUTES)
    clock = _CLOCKS[table.choice("clock", "", tuple(_CLOCKS))]
    if clock and not minutes:
        raise SettingError(f"{table.where}.clock: a clock needs minutes")
    table.no_more()
    return Span(text, minutes, clock)


def _counter(table: _Table) -> tuple[str, Counter]:
    name = table.text("name", "")
    if not name:
        raise SettingError(f"{table.where}.name: a counter needs a name")
    counter = Counter(
        text=table.text("text", name.replace("_", " ").capitalize()),
        anew=table.flag("anew", False),
        beside=table.text("beside", ""),
        by=table.whole("by", 0, most=LONGEST_TURN),
    )
    table.no_more()
    return name, counter


def _sets(table: _Table | None, text: str = "Set") -> Sets | None:
    if table is None:
        return None
    win_at = table.number("win_at", None, least=1)
    if win_at is None:
        raise SettingError(f"{table.where}.win_at: say how many points win one")
    cap = table.number("cap", None, least=win_at)
    last_at = table.number("last_at", win_at, least=1)
    # A cap that the last one can't reach is none of its.
    last_cap = table.number("last_cap", cap if last_at == win_at else None, least=last_at)
    are_legs = text == "Leg"
    sets = Sets(
        text=table.text("text", text),
        win_at=win_at,
        win_by=table.number("win_by", 0, least=0),
        cap=cap,
        last_at=last_at,
        last_cap=last_cap,
        # Who serves in a leg does so to its end.
        serve="" if are_legs else _SERVES[table.choice("serve", "", tuple(_SERVES))],
        turn=1 if are_legs else table.whole("turn", 1, least=1, most=LONGEST_TURN),
        legs=None if are_legs else _sets(table.table("legs"), "Leg"),
    )
    table.no_more()
    return sets


def _nests_deeper(value: object, most: int) -> bool:
    """Return whether tables and lists are nested more than `most` deep, as in a circle they are."""
    level: list[Mapping[str, object] | list[object] | tuple[object, ...]] = []
    if isinstance(value, Mapping | list | tuple):
        level = [value]
    for _ in range(most):
        inner = [
            below
            for one in level
            for below in (one.values() if isinstance(one, Mapping) else one)
            if isinstance(below, Mapping | list | tuple)
        ]
        # One of each is enough: in a circle the same comes again on every level.
        level = [*{id(one): one for one in inner}.values()]
        if not level:
            return False
    return True


def _check_same(kinds: Iterable[Kind], where: Mapping[str, str]) -> None:
    """Refuse actions that are to be words for one happening and differ in how reports are joined.

    Args:
        kinds: the actions.
        where: by title, where each stands.

    Raises:
        SettingError: they do.
    """
    first: dict[str, Kind] = {}
    for kind in kinds:
        other = first.setdefault(kind.same, kind) if kind.same else kind
        for key in ("window", "identity", "exclusive", "needs_origin"):
            if getattr(kind, key) != getattr(other, key):
                raise SettingError(
                    f"{where[kind.title]}.{key}: {other.title!r} and {kind.title!r} say the same"
                    f" and have another {key}"
                )


def _actions(
    table: _Table,
) -> tuple[dict[str, Kind], dict[str, Effect], dict[str, Drawing], dict[str, str]]:
    """Return the kinds, effects and drawings of actions, and where each stands, all by title."""
    kinds: dict[str, Kind] = {}
    effects: dict[str, Effect] = {}
    where: dict[str, str] = {}
    drawings: dict[str, Drawing] = {}
    for action in table.tables("actions", ACTIONS):
        drawing = _drawing(action)
        kind, effect = _action(action)
        if kind.title in kinds:
            raise SettingError(f"{action.where}.title: {kind.title!r} stands twice")
        if kind.title in WORDS:
            raise SettingError(f"{action.where}.title: {kind.title!r} is no action of a sport")
        kinds[kind.title], effects[kind.title] = kind, effect
        where[kind.title] = action.where
        if drawing:
            drawings[kind.title] = drawing
    return kinds, effects, drawings, where


def _drawing(table: _Table) -> Drawing:
    icon = table.text("icon", "")
    found = drawing_of(icon) if icon else ()
    if found is None:
        raise SettingError(
            f"{table.where}.icon: {short(icon)} is not one of {', '.join(SHIPPED)}, nor a sign"
            f" or up to {SIGNS} letters"
        )
    return found


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
        window=float(table.number("window", 15.0, least=0.1, most=LONGEST_WINDOW)),
        identity=identity,
        exclusive=table.text("exclusive", ""),
        same=table.text("same", ""),
        # Of a contest that is not known here nothing can be suspected.
        least_apart=float(table.number("least_apart", 0.0, least=0, most=LONGEST_WINDOW)),
        weight=_WEIGHTS[table.choice("weight", "action", tuple(_WEIGHTS))],
        ends=table.flag("ends", False) | table.flag("loses", False),
    )
    if kind.same in _RESERVED:
        raise SettingError(f"{table.where}.same: {kind.same!r} is said of corrections")
    to = table.choice("to", "origin", ("origin", "others"))
    effect = Effect(
        points=table.number("points", 0, least=-MOST_POINTS),
        to="others" if to == "others" else "origin",
        ends=kind.ends,
        points_from=table.text("points_from", ""),
        period=_MARKS[table.choice("period", "", tuple(_MARKS))],
        out=table.number("out", 0, least=0, most=LONGEST_WINDOW),
        freed=table.flag("freed", False),
        clock=_CLOCK_MARKS[table.choice("clock", "", tuple(_CLOCK_MARKS))],
        counts=table.texts("counts"),
        serves=table.flag("serves", False),
        loses=table.flag("loses", False),
    )
    counts = bool(effect.points or effect.points_from)
    kind = replace(kind, in_play=counts or effect.period == "begins")
    for key, used in (
        ("points", effect.points or effect.points_from),
        ("out", effect.out),
        ("counts", effect.counts),
        ("serves", effect.serves),
        ("loses", effect.loses),
    ):
        if used and not kind.needs_origin:
            raise SettingError(f"{table.where}.{key}: {key} need an origin, see needs_origin")
    if effect.freed and not effect.out:
        raise SettingError(f"{table.where}.freed: nobody is out, see out")
    if effect.points and effect.points_from:
        raise SettingError(f"{table.where}.points_from: points are given already")
    if effect.points_from and not any(
        detail.name == effect.points_from and detail.number and detail.required
        for detail in details
    ):
        raise SettingError(
            f"{table.where}.points_from: no detail {effect.points_from!r} of this action that is a"
            " required number"
        )
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
            raise SettingError(f"{where}: {short(raw)} is not a table")
        self.where = where
        self._raw = raw
        self._known: set[str] = set()

    def _take(self, key: str, default: object) -> object:
        self._known.add(key)
        value: object = self._raw.get(key, default)
        return value

    def _refuse(self, key: str, value: object, wanted: str) -> SettingError:
        return SettingError(f"{self.where}.{key}: {short(value)} is not {wanted}")

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

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(key, default)
        if value not in choices:
            listed = ", ".join(choice for choice in choices if choice)
            raise SettingError(f"{self.where}.{key}: {value!r} is not one of {listed}")
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
        self, key: str, default: T, *, least: Number, most: Number = MOST_POINTS
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

    def whole(self, key: str, default: int, *, least: int = 0, most: int = MOST_POINTS) -> int:
        value = self.number(key, default, least=least, most=most)
        if not isinstance(value, int):
            raise self._refuse(key, value, "a whole number")
        return value

    def table(self, key: str) -> _Table | None:
        value = self._take(key, None)
        where = key if self.where == "definition" else f"{self.where}.{key}"
        return _Table(value, where) if key in self._raw else None

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
                raise SettingError(f"{self.where}: no key {short(key)}; there are {there}")


def short(value: object) -> str:
    # What came from the network may be of any size; an error is one sentence.
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
