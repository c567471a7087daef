"""The actions of a football match, as reporters are offered them."""

from __future__ import annotations

from functools import cache

from ..sport import Detail, Kind, Weight

PERIODS = ("first_half", "second_half", "extra_first", "extra_second", "shootout")
"""The periods of play in order, as the detail `period` names them."""

OWN_GOAL = "own goal"

CONCUSSION = "concussion"
"""The reason of a substitution that is counted apart."""

OFFICIALS = frozenset({"coach", "official"})
"""Values of the detail `person` of those who never play."""

KICKS = {"shootout_scored": True, "shootout_missed": False, "shootout_saved": False}
"""The kicks of a shoot-out by title: whether one adds to the tally."""

REVIEWED = {
    "goal": 0,
    "goal_disallowed": 0,
    "penalty": 7,
    "penalty_missed": 0,
    "penalty_saved": 0,
    "red_card": 0,
}
"""What the video assistant referee may review, each with the edition of the rules since which it is
known."""

_PLAYER = Detail("player", "who")
_HOW = Detail(
    "how",
    "how it was scored; an own goal counts for the side that gains",
    choices=("open play", "header", "free kick", "penalty", OWN_GOAL),
)
_CARD = (
    Detail("player", "who is shown the card"),
    Detail(
        "person",
        "what they are",
        choices=("player", "substitute", "coach", "official"),
        choices_since={"substitute": 6},
    ),
)
_KEEPER = Detail("keeper", "the goalkeeper facing it")

# Two goals can't be closer than a kick-off and a run up the field; reports of one goal differ by
# less. People write the whistle down late, so the windows of periods are wide.
_GOAL_WINDOW = 20.0
_WHISTLE_WINDOW = 90.0

# After a goal the players go back, the other side kicks off (Law 8) and the ball has to be won: the
# quickest second goals of one side on record came after some 50 seconds.
_GOALS_APART = 50.0

# The referee cautions one player after the other and writes each down.
_CARDS_APART = 8.0

# A caution and the sending-off that it leads to are one happening, shown with two cards.
_CARDS = "card"

VAR_SECONDS = 300.0
"""A goal is taken back before play goes on for long: by the flag at once, after a look at the
screen in three minutes on average and hardly ever in more than five."""

KICKS_APART = 30.0
"""Seconds; between two kicks of one side the other takes one (Law 10), and each walks up."""

KICKS_WITHIN = 120.0
"""Seconds; the next kick follows within this time, even after a look at the screen."""


# A period begins once, and no two are shorter together than this.
_ONCE = 600.0

# The whistle that ends the last period is the full-time whistle.
_LAST_WHISTLE = "whistle"


# Awarded, missed, or retaken: each takes a walk of the referee and a new run-up.
_PENALTIES_APART = 30.0


def _card(title: str, text: str, weight: Weight = "action") -> Kind:
    return Kind(
        title,
        text,
        _CARD,
        window=30.0,
        identity=("player",),
        same=_CARDS,
        least_apart=_CARDS_APART,
        most=_MOST_CARDS,
        most_a_minute=_MOST_CARDS,
        weight=weight,
    )


def _penalty(title: str, text: str, *more: Detail) -> Kind:
    # Whether the goalkeeper touched the ball is not what decides.
    return Kind(
        title,
        text,
        (_PLAYER, *more),
        window=20.0,
        exclusive="penalty",
        same="penalty",
        least_apart=_PENALTIES_APART,
        in_play=True,
    )


def _kick(title: str, text: str, *more: Detail, same: str = "") -> Kind:
    return Kind(
        title,
        text,
        (_PLAYER, *more),
        window=20.0,
        exclusive="kick",
        same=same,
        least_apart=KICKS_APART,
        weight="decisive",
        in_play=True,
    )


_MOST_GOALS = 200
"""The most of a match were 149, of which all were own goals in protest."""

_MOST_A_MINUTE = 6

