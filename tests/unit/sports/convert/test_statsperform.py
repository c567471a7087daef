"""Events of Stats Perform become a match."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from touchline.protocol.errors import SettingError
from touchline.protocol.times import to_rfc3339
from touchline.sports.convert import Given, check, convert

TEXT = (Path(__file__).parent / "files" / "ma3.json").read_text("utf-8")


def test_every_kind() -> None:
    """Each kind of event that an action says becomes one, at its time; others are counted."""
    found = convert("statsperform", TEXT, Given())
    match = found.match
    assert (match.title, match.origins) == ("Lindau vs Ulm", ("Lindau", "Ulm"))
    said = [
        (to_rfc3339(one.time)[11:19], one.title, one.origin, dict(one.details))
        for one in match.actions
    ]
    assert said == [
        ("16:01:00", "period_start", "", {"period": "first_half"}),
        (
            *("16:06:10", "goal", "Lindau"),
            {"player": "P. Holm", "how": "header", "assist": "M. Beck"},
        ),
        ("16:08:00", "foul", "Ulm", {"player": "J. Ott"}),
        ("16:08:20", "yellow_card", "Ulm", {"player": "J. Ott"}),
        ("16:10:00", "corner", "Lindau", {}),
        ("16:21:00", "goal", "Ulm", {"player": "M. Beck", "how": "own goal"}),
        ("16:47:00", "period_end", "", {"period": "first_half"}),
        ("17:03:00", "period_start", "", {"period": "second_half"}),
        ("17:08:00", "substitution", "Ulm", {"off": "J. Ott", "on": "A. Sund"}),
        ("17:18:00", "penalty_saved", "Ulm", {"player": "A. Sund"}),
        ("17:18:01", "save", "Lindau", {"player": "M. Beck"}),
        ("17:19:00", "offside", "Ulm", {}),
        ("17:38:00", "red_card", "Ulm", {"person": "official"}),
        ("17:51:00", "period_end", "", {"period": "second_half"}),
        ("17:58:00", "shootout_scored", "Ulm", {"player": "A. Sund"}),
        ("17:59:00", "shootout_missed", "Lindau", {"player": "P. Holm"}),
    ]
    assert found.unknown == {"1 (pass)": 1, "16 (goal not given)": 1, "77": 1}
    checked = check(found)
    assert checked.headline == "Lindau 1–1 Ulm (0–1 pens)"
    assert checked.forbidden == {}


def changed(number: int, **fields: Any) -> str:
    feed = json.loads(TEXT)
    feed["liveData"]["event"][number] |= fields
    return json.dumps(feed)


def test_a_foul_in_the_box_and_why_somebody_goes_off() -> None:
    """A foul that leads to a penalty is told of the side that was fouled; a substitution has its
    reason."""
    box = changed(15, typeId=4, outcome=1, qualifier=[{"qualifierId": 9}])
    found = convert("statsperform", box, Given())
    assert [
        (one.origin, dict(one.details)) for one in found.match.actions if one.title == "penalty"
    ] == [("Ulm", {"player": "A. Sund"})]
    events = json.loads(TEXT)["liveData"]["event"]
    off = next(n for n, one in enumerate(events) if one["typeId"] == 18)
    hurt = changed(off, qualifier=[{"qualifierId": 41}])
    (change,) = (
        one
        for one in convert("statsperform", hurt, Given()).match.actions
        if one.title == "substitution"
    )
    assert change.details["reason"] == "injury"


@pytest.mark.parametrize(
    ("number", "qualifiers", "result"),
    [(13, [], "off target"), (14, [], "post"), (15, [], "on target"), (15, [82], "blocked")],
)
def test_where_a_shot_went(number: int, qualifiers: list[int], result: str) -> None:
    """Misses, the post, attempts that were saved or blocked are shots."""
    text = changed(15, typeId=number, qualifier=[{"qualifierId": one} for one in qualifiers])
    shots = [
        one for one in convert("statsperform", text, Given()).match.actions if one.title == "shot"
    ]
    assert [dict(one.details) for one in shots] == [{"player": "A. Sund", "result": result}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not JSON: Input data was truncated"),
        ("{}", "not in this format: Object missing required field `matchInfo`"),
        (
            TEXT.replace('"eventId":5,"typeId":16', '"eventId":5,"typeId":"goal"'),
            "not in this format: Expected `int`, got `str` - at `$.liveData.event[4].typeId`",
        ),
        (changed(4, timeStamp="5'"), '$.liveData.event[4].timeStamp: "5\'Z" is not a time'),
        (changed(4, contestantId="x"), "$.liveData.event[4].contestantId: 'x' does not play"),
        (
            TEXT.replace('{"id":"u","name":"Ulm","position":"away"},', ""),
            "$.matchInfo.contestant: 1 of them, 2 play",
        ),
    ],
)
def test_what_is_not_valid_is_named_by_its_place(text: str, sentence: str) -> None:
    """A file that can't be read is refused with the place and why."""
    with pytest.raises(SettingError) as refused:
        convert("statsperform", text, Given())
    assert refused.value.sentence.startswith(sentence)
