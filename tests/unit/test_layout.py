"""`tests/unit` mirrors the source: a test stands in the folder of what it tests, under its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_imports import ROOT, SOURCES

HERE = Path(__file__).parent

TOPICS = {
    "broker/test_any_request.py": "whatever a request holds",
    "cli/export/test_command.py": "the command, in __init__.py",
    "gateway/static/js/test_modules.py": "runs the tests in JavaScript beside it",
    "gateway/static/test_pages.py": "pages, styles and scripts together",
    "lobby/test_version1.py": "the first version of the protocol, through all files",
    "lobby/test_version2.py": "the second version of the protocol, through all files",
    "monitoring/test_collectors.py": "the collectors of all processes",
    "peer/host/event/test_contradictions.py": "reports that contradict themselves, at the host",
    "peer/host/event/test_restore.py": "restoring, which goes through all parts",
    "peer/host/event/verdict/test_policies.py": "what holds of every policy",
    "proof/test_evil_host.py": "proofs that a host forges",
    "protocol/test_golden.py": "every message as bytes",
    "sports/football/test_worldcup.py": "64 matches on record",
    "sports/matches/test_matches.py": "the recorded matches",
    "sports/test_no_leaks.py": "the code outside of sports/",
    "timeline/test_incremental.py": "the timeline of each sport",
}
"""Tests of no single file, each with its topic."""

TESTS = sorted(
    path.relative_to(HERE).as_posix() for path in HERE.rglob("test_*.py") if path.parent != HERE
)
"""Those at the root are about the repository as a whole."""


def misplaced(test: str, sources: set[str]) -> bool:
    """Return whether no file of the source stands where a test says that it does.

    `peer/test_session_keys.py` is of `peer/session_keys.py`, or of a topic of `peer/session.py`.

    Args:
        test: the path of the test within `tests/unit`.
        sources: the paths of the source, from the root.
    """
    *folders, name = test.split("/")
    words = name.removeprefix("test_").removesuffix(".py").split("_")
    names = ("_".join(words[:end]) for end in range(1, len(words) + 1))
    return not any("/".join([*folders, f"{name}.py"]) in sources for name in names)


@pytest.mark.parametrize("test", TESTS)
def test_a_test_stands_where_its_source_does(test: str) -> None:
    """A test has the folder and the name of a file of the source, or a topic on the list."""
    assert (ROOT / test).parent.is_dir()
    assert misplaced(test, set(SOURCES)) == (test in TOPICS)


def test_the_list_is_of_tests_that_there_are() -> None:
    """A topic of the list has its test."""
    assert set(TOPICS) <= set(TESTS)


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("peer/test_session.py", False),
        ("peer/test_session_keys.py", False),
        ("peer/test_keys.py", True),
        ("test_session.py", True),
        ("sports/test_football.py", True),
        ("sports/test_football_text.py", True),
        ("sports/football/test_text.py", False),
    ],
)
def test_a_misplaced_test_is_found(test: str, found: bool) -> None:
    """A test in the folder above its source, or under another name, is seen."""
    sources = {"peer/session.py", "sports/football/__init__.py", "sports/football/text.py"}
    assert misplaced(test, sources) == found
