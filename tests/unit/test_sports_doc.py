"""`docs/SPORTS.md` says of every sport what the code says, no more and no less."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from touchline import sports
from touchline.protocol.errors import SettingError
from touchline.sports import Action, Detail, capabilities, custom, presentation
from touchline.sports.custom import definition

PAGE = Path(__file__).parents[2] / "docs" / "SPORTS.md"
DOC = PAGE.read_text("utf-8")

# All actions that a sport can have, under the rules that bring them all.
FULL: dict[str, dict[str, object]] = {
    "race": {"laps": 25},
    "football": {"extra_time": True, "shootout": True, "first_leg": "1-2"},
}

TYPES = {bool: "true or false", int: "whole number", float: "number", str: "text", dict: "table"}

FIXED = tuple(name for name in sports.list() if name != "custom")

Table = list[tuple[str, ...]]


def table(heading: str, width: int) -> Table:
    """Return the rows of the first table under a heading, without its head."""
    section = DOC.split(f"\n### {heading}\n")
    assert len(section) == 2, f"one heading {heading!r}"
    lines = re.split(r"\n##+ ", section[1])[0].strip().splitlines()
    rows = []
    for line in lines:
        if not line.startswith("| "):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    assert len(rows) > 2
    assert {len(row) for row in rows} == {width}, rows
    return rows[2:]


def codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def action_rows(name: str) -> Table:
    return [
        (
            f"`{kind.title}`",
            kind.text,
            "yes" if kind.needs_origin else "may be left out",
            f"{kind.window:g}",
            f"{kind.least_apart:g}",
            codes(kind.identity),
            kind.same or "–",
            kind.exclusive or "–",
            f"`{kind.relates_to}` ({kind.relates_within:g} s)" if kind.relates_to else "–",
        )
        for kind in sports.get(name).kinds(FULL.get(name))
    ]


def detail_rows(name: str) -> Table:
    return [
        (
            f"`{kind.title}`",
            f"`{detail.name}`" + (" (required)" if detail.required else ""),
            values(detail),
            detail.text,
        )
        for kind in sports.get(name).kinds(FULL.get(name))
        for detail in kind.details
    ]


def values(detail: Detail) -> str:
    if detail.choices:
        return codes(detail.choices)
    return "number" if detail.number else "text"


def rule_rows(name: str) -> Table:
    return [
        (
            f"`{rule.name}`",
            ", ".join(written(choice) for choice in rule.choices) or TYPES[type(rule.default)],
            written(rule.default),
            rule.text,
        )
        for rule in sports.get(name).rules
    ]


def written(value: object) -> str:
    if value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


CODED: dict[str, Table] = {
    **{f"{name} actions": action_rows(name) for name in FIXED},
    **{f"{name} details": detail_rows(name) for name in FIXED},
    **{f"{name} rules": rule_rows(name) for name in sports.list()},
}
"""The tables of the page that follow from the code, by heading; `make docs` writes them."""


@pytest.mark.parametrize("heading", CODED)
def test_what_follows_from_the_code(heading: str) -> None:
    """Actions in the order of the buttons, with all that joins reports; their details; rules."""
    coded = CODED[heading]
    assert table(heading, len(coded[0])) == coded, "run `make docs`"


def page() -> str:
    """Return the page with the tables that follow from the code anew."""
    text = DOC
    for heading, rows in CODED.items():
        before, after = text.split(f"\n### {heading}\n\n")
        head, line, rest = after.split("\n", 2)
        while rest.startswith("| "):
            rest = rest.partition("\n")[2]
        body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
        text = f"{before}\n### {heading}\n\n{head}\n{line}\n{body}{rest}"
    return text


def score_keys(name: str) -> list[str]:
    sport = sports.get(name)
    if name == "custom":
        # Sets and periods are not of one contest.
        one: dict[str, object] = {"actions": [{"title": "a", "serves": True}]}
        one |= {
            "win_at": 2,
            "sets": {"win_at": 3, "legs": {"win_at": 2}},
            "counters": [{"name": "fouls", "beside": "/{}"}],
        }
        other = {"actions": [{"title": "go", "period": "begins"}], "periods": [{"text": "1st"}]}
        states = (sport.start(["A", "B"], {"definition": each}) for each in (one, other))
        return [*dict.fromkeys(key for state in states for key in sport.score(state))]
    state = sport.start(["A", "B"], FULL.get(name, {}))
    if name == "football":
        for minute in (1, 2):  # of which the other side's between goes unreported
            state = sport.apply(state, Action("shootout_scored", "A", minute * 60_000_000))
    return [*sport.score(state)]


@pytest.mark.parametrize("name", sports.list())
def test_score_keys(name: str) -> None:
    """Every key of a score stands in the table, in the order in which the score has them."""
    documented = [key.strip("`") for key, _ in table(f"{name} score", 2)]
    assert documented == score_keys(name)


@pytest.mark.parametrize(
    ("heading", "raw"),
    [
        ("custom definition", {"actions": [{"title": "a"}], "?": 1}),
        ("custom action", {"actions": [{"title": "a", "?": 1}]}),
        ("custom period", {"actions": [{"title": "a"}], "periods": [{"text": "b", "?": 1}]}),
        ("custom sets", {"actions": [{"title": "a"}], "sets": {"win_at": 1, "?": 1}}),
        ("custom counter", {"actions": [{"title": "a"}], "counters": [{"name": "b", "?": 1}]}),
        ("custom detail", {"actions": [{"title": "a", "details": [{"name": "b", "?": 1}]}]}),
    ],
)
def test_custom_keys(heading: str, raw: dict[str, object]) -> None:
    """The keys of a definition are those that the code names when it refuses another one."""
    with pytest.raises(SettingError) as refused:
        custom.define(raw)
    known = refused.value.sentence.partition("there are ")[2].split(", ")
    assert sorted(key.strip("`") for key, *_ in table(heading, 4)) == known


def test_bounds() -> None:
    """The bounds that the page names are those of the code."""
    assert f"at most {custom.ORIGINS} origins" in DOC
    assert f"| `actions` | tables, at most {custom.ACTIONS} |" in DOC
    assert f"| `periods` | tables, at most {definition.PERIODS} |" in DOC
    assert f"| `counters` | tables, at most {definition.COUNTERS} |" in DOC
    assert f"| `turn` | whole number, 1 to {definition.LONGEST_TURN} |" in DOC
    assert (
        f"at most {definition.DEFINITION_BYTES:,} bytes and {definition.LINE_CHARS:,} char" in DOC
    )
    assert f"nested at most {definition.NESTED} deep" in DOC


def test_every_sport_has_its_section() -> None:
    """The page has a section for each sport, under its name."""
    assert sorted(re.findall(r"^## ([a-z]+)$", DOC, re.MULTILINE)) == [*sports.list()]


def test_the_examples_are_possible() -> None:
    """Each action shown as JSON is one that its sport takes."""
    sections = re.split(r"^## ", DOC, flags=re.MULTILINE)[1:]
    shown = 0
    for section in sections:
        name = section.partition("\n")[0]
        for text in re.findall(r"```json\n(.*?)```", section, re.DOTALL):
            action = Action(**json.loads(text))
            kinds = {kind.title: kind for kind in sports.get(name).kinds(FULL.get(name))}
            assert sports.misfit(kinds, [action.origin], action) is None
            shown += 1
    assert shown == len(FIXED)


def test_the_python_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python on the page runs as it stands and gives what its comment says."""
    monkeypatch.chdir(Path(__file__).parents[2])
    first, second = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    names: dict[str, object] = {}
    *body, last = first.strip().splitlines()
    exec("\n".join(body), names)
    call, _, result = last.partition("  # ")
    assert repr(eval(call, names)) == result
    exec(second, names)


