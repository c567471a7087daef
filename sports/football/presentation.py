"""How football is shown: its periods and line-ups go by the rules of the event."""

from __future__ import annotations

from collections.abc import Mapping

from ...protocol.errors import SettingError
from ..presentation import (
    BALL,
    CLOCK_FACE,
    CROSS,
    EXCHANGE,
    FLAG,
    NAMED,
    RED_CARD,
    WHISTLE,
    YELLOW_CARD,
    Chart,
    Clock,
    Drawing,
    LineUp,
    Look,
    Mark,
    Named,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Scorers,
    Shape,
    Stage,
    Statistic,
    TablePoints,
    When,
    card,
    circle,
)
from .kinds import OWN_GOAL
from .laws import nominal_minutes
from .rules import FORMATIONS, FootballRules, parse

_STRUCK: Drawing = (circle(12, 12, 9), CROSS)

_DRAWINGS: Mapping[str, Drawing] = {
    "goal": BALL,
    "goal_disallowed": _STRUCK,
    "yellow_card": YELLOW_CARD,
    "second_yellow": (card(4.5, 4, "yellow"), card(10, 6.5, "red")),
    "red_card": RED_CARD,
    "substitution": EXCHANGE,
    "penalty": (Shape("M3 20V6h18v14"), circle(12, 18, 1.8, "solid")),
    "penalty_cancelled": (Shape("M3 20V6h18v14"), CROSS),
    "penalty_retaken": (Shape("M3 20V6h18v14"), Shape("M9 15a4 4 0 1 1 3 4M9 15l-2-2M9 15l2-2")),
    "shot": (circle(7, 17, 3), Shape("M10 14 20 4M14 4h6v6")),
    "added_time": CLOCK_FACE,
    "penalty_saved": (Shape("M3 20V5h18v15"), circle(12, 14, 3)),
    "penalty_missed": (Shape("M3 20V8h18v12"), Shape("M12 3v0"), circle(18, 4.5, 2.5)),
    "shootout_scored": BALL,
    "shootout_saved": (circle(12, 12, 9), Shape("M7 12h10")),
    "shootout_missed": _STRUCK,
    "save": (Shape("M7 21v-5l-3-4V8l2 1 1 3V4.5h2V11V3h2.2v8V4h2.2v7.5V6h2.2v9l-2 3v3Z"),),
    "corner": FLAG,
    "offside": (Shape("M6 21V3"), Shape("M6 4h12v8H6M6 8h12M12 4v8")),
    "foul": (Shape("M12 3 22 20H2Z"), Shape("M12 9v5M12 17v.4")),
    "period_start": WHISTLE,
    "period_end": WHISTLE,
    "full_time": WHISTLE,
}

_PERSON = ("{result}",), ("{reason}",), ("{person}",), ("assist {assist}",), ("in goal {keeper}",)
_WHO = ("{player}",), ("{how}",), *_PERSON
_OWN = When(detail="how", value=OWN_GOAL)
_PLAIN = (Look(who=_WHO),)
_PAD = (
    "goal",
    "shot",
    "corner",
    "foul",
    "offside",
    "yellow_card",
    "red_card",
    "substitution",
    "penalty",
)
"""What is reported most, and what can't wait for a second tap."""

_KEY = (Look(who=_WHO, weight="key"),)
_SENT_OFF = (Look(who=_WHO, weight="big"),)
_KICK = (Look(who=_WHO, then="shootout", weight="key", clock="pens"),)

_LOOKS: Mapping[str, tuple[Look, ...]] = {
    "goal": (
        Look(
            title=("Own goal",),
            who=(("{player}",), *_PERSON),
            then="goals",
            weight="big",
            when=_OWN,
        ),
        Look(who=_WHO, then="goals", weight="big"),
    ),
    "goal_disallowed": (
        Look(
            who=_WHO,
            then="goals",
            weight="key",
            takes_back="The referee took it back; it does not count.",
            taken="disallowed",
        ),
    ),
    "yellow_card": _KEY,
    "second_yellow": _SENT_OFF,
    "red_card": _SENT_OFF,
    "substitution": (
        Look(
            who=(("{on} for {off}", "{on} comes on", "{off} goes off"), ("{reason}",)),
            weight="key",
        ),
    ),
    "penalty": _KEY,
    "penalty_cancelled": (
        Look(
            who=_WHO,
            weight="key",
            takes_back="The referee took it back; there is no penalty.",
            taken="cancelled",
        ),
    ),
    "penalty_retaken": _KEY,
    "shot": _PLAIN,
    "added_time": (
        Look(title=("{minutes} minutes added at least", "Added time"), weight="key", nobody=True),
    ),
    "penalty_saved": _KEY,
    "penalty_missed": _KEY,
    "shootout_scored": _KICK,
    "shootout_saved": _KICK,
    "shootout_missed": _KICK,
    "save": _PLAIN,
    "corner": _PLAIN,
    "offside": _PLAIN,
    "foul": _PLAIN,
    "period_start": (Look(title=("The {period} begins", "Play begins"), weight="key", parts=True),),
    "period_end": (
        Look(
            title=(
                "End of the {period}, {score.goals}",
                "End of the {period}",
                "Play ends",
            ),
            weight="key",
            parts=True,
        ),
    ),
    "full_time": (
        Look(
            title=("Full time, {score.goals}", "Full time"),
            weight="key",
            parts=True,
            nobody=True,
        ),
    ),
}

