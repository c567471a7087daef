"""The actions of a volleyball match, as reporters are offered them."""

from __future__ import annotations

from ..sport import Detail, Kind

HOW = ("attack", "block", "ace", "opponent error", "service error", "penalty")
"""How a rally was won; the last three are the other side's doing."""

_PLAYER = Detail("player", "who")
_CARD = (
    Detail("player", "who is shown the card"),
    Detail("person", "what they are", choices=("player", "coach", "official")),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "point",
        "Point",
        (Detail("how", "how it was won", choices=HOW), Detail("player", "who won it")),
        # The next service follows within 8 seconds of the whistle (rule 12.4.4), and a rally after
        # it lasts some more.
        window=6.0,
        exclusive="point",
    ),
    Kind("serve", "Serves first", window=60.0, exclusive="serve"),
    Kind(
        "substitution",
        "Substitution",
        (Detail("off", "who goes off"), Detail("on", "who comes on")),
        window=30.0,
        identity=("off", "on"),
    ),
    # Two time-outs of a side can follow each other (rule 15.2), 30 seconds apart.
    Kind("time_out", "Time-out", window=20.0),
    Kind("yellow_card", "Yellow card", _CARD, window=30.0, identity=("player",)),
    Kind("red_card", "Red card", _CARD, window=30.0, identity=("player",)),
    Kind(
        "forfeit",
        "Forfeits",
        (Detail("reason", "why, such as too few players"),),
        window=120.0,
        exclusive="end",
    ),
)

BY_TITLE = {kind.title: kind for kind in KINDS}
