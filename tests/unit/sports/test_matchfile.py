"""The project's own match format."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports import Action
from touchline.sports.matchfile import Match, read, write

MATCH = Match(
    title="Ännchen–Bo",
    sport="football",
    origins=("A", "B"),
    lineups={"A": ("Ann", "Amy"), "B": ()},
    rules={"shootout": True, "substitutions": 3},
    starts=1_671_375_600_000_000,
    actions=(
        Action("goal", "A", 1_671_375_601_250_000, {"player": "Ann\u2028Öst", "how": "penalty"}),
        Action("full_time", "", 1_671_381_000_000_000),
    ),
    note="seed 4",
)

HEAD = (
    '{"type":"match","title":"t","sport":"football",'
    '"starts":"2022-12-18T15:00:00Z","origins":["A","B"]}'
)


def test_what_is_written_is_read_again():
    """Everything of a match survives, odd characters included, a line each."""
    text = write(MATCH)
    assert read(text) == MATCH
    assert text.count("\n") == 3
    assert text.splitlines()[0].startswith('{"type":"match","title":"Ännchen–Bo"')


def test_the_format_is_as_documented():
    """Golden lines: field names and times do not change unnoticed."""
    match = Match("t", "football", ("A", "B"), starts=0, actions=(Action("goal", "A", 1_500_000),))
    assert write(match) == (
        '{"type":"match","title":"t","sport":"football",'
        '"starts":"1970-01-01T00:00:00.000Z","origins":["A","B"]}\n'
        '{"type":"action","time":"1970-01-01T00:00:01.500Z","title":"goal","origin":"A"}\n'
    )


def test_blank_lines_and_other_line_ends_are_read():
    """Files that went through another system still read."""
    assert read(f"\r\n{HEAD}\r\n\r\n").origins == ("A", "B")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "empty"),
        (f"{HEAD}\n{HEAD}", 2, "second match line"),
        ('{"type":"action","time":"2022-12-18T15:00:00Z","title":"goal"}', 1, "before"),
        (f"{HEAD}\n\n{{", 3, "truncated"),
        (f'{HEAD}\n{{"type":"action","time":"2022-12-18T15:00:00","title":"x"}}', 2, "time zone"),
        (f'{HEAD}\n{{"type":"action","time":"later","title":"goal"}}', 2, "later"),
        (f'{HEAD}\n{{"type":"action","time":5,"title":"goal"}}', 2, "time"),
        (f'{HEAD}\n{{"type":"action","title":"goal"}}', 2, "time"),
        (
            f'{HEAD}\n{{"type":"action","time":"2022-12-18T15:00:00Z","title":"goal","origin":"C"}}',
            2,
            "'C'",
        ),
        (f'{HEAD}\n{{"type":"goal"}}', 2, "goal"),
        (f'{HEAD[:-1]},"rule":1}}', 1, "rule"),
        (HEAD.replace('"B"', '"A"'), 1, "differ"),
        (f'{HEAD[:-1]},"lineups":{{"C":["Cy"]}}}}', 1, "'C'"),
        (f"{HEAD}\n" + "[" * 100_000, 2, ""),
    ],
)
def test_what_cannot_be_read_names_its_line(text, line, word):
    """The error says which line and what is wrong with it."""
    with pytest.raises(SettingError, match=rf"^line {line}: ") as caught:
        read(text)
    assert word in caught.value.sentence
