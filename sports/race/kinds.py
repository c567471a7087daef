"""The actions of a race, as reporters are offered them."""

from __future__ import annotations

from ..sport import Detail, Kind

_TIME = Detail("time", "time since the start, as 9.58 (seconds), 12:34.5 or 2:03:15")

_ONCE = 3_600.0

KINDS: tuple[Kind, ...] = (
    # After a false start the runners walk back and are called to their marks again.
    Kind("start", "Start", needs_origin=False, window=30.0, least_apart=45.0, in_play=True),
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

BY_TITLE = {kind.title: kind for kind in KINDS}
