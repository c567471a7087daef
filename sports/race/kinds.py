"""The actions of a race, as reporters are offered them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..sport import Detail, Kind

_TIME = Detail("time", "time since the start, as 9.58 (seconds), 12:34.5 or 2:03:15")

_ONCE = 3_600.0

_HEAT = Detail("heat", "which heat", since=7)

KINDS: tuple[Kind, ...] = (
    # After a false start the runners walk back and are called to their marks again.
    Kind(
        "start",
        "Start",
        details=(_HEAT,),
        needs_origin=False,
        window=30.0,
        identity=("heat",),
        least_apart=45.0,
        in_play=True,
    ),
    Kind(
        "split",
        "Passes",
        details=(Detail("at", "the point passed, such as 10 km", required=True), _TIME),
        window=60.0,
        identity=("at",),
        # Where the point is one of a track, it is passed again after a lap: 400 m take 43 seconds.
        least_apart=40.0,
        in_play=True,
    ),
    Kind(
        "lap",
        "Completes a lap",
        details=(_TIME,),
        window=15.0,
        # The quickest laps of a sport against the clock, of short-track skaters, take 8 seconds.
        least_apart=8.0,
        in_play=True,
    ),
    # A runner does so once: reports far apart are of the same finish.
    Kind(
        "finish",
        "Finishes",
        details=(_TIME,),
        window=120.0,
        least_apart=_ONCE,
        weight="decisive",
        in_play=True,
    ),
    Kind(
        "drop_out",
        "Drops out",
        details=(Detail("reason", "why, if known"),),
        window=600.0,
        least_apart=_ONCE,
    ),
    Kind(
        "time_penalty",
        "Time penalty",
        details=(
            Detail("seconds", "how many are added to the time", number=True, required=True),
            Detail("reason", "why"),
        ),
        window=120.0,
        least_apart=5.0,
        since=6,
    ),
    # The referee orders it, minutes after the finish.
    Kind(
        "run_again",
        "Is run again",
        details=(_HEAT, Detail("reason", "why, such as an obstruction")),
        needs_origin=False,
        window=300.0,
        identity=("heat",),
        least_apart=45.0,
        weight="decisive",
        since=7,
    ),
    # Decided after protests, long after the finish.
    Kind(
        "disqualify",
        "Disqualified",
        details=(Detail("reason", "why, such as a false start"),),
        window=1_800.0,
        least_apart=_ONCE,
        weight="decisive",
        since=1,
    ),
)

_HEATED = frozenset(kind.title for kind in KINDS if _HEAT in kind.details)


def of(laps: object, heats: Iterable[str]) -> tuple[Kind, ...]:
    """Return the actions of a race.

    Args:
        laps: as the rules have it: without any no lap is completed.
        heats: their names; none where all run together.
    """
    heat = replace(_HEAT, choices=tuple(heats))
    kinds = []
    for kind in KINDS:
        if kind.title == "lap" and not laps:
            continue
        if kind.title in _HEATED:
            others = tuple(one for one in kind.details if one != _HEAT)
            details = (heat, *others) if heat.choices else others
            identity = ("heat",) if heat.choices else ()
            kinds.append(replace(kind, details=details, identity=identity))
        else:
            kinds.append(kind)
    return tuple(kinds)


BY_TITLE = {kind.title: kind for kind in KINDS}
