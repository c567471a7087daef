"""The JSON Schema says what the reader checks of each key."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from touchline.protocol import limits
from touchline.protocol.errors import SettingError
from touchline.sports.custom import ACTIONS, define, read
from touchline.sports.custom.schema import schema

EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("**/*.toml"))
EXAMPLES = [path for path in EXAMPLES if path.name != "touchline.toml"]  # settings
SCHEMA = schema()
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)

FULL: dict[str, Any] = {
    "actions": [{"title": "a", "details": [{"name": "d"}]}, {"title": "b"}],
    "counters": [{"name": "c"}],
}
SETS: dict[str, Any] = FULL | {"win_at": 1, "sets": {"win_at": 1, "legs": {"win_at": 1}}}
PERIODS: dict[str, Any] = {
    "actions": [{"title": "a", "period": "begins"}],
    "periods": [{"text": "p", "minutes": 1}],
}

PLACES = {
    "definition": FULL,
    "action": FULL["actions"][0],
    "detail": FULL["actions"][0]["details"][0],
    "counter": FULL["counters"][0],
    "sets": SETS["sets"],
    "legs": SETS["sets"]["legs"],
    "period": PERIODS["periods"][0],
}

VALUES: tuple[object, ...] = (
    *(True, False, 0, 1, 7, -1, 0.05, 0.1, 3_600, 3_601, 1e9, 2e9, "", "x", "delete", "origin"),
    *("others", "x" * limits.NAME_CHARS, "x" * (limits.NAME_CHARS + 1), [], ["d"], [1], {}, [{}]),
    *([{"name": "d"}], [{"title": "t"}], [{"title": "t"}] * (ACTIONS + 1), None),
    [{"name": str(number)} for number in range(limits.DETAILS + 1)],
)

TOGETHER = (
    *("stands twice", "no detail", "need an origin", "has no choices", "say the same", "lead"),
    *("how many sets win", "nobody is out", "a clock needs minutes", "or no mercy", "has none"),
    *("no action begins one", "there are none", "of this action", "no counter"),
)
"""Words of refusals that are about several keys together."""


def accepted(raw: object) -> str:
    """Return why the reader refuses a definition; empty where it takes it."""
    try:
        define(raw)
    except SettingError as error:
        return error.sentence
    return ""


def with_key(place: str, key: str, value: object) -> dict[str, Any]:
    raw = deepcopy({"sets": SETS, "legs": SETS, "period": PERIODS}.get(place, FULL))
    table = {
        "definition": lambda: raw,
        "action": lambda: raw["actions"][0],
        "detail": lambda: raw["actions"][0]["details"][0],
        "counter": lambda: raw["counters"][0],
        "sets": lambda: raw["sets"],
        "legs": lambda: raw["sets"]["legs"],
        "period": lambda: raw["periods"][0],
    }[place]()
    table[key] = value
    return raw


def keys(place: str) -> list[str]:
    form: Any = SCHEMA
    way = {
        "definition": (),
        "action": ("actions", "items"),
        "detail": ("actions", "items", "details", "items"),
        "counter": ("counters", "items"),
        "sets": ("sets",),
        "legs": ("sets", "legs"),
        "period": ("periods", "items"),
    }[place]
    for step in way:
        form = form["items"] if step == "items" else form["properties"][step]
    return sorted(form["properties"])


@pytest.mark.parametrize("place", PLACES)
def test_the_keys_are_those_of_the_reader(place: str) -> None:
    """The schema has each key of the reader, and no other."""
    refusal = accepted(with_key(place, "?", 1))
    assert keys(place) == refusal.partition("there are ")[2].split(", ")
    assert not VALIDATOR.is_valid(with_key(place, "?", 1))


@pytest.mark.parametrize(
    ("place", "key"), [(place, key) for place in PLACES for key in keys(place)]
)
def test_each_value_is_judged_as_the_reader_does(place: str, key: str) -> None:
    """A value that one of the two takes the other takes, but for what several keys must be."""
    for value in VALUES:
        raw = with_key(place, key, value)
        refusal = accepted(raw)
        valid = VALIDATOR.is_valid(raw)
        if any(words in refusal for words in TOGETHER):
            continue
        assert valid == (not refusal), (key, value, refusal)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_valid(path: Path) -> None:
    """Each definition among the examples is valid under the schema."""
    assert VALIDATOR.is_valid(read(path.read_text("utf-8")))


@pytest.mark.parametrize("raw", [[], 5, {}, {"actions": []}, {"text": "x"}])
def test_what_is_no_definition(raw: object) -> None:
    """Without actions neither takes it."""
    assert accepted(raw)
    assert not VALIDATOR.is_valid(raw)