def names_of(part: type) -> set[str]:
    """Return the fields of a part of a presentation, and of the parts in it."""
    return {field.name for field in fields(part)}


def test_every_field_of_a_presentation_is_named() -> None:
    """What a page may read is in the table, field by field."""
    rows = {name.strip("`"): text for name, text in table_of("## Presentation")}
    documented = {name for row in rows for name in row.replace("`", "").split(", ")}
    assert documented == names_of(presentation.Presentation)
    said = set(re.findall(r"`(\w+)`", " ".join(rows.values())))
    for part in vars(presentation).values():
        if isinstance(part, type) and is_dataclass(part) and part is not presentation.Presentation:
            assert names_of(part) <= said, part


def test_every_capability_is_named() -> None:
    """What a sport may be able to do is in the table."""
    documented = {name.strip("`") for name, _ in table_of("## A sport of your own", 1)}
    assert documented == {
        name for name, one in vars(capabilities).items() if getattr(one, "_is_protocol", False)
    } - {"Protocol"}


def table_of(heading: str, place: int = 0) -> Table:
    """Return the rows of a table with two columns under a heading of the second level."""
    section = re.split(r"\n## ", DOC.split(f"\n{heading}\n")[1])[0]
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)[place]
    rows = [line.strip("|").split(" | ") for line in found.splitlines()]
    return [(one.strip(), two.strip()) for one, two in rows[2:]]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
