"""How a sport is shown: words, weights, drawings, clock and score layout, all of it as data.

Pages, the exported page and datagrams read these values; none of them knows a sport by its name. A
text with `{name}` in it is a template: `name` is a detail of the entry, in the words of
`Presentation.words`, or `score.KEY`, the counts under a key of the score as `2–1`. Where there are
alternatives, the first whose names are all known is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from math import cos, radians, sin
from typing import Any, Literal

from ..protocol.text import plain

Line = tuple[str, ...]
"""Alternatives of one template, the one that says most first."""

Tone = Literal["", "solid", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of a drawing that is 24 units wide and high.

    Args:
        d: an SVG path; empty where there is a text instead.
        tone: drawn as a line, filled, or in the colour of a card.
        text: one sign, or up to three letters.
    """

    d: str
    tone: Tone = ""
    text: str = ""


Drawing = tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class When:
    """What an entry must be like; all that is stated must hold.

    Args:
        detail: it has this detail.
        value: the detail has this value.
        counts: the score after it says more than nothing under this key.
        origin: whether it has an origin: `some` or `none`.
        details: whether it has details, likewise.
    """

    detail: str = ""
    value: str = ""
    counts: str = ""
    origin: Literal["", "some", "none"] = ""
    details: Literal["", "some", "none"] = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How the entry of an action is shown.

    Args:
        title: in place of the words on the button.
        who: people and particulars, joined by dots; `all` says all details.
        icon: the drawing; empty where it is called as the action is.
        then: a key of the score, whose counts stand beside the entry.
        weight: `key` is among the key moments, `big` strikes the eye besides.
        parts: it parts the feed, as a whistle parts a match.
        nobody: its origin is not named.
        clock: stands where the clock stands, when none runs.
        takes_back: why what it relates to does not count any more; empty where it takes nothing
            back.
        taken: the word on what it takes back.
        when: what an entry must be like to be shown so; None fits any.
    """

    title: Line = ()
    who: tuple[Line, ...] | Literal["all"] = ()
    icon: str = ""
    then: str = ""
    weight: Literal["", "key", "big"] = ""
    parts: bool = False
    nobody: bool = False
    clock: str = ""
    takes_back: str = ""
    taken: str = ""
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a scoreboard beside those of the sets: what is counted in the current one.

    Args:
        key: of the score, counts by origin.
        text: its heading.
        now: `games` stands out less than `points`, which is what the next action changes.
        flag: a key of the score; while it holds, the heading is `flagged`.
        flagged: see `flag`.
    """

    key: str
    text: str
    now: Literal["games", "points"] = "points"
    flag: str = ""
    flagged: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of many sides, the first of them first.

    Args:
        title: above it.
        name: heading of the sides' names.
        figure: heading of what they are ranked by.
        rows: a key of the score, a list of rows with `place`, `time` (seconds), `status` and the
            name under `who`, on the way also `at` (the point passed last) and `gap` (seconds behind
            the first there); empty: the sides are ranked by the layout's `counts`.
        who: see `rows`.
        gone: the `status` of a side that is no longer in it.
    """

    title: str = "Standing"
    name: str = "Side"
    figure: str = "Points"
    rows: str = ""
    who: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Scorers:
    """Names and times below the score.

    Args:
        action: that is listed.
        detail: that names its player.
        unknown: stands in place of a missing name.
        notes: by detail and value, what is added to the time.
    """

    action: str
    detail: str
    unknown: str
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoreLayout:
    """How the score is laid out.

    Args:
        kind: `sides`: a large count of either; `sets`: a scoreboard by set, with `server` and
            `winner` of the score marked; `leaderboard`: the table's first rows.
        counts: a key of the score, counts by origin.
        extra: a further such key that the score may have.
        extra_text: what is said of it, around `{}`.
        sets: a key of the score, the pairs of the sets that are over.
        set_text: what a set is called.
        small: a key of the score, a pair for each of these sets that is shown small, or none.
        columns: beside the sets.
        table: of more sides than two.
        summary: below the score, of keys of the score in braces.
        scorers: below the score.
        ground: an SVG path 1000 units wide and 300 high, faint behind the score.
        changes: keys of the score whose change is a large mark on a chart.
    """

    kind: Literal["sides", "sets", "leaderboard"] = "sides"
    counts: str = "points"
    extra: str = ""
    extra_text: str = "({})"
    sets: str = ""
    set_text: str = "Set"
    small: str = ""
    columns: tuple[Column, ...] = ()
    table: Table = Table()
    summary: str = ""
    scorers: Scorers | None = None
    ground: str = ""
    changes: tuple[str, ...] = ("points",)


@dataclass(frozen=True, slots=True)
class Stage:
    """A period of a match.

    Args:
        name: the value of the detail and of the score's key.
        text: while it is played.
        after: when it is over.
        minutes: how long it lasts, on charts at least.
        runs: a clock runs in it, on from the stages before.
        ticks: labels on its axis.
        tick: the only label, where no clock runs.
        due: it is played in any case.
    """

    name: str
    text: str
    after: str
    minutes: int
    runs: bool = True
    ticks: int = 1
    tick: str = ""
    due: bool = False


@dataclass(frozen=True, slots=True)
class ClockPart:
    """A part of play that has its clock.

    Args:
        text: while it is played.
        minutes: how long it lasts; 0: no clock is shown.
        counts: how they are counted on a clock that stops; empty: its minute, on one that does not.
    """

    text: str
    minutes: float
    counts: Literal["", "up", "down"] = ""


ClockMark = Literal["begins", "ends", "stops", "starts", "scores"]
"""What an action tells the clock of a part: it begins the next one or ends this one; it stops or
starts the clock; it counts points, so that the first part is on."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The match clock, between entries too.

    Args:
        kind: `none`; `elapsed`: the time since the action `since`, or since the first of all;
            `stages`: the minute, by the whistles; `parts`: likewise, where a whistle does not name
            what begins, and the clock may stop and count down.
        since: see `kind`.
        hours: digits of the hours at least.
        stands: an elapsed time stands while play is interrupted.
        part: what is played, with `{}` for the number after those of the list `counted`.
        counted: a key of the score, a list.
        key: the detail, and the key of the score, that names a stage.
        begins: the action with which a stage begins.
        ends: the actions with which it ends.
        stages: in order.
        parts: in order.
        marks: by action, what it tells the clock of a part.
    """

    kind: Literal["none", "elapsed", "stages", "parts"] = "none"
    since: str = ""
    hours: int = 2
    stands: bool = False
    part: str = ""
    counted: str = ""
    key: str = ""
    begins: str = ""
    ends: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    parts: tuple[ClockPart, ...] = ()
    marks: Mapping[str, tuple[ClockMark, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """What an action leaves beside a name of a line-up.

    Args:
        action: its title.
        detail: that names the player.
        kind: `star` for each time; `note` says how often in words; `icon` is a drawing; `on` and
            `off` say that the player came on and went off.
        text: what it means, in the singular.
        many: in the plural; empty where the singular does.
        icon: the drawing.
        when: what the entry must be like.
        other: the player is of the other side.
        leaves: the player plays no longer.
    """

    action: str
    detail: str
    kind: Literal["star", "note", "icon", "on", "off"]
    text: str
    many: str = ""
    icon: str = ""
    when: When | None = None
    other: bool = False
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A detail that names somebody of a line-up, offered to choose from.

    Args:
        of: everybody, those who play, or those who have not played yet.
        other: they are of the other side.
        other_when: they are of the other side where a detail has a value.
    """

    of: Literal["all", "playing", "bench"] = "all"
    other: bool = False
    other_when: When | None = None


