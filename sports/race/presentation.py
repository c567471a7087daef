"""How a race is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..presentation import (
    CLOCK_FACE,
    CROSS,
    NAMED,
    Chart,
    Clock,
    LineUp,
    Look,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Shape,
    Table,
    When,
    circle,
)

_WHO = (("{time}",), ("{reason}",))

PRESENTATION = Presentation(
    "Race",
    many=True,
    looks={
        "start": (
            Look(
                title=("Start of {heat}", "The race is on"),
                who=_WHO,
                weight="key",
                parts=True,
                when=When(origin="none"),
            ),
            Look(title=("Starts",), who=_WHO, weight="key"),
        ),
        "run_again": (
            Look(
                title=("{heat} is run again", "Is run again"),
                who=_WHO,
                weight="key",
                parts=True,
                when=When(origin="none"),
            ),
            Look(title=("Runs again",), who=_WHO, weight="key"),
        ),
        "split": (Look(title=("Passes {at}", "Passes"), who=_WHO),),
        "lap": (Look(who=_WHO),),
        "time_penalty": (
            Look(title=("{seconds} seconds added", "Time penalty"), who=_WHO, weight="key"),
        ),
        "finish": (Look(who=_WHO, weight="big"),),
        "drop_out": (Look(who=_WHO, weight="key"),),
        "disqualify": (Look(who=_WHO, weight="key"),),
    },
    drawings={
        "run_again": (circle(12, 12, 8), Shape("M12 4l3-2M12 4l3 2")),
        "start": (Shape("M7 4 20 12 7 20Z", "solid"),),
        "split": CLOCK_FACE,
        "lap": (circle(12, 12, 8), Shape("M12 4l3-2M12 4l3 2")),
        "time_penalty": CLOCK_FACE,
        "finish": (
            Shape("M6 21V3h12v9H6"),
            Shape("M6 3h4v3H6ZM14 3h4v3h-4ZM10 6h4v3h-4ZM6 9h4v3H6ZM14 9h4v3h-4Z", "solid"),
        ),
        "drop_out": (CROSS,),
        "disqualify": (CROSS,),
    },
    score=ScoreLayout(
        kind="leaderboard",
        table=Table("Leaderboard", "Runner", "Time", "leaderboard", "runner", gone="dropped out"),
        summary="{finished} of {runners} in, {running} on the way",
        ground="M-20 60C300 60 700 60 1020 60M-20 120C300 120 700 120 1020 120"
        "M-20 180h1040M-20 240h1040M800 0v300",
        changes=("finished",),
    ),
    clock=Clock("elapsed", since="start", hours=1),
    lineup=LineUp(named=NAMED),
    chart=Chart("lanes"),
    form=ScoreForm("one", key="finished", label="Runners in"),
)

_NUMBERED = {"start": "Start of heat {heat}", "run_again": "Heat {heat} is run again"}
"""What is said of a heat that has a number for its name."""


def shown(rules: Mapping[str, object] | None) -> Presentation:
    """Return how a race is shown under these rules."""
    heats = (rules or {}).get("heats")
    numbers = [name for name in heats if name.isdecimal()] if isinstance(heats, Mapping) else []
    numbered = {
        title: (*(_of_number(title, number) for number in numbers), *PRESENTATION.looks[title])
        for title in _NUMBERED
    }
    return replace(PRESENTATION, looks={**PRESENTATION.looks, **numbered})


def _of_number(title: str, number: str) -> Look:
    usual = PRESENTATION.looks[title][0]
    when = When(detail="heat", value=number, origin="none")
    return replace(usual, title=(_NUMBERED[title],), when=when)
