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


def _end(title: str, text: str, window: float, same: str = "") -> Kind:
    # A match is given up once.
    return Kind(
        title,
        text,
        details=(_REASON,),
        window=window,
        exclusive="end",
        same=same,
        least_apart=3_600.0,
        weight="decisive",
        ends=True,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        title="point",
        text="Point",
        details=(Detail("how", "how it was won", choices=HOW),),
        # Play resumes no sooner than about 15 seconds after a point: half of that on either side.
        window=8.0,
        exclusive="point",
        # After a point the balls are gathered: the quickest servers take 15 seconds.
        least_apart=12.0,
        weight="point",
        in_play=True,
    ),
    Kind(
        title="serve",
        text="Serves first",
        details=(Detail("player", "which of the pair serves, in doubles"),),
        window=60.0,
        exclusive="serve",
        # Once a set, and a set takes 24 points at the least.
        least_apart=300.0,
    ),
    Kind(
        title="penalty_game",
        text="Penalty game",
        details=(Detail("reason", "why the other side loses it"),),
        window=60.0,
        # Further games are lost by further delays.
        least_apart=20.0,
        weight="decisive",
        since=6,
    ),
    Kind(
        title="medical_time_out",
        text="Medical time-out",
        details=(Detail("player", "who"), Detail("reason", "what for")),
        window=90.0,
        # It lasts three minutes from when the treatment begins.
        least_apart=180.0,
        since=6,
    ),
    # From the stands it is hardly to be told whether the player or the umpire ended it.
    _end("retire", "Retires", 120.0, same="given up"),
    _end("default", "Defaulted", 120.0, same="given up"),
    _end("walkover", "Does not play", 600.0),
)

BY_TITLE = {kind.title: kind for kind in KINDS}