_MOST_CARDS = 120
"""More than there are people on two team sheets; all of them may be shown after one brawl."""


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
        least_apart=_GOALS_APART,
        most=_MOST_GOALS,
        most_a_minute=_MOST_A_MINUTE,
        weight="decisive",
        in_play=True,
    ),
    Kind(
        "goal_disallowed",
        "Goal disallowed",
        window=60.0,
        relates_to="goal",
        relates_within=VAR_SECONDS,
        same="delete",
        least_apart=_GOALS_APART,
        most=_MOST_GOALS,
        most_a_minute=_MOST_A_MINUTE,
    ),
    _card("yellow_card", "Yellow card"),
    _card("second_yellow", "Second yellow card", weight="decisive"),
    _card("red_card", "Red card", weight="decisive"),
    Kind(
        "substitution",
        "Substitution",
        (
            Detail("off", "who goes off"),
            Detail("on", "who comes on"),
            Detail("reason", "why", choices=("tactical", "injury", CONCUSSION), since=6),
        ),
        window=60.0,
        identity=("off", "on"),
        # Several are often made in one stoppage, each with its own board.
        least_apart=5.0,
    ),
    Kind(
        "penalty",
        "Penalty awarded",
        (
            Detail("player", "who was fouled"),
            Detail("reason", "what for", choices=("foul", "handball")),
        ),
        window=30.0,
        least_apart=_PENALTIES_APART,
        in_play=True,
        since=6,
    ),
    Kind(
        "penalty_cancelled",
        "Penalty cancelled",
        window=60.0,
        relates_to="penalty",
        relates_within=VAR_SECONDS,
        least_apart=_PENALTIES_APART,
        since=6,
    ),
    Kind(
        "penalty_retaken",
        "Penalty retaken",
        (
            Detail(
                "reason",
                "why",
                choices=("goalkeeper off the line", "encroachment", "another reason"),
            ),
        ),
        window=30.0,
        least_apart=_PENALTIES_APART,
        since=6,
    ),
    _penalty("penalty_saved", "Penalty saved", _KEEPER),
    _penalty("penalty_missed", "Penalty missed"),
    # A rebound is saved within a second or two.
    Kind(
        "save",
        "Save",
        (Detail("player", "the goalkeeper"),),
        window=10.0,
        least_apart=1.5,
        in_play=True,
    ),
    # The goals are not among them. Blocked, the ball comes back to be shot once more.
    Kind(
        "shot",
        "Shot",
        (
            _PLAYER,
            Detail(
                "result",
                "where it went",
                choices=("on target", "off target", "blocked", "post"),
            ),
        ),
        window=8.0,
        least_apart=1.5,
        in_play=True,
        since=6,
    ),
    # The ball has to be fetched and placed, and then goes out again.
    Kind("corner", "Corner kick", (), window=15.0, least_apart=8.0, in_play=True),
    Kind("offside", "Offside", (_PLAYER,), window=15.0, least_apart=10.0, in_play=True),
    Kind(
        "foul",
        "Foul",
        (Detail("player", "who fouled"),),
        window=10.0,
        least_apart=4.0,
        in_play=True,
    ),
)

_SHOOTOUT = (
    _kick("shootout_scored", "Kick scored"),
    _kick("shootout_saved", "Kick saved", _KEEPER, same="kick"),
    _kick("shootout_missed", "Kick missed", same="kick"),
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
            least_apart=_ONCE,
            in_play=True,
        ),
        # Of as many votes the more cautious counts, that a period is over.
        Kind(
            "full_time",
            "Full time",
            (),
            needs_origin=False,
            window=_WHISTLE_WINDOW,
            identity=("period",),
            same=_LAST_WHISTLE,
            same_since=11,
            # Full time of the match, and again after extra time or the kicks.
            least_apart=_ONCE,
            ends=True,
        ),
        Kind(
            "period_end",
            "Play ends",
            (period,),
            needs_origin=False,
            window=_WHISTLE_WINDOW,
            identity=("period",),
            same=_LAST_WHISTLE,
            same_since=11,
            least_apart=_ONCE,
            ends=True,
        ),
        Kind(
            "added_time",
            "Added time",
            (Detail("minutes", "how many are added at least", number=True, required=True),),
            needs_origin=False,
            window=_WHISTLE_WINDOW,
            least_apart=_ONCE,
            since=6,
        ),
    )


IN_PLAY = frozenset(kind.title for kind in of(True, True) if kind.in_play)
"""The titles of what happens only while play goes on."""
