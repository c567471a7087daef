"""A definition's file checked for its author: places of mistakes, hostile files, lists played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from touchline.protocol.errors import SettingError
from touchline.sports.custom import CUSTOM, checking, define, read

EXAMPLES = Path(__file__).parents[4] / "examples"

FILE = """text = "Game"
win_at = 10

[[actions]]
title = "point"
points = 1

[[actions]]
title = "foul"
details = [
    { name = "player" },
    { name = "kind", choices = ["a"] },
]

[[actions]]
title = "gift"

[[actions.details]]
name = "who"

[[actions.details]]
name = "why"
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("win_at = 10", "win_at = ", "line 2, column 10: not a TOML file: Invalid value"),
        ("win_at = 10", "win_at = '10'", "line 2, column 1: definition.win_at: '10' is not"),
        ("win_at = 10", "win = 10", "line 2, column 1: definition: no key 'win'; there are"),
        ("win_at = 10", "win_by = 10", "line 2, column 1: definition.win_by: a lead wins nothing"),
        (
            "points = 1",
            "icon = 'wistle'",
            "line 6, column 1: actions[1].icon: 'wistle' is not one of",
        ),
        ("points = 1", "points = 'a'", "line 6, column 1: actions[1].points: 'a' is not a number"),
        ('title = "foul"', "", "line 8, column 1: actions[2].title: an action needs a title"),
        ('title = "foul"', "title = 'point'", "line 9, column 1: actions[2].title: 'point' stands"),
        ('name = "kind"', "nam = 'x'", "line 12, column 7: actions[2].details[2]: no key 'nam'"),
        ('["a"]', "5", "line 12, column 22: actions[2].details[2].choices: 5 is not a list"),
        ('name = "why"', "name = 1", "line 22, column 1: actions[3].details[2].name: 1 is not a"),
        ('"why"', '"why"\nx = 1', "line 23, column 1: actions[3].details[2]: no key 'x'; there"),
    ],
)
def test_a_mistake_is_named_by_its_line_and_column(old: str, new: str, sentence: str) -> None:
    """What is wrong is told with its place in the file, in tables of either way of writing."""
    assert old in FILE
    with pytest.raises(SettingError) as refused:
        checking.check(FILE.replace(old, new))
    assert refused.value.sentence.startswith(sentence)


def test_a_good_file_is_what_the_reader_says() -> None:
    """A file without a mistake gives its definition."""
    assert checking.check(FILE) == read(FILE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = " + "[" * 1_900, "line 1, column 1: not a TOML file"),
        ("x = " + "[\n" * 20_000, "line 1, column 1: not a TOML file"),
        ("x = " + "[" * 40 + "]" * 40, "line 1, column 1: definition: tables nested more than 16"),
        (("a." * 900 + "b = 1\n"), "line 1, column 1: definition: tables nested more than 16"),
        ("a." * 30_000 + "b = 1", "line 1, column 2001: 60,005 characters, at most 2,000"),
        ("#" * 70_000, "line 1, column 1: a file of 70,000 bytes, at most 65,536 allowed"),
        ("[[actions]]\ntitle='a'\n" * 61, "line 1, column 1: definition.actions: 61 of them"),
    ],
)
def test_a_hostile_file_is_refused(text: str, sentence: str) -> None:
    """What is nested deep, wide or huge is refused by a bound, before anything grows with it."""
    with pytest.raises(SettingError) as refused:
        checking.check(text)
    assert refused.value.sentence.startswith(sentence)


def test_a_definition_in_a_circle_is_refused() -> None:
    """A definition that holds itself is refused; TOML has no such thing, a program may."""
    circle: dict[str, object] = {"actions": []}
    circle["actions"] = [circle, circle]
    with pytest.raises(SettingError, match="nested more than 16 deep"):
        define(circle)


def test_a_list_is_played() -> None:
    """Each line is applied, with its origin and details, and numbers are numbers."""
    definition = read((EXAMPLES / "quiz.toml").read_text("utf-8"))
    text = "# an evening\nright Owls question=1\n\nwrong 'The Cats' question=1\n"
    played = [*checking.play(CUSTOM, definition, text)]
    assert [(line, CUSTOM.headline(state)) for line, _, state in played] == [
        (2, "Owls 1–0 The Cats"),
        (4, "Owls 1 – −1 The Cats"),
    ]
    assert played[0][1].details == {"question": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("right Owls\nleft Owls", "line 2: no action 'left'; there are right"),
        ("right Owls question=x", "line 1: 'x' is not a number"),
        ("right Owls Cats", "line 1: two origins, 'Owls' and 'Cats'"),
        ("right 'Owls", "line 1: No closing quotation"),
        ("last_orders\nright Owls", "line 2: the event is over"),
    ],
)
def test_a_line_that_cannot_be_is_named(text: str, sentence: str) -> None:
    """A list stops at the line that is not valid or not legal."""
    definition = read((EXAMPLES / "quiz.toml").read_text("utf-8"))
    with pytest.raises(SettingError) as refused:
        [*checking.play(CUSTOM, definition, text)]
    assert refused.value.sentence.startswith(sentence)


