"""How tennis is shown."""

from __future__ import annotations

from ..presentation import (
    CROSS,
    DOT,
    NAMED,
    TICK,
    Chart,
    Clock,
    Column,
    LineUp,
    Look,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Shape,
    Statistic,
    When,
    circle,
)

_HOW = (("{how}",),)
_END = (Look(who=(("{reason}.",),), then="sets", weight="big"),)

PRESENTATION = Presentation(
    "Tennis",
    looks={
        # What a point decided shows in the score after it: a new game, set or match begins at 0.
        "point": (
            Look(title=("{how}", "Point"), then="points", when=When(counts="points")),
            Look(
                title=("Game, set and match",),
                who=_HOW,
                icon="set",
                then="sets",
                weight="big",
                when=When(counts="ended"),
            ),
            Look(
                title=("Game",),
                who=_HOW,
                icon="game",
                then="games",
                weight="key",
                when=When(counts="games"),
            ),
            Look(title=("Game and set",), who=_HOW, icon="set", then="sets", weight="big"),
        ),
        "serve": (Look(title=("Serves first",), who=(("{player}",),), weight="key"),),
        "penalty_game": (Look(who=(("{reason}",),), icon="game", then="games", weight="key"),),
        "medical_time_out": (Look(who=(("{player}",), ("{reason}",)), weight="key"),),
        "retire": _END,
        "default": _END,
        "walkover": _END,
    },
    drawings={
        "point": DOT,
        "game": (circle(12, 12, 8.5), Shape("M5.5 7c4 2.5 4 7.5 0 10M18.5 7c-4 2.5-4 7.5 0 10")),
        "set": TICK,
        "serve": (circle(14, 9, 6), Shape("M10 13.5 4 20"), Shape("M10 6l8 6M18 6l-8 6")),
        "medical_time_out": (circle(12, 12, 9), Shape("M12 7v10M7 12h10")),
        "retire": (CROSS,),
        "default": (CROSS,),
        "walkover": (CROSS,),
    },
    score=ScoreLayout(
        kind="sets",
        counts="sets",
        sets="previous",
        small="tiebreaks",
        columns=(
            Column("games", "Games", "games"),
            Column("points", "Points", flag="tiebreak", flagged="Tie-break"),
        ),
        ground="M500 0V300M0 45h1000M0 255h1000M260 45v210M740 45v210M260 150h480",
        changes=("sets",),
    ),
    clock=Clock("elapsed", stands=True, part="Set {}", counted="previous"),
    lineup=LineUp(named=NAMED, checked=("serve", "medical_time_out")),
    statistics=(
        Statistic("Points won", ("point",)),
        Statistic("Aces", ("point",), "how", ("ace",)),
        Statistic("Winners", ("point",), "how", ("ace", "service winner", "winner")),
        # A fault is the other side's point.
        Statistic("Double faults", ("point",), "how", ("double fault",), other=True),
        Statistic("Unforced errors", ("point",), "how", ("unforced error", "error"), other=True),
    ),
    chart=Chart("lead", counts="point", text="in points won"),
    form=ScoreForm("text", label="Sets, games, points, {first} first: 6-4 3-2 40-15"),
)
