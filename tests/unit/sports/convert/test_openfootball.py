"""Football.TXT becomes a match: goals, cards, line-ups, kicks, and lines that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.errors import SettingError
from touchline.protocol.times import to_rfc3339
from touchline.sports.convert import Given, check, convert

CUP = (Path(__file__).parent / "files" / "cup.txt").read_text("utf-8")


def test_a_match_with_everything() -> None:
    """A match with extra time, kicks, cards and nested substitutions comes to its result."""
    found = convert("openfootball", CUP, Given(which="lindau"))
    checked = check(found)
    match = found.match
    assert match.title == "Lindau–Porto Alto"
    assert to_rfc3339(match.starts) == "2024-05-05T16:00:00.000Z"
    assert match.rules == {"extra_time": True, "shootout": True}
    assert checked.headline == "Lindau 3–3 Porto Alto (5–4 pens)"
    assert not checked.differs(found)
    assert checked.forbidden == {}
    assert found.unknown == {"Referee": 1}
    assert match.lineups["Lindau"] == (
        *("Max Beck", "Ben Adler", "Ole Rahn", "Kai Timm", "Per Holm", "Jo Lang"),
    )
    said = [(one.title, one.origin, dict(one.details)) for one in match.actions]
    assert ("goal", "Porto Alto", {"player": "Ben Adler", "how": "own goal"}) in said
    assert ("goal", "Lindau", {"player": "Per Holm", "how": "penalty"}) in said
    assert ("second_yellow", "Lindau", {"player": "Ole Rahn"}) in said
    assert ("yellow_card", "Porto Alto", {"player": "Gil Reis"}) in said
    assert ("red_card", "Porto Alto", {"player": "Leo Paz"}) in said
    assert ("substitution", "Lindau", {"off": "Tim O'Rourke", "on": "Sid Noe"}) in said
    kicks = [(title, origin) for title, origin, _ in said if title.startswith("shootout")]
    assert kicks[:5] == [
        ("shootout_scored", "Lindau"),
        ("shootout_saved", "Porto Alto"),
        ("shootout_scored", "Lindau"),
        ("shootout_scored", "Porto Alto"),
        ("shootout_missed", "Lindau"),
    ]
    assert kicks[-1] == ("shootout_missed", "Porto Alto")


def test_goals_without_a_semicolon_are_of_the_side_that_scored() -> None:
    """Where only one side has goals, the list needs no semicolon; the season gives the year."""
    found = convert("openfootball", CUP, Given(which="Ulm"))
    assert to_rfc3339(found.match.starts) == "2023-08-19T13:30:00.000Z"
    assert check(found).headline == "Ulm 1–0 Konstanz"
    goal = next(one for one in found.match.actions if one.title == "goal")
    assert (goal.origin, dict(goal.details)) == ("Ulm", {"player": "Jan Ott"})
    assert goal.time - found.match.starts == (45 + 15 + 47) * 60_000_000 + 30_000_000


def test_goals_for_the_guests_alone() -> None:
    """A list without a semicolon in a 0-1 is of the guests."""
    text = "= Cup 2020\nJun 1\n A v B 0-1\n  Ann 5'\n"
    assert check(convert("openfootball", text, Given())).headline == "A 0–1 B"


def test_a_result_that_the_goals_do_not_lead_to_is_seen() -> None:
    """The stated result is compared with what the goals add up to."""
    text = "= Cup 2020\nJun 1\n A v B 2-1\n  (Ann 5'; Bea 7')\n"
    found = convert("openfootball", text, Given())
    assert found.result == {"goals": {"A": 2, "B": 1}}
    assert check(found).differs(found)


def test_other_names_for_the_sides() -> None:
    """Sides take the names that are given, in the result as well."""
    text = "= Cup 2020\nJun 1\n A v B 1-0\n  (Ann 5')\n"
    found = convert("openfootball", text, Given(origins=("Home", "Away"), title="Derby"))
    assert found.match.origins == ("Home", "Away")
    assert found.match.title == "Derby"
    assert not check(found).differs(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: no match in the file"),
        (
            CUP,
            "2 matches; name one of Ulm–Konstanz (line 8), Lindau–Porto Alto (line 11)",
        ),
        ("A v B 1-0", "the file does not say when the match starts; give it, such as"),
        ("Feb 30 2020\nA v B 1-0", "line 1: 'Feb 30 2020': day is out of range for month"),
        ("Jun 1 2020\n25:00 A v B 1-0", "line 2: '25:00' is not a time of day"),
        ("Jun 1 2020\nA v B 1-0\n (Ann 5'', x)", 'line 3: "\', x" is not valid'),
        ("Jun 1 2020\nA v B 1-0\n (5')", "line 3: minute 5 has no name"),
        ("Jun 1 2020\nA v B 1-0\n (Ann 121')", "line 3: minute 121 is not from 1 to 120"),
        (
            "Jun 1 2020\nA v B 1-1\n (Ann 5' Bea 6')",
            "line 3: a semicolon parts the goals of the two sides",
        ),
        ("Jun 1 2020\nA v B 1-1\n (Ann 5';;Bea 6')", "line 3: 2 semicolons, one parts the"),
        ("Jun 1 2020\nA v B 1-1\nA: Ann, %", "line 3: a line-up: ' %' is not valid"),
        ("Jun 1 2020\nA v B 1-1\nA: Ann) Bea", "line 3: a line-up: a bracket closes that never"),
        ("Jun 1 2020\nA v B 1-1\nPenalties: 1-0", "line 3: a kick: '1-0' is not valid"),
        ("x" * 2_001, "line 1: 2,001 characters, at most 2,000 allowed"),
    ],
)
def test_what_is_not_valid_is_named_by_its_line(text: str, sentence: str) -> None:
    """A file that can't be read is refused with the line and why."""
    with pytest.raises(SettingError) as refused:
        convert("openfootball", text, Given())
    assert refused.value.sentence.startswith(sentence)


def test_long_lines_of_any_kind_are_read_quickly() -> None:
    """A line at the bound that resembles everything at once takes no long search."""
    for piece in ("a v ", "1-0 ", "a - ", "(1', ", "a: ", "Jun ", "UTC+1 ", "; 1 "):
        text = "Jun 1 2020\nA v B 1-0\n" + (piece * 2_000)[:2_000]
        try:
            convert("openfootball", text, Given())
        except SettingError:
            continue
