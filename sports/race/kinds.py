"""The actions of a race, as reporters are offered them."""

from __future__ import annotations

from ..sport import Detail, Kind

_TIME = Detail("time", "time since the start, as 9.58 (seconds), 12:34.5 or 2:03:15")

KINDS: tuple[Kind, ...] = (
    Kind("start", "Start", needs_origin=False, window=30.0),
    Kind(
        "split",
        "Passes",
        details=(Detail("at", "the point passed, such as 10 km", required=True), _TIME),
        window=60.0,
        identity=("at",),
    ),
    # A runner does so once: reports far apart are of the same finish.
    Kind("finish", "Finishes", details=(_TIME,), window=120.0),
    Kind("drop_out", "Drops out", details=(Detail("reason", "why, if known"),), window=600.0),
)

BY_TITLE = {kind.title: kind for kind in KINDS}
