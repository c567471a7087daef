"""Words that were retired do not come back: old places of files, old names of things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_imports import PACKAGES, ROOT, SOURCES

MOVED = (
    *("broker/books.py", "broker/registry.py", "broker/passes.py", "broker/rooms.py"),
    *("broker/gate.py", "cli/stage.py", "cli/cast.py", "cli/crowd.py", "cli/plots.py"),
    *("cli/page.py", "cli/counted.py", "cli/screen.py", "cli/form.py", "cli/buttons.py"),
    *("cli/tables.py", "cli/keys.py", "cli/board.py", "gateway/datagrams", "gateway/lobby"),
    *("gateway/seams.py", "gateway/shelf.py", "gateway/channel.py", "gateway/viewer.py"),
    *("gateway/hub.py", "gateway/follower.py", "gateway/ws.py", "gateway/sse.py"),
    *("gateway/packets.py", "gateway/ledger.py", "gateway/people.py", "gateway/reports.py"),
    *("gateway/reporters.py", "gateway/reporting.py", "gateway/static/js/hero.js"),
    *("gateway/static/js/moments.js", "gateway/static/js/pad.js", "gateway/static/js/sheet.js"),
    *("gateway/static/js/words.js", "gateway/static/js/panes.js"),
    *("gateway/static/js/deciding.js", "gateway/hooks.py", "gateway/webhooks.py"),
    *("gateway/post.py", "gateway/metrics.py", "peer/wire.py"),
    *("peer/host/desk.py", "peer/host/gate.py", "peer/host/tenure.py", "peer/host/bursts.py"),
    *("peer/host/claims.py", "peer/host/corrections.py", "peer/host/outage.py"),
    *("peer/host/signatures.py", "peer/host/turn.py", "peer/host/records.py"),
    *("peer/host/roster.py", "peer/host/state.py", "peer/host/member.py"),
    *("peer/host/publications.py", "peer/host/feed.py", "peer/host/core.py"),
    *("peer/host/suspension.py", "peer/host/verdict", "peer/host/proof", "peer/host/knocks.py"),
    *("peer/host/timeline.py", "peer/host/eventclock.py", "peer/steady.py"),
    *("protocol/parts.py", "protocol/brokerage.py", "protocol/rooms.py"),
    *("protocol/messages.py", "protocol/door.py", "protocol/brakes.py", "protocol/forms.py"),
    *("protocol/sheets.py", "monitoring/collector.py"),
)
"""Places from which the source has moved."""

RETIRED = {
    "": (
        *("Door", "Brake", "Bucket", "Gate", "Pace", "Desk", "Seat", "Tenure", "Holding"),
        *("Suspension", "Stand", "Bursts", "Knocks", "Lane", "Wire", "Books", "SqlBooks"),
        *("Passes", "Rooms", "Places", "Shelf", "Ledger", "Floor", "Boards", "Scene", "Scenes"),
        *("Tally", "Reception", "Board", "Counted", "EventCore", "Reporters", "People"),
        *("lonely", "opener", "grain", "ripe", "ripen", "weigh", "eased", "hush", "displace"),
        *("badge", "bell", "ringer", "knock", "tells"),
    ),
    "cli/": ("Stage",),
    "broker/": ("gather", "depart", "passes", "books", "tenure", "ticket", "ticket_of"),
    "gateway/": ("Part", "shelf", "ledger", "places"),
    "lobby/": ("Room", "floor", "seats", "says", "words", "boards", "room"),
    "datagrams/": ("scenes", "tally", "reception"),
    "peer/": ("desk", "tenure", "stand", "suspension", "wire"),
    "peer/host/": ("demand", "prove", "shift", "dry", "room", "touch", "told", "note", "place"),
    "runtime/": ("settle", "judge_door", "ring"),
}
"""Names of classes, functions, methods and attributes by the folder in which they stood for what
now has the field's word; at "" anywhere. A leading underscore does not make another name."""


RIDDLES = {"told"}
"""Names that do not say what they stand for; nothing has them, no argument or variable either."""


def riddles(source: str) -> set[str]:
    """Return the riddles among the names that a file gives to anything."""
    given = set(defined(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg):
            given.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            given.add(node.id)
    return {name for name in given if RIDDLES & set(name.split("_"))}


def defined(source: str) -> Iterator[str]:
    """Yield the names of classes, functions and attributes that a file defines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            yield node.attr


def retired(path: str, source: str) -> set[str]:
    """Return the retired names that a file defines, as they stand there."""
    old = {name for folder, names in RETIRED.items() if path.startswith(folder) for name in names}
    return {name for name in defined(source) if name.lstrip("_") in old}


def left_at(place: Path) -> bool:
    """Return whether a file is there, or a folder with source in it."""
    return place.is_file() or any(place.glob("**/*.py"))


def test_what_is_left_is_found(tmp_path: Path) -> None:
    """A file and a folder of source are seen; what Python caches in a folder does not count."""
    (tmp_path / "books.py").touch()
    (tmp_path / "verdict" / "__pycache__").mkdir(parents=True)
    assert left_at(tmp_path / "books.py")
    assert not left_at(tmp_path / "passes.py")
    assert not left_at(tmp_path / "verdict")
    (tmp_path / "verdict" / "parse.py").touch()
    assert left_at(tmp_path / "verdict")


@pytest.mark.parametrize("path", MOVED)
def test_nothing_is_left_at_an_old_place(path: str) -> None:
    """No file or folder of before is there, not even as a stand-in."""
    assert not left_at(ROOT / path)


@pytest.mark.parametrize("path", SOURCES)
def test_no_retired_name(path: str) -> None:
    """A file defines nothing under a word that the field's word has replaced."""
    assert retired(path, SOURCES[path]) == set()


@pytest.mark.parametrize("path", SOURCES)
def test_no_riddle(path: str) -> None:
    """No name of a file is a riddle, not even that of a local variable."""
    assert riddles(SOURCES[path]) == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("def f(told): ...", {"told"}),
        ("def f():\n    told = 1", {"told"}),
        ("class A:\n    def all_told(self): ...", {"all_told"}),
        ("class A:\n    def __init__(self):\n        self._told_seq = 1", {"_told_seq"}),
        ("x = told", set()),
        ("toldo = 1", set()),
    ],
)
def test_a_riddle_is_found(line: str, found: set[str]) -> None:
    """Arguments, variables, methods and attributes are seen, as a part of a name too."""
    assert riddles(line) == found


@pytest.mark.parametrize(
    ("path", "line", "found"),
    [
        ("peer/new.py", "class Door: ...", {"Door"}),
        ("peer/new.py", "class A:\n    def _weigh(self): ...", {"_weigh"}),
        ("lobby/new.py", "class A:\n    def __init__(self):\n        self.floor = 1", {"floor"}),
        ("broker/new.py", "def gather(): ...", {"gather"}),
        ("gateway/new.py", "def gather(): ...", set()),
        ("sports/new.py", "floor = 1", set()),
    ],
)
def test_a_retired_name_is_found(path: str, line: str, found: set[str]) -> None:
    """Classes, methods and attributes are seen where the word is retired, and only there."""
    assert retired(path, line) == found


def test_the_list_is_of_folders_that_there_are() -> None:
    """A folder of the list exists, so that its words are looked for."""
    assert {folder.split("/")[0] for folder in RETIRED if folder} <= set(PACKAGES)
    assert all(Path(ROOT / folder).is_dir() for folder in RETIRED)
