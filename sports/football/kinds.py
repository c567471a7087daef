"""The actions of a football match, as reporters are offered them."""

from __future__ import annotations

from functools import cache

from ..sport import Detail, Kind

PERIODS = ("first_half", "second_half", "extra_first", "extra_second", "shootout")
"""The periods of play in order, as the detail `period` names them."""

OWN_GOAL = "own goal"

KICKS = {"shootout_scored": True, "shootout_missed": False, "shootout_saved": False}
"""The kicks of a shoot-out by title: whether one adds to the tally."""

_PLAYER = Detail("player", "who")
_HOW = Detail(
    "how",
    "how it was scored; an own goal counts for the side that gains",
    choices=("open play", "header", "free kick", "penalty", OWN_GOAL),
)
_CARD = (
    Detail("player", "who is shown the card"),
    Detail("person", "what they are", choices=("player", "coach", "official")),
)
_KEEPER = Detail("keeper", "the goalkeeper facing it")

# Two goals can't be closer than a kick-off and a run up the field; reports of one goal differ by
# less. People write the whistle down late, so the windows of periods are wide.
_GOAL_WINDOW = 20.0
_WHISTLE_WINDOW = 90.0


@cache
def of(extra_time: bool, shootout: bool) -> tuple[Kind, ...]:
    """Return the kinds of a match in the order of the buttons.

    Args:
        extra_time: the rules provide for extra time.
        shootout: the rules provide for kicks from the penalty mark.
    """
    periods = PERIODS[:2] + (PERIODS[2:4] if extra_time else ()) + (PERIODS[4:] if shootout else ())
    period = Detail("period", "which part of the match", choices=periods, required=True)
    return _PLAY + (_SHOOTOUT if shootout else ()) + _whistles(period)


_PLAY = (
    Kind(
        "goal",
        "Goal",
        (_PLAYER, _HOW, Detail("assist", "who passed")),
        window=_GOAL_WINDOW,
        exclusive="goal",
    ),
    Kind("goal_disallowed", "Goal disallowed", window=60.0, relates_to="goal"),
    Kind("yellow_card", "Yellow card", _CARD, window=30.0, identity=("player",)),
    Kind("second_yellow", "Second yellow card", _CARD, window=30.0, identity=("player",)),
    Kind("red_card", "Red card", _CARD, window=30.0, identity=("player",)),
    Kind(
        "substitution",
        "Substitution",
        (Detail("off", "who goes off"), Detail("on", "who comes on")),
        window=60.0,
        identity=("off", "on"),
    ),
    Kind("penalty_saved", "Penalty saved", (_PLAYER, _KEEPER), window=20.0, exclusive="penalty"),
    Kind("penalty_missed", "Penalty missed", (_PLAYER,), window=20.0, exclusive="penalty"),
    Kind("save", "Save", (Detail("player", "the goalkeeper"),), window=10.0),
    Kind("corner", "Corner kick", (), window=15.0),
    Kind("offside", "Offside", (_PLAYER,), window=15.0),
    Kind("foul", "Foul", (Detail("player", "who fouled"),), window=10.0),
)

_SHOOTOUT = (
    Kind("shootout_scored", "Kick scored", (_PLAYER,), window=20.0, exclusive="kick"),
    Kind("shootout_saved", "Kick saved", (_PLAYER, _KEEPER), window=20.0, exclusive="kick"),
    Kind("shootout_missed", "Kick missed", (_PLAYER,), window=20.0, exclusive="kick"),
)


def _whistles(period: Detail) -> tuple[Kind, ...]:
    return (
        Kind(
            "period_start",
            "Play begins",
            (period,),
            needs_origin=False,
            window=_WHISTLE_WINDOW,
            identity=("period",),
        ),
        Kind(
            "period_end",
            "Play ends",
            (period,),
            needs_origin=False,
            window=_WHISTLE_WINDOW,
            identity=("period",),
        ),
        Kind("full_time", "Full time", (), needs_origin=False, window=_WHISTLE_WINDOW),
    )
