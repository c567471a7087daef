"""The format of a definition as JSON Schema, for editors that complete and check TOML.

It says what the reader checks of each key by itself. What several keys must be together (a detail
that tells two actions apart must be one of the action's) only the reader says.
"""

from __future__ import annotations

from ...protocol import limits
from ..presentation import SHIPPED, SIGN, SIGNS
from ..sport import WORDS
from .definition import (
    ACTIONS,
    COUNTERS,
    LONGEST_TURN,
    LONGEST_WINDOW,
    MOST_MINUTES,
    MOST_POINTS,
    PERIODS,
)

Schema = dict[str, object]

_TEXT: Schema = {"type": "string", "maxLength": limits.NAME_CHARS}
_NAME: Schema = _TEXT | {"minLength": 1}


def _key(described: str, form: Schema, default: object = None) -> Schema:
    return {"description": described} | form | ({} if default is None else {"default": default})


def _number(least: float, most: float = MOST_POINTS) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _table(keys: dict[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": keys,
        "required": required,
        "additionalProperties": False,
    }


_FLAG: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}

_DETAIL = _table(
    {
        "name": _key("its key", _NAME),
        "text": _key("what it is, for people", _TEXT),
        "choices": _key("the values it may have", _TEXTS),
        "number": _key("a number instead of a text", _FLAG, False),
        "required": _key("the action means nothing without it", _FLAG, False),
    },
    ["name"],
)

_ACTION = _table(
    {
        "title": _key("the word on the wire", _NAME | {"not": {"enum": sorted(WORDS)}}),
        "text": _key("the words on the button", _TEXT),
        "icon": _key(
            f"its drawing ({', '.join(SHIPPED)}), a sign or up to {SIGNS} letters",
            {"type": "string", "anyOf": [{"enum": ["", *SHIPPED]}, {"pattern": f"^(?:{SIGN})$"}]},
        ),
        "points": _key("what it counts", _number(-MOST_POINTS), 0),
        "to": _key("who gets the points", {"enum": ["origin", "others"]}, "origin"),
        "points_from": _key("the detail whose number is what it counts", _TEXT),
        "period": _key("it begins or ends a period", {"enum": ["", "begins", "ends"]}),
        "out": _key("seconds for which its origin is one short", _number(0, LONGEST_WINDOW), 0),
        "freed": _key("a goal of the others ends that before", _FLAG, False),
        "clock": _key("it stops or starts the clock", {"enum": ["", "stops", "starts"]}),
        "counts": _key("the counters that count it", _TEXTS),
        "serves": _key("its origin serves, or has the ball, from then on", _FLAG, False),
        "ends": _key("the event is over with it", _FLAG, False),
        "loses": _key("its origin has lost, and the event is over", _FLAG, False),
        "needs_origin": _key("an origin must be named", _FLAG, True),
        "window": _key("seconds in which reports are of one", _number(0.1, LONGEST_WINDOW), 15),
        "exclusive": _key("of this group only one can have happened", _TEXT),
        "same": _key(
            "the word for its happening, shared with others",
            _TEXT | {"not": {"const": "delete"}},
        ),
        "weight": _key("what is at stake", {"enum": ["action", "point", "decisive"]}, "action"),
        "least_apart": _key("seconds between two", _number(0, LONGEST_WINDOW), 0),
        "identity": _key("details that tell two apart", _TEXTS),
        "details": _key(
            "what may be said about it",
            {"type": "array", "maxItems": limits.DETAILS, "items": _DETAIL},
        ),
    },
    ["title"],
)

_SPAN = _table(
    {
        "text": _key("its name for people", _NAME),
        "minutes": _key("how long it lasts", _number(0, MOST_MINUTES), 0),
        "clock": _key("how they are counted where the clock stops", {"enum": ["", "up", "down"]}),
    },
    ["text"],
)

_COUNTER = _table(
    {
        "name": _key("its key", _NAME),
        "text": _key("what it is, for people", _TEXT),
        "anew": _key("it begins at 0 in each period or set", _FLAG, False),
        "beside": _key("how it stands behind the points, around {}", _TEXT),
        "by": _key("shown in groups of so many", _whole(0, LONGEST_TURN), 0),
    },
    ["name"],
)


def _won(text: str) -> dict[str, Schema]:
    return {
        "text": _key("what one is called", _TEXT, text),
        "win_at": _key("points that win one", _number(1)),
        "win_by": _key("the lead that it takes", _number(0), 0),
        "cap": _key("points that win one with any lead", _number(1)),
        "last_at": _key("win_at of the last one", _number(1)),
        "last_cap": _key("cap of the last one", _number(1)),
    }


_LEGS = _table(_won("Leg"), ["win_at"])

_SETS = _table(
    {
        **_won("Set"),
        "serve": _key(
            "who serves: who won the last point, or each by turns",
            {"enum": ["", "winner", "turns"]},
        ),
        "turn": _key("points of a turn of service", _whole(1, LONGEST_TURN), 1),
        "legs": _LEGS | {"description": "what one is won of, where points do not do it"},
    },
    ["win_at"],
)


def schema() -> Schema:
    """Return the schema, in the draft of 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Touchline custom sport",
        **_table(
            {
                "text": _key("the name of the contest", _TEXT, "Custom"),
                "win_at": _key("an origin with so many points, or sets, wins", _number(0)),
                "win_by": _key("the lead that it takes", _number(0), 0),
                "mercy": _key("a lead that wins at once", _number(0), 0),
                "mercy_periods": _key("periods that are over before", _whole(0, PERIODS), 0),
                "counters": _key(
                    "what is counted besides points",
                    {"type": "array", "maxItems": COUNTERS, "items": _COUNTER},
                ),
                "sets": _SETS | {"description": "the sets, games or legs that win the match"},
                "periods": _key(
                    "the parts of play, in order",
                    {"type": "array", "maxItems": PERIODS, "items": _SPAN},
                ),
                "actions": _key(
                    "what can happen",
                    {"type": "array", "minItems": 1, "maxItems": ACTIONS, "items": _ACTION},
                ),
            },
            ["actions"],
        ),
    }
