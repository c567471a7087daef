"""Definitions of custom sports: what they may say, and what they are refused for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol.errors import SettingError
from touchline.sports import custom

EXAMPLES = Path(__file__).parents[4] / "examples"

SMALL = """
[[actions]]
title = "point"
points = 1
"""


def test_a_definition_survives_the_wire() -> None:
    """What `read` returns is plain: the same after MessagePack and JSON, and still accepted."""
    definition = custom.read((EXAMPLES / "quiz.toml").read_text())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(definition)) == definition
    assert msgspec.json.decode(msgspec.json.encode(definition)) == definition
    assert custom.define(definition).win_at == 10


def action_with(line: str) -> str:
    return SMALL + line


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("points = ", "not a TOML file: Invalid value (at end of document)"),
        ("", "definition.actions: no actions; write at least one [[actions]] table"),
        ("actions = 5", "definition.actions: 5 is not a list of tables"),
        ("actions = [5]", "actions[1]: 5 is not a table"),
        ("[[actions]]\npoints = 1", "actions[1].title: an action needs a title"),
        ("[[actions]]\ntitle = 3", "actions[1].title: 3 is not a text"),
        (SMALL * 2, "actions[2].title: 'point' stands twice"),
        ("[[actions]]\ntitle = 'a'\npoints = 'two'", "actions[1].points: 'two' is not a number"),
        ("[[actions]]\ntitle = 'a'\npoints = true", "actions[1].points: True is not a number"),
        ("[[actions]]\ntitle = 'a'\npoints = nan", "actions[1].points: nan is not a number"),
        (
            "[[actions]]\ntitle = 'a'\npoints = inf",
            "actions[1].points: inf is not from -1,000,000,000 to 1,000,000,000",
        ),
        (action_with("to = 'both'"), "actions[1].to: 'both' is not one of origin, others"),
        (action_with("window = 0"), "actions[1].window: 0 is not from 0.1 to 3,600.0"),
        (action_with("points_from = 'p'"), "actions[1].points_from: points are given already"),
        (
            "[[actions]]\ntitle = 'a'\npoints_from = 'p'\ndetails = [{name = 'p', number = true}]",
            "actions[1].points_from: no detail 'p' of this action that is a required number",
        ),
        (
            "[[actions]]\ntitle = 'a'\nout = 5\nneeds_origin = false",
            "actions[1].out: out need an origin, see needs_origin",
        ),
        (action_with("period = 'x'"), "actions[1].period: 'x' is not one of begins, ends"),
        (
            action_with("period = 'ends'"),
            "definition.periods: actions begin or end periods, and there are none",
        ),
        (
            "periods = [{text = 'a'}]" + SMALL,
            "definition.periods: no action begins one; see period",
        ),
        ("periods = [{}]" + SMALL, "periods[1].text: a period needs a text"),
        (
            "periods = [{text = 'a', minutes = -1}]" + SMALL,
            "periods[1].minutes: -1 is not from 0 to 1,440",
        ),
        (action_with("ends = 1"), "actions[1].ends: 1 is not true or false"),
        (action_with("identity = 'p'"), "actions[1].identity: 'p' is not a list of texts"),
        (action_with("identity = ['p']"), "actions[1].identity: no detail 'p' of this action"),
        (
            action_with("needs_origin = false"),
            "actions[1].points: points need an origin, see needs_origin",
        ),
        (action_with("details = [{}]"), "actions[1].details[1].name: a detail needs a name"),
        (
            action_with("details = [{name = 'p', nr = 1}]"),
            "actions[1].details[1]: no key 'nr'; there are choices, name, number, required, text",
        ),
        (
            action_with("details = [{name = 'p', number = true, choices = ['1']}]"),
            "actions[1].details[1].choices: a number has no choices",
        ),
        (
            action_with("details = [{name = 'p'}, {name = 'p'}]"),
            "actions[1].details: a name stands twice in p, p",
        ),
        (
            "win = 3" + SMALL,
            "definition: no key 'win'; there are actions, counters, mercy, {}, sets, {}".format(
                "mercy_periods, periods", "text, win_at, win_by"
            ),
        ),
        ("win_at = -1" + SMALL, "definition.win_at: -1 is not from 0 to 1,000,000,000"),
        ("win_by = 2" + SMALL, "definition.win_by: a lead wins nothing without win_at"),
        ("text = 1979-05-27" + SMALL, "definition.text: datetime.date(1979, 5, 27) is not a text"),
        (
            f"text = '{'x' * 201}'" + SMALL,
            "definition.text: 201 characters, at most 200 allowed",
        ),
        (
            "".join(f"[[actions]]\ntitle = 'a{n}'\n" for n in range(61)),
            "definition.actions: 61 of them, at most 60 allowed",
        ),
    ],
)
def test_definitions_that_cannot_be(text: str, sentence: str) -> None:
    """A definition that can't be is refused with the key and the reason."""
    with pytest.raises(SettingError) as refused:
        custom.read(text)
    assert refused.value.sentence == sentence


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(["title", "text", "points", "to", "ends", "details", "window", "identity"])


@given(
    _JSON
    | st.fixed_dictionaries(
        {"actions": st.lists(st.dictionaries(_KEYS, _JSON), max_size=2)},
        optional={"win_at": _JSON, "win_by": _JSON, "text": _JSON},
    )
)
def test_hostile_definitions(raw: object) -> None:
    """Whatever a definition from the network holds, it is accepted or refused in a sentence."""
    with contextlib.suppress(SettingError):
        assert custom.define(raw).kinds


@given(st.text())
def test_hostile_texts(text: str) -> None:
    """Whatever a file holds, reading it succeeds or raises a SettingError."""
    with contextlib.suppress(SettingError):
        assert custom.read(text)["actions"]