SETS = """text = "Game"
win_at = 2

[sets]
win_at = 21
cap = 30

[sets.legs]
win_at = 5

[[counters]]
name = "fouls"
by = 6

[[actions]]
title = "point"
points = 1
counts = ["fouls"]
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("cap = 30", "cap = 10", "line 6, column 1: sets.cap: 10 is not from 21"),
        ("win_at = 5", "win_at = 0", "line 9, column 1: sets.legs.win_at: 0 is not from"),
        ("win_at = 5", "win_at = 5\nwon = 5", "line 10, column 1: sets.legs: no key 'won'"),
        ("by = 6", "by = 600", "line 13, column 1: counters[1].by: 600 is not from 0 to 100"),
        (
            'counts = ["fouls"]',
            'counts = ["x"]',
            "line 18, column 1: actions[1].counts: no counter",
        ),
        ('title = "point"', 'title = "undo"', "line 16, column 1: actions[1].title: 'undo' is no"),
    ],
)
def test_mistakes_of_tables(old: str, new: str, sentence: str) -> None:
    """What is wrong in a table of sets, legs or counters is told with its own place."""
    assert old in SETS
    with pytest.raises(SettingError) as refused:
        checking.check(SETS.replace(old, new))
    assert refused.value.sentence.startswith(sentence)


def test_a_mark_of_utf_8_at_the_beginning() -> None:
    """Some editors put one there: the file is as good as without it."""
    assert checking.check("\ufeff" + SETS) == checking.check(SETS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # Keys and tables that there are not, also where a key that has to be there is missing then.
        ('[[actions]]\ntitel = "a"\n', "line 2, column 1: actions[1]: no key 'titel'"),
        ('[[actions]]\ntitle = "a"\n[teams]\n', "line 3, column 1: definition: no key 'teams'"),
        ('[[actions]]\ntitle = "a"\n[[actions.x]]\n', "line 3, column 1: actions[1]: no key 'x'"),
        ('win_at = 2\n[[actions]]\ntitle = "a"\n[sets.x]\n', "line 4, column 1: sets: no key 'x'"),
        # Tables that are written in other ways.
        (
            'actions = [\n  { title = "a", text = "}" },\n  # {\n  { title = "c", out = "" },\n]\n',
            "line 4, column 18: actions[2].out: '' is not a number",
        ),
        (
            'win_at = 2\nsets.win_at = 6\nsets.win_by = "x"\n[[actions]]\ntitle = "a"\n',
            "line 3, column 6: sets.win_by: 'x' is not a number",
        ),
        (
            'win_at = 2\nsets = { win_at = 6, legs = { win_at = 0 } }\n[[actions]]\ntitle = "a"\n',
            "line 2, column 31: sets.legs.win_at: 0 is not",
        ),
        (
            '\'win_by\' = "x"\n[[actions]]\ntitle = "a"\n',
            "line 1, column 1: definition.win_by: 'x'",
        ),
        # Texts and comments that look like keys.
        (
            '[[actions]]\ntitle = "a"\ntext = "window = 5"\n# window = 6\nwindow = "x"\n',
            "line 5, column 1: actions[1].window: 'x' is not a number",
        ),
        # What refers to something else.
        (
            '[[actions]]\ntitle = "a"\nperiod = ""\n[[periods]]\ntext = "1st"\n',
            "line 4, column 1: definition.periods: no action begins one",
        ),
        (
            '[[actions]]\ntitle="a"\nsame="s"\n[[actions]]\ntitle="b"\nsame="s"\nwindow=3',
            "line 7, column 1: actions[2].window: 'a' and 'b' say the same and have another window",
        ),
    ],
)
def test_every_kind_of_mistake_at_its_own_line(text: str, sentence: str) -> None:
    """Whatever is wrong, and however its table is written, the line is that of the mistake."""
    with pytest.raises(SettingError) as refused:
        checking.check(text)
    assert refused.value.sentence.startswith(sentence), refused.value.sentence


KEY = re.compile(r"^(?P<key>\w+)(?P<equals> = )(?P<value>[^\[\]{}\n]+)$", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_with_a_mistake_in_each_line(path: Path) -> None:
    """A key under a wrong name, and a value of a wrong type, is told at its line, wherever it
    stands in the files that come with Touchline."""
    if path.stem == "touchline":
        return
    text = path.read_text("utf-8")
    for found in KEY.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        for wrong in (f"x{found[0]}", f"{found['key']} = 1979-05-27"):
            with pytest.raises(SettingError) as refused:
                checking.check(text[: found.start()] + wrong + text[found.end() :])
            assert refused.value.sentence.startswith(f"line {line}, "), refused.value.sentence
