"""CSV files become matches by a mapping."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports.convert import Given, check, convert

MAPPING = """
sport = "football"
origins = ["Lindau", "Ulm"]
starts = "2024-05-01T18:00:00Z"
delimiter = ";"
time = "Min"
unit = "minutes"
action = "Was"
origin = "Team"
[details]
player = "Wer"
period = "Teil"
[actions]
Tor = "goal"
Gelb = "yellow_card"
Anpfiff = "period_start"
[sides]
H = "Lindau"
G = "Ulm"
"""
ROWS = """Min;Was;Team;Wer;Teil
0;Anpfiff;;;first_half
12;Tor;H;"Holm; Per";
45+2;Tor;G;Ott;
46;Einwurf;G;;
50.5;Gelb;G;Ott;
51;Einwurf;H;;
"""


def test_rows_become_actions() -> None:
    """Words become actions, sides and details by the mapping; other words are counted."""
    found = convert("csv", ROWS, Given(mapping=MAPPING))
    said = [
        ((one.time - found.match.starts) / 60e6, one.title, one.origin, dict(one.details))
        for one in found.match.actions
    ]
    assert said == [
        (0, "period_start", "", {"period": "first_half"}),
        (12, "goal", "Lindau", {"player": "Holm; Per"}),
        (47, "goal", "Ulm", {"player": "Ott"}),
        (50.5, "yellow_card", "Ulm", {"player": "Ott"}),
    ]
    assert found.unknown == {"Einwurf": 2}
    assert check(found).headline == "Lindau 1–1 Ulm"


@pytest.mark.parametrize(
    ("mapping", "rows", "sentence"),
    [
        ("", ROWS, "a CSV file needs a mapping"),
        ("sport = ", ROWS, "mapping: Invalid value (at end of document)"),
        ("sport = 'football'", ROWS, "mapping: Object missing required field `time`"),
        (MAPPING + "X = 1", ROWS, "mapping: Expected `str`, got `int` - at `$.sides[...]`"),
        (MAPPING.replace('"minutes"', '"days"'), ROWS, "mapping: unit 'days' is not one of"),
        (MAPPING.replace('";"', '";;"'), ROWS, "mapping: delimiter ';;' is not one character"),
        (MAPPING.replace('"goal"', '"try"'), ROWS, "mapping: actions.Tor: no action 'try' in"),
        (MAPPING.replace('"Min"', '"Uhr"'), ROWS, "line 1: no column 'Uhr'; there are Min, Was"),
        (MAPPING, ROWS + "60;Tor\n", "line 8: 2 columns, the first line has 5"),
        (MAPPING, ROWS + "x;Tor;H;;\n", "line 8: 'x' is not a number of minutes"),
        (MAPPING, ROWS + "nan;Tor;H;;\n", "line 8: 'nan' is not a number of minutes"),
        (MAPPING, ROWS + "60;Tor;K;;\n", "line 8: no side 'K'; there are Lindau, Ulm"),
        (MAPPING.replace('"minutes"', '"time"'), ROWS, "line 2: '0' is not a time"),
    ],
)
def test_what_is_not_valid_is_named_by_its_place(mapping: str, rows: str, sentence: str) -> None:
    """A mapping is refused by its key, a row by its line."""
    with pytest.raises(SettingError) as refused:
        convert("csv", rows, Given(mapping=mapping))
    assert refused.value.sentence.startswith(sentence)
