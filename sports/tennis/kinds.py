"""The actions of a tennis match, as reporters are offered them."""

from __future__ import annotations

from ..sport import Detail, Kind

HOW = (
    "ace",
    "service winner",
    "winner",
    "forced error",
    "unforced error",
    "error",
    "double fault",
    "penalty",
)
"""How a point was won; the last five are the loser's doing."""

_REASON = Detail("reason", "why, such as an injury")

KINDS: tuple[Kind, ...] = (
    Kind(
        title="point",
        text="Point",
        details=(Detail("how", "how it was won", choices=HOW),),
        # Play resumes no sooner than about 15 seconds after a point: half of that on either side.
        window=8.0,
        exclusive="point",
    ),
    Kind(
        title="serve",
        text="Serves first",
        details=(Detail("player", "which of the pair serves, in doubles"),),
        window=60.0,
        exclusive="serve",
    ),
    Kind("retire", "Retires", details=(_REASON,), window=120.0, exclusive="end"),
    Kind("default", "Defaulted", details=(_REASON,), window=120.0, exclusive="end"),
    Kind("walkover", "Does not play", details=(_REASON,), window=600.0, exclusive="end"),
)

BY_TITLE = {kind.title: kind for kind in KINDS}
