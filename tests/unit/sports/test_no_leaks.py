"""No code outside `sports/` knows one sport: read from the source, Python and JavaScript.

Texts for people may name sports, as examples; so may what makes events up, in `bench/`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from touchline import sports

ROOT = Path(__file__).parents[3]

ELSEWHERE = {"sports", "tests", "bench", "examples"}

PYTHON = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted(ROOT.rglob("*.py"))
    if not path.relative_to(ROOT).parts[0].startswith(".")
    and path.relative_to(ROOT).parts[0] not in ELSEWHERE
}

SCRIPTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "gateway" / "static").rglob("*.js"))
}

NAMES = frozenset(sports.list())

TITLES = frozenset(
    kind.title
    for name in NAMES
    for kind in sports.get(name).kinds({"shootout": True} if name == "football" else None)
)
"""Actions: what tells one sport from another as surely as its name."""

COMMON = frozenset(
    {"start", "default", "serve", "save", "finish", "split", "point", "walkover", "disqualify"}
)
"""Actions that are everyday words of programs, of how any event may end, or of what its owner may
rule, as well."""


def leaks(source: str) -> Iterator[str]:
    """Yield what Python code asks or takes of one sport."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                words = [*(module or "").split("."), *(alias.name for alias in names)]
                if (level or words[0] == "touchline") and NAMES & set(words):
                    yield f"import {' '.join(words)}"
            case ast.Import(names=names):
                found = [one.name for one in names if one.name.startswith("touchline.sports.")]
                yield from (name for name in found if NAMES & set(name.split(".")))
            case ast.Compare(comparators=others, left=left):
                yield from _named(node, [left, *others])
            case ast.MatchValue(value=value):
                yield from _named(node, [value])
            case ast.Dict(keys=keys):
                yield from _named(node, [key for key in keys if key is not None])
            case ast.Set(elts=elements):
                yield from _named(node, elements)
            case ast.Subscript(slice=key):
                yield from _named(node, [key])
            case ast.Call(args=arguments):
                yield from _named(node, arguments)


def _named(node: ast.AST, parts: list[ast.expr]) -> Iterator[str]:
    constants = [one for part in parts for one in ast.walk(part) if isinstance(one, ast.Constant)]
    for one in constants:
        # A sport may be created by name; what is looked up or compared with may not be.
        known = NAMES if isinstance(node, ast.Call) else NAMES | (TITLES - COMMON)
        if isinstance(one.value, str) and one.value in known:
            yield f"line {one.lineno}: {one.value!r}"


def script_leaks(source: str) -> Iterator[str]:
    """Yield the names of sports in JavaScript, and its texts that are an action of one."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*$|\s//\s.*$", "", source, flags=re.DOTALL | re.MULTILINE)
    for name in NAMES:
        # Promise.race is of the language.
        yield from re.findall(rf"(?<!Promise\.)\b{name}\b", code)
    for text in re.findall(r"""["'`](\w+)["'`]|\.(\w+)\b""", code):
        word = text[0]
        if word in TITLES - COMMON:
            yield word


@pytest.mark.parametrize("path", PYTHON)
def test_no_code_asks_which_sport_it_is(path: str) -> None:
    """Nothing imports, compares with or looks up one sport or one of its actions."""
    assert list(leaks(PYTHON[path])) == []


@pytest.mark.parametrize("path", SCRIPTS)
def test_no_page_asks_which_sport_it_is(path: str) -> None:
    """The pages know no sport and no action."""
    assert list(script_leaks(SCRIPTS[path])) == []


@pytest.mark.parametrize(
    "line",
    [
        "from ..sports import football",
        "from ..sports.tennis import TENNIS",
        "import touchline.sports.race",
        "if card.sport == 'tennis': pass",
        "if 'football' in {card.sport}: pass",
        "match sport:\n    case 'race': pass",
        "x = {'football': 1}",
        "x = TABLE['tennis']",
        "sports.get('football')",
        "if entry.title == 'goal': pass",
        "if entry.title in {'yellow_card', 'red_card'}: pass",
    ],
)
def test_a_leak_is_found(line: str) -> None:
    """Whatever way code takes to one sport is seen."""
    assert list(leaks(line))


@pytest.mark.parametrize(
    "line",
    [
        'if (sport === "tennis") draw();',
        "function football(state) {}",
        'case "race":',
        'if (entry.title === "goal") draw();',
    ],
)
def test_a_leak_of_a_page_is_found(line: str) -> None:
    """Names in code, of functions too, are seen."""
    assert list(script_leaks(line))


def test_what_only_sounds_alike_is_left_alone() -> None:
    """Texts for people, comments and everyday words are no leaks."""
    assert list(leaks('click.option("--sport", help="football, tennis, race or custom")')) == []
    assert list(leaks("Card(sport=name, title='A football match')")) == []
    assert list(leaks("if state == 'start': pass")) == []
    assert list(script_leaks("// a race between two\nawait Promise.race([a, b]);")) == []
