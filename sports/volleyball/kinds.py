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


def _card(title: str, text: str) -> Kind:
    # A warning and a penalty are one sanction of one misconduct, of whichever colour. The referee
    # calls the captain over before there is another.
    return Kind(title, text, _CARD, window=30.0, identity=("player",), same="card", least_apart=8.0)


KINDS: tuple[Kind, ...] = (
    Kind(
        "point",
        "Point",
        (Detail("how", "how it was won", choices=HOW), Detail("player", "who won it")),
        # The next service follows within 8 seconds of the whistle (rule 12.4.4), and a rally after
        # it lasts some more.
        window=6.0,
        exclusive="point",
        # A whistle, the service, and an ace at once.
        least_apart=8.0,
        weight="point",
        in_play=True,
    ),
    # Before the first and the deciding set; a set takes 15 rallies at the least.
    Kind("serve", "Serves first", window=60.0, exclusive="serve", least_apart=180.0),
    Kind(
        "substitution",
        "Substitution",
        (Detail("off", "who goes off"), Detail("on", "who comes on")),
        window=30.0,
        identity=("off", "on"),
        # Several may be asked for at once and are carried out one after the other (rule 15.10.4).
        least_apart=3.0,
    ),
    # Two time-outs of a side can follow each other (rule 15.2), 30 seconds apart.
    Kind("time_out", "Time-out", window=20.0, least_apart=30.0),
    _card("yellow_card", "Yellow card"),
    _card("red_card", "Red card"),
    Kind(
        "forfeit",
        "Forfeits",
        (Detail("reason", "why, such as too few players"),),
        window=120.0,
        exclusive="end",
        least_apart=3_600.0,  # a match is forfeited once
        ends=True,
    ),
)

BY_TITLE = {kind.title: kind for kind in KINDS}