_STATISTICS = (
    Statistic("Shots", ("shot",)),
    Statistic("Shots on target", ("shot",), "result", ("on target",)),
    Statistic("Corners", ("corner",)),
    Statistic("Saves", ("save",)),
    Statistic("Fouls", ("foul",)),
    Statistic("Offsides", ("offside",)),
    Statistic("Yellow cards", ("yellow_card",)),
    Statistic("Red cards", ("red_card", "second_yellow")),
)

_MARKS = (
    Mark("goal", "player", "note", "own goal", when=_OWN, other=True),
    Mark("goal", "player", "star", "goal", "goals"),
    Mark("yellow_card", "player", "icon", "yellow card", icon="yellow_card"),
    Mark("second_yellow", "player", "icon", "red card", icon="red_card", leaves=True),
    Mark("red_card", "player", "icon", "red card", icon="red_card", leaves=True),
    Mark("substitution", "on", "on", "came on"),
    Mark("substitution", "off", "off", "went off"),
)

_CHECKED = (
    *("goal", "yellow_card", "second_yellow", "red_card", "substitution"),
    *("penalty", "penalty_saved", "penalty_missed", "save", "shot", "offside", "foul"),
    *("shootout_scored", "shootout_saved", "shootout_missed"),
)

_SCORE = ScoreLayout(
    counts="goals",
    extra="shootout",
    extra_text="({} on penalties)",
    scorers=Scorers("goal", "player", "Goal", {"how": {OWN_GOAL: " (own)", "penalty": " (pen.)"}}),
    ground="M500 0V300M500 210a60 60 0 1 0 0-120 60 60 0 0 0 0 120M0 60h120v180H0"
    "M1000 60H880v180h120M120 115a45 45 0 0 1 0 70M880 115a45 45 0 0 0 0 70",
    changes=("goals", "shootout"),
)

_SHOOTOUT_MINUTES = 5
"""How wide a shoot-out is on a chart; it has no length."""


def shown(rules: Mapping[str, object] | None) -> Presentation:
    """Return how football is shown under these rules; under the usual ones where they are not
    valid."""
    try:
        parsed = parse(rules)
    except SettingError:
        parsed = FootballRules()
    return Presentation(
        "Football",
        looks=_LOOKS,
        pad=_PAD,
        words={
            "period": {
                "first_half": "first half",
                "second_half": "second half",
                "extra_first": "first half of extra time",
                "extra_second": "second half of extra time",
                "shootout": "shoot-out",
            }
        },
        unsaid={"how": ("open play",), "person": ("player",), "reason": ("tactical",)},
        drawings=_DRAWINGS,
        score=_SCORE,
        clock=Clock(
            "stages",
            key="period",
            begins="period_start",
            ends=("period_end", "full_time"),
            stages=_stages(parsed),
        ),
        lineup=LineUp(
            starters=parsed.players,
            rows=parsed.rows if any(parsed.rows) else (),
            formed_by=FORMATIONS,
            ground=_GROUND,
            marks=_MARKS,
            named={**NAMED, "player": Named(other_when=_OWN)},
            checked=_CHECKED,
        ),
        statistics=_STATISTICS,
        chart=Chart("moments", spare=("substitution",)),
        form=ScoreForm("counts", extra="{}, kicks scored"),
        table=TablePoints(),
    )


_GROUND = (
    "M3 3h94v144H3zM3 75h94M50 63a12 12 0 1 0 0 24 12 12 0 0 0 0-24"
    "M25 3v22h50V3M38 3v8h24V3M25 147v-22h50v22M38 147v-8h24v8"
)
"""A pitch from above, goals at its short ends."""


def _stages(rules: FootballRules) -> tuple[Stage, ...]:
    half = nominal_minutes(rules, "first_half")
    extra = nominal_minutes(rules, "extra_first")
    return (
        Stage("first_half", "First half", "Half-time", half, ticks=3, due=True),
        Stage("second_half", "Second half", "End of normal time", half, ticks=3, due=True),
        Stage("extra_first", "Extra time, first half", "Half-time of extra time", extra),
        Stage("extra_second", "Extra time, second half", "End of extra time", extra),
        Stage(
            "shootout",
            "Shoot-out",
            "End of the shoot-out",
            _SHOOTOUT_MINUTES,
            runs=False,
            tick="pens",
        ),
    )
