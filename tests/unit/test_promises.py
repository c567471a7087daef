"""What the documents promise names the test that holds it, and that test is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", *(
    str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))
)]  # fmt: skip

NAMED = re.compile(r"`(test_\w+)`((?:,? (?:and )?`test_\w+`)*)(?: in `(tests/[\w/]+\.py)`)?")
"""Names of tests, and the file that is said to have them."""


SPOKEN = ("8", "9", "10", "11", "12")
"""The sections of the protocol that say who sends what and what follows."""


@cache
def names_in(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text("utf-8"), re.M))


@cache
def everywhere() -> frozenset[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(name for path in files for name in (path.stem, *names_in(path)))


def text_of(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def missing(text: str) -> set[str]:
    """Return the tests and their files that a text names and that are not there."""
    text = " ".join(text.split())
    gone = {path for path in re.findall(r"`(tests/[^`\s]+)`", text) if not (ROOT / path).exists()}
    for first, more, path in NAMED.findall(text):
        known = everywhere() if not path or path in gone else names_in(ROOT / path)
        gone |= {first, *re.findall(r"test_\w+", more)} - known
    return gone


def section(document: str, heading: str) -> str:
    return text_of(document).split(f"\n{heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_tests_that_a_document_names_are_there(document: str) -> None:
    """No file, and no test in the file that it is said to be in, is missing."""
    assert missing(text_of(document)) == set()


def test_what_is_missing_is_found() -> None:
    """The check above sees a file that is not there, and a test that is elsewhere."""
    assert missing("as `tests/unit/test_nothing.py` holds") == {"tests/unit/test_nothing.py"}
    elsewhere = "`test_limits`, `test_codes` and `test_states` in\n`tests/unit/test_promises.py`"
    assert missing(elsewhere) == {"test_limits", "test_codes", "test_states"}
    assert missing("`test_limits` in `tests/unit/test_protocol_doc.py`") == set()


def test_each_promise_of_the_readme_names_its_test() -> None:
    """So does each point of its list."""
    points = section("README.md", "## What it promises").split("\n- ")[1:]
    assert len(points) > 4
    assert [point for point in points if "`tests/" not in point] == []


def test_what_nobody_can_do_names_its_test() -> None:
    """Each paragraph on whom SECURITY protects from says by what it is held, and so does each part
    on tokens, connections and bounds."""
    page = "docs/SECURITY.md"
    evil = section(page, "## What an evil … can do")
    paragraphs = [text for text in evil.split("\n\n**") if "*Cannot*" in text]
    assert len(paragraphs) > 8
    others = ("## Tokens and badges", "## Connections", "## Bounds", "## Keys")
    paragraphs += [section(page, heading) for heading in others]
    assert [text[:40] for text in paragraphs if "`tests/" not in text] == []


NO_PROMISES = ("What is worth protecting", "What is not defended", "Reporting a weakness")
"""Sections of SECURITY that promise nothing."""

NOT_HELD = ("**A person at the machine**", "Whoever can bring enough voices", "What none of them")
"""Paragraphs of others that say what is not defended, or lead to a table."""


def test_each_paragraph_and_row_of_security_names_its_test() -> None:
    """Also those that promise by the way."""
    parts = re.split(r"\n## (.+)\n", text_of("docs/SECURITY.md"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert set(NO_PROMISES) < set(sections)
    told = [
        part
        for heading, text in sections.items()
        if heading not in NO_PROMISES
        for paragraph in text.strip().split("\n\n")
        for part in (paragraph.splitlines()[2:] if paragraph.startswith("| ") else [paragraph])
    ]
    assert len(told) > 45
    assert [
        part[:60] for part in told if "`tests/" not in part and not part.startswith(NOT_HELD)
    ] == []


def test_each_row_of_what_survives_names_its_test() -> None:
    """So does each row of that table of the protocol."""
    rows = section("docs/PROTOCOL.md", "## 14. What survives what").strip().splitlines()[2:]
    assert len(rows) > 8
    assert [row for row in rows if "`tests/" not in row.rsplit("| ", 1)[1]] == []


def test_each_part_of_the_protocol_names_its_test() -> None:
    """Each message and each paragraph with a head of the sections that say who does what has a row
    in the last one, with a test."""
    parts = re.split(r"\n## (\d+)\. ", text_of("docs/PROTOCOL.md"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    wanted = {(number, "in general") for number in SPOKEN}
    for number in SPOKEN:
        found = re.findall(r"^(?:### (.+)|\*\*([A-Z][^*]*?)\.?\*\*)", sections[number], re.M)
        wanted |= {(number, message or head) for message, head in found}
    rows = [row.split(" | ") for row in sections["19"].splitlines() if row.startswith("| ")][1:]
    assert {(number.removeprefix("| "), part) for number, part, _ in rows} == wanted
    assert [part for _, part, tests in rows if "`tests/" not in tests] == []
