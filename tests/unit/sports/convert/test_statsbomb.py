"""Events of StatsBomb become a match."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports.convert import Given, check, convert

TEXT = (Path(__file__).parent / "files" / "events.json").read_text("utf-8")
STARTS = 1_700_000_000_000_000
GIVEN = Given(starts=STARTS)


def test_every_kind() -> None:
    """Each kind of event that an action says becomes one, at its time; others are counted."""
    found = convert("statsbomb", TEXT, GIVEN)
    said = [
        (one.title, one.origin, (one.time - STARTS) / 1e6, dict(one.details))
        for one in found.match.actions
        if not one.title.startswith("period")
    ]
    second = 2770.0 + 900.0
    kicks = second + 2880.0 + 300.0
    assert said == [
        (
            *("goal", "Lindau", 720.25),
            {"player": "Per Holm", "how": "header", "assist": "Max Beck"},
        ),
        ("foul", "Ulm", 1200.0, {"player": "Jan Ott"}),
        ("yellow_card", "Ulm", 1201.0, {"player": "Jan Ott"}),
        ("corner", "Lindau", 1500.0, {}),
        ("shot", "Lindau", 1502.0, {"player": "Per Holm", "result": "blocked"}),
        (
            *("substitution", "Ulm", second + 300),
            {"off": "Jan Ott", "on": "Ari Sund", "reason": "tactical"},
        ),
        ("goal", "Ulm", second + 600, {"player": "Max Beck", "how": "own goal"}),
        ("penalty_saved", "Ulm", second + 1800, {"player": "Ari Sund"}),
        ("save", "Lindau", second + 1860, {"player": "Max Beck"}),
        ("red_card", "Ulm", second + 2401, {"player": "Ari Sund"}),
        ("offside", "Lindau", second + 2460, {"player": "Per Holm"}),
        ("shootout_scored", "Lindau", kicks + 60, {"player": "Per Holm"}),
        ("shootout_missed", "Ulm", kicks + 120, {"player": "Jan Ott"}),
    ]
    assert found.unknown == {"Pass": 1}
    assert found.match.rules == {"shootout": True}
    checked = check(found)
    assert checked.headline == "Lindau 1–1 Ulm (1–0 pens)"
    assert checked.forbidden == {}


def changed(number: int, **fields: Any) -> str:
    events = json.loads(TEXT)
    events[number] |= fields
    return json.dumps(events)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[\n\n}", "line 3, column 1: JSON is malformed: invalid character"),
        ("[1]", "not in this format: Expected `object`, got `int` - at `$[0]`"),
        ("[]", "events of 0 teams, 2 play"),
        (changed(3, period=6), "$[3].period: 6 is not from 1 to 5"),
        (changed(4, timestamp="12'"), '$[4].timestamp: "12\'" is not a time within a period'),
        (changed(4, timestamp="00:nan:1"), "$[4].timestamp: '00:nan:1' is not a time within"),
        (changed(4, shot={}), "not in this format: Object missing required field `outcome` - at"),
        ('[{"x":' + "[" * 100_000, "not in this format: nested too deep"),
    ],
)
def test_what_is_not_valid_is_named_by_its_place(text: str, sentence: str) -> None:
    """A file that can't be read is refused with the place and why."""
    with pytest.raises(SettingError) as refused:
        convert("statsbomb", text, GIVEN)
    assert refused.value.sentence.startswith(sentence)


def test_a_start_is_needed() -> None:
    """The file has no date: it has to be given."""
    with pytest.raises(SettingError, match="does not say when the match starts"):
        convert("statsbomb", TEXT, Given())


def test_a_foul_in_the_box() -> None:
    """A penalty that is awarded is one of the side that was fouled."""
    events = json.loads(TEXT)
    at = next(n for n, one in enumerate(events) if one["type"]["name"] == "Foul Committed")
    won = {**events[at], "type": {"name": "Foul Won"}, "team": {"name": "Lindau"}}
    del won["foul_committed"]
    for penalty in (True, False):
        events.insert(at + 1, won | {"foul_won": {"penalty": penalty}})
    found = convert("statsbomb", json.dumps(events), GIVEN)
    assert [one.origin for one in found.match.actions if one.title == "penalty"] == ["Lindau"]
    assert found.unknown == {"Pass": 1, "Foul Won": 1}
