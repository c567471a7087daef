"""Strings of points become tennis matches."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports.convert import Given, check, convert

STARTS = 1_700_000_000_000_000
HOLD, BREAK = "SASS;", "RDRR;"
LOVE_SET = ((HOLD + BREAK) * 3)[:-1] + "."
# Six games each, then a tie-break: the turns of service are 1, 2, 2, 2 points.
TIEBREAK_SET = ((HOLD + HOLD) * 6)[:-1] + ";S/RR/SS/RR."


def test_a_match() -> None:
    """Games, sets and a tie-break come to the score; aces and double faults are details."""
    found = convert("points", LOVE_SET + TIEBREAK_SET, Given(starts=STARTS, origins=("Ann", "Bea")))
    assert check(found).headline == "Ann 6–0 7–6(0) Bea"
    assert check(found).forbidden == {}
    said = [(one.title, one.origin, dict(one.details)) for one in found.match.actions]
    assert said[:3] == [
        ("serve", "Ann", {}),
        ("point", "Ann", {}),
        ("point", "Ann", {"how": "ace"}),
    ]
    assert said[6] == ("point", "Ann", {"how": "double fault"})


CSV = (
    "pbp_id,date,server1,server2,pbp\n"
    f'1,28-Jul-11,Ann Ost,"Bea West",{LOVE_SET + LOVE_SET[:-1]}\n'
    f"2,28-Jul-11,Cia Nord,Dea Sued,{HOLD}\n"
)


def test_a_row_of_a_file() -> None:
    """A row is chosen by its players, who get their names; the day comes from the file."""
    found = convert("points", CSV, Given(which="ann"))
    assert check(found).headline == "Ann Ost 6–0 6–0 Bea West"
    assert found.match.starts == 1_311_811_200_000_000


@pytest.mark.parametrize(
    ("text", "rules", "sentence"),
    [
        ("SSX", {}, "the string, character 3: 'X' is not one of S, R, A, D and ; . /"),
        ("SS;", {}, "the string, character 3: a game ends here, but the score is"),
        (HOLD[:-1] + ".", {}, "the string, character 5: a set ends here, but the score is"),
        (LOVE_SET * 2 + "S", {}, "the string, character 61: a point after the match was over"),
        (CSV, {}, "2 matches; name one of Ann Ost–Bea West (line 2), Cia Nord–Dea Sued (line 3)"),
        (CSV + "3,a\n", {}, "line 4: 2 columns, the first line has 5"),
        (CSV + '3,"a\n', {}, "line 4: unexpected end of data"),
        ("pbp,server1\n", {}, "line 1: no column server2"),
        (HOLD, {"best_of": 4}, "best_of"),
    ],
)
def test_what_is_not_valid_is_named_by_its_place(
    text: str, rules: dict[str, object], sentence: str
) -> None:
    """A string that the rules contradict is refused at its character, a file at its line."""
    with pytest.raises(SettingError) as refused:
        convert("points", text, Given(starts=STARTS, rules=rules))
    assert sentence in refused.value.sentence


def test_the_rules_of_the_match() -> None:
    """With best of 5 a third set can follow two."""
    given = Given(starts=STARTS, rules={"best_of": 5})
    found = convert("points", LOVE_SET * 3, given)
    assert check(found).headline == "Server 6–0 6–0 6–0 Receiver"
