"""How volleyball is shown."""

from __future__ import annotations

from collections.abc import Mapping

from ...protocol.errors import SettingError
from ..presentation import (
    CLOCK_FACE,
    CROSS,
    DOT,
    EXCHANGE,
    NAMED,
    RED_CARD,
    TICK,
    YELLOW_CARD,
    Chart,
    Clock,
    Column,
    LineUp,
    Look,
    Mark,
    Presentation,
    ScoreForm,
    ScoreLayout,
    Shape,
    Statistic,
    When,
    circle,
)
from .rules import VolleyballRules, parse

_WHO = (("{player}",), ("{how}",))
_CARD = (("{player}",), ("{person}",))

_LOOKS: Mapping[str, tuple[Look, ...]] = {
    # What a rally decided shows in the score after it: a new set begins at 0.
    "point": (
        Look(
            title=("{how}", "Point"),
            who=(("{player}",),),
            then="points",
            when=When(counts="points"),
        ),
        Look(
            title=("Set and match",),
            who=_WHO,
            icon="set",
            then="sets",
            weight="big",
            when=When(counts="ended"),
        ),
        Look(title=("Set",), who=_WHO, icon="set", then="sets", weight="big"),
    ),
    "serve": (Look(weight="key"),),
    "substitution": (
        Look(who=(("{on} for {off}", "{on} comes on", "{off} goes off"),), weight="key"),
    ),
    "time_out": (Look(weight="key"),),
    "yellow_card": (Look(who=_CARD, weight="key"),),
    "red_card": (Look(who=_CARD, weight="key"),),
    "forfeit": (Look(who=(("{reason}.",),), then="sets", weight="big"),),
}

_DRAWINGS = {
    "point": DOT,
    "set": TICK,
    "serve": (
        circle(12, 12, 9),
        Shape("M12 12c0-4 1.5-7 4.5-7.8M12 12c3.4 2 4.3 5.3 3.5 8.3M12 12c-3.5 2-6.8 1.2-8.8-1"),
        Shape("M8.2 3.9c-2 4-1.4 7 .3 9.6M20.6 14.5c-4.4-.4-6.6-2.3-8.1-5"),
        Shape("M6.6 19.2c4.2-.3 6.4-2.5 7.8-5.3"),
    ),
    "substitution": EXCHANGE,
    "time_out": CLOCK_FACE,
    "yellow_card": YELLOW_CARD,
    "red_card": RED_CARD,
    "forfeit": (CROSS,),
}

_CHECKED = ("substitution", "yellow_card", "red_card")

_MARKS = (
    Mark("point", "player", "note", "1 point", "points"),
    Mark("yellow_card", "player", "icon", "yellow card", icon="yellow_card"),
    Mark("red_card", "player", "icon", "red card", icon="red_card"),
    Mark("substitution", "on", "on", "came on"),
    Mark("substitution", "off", "off", "went off"),
)

_STATISTICS = (
    Statistic("Points won", ("point",)),
    Statistic("Attacks", ("point",), "how", ("attack",)),
    Statistic("Blocks", ("point",), "how", ("block",)),
    Statistic("Aces", ("point",), "how", ("ace",)),
    # An error is the other side's point.
    Statistic("Service errors", ("point",), "how", ("service error",), other=True),
    Statistic("Other errors", ("point",), "how", ("opponent error",), other=True),
    Statistic("Time-outs", ("time_out",)),
)


def shown(rules: Mapping[str, object] | None) -> Presentation:
    """Return how volleyball is shown under these rules; under the usual ones where they are not
    valid."""
    try:
        players = parse(rules).players
    except SettingError:
        players = VolleyballRules().players
    return Presentation(
        "Volleyball",
        looks=_LOOKS,
        unsaid={"person": ("player",)},
        drawings=_DRAWINGS,
        score=ScoreLayout(
            kind="sets",
            counts="sets",
            sets="previous",
            columns=(Column("points", "Points"),),
            # The court: the attack lines three metres from the net.
            ground="M100 30H900V270H100ZM500 0V300M367 30V270M633 30V270",
            changes=("sets",),
        ),
        clock=Clock("elapsed", hours=1, part="Set {}", counted="previous"),
        lineup=LineUp(
            starters=players, anew="previous", marks=_MARKS, named=NAMED, checked=_CHECKED
        ),
        statistics=_STATISTICS,
        chart=Chart("lead", counts="point", text="in points won"),
        form=ScoreForm("text", label="Points of each set, {first} first: 25-20 12-8"),
    )