NAMED: Mapping[str, Named] = {
    "player": Named(),
    "assist": Named(),
    "off": Named("playing"),
    "on": Named("bench"),
    "keeper": Named(other=True),
}
"""Details that name somebody in most team sports."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """Line-ups as the match changes them.

    Args:
        starters: how many of a line-up start; 0 for all.
        anew: a key of the score, a list; each time it grows, the starters play again.
        marks: in the order in which they stand beside a name.
        named: by detail.
        rows: of each side, how many of its starters stand in each row, its own goal's first, in the
            order of the line-up; empty for a side of which it is not known, or for all.
        formed_by: the rules of an event that say so, one a side.
        ground: an SVG path 100 units wide and 150 high, on which the rows stand: the first side's
            from above, the other one's from below.
        checked: the actions of which it is asked, before they are reported, why a detail names
            somebody of the wrong side.
    """

    starters: int = 0
    anew: str = ""
    marks: tuple[Mark, ...] = ()
    named: Mapping[str, Named] = field(default_factory=dict)
    rows: tuple[tuple[int, ...], ...] = ()
    formed_by: tuple[str, ...] = ()
    ground: str = ""
    checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistic:
    """What is counted of both sides.

    Args:
        text: what it is, in the plural.
        actions: that count.
        detail: in which they must have one of `values`; empty where all count.
        values: see `detail`.
        other: they count for the other side.
    """

    text: str
    actions: tuple[str, ...]
    detail: str = ""
    values: tuple[str, ...] = ()
    other: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """The match so far as a picture.

    Args:
        kind: `moments` of two sides along the stages of the clock; `lead` of the first side, step
            by step; `lanes`, one for each side. Of more sides than two it is always lanes.
        counts: of a lead, the action that is a step; empty: the score's counts.
        text: of a lead, in what.
        spare: actions that are left out of the moments where there is little room.
    """

    kind: Literal["moments", "lead", "lanes"] = "lead"
    counts: str = ""
    text: str = "in points"
    spare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreForm:
    """How a person is asked for the score they see.

    Args:
        kind: `counts`: of each side, those of `ScoreLayout.extra` too; `one`: a single number;
            `text`: sets, and what is counted in the current one.
        key: of a single number, in the score.
        label: of a single number; `text`: what to write, with `{first}` for the first side.
        extra: label of each side's further count, around `{}`.
    """

    kind: Literal["counts", "one", "text"] = "counts"
    key: str = ""
    label: str = ""
    extra: str = "{}"


@dataclass(frozen=True, slots=True)
class TablePoints:
    """What a result of two sides is worth in the table of a competition.

    Args:
        win, draw, loss: points of a side.
    """

    win: int = 3
    draw: int = 1
    loss: int = 0


@dataclass(frozen=True, slots=True)
class Presentation:
    """How one sport is shown under the rules of one event.

    Args:
        text: its name.
        pad: the actions whose buttons reporters see at once, in this order; the other ones come
            under "more". Empty: all are seen.
        looks: by action, of which the first that fits is taken.
        other: of any other action.
        words: by detail and value, what is said for it in a template.
        unsaid: by detail, values that need no saying.
        labels: what details are called, by name; empty where the name says it.
        drawings: by name.
        score: its layout.
        clock: its clock.
        lineup: its line-ups.
        statistics: what is counted of two sides.
        chart: of the match.
        form: for the score after an outage.
        table: points of competitions; None where their tables count wins alone.
        many: any number may take part, instead of two sides.
    """

    text: str
    looks: Mapping[str, tuple[Look, ...]] = field(default_factory=dict)
    other: tuple[Look, ...] = (
        Look(weight="key", parts=True, when=When(origin="none", details="none")),
        Look(who="all", then="points", weight="key"),
    )
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unsaid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    pad: tuple[str, ...] = ()
    score: ScoreLayout = ScoreLayout()
    clock: Clock = Clock()
    lineup: LineUp = LineUp()
    statistics: tuple[Statistic, ...] = ()
    chart: Chart = Chart()
    form: ScoreForm = ScoreForm()
    table: TablePoints | None = None
    many: bool = False


def to_json(value: object) -> object:
    """Return a presentation, or a part of it, as plain JSON values; what is empty is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = ((each.name, getattr(value, each.name)) for each in fields(value))
        return {name: to_json(part) for name, part in parts if part}
    if isinstance(value, Mapping):
        return {name: to_json(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [to_json(one) for one in value]
    return value


TEXTS: Mapping[type, tuple[str, ...]] = {
    Presentation: ("text", "words", "labels"),
    Look: ("title", "who", "clock", "takes_back", "taken"),
    Column: ("text", "flagged"),
    Table: ("title", "name", "figure"),
    Scorers: ("unknown", "notes"),
    ScoreLayout: ("extra_text", "set_text", "summary"),
    Stage: ("text", "after", "tick"),
    Clock: ("part",),
    Mark: ("text", "many"),
    Statistic: ("text",),
    Chart: ("text",),
    ScoreForm: ("label", "extra"),
}
"""The fields that people read."""


def with_texts(value: Any, say: Callable[[str], str]) -> Any:
    """Return a presentation, or a part of it, with other texts.

    Args:
        value: it.
        say: gives the text in place of one.
    """
    if isinstance(value, tuple):
        return tuple(with_texts(one, say) for one in value)
    if isinstance(value, Mapping):
        return {name: with_texts(one, say) for name, one in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    texts = TEXTS.get(type(value), ())
    changed: dict[str, Any] = {}
    for each in fields(value):
        was = getattr(value, each.name)
        read = each.name in texts and was != "all"  # which is no text, see `Look`
        now = _texts(was, say) if read else with_texts(was, say)
        if now != was:
            changed[each.name] = now
    return replace(value, **changed) if changed else value


def _texts(value: Any, say: Callable[[str], str]) -> Any:
    """Return texts, and lists and tables of texts, each said; templates without a word are none."""
    if isinstance(value, tuple):
        return tuple(_texts(one, say) for one in value)
    if isinstance(value, Mapping):
        return {name: _texts(one, say) for name, one in value.items()}
    if not isinstance(value, str) or not any(map(str.isalpha, _NAMES.sub("", value))):
        return value
    return say(value)


_NAMES = re.compile(r"\{[^{}]*\}")


# ── drawings that several sports share ───────────────────────────────────────────────────────


def circle(x: float, y: float, radius: float, tone: Tone = "") -> Shape:
    """Return a circle around (x, y)."""
    arc = f"a{radius:g} {radius:g} 0 1 0"
    return Shape(f"M{x - radius:g} {y:g}{arc} {2 * radius:g} 0{arc} {-2 * radius:g} 0Z", tone)


def card(x: float, y: float, tone: Tone) -> Shape:
    """Return a card of 9 by 13 units, a little turned, whose corner was at (x, y)."""
    turned = [_turned(x + dx, y + dy, x + 4, y + 6) for dx, dy in _CARD_CORNERS]
    ends = [f"{px:.2f} {py:.2f}" for px, py in turned]
    sides = "".join(f"A1.6 1.6 0 0 1 {ends[at]}L{ends[at + 1]}" for at in (2, 4, 6))
    return Shape(f"M{ends[0]}L{ends[1]}{sides}A1.6 1.6 0 0 1 {ends[0]}Z", tone)


_CARD_CORNERS = (
    (1.6, 0.0), (7.4, 0.0), (9.0, 1.6), (9.0, 11.4), (7.4, 13.0), (1.6, 13.0), (0.0, 11.4),
    (0.0, 1.6),
)  # fmt: skip
"""Where the straight edges of a card begin and end, clockwise."""


def _turned(x: float, y: float, about_x: float, about_y: float) -> tuple[float, float]:
    angle = radians(8)
    dx, dy = x - about_x, y - about_y
    return about_x + dx * cos(angle) - dy * sin(angle), about_y + dx * sin(angle) + dy * cos(angle)


CROSS = Shape("M7 7l10 10M17 7 7 17")
DOT: Drawing = (circle(12, 12, 4, "solid"),)
FLAG: Drawing = (Shape("M6 21V3"), Shape("M6 4l12 4-12 5Z", "solid"))
CLOCK_FACE: Drawing = (circle(12, 12, 9), Shape("M12 7v5l3.5 2"))
WHISTLE: Drawing = (
    circle(9, 14, 5.5),
    Shape("M9 8.5h12v4h-6.8"),
    circle(9, 14, 1.4, "solid"),
)
TICK: Drawing = (Shape("M5 12.5 10 17.5 19.5 7"),)
EXCHANGE: Drawing = (Shape("M8 20V5M4 9l4-4 4 4"), Shape("M16 4v15M12 15l4 4 4-4"))
YELLOW_CARD: Drawing = (card(7, 5, "yellow"),)
RED_CARD: Drawing = (card(7, 5, "red"),)
BALL: Drawing = (
    circle(12, 12, 9),
    Shape("M12 7.6 16 10.5 14.5 15.2H9.5L8 10.5Z", "solid"),
    Shape("M12 3v4.6M20.6 9.3 16 10.5M17.4 19.2 14.5 15.2M6.6 19.2 9.5 15.2M3.4 9.3 8 10.5"),
)

SHIPPED: Mapping[str, Drawing] = {
    "ball": BALL,
    "clock": CLOCK_FACE,
    "cross": (CROSS,),
    "dot": DOT,
    "exchange": EXCHANGE,
    "flag": FLAG,
    "net": (Shape("M3 20V6h18v14"), circle(12, 18, 1.8, "solid")),
    "red_card": RED_CARD,
    "ring": (circle(12, 12, 9), circle(12, 12, 3, "solid")),
    "star": (Shape("M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8Z"),),
    "tick": TICK,
    "up": (Shape("M12 20V4M5 11l7-7 7 7"),),
    "down": (Shape("M12 4v16M5 13l7 7 7-7"),),
    "whistle": WHISTLE,
    "yellow_card": YELLOW_CARD,
}
"""Drawings that a definition of a contest may name."""

SIGNS = 3
"""The most letters of a text that stands for a drawing."""

SIGN = r"[^\x00-\x20\x7f]{1,3}|[^\x00-\x7f]{1,8}"
"""A text that stands for a drawing, as a regular expression: up to three letters, or a sign, which
may be put together of several code points."""


def drawing_of(name: str) -> Drawing | None:
    """Return a drawing by its name, or of a sign or a few letters; None where it is neither."""
    if name in SHIPPED:
        return SHIPPED[name]
    if re.fullmatch(SIGN, name) is None or plain(name) != name:
        return None
    return (Shape("", text=name),)
