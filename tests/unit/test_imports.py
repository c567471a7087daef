"""What the source may look like: pure cores, imports in one direction and in no circle, parts that
are composed, names that stand for one thing."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

import touchline
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]

PACKAGES = (
    "protocol",
    "runtime",
    "sports",
    "timeline",
    "broker",
    "peer",
    "proof",
    "gateway",
    "lobby",
    "datagrams",
    "relay",
    "monitoring",
    "cli",
)

SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}

PURE = (
    "*/core.py",
    "protocol/**.py",
    "sports/**.py",
    "timeline/**.py",
    "broker/**.py",
    "peer/grades/**.py",
    "peer/host/**.py",
    "peer/liveness.py",
    "peer/session.py",
    "peer/subscriber/relays.py",
    "peer/subscriber/silence.py",
    "peer/subscriber/tracker.py",
    "proof/**.py",
    "gateway/counters.py",
    "gateway/options.py",
    "gateway/feed/channel.py",
    "gateway/feed/message_log.py",
    "gateway/feed/packets.py",
    "gateway/feed/viewer.py",
    "gateway/reporting/schema.py",
    "gateway/webhooks/delivery.py",
    "lobby/**.py",
    "datagrams/**.py",
    "runtime/histogram.py",
    "runtime/rate_limit.py",
    "runtime/settings.py",
)
"""Files that decide; `**` stands for any folders below and the names of files in them."""

SHELLS = frozenset(
    {
        "broker/__init__.py",
        "broker/changes.py",
        "broker/database.py",
        "broker/service.py",
        "broker/migrations.py",
        "broker/statements.py",
        "broker/tables.py",
        "datagrams/client.py",
        "datagrams/server.py",
        "lobby/listener.py",
        "lobby/service.py",
        "lobby/replication.py",
        "peer/host/journal.py",
        "peer/host/journal_check.py",
        "peer/host/offer.py",
        "peer/host/service.py",
        "peer/host/sockets.py",
    }
)
"""Files among those above that touch the world."""

IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "multiprocessing",
        "prometheus_client",
        "psycopg",
        "random",
        "secrets",
        "select",
        "selectors",
        "signal",
        "socket",
        "sqlalchemy",
        "sqlite3",
        "subprocess",
        "threading",
        "time",
        "zmq",
    }
)

IMPURE_NAMES = frozenset({"now", "today", "urandom", "utcnow", "uuid1", "uuid4"})
"""Names of other modules (datetime, os, uuid) that look at the clock or draw a number."""

LAYERS = (
    {"protocol"},
    {"runtime", "sports"},
    {"timeline"},
    {"broker", "peer"},
    {"proof", "datagrams", "gateway", "relay"},
    {"lobby", "monitoring"},
    {"cli"},
)
"""From the lowest up: a package imports itself and what lies below it, none beside it."""

MAY_IMPORT = {
    package: set[str]().union(*LAYERS[:height])
    for height, layer in enumerate(LAYERS)
    for package in layer
}
"""Package to the packages of ours that it may import besides itself. Monitoring reads what the
processes count; they know nothing of it."""


def is_pure(path: str) -> bool:
    """Tell whether a file, given from the root, is one that decides."""
    if path in SHELLS:
        return False
    for pattern in PURE:
        if "**" in pattern:
            folder, ending = pattern.split("**")
            if path.startswith(folder) and path.endswith(ending):
                return True
        elif PurePosixPath(path).match(pattern):
            return True
    return False


@cache
def imports(path: str, source: str) -> tuple[str, ...]:
    """Return the full dotted names that a file imports, wherever in it; ours from `touchline` on.

    Args:
        path: from the root, such as `peer/host/event/event.py`.
        source: what is in the file.
    """
    here = ["touchline", *PurePosixPath(path).parts[:-1]]
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *((node.module or "").split("."))]).strip(".")
            found += (f"{base}.{alias.name}" for alias in node.names)
    return tuple(found)


def file_of(name: str, sources: dict[str, str]) -> str | None:
    """Return the file of a dotted name of ours: the module, or the one that defines the name."""
    parts = name.split(".")[1:]
    while parts:
        for path in ("/".join(parts) + ".py", "/".join([*parts, "__init__.py"])):
            if path in sources:
                return path
        parts.pop()
    return None


def impurities(path: str, sources: dict[str, str]) -> list[str]:
    """Return what a file imports that no core may, also by way of other files of ours."""
    found = []
    seen = {path}
    waiting = [path]
    while waiting:
        at = waiting.pop()
        for name in imports(at, sources[at]):
            top, last = name.split(".")[0], name.split(".")[-1]
            if top in IMPURE_MODULES or (top != "touchline" and last in IMPURE_NAMES):
                found.append(f"{at}: {name}")
            if name.startswith("touchline.monitoring"):
                found.append(f"{at}: {name}")
            target = file_of(name, sources) if top == "touchline" else None
            if target is not None and target not in seen:
                seen.add(target)
                waiting.append(target)
        found += [f"{at}: {name}()" for name in impure_calls(sources[at])]
    return found


@cache
def impure_calls(source: str) -> list[str]:
    """Return calls such as `datetime.now()` and `os.urandom(8)`."""
    return [
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in IMPURE_NAMES
    ]


def wrong_ways(path: str, source: str) -> list[str]:
    """Return the imports of a file that go against the direction, or name us absolutely."""
    package = path.split("/", maxsplit=1)[0]
    absolute = [
        node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and not node.level
    ]
    found = [name for name in absolute if name.split(".")[0] == "touchline"]
    for name in imports(path, source):
        parts = name.split(".")
        if parts[0] == "touchline" and len(parts) > 1:
            if parts[1] != package and parts[1] not in MAY_IMPORT[package]:
                found.append(name)
        elif parts[0] in PACKAGES:
            found.append(name)
    return found


# ── pure cores ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [path for path in SOURCES if is_pure(path)])
def test_cores_are_pure(path: str) -> None:
    """A core imports no socket, clock, chance, thread or storage, nor does what it imports."""
    assert impurities(path, SOURCES) == []


def test_every_core_is_looked_at() -> None:
    """The patterns find the cores that exist, and every shell that is named exists."""
    assert set(SHELLS) <= set(SOURCES)
    pure = {path for path in SOURCES if is_pure(path)}
    assert {path for path in SOURCES if path.endswith("/core.py")} <= pure
    assert {"broker/core.py", "peer/host/event/event.py", "protocol/codec.py"} <= pure
    assert {
        "peer/liveness.py",
        "peer/host/event/outage.py",
        "peer/host/event/reconstruction.py",
    } <= pure
    assert {"peer/subscriber/silence.py", "gateway/feed/packets.py"} <= pure
    assert {"lobby/state.py", "datagrams/snapshots.py", "broker/groups.py"} <= pure
    assert {"sports/football/laws.py", "peer/host/event/verdict/quorum.py"} <= pure
    assert (
        not {"broker/service.py", "peer/host/journal.py", "peer/connection.py", "cli/main.py"}
        & pure
    )


@pytest.mark.parametrize(
    "line",
    [
        "import zmq",
        "import time as clock",
        "from time import monotonic",
        "import zmq.utils.monitor",
        "def f():\n    import random",
        "if True:\n    from sqlalchemy import text",
        "from threading import Lock",
        "from uuid import uuid4",
        "import os\nx = os.urandom(8)",
        "from datetime import datetime\nx = datetime.now()",
        "from ..monitoring import metrics",
        "from . import shell",
        "from .shell import Shell",
        "from .. import lazy",
        "from ..lazy import Thing",
    ],
)
def test_an_impure_core_is_found(line: str) -> None:
    """Whatever way a core takes to what it must not touch is seen."""
    sources = {
        "peer/core.py": line,
        "peer/shell.py": "import socket",
        "lazy/__init__.py": "from .inner import Thing",
        "lazy/inner.py": "import asyncio",
        "monitoring/metrics.py": "",
    }
    assert impurities("peer/core.py", sources)


@pytest.mark.parametrize(
    "line",
    ["import heapq", "from ..protocol import times", "from uuid import UUID", "from . import time"],
)
def test_a_pure_core_is_left_alone(line: str) -> None:
    """What only sounds alike is not refused."""
    sources = {"peer/core.py": line, "protocol/times.py": "import math", "peer/time.py": ""}
    assert impurities("peer/core.py", sources) == []


# ── one direction ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", SOURCES)
def test_direction(path: str) -> None:
    """Imports go down the layers, and are relative within the package."""
    assert wrong_ways(path, SOURCES[path]) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("protocol/codec.py", "from .. import sports"),
        ("protocol/codec.py", "from ..sports import Action"),
        ("sports/tennis/sport.py", "from ...peer import Host"),
        ("sports/sport.py", "from ..broker.core import Core"),
        ("broker/core.py", "from ..peer import Link"),
        ("broker/core.py", "def f():\n    from ..peer.link import Link"),
        ("peer/host/event/event.py", "from ....broker import Broker"),
        ("peer/host/service.py", "from ...monitoring import collector"),
        ("monitoring/server.py", "from ..cli import main"),
        ("peer/host/event/event.py", "from touchline.protocol import codec"),
        ("peer/host/event/event.py", "import protocol.codec"),
        ("cli/main.py", "from touchline import peer"),
    ],
)
def test_a_wrong_way_is_found(path: str, line: str) -> None:
    """An import against the direction is seen, however it is written."""
    assert wrong_ways(path, line)


def test_the_right_way_is_left_alone() -> None:
    """An import along the direction is not refused."""
    assert wrong_ways("cli/main.py", "from ..peer import Host\nfrom .. import sports") == []
    assert (
        wrong_ways("peer/host/event/event.py", "from ....protocol import codec\nimport heapq") == []
    )
    assert wrong_ways("broker/core.py", "from . import checks\nfrom .books import Books") == []


def test_the_direction_has_no_circle() -> None:
    """What a package may import may not import it."""
    for package, others in MAY_IMPORT.items():
        assert all(package not in MAY_IMPORT[other] for other in others)
    assert set(MAY_IMPORT) == set(PACKAGES)


# ── circles, inheritance, names ──────────────────────────────────────────────────────────────


def circles(sources: dict[str, str]) -> list[list[str]]:
    """Return the files that import one another, directly or by way of others, sorted.

    Imports within functions count: a circle that is only hidden is one. Those that type checkers
    alone read never run, and do not.
    """
    known = {path: _targets(path, sources) for path in sources}
    reach: dict[str, set[str]] = {}
    for path, targets in known.items():
        seen: set[str] = set()
        waiting = list(targets)
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += known[at]
        reach[path] = seen
    rings = {
        tuple(sorted(other for other in seen if path in reach[other]))
        for path, seen in reach.items()
        if path in seen
    }
    return [list(ring) for ring in sorted(rings)]


def _targets(path: str, sources: dict[str, str]) -> set[str]:
    tree = ast.parse(sources[path])
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    names = (name for name in imports(path, ast.unparse(tree)) if name.startswith("touchline."))
    files = {file_of(name, sources) for name in names}
    return {file for file in files if file is not None and file != path}


def test_no_circles() -> None:
    """No file imports another that leads back to it."""
    assert circles(SOURCES) == []


def test_a_circle_is_found() -> None:
    """A circle over three files is seen, also where an import hides in a function."""
    sources = {
        "peer/a.py": "from .b import B",
        "peer/b.py": "def f():\n    from . import c",
        "peer/c.py": "from .a import A",
        "peer/d.py": "from .a import A",
        "peer/e.py": "from .f import F",
        "peer/f.py": "if TYPE_CHECKING:\n    from .e import E",
    }
    assert circles(sources) == [["peer/a.py", "peer/b.py", "peer/c.py"]]


def classes(sources: dict[str, str]) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the path and the definition of every class, nested ones included."""
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                yield path, node


def heirs(sources: dict[str, str]) -> list[str]:
    """Return the classes that inherit behaviour from a class of ours.

    Errors may (one tree), and so may message structs (fields only) and what implements a Protocol
    or an abstract face without state.
    """
    found = list(classes(sources))
    ours = {node.name: node for _, node in found}
    theirs = {path: _imported_from_others(source) for path, source in sources.items()}
    return [
        f"{path}: {node.name}({ast.unparse(base)})"
        for path, node in found
        for base in node.bases
        if (words := ast.unparse(base).split("[")[0].split("."))[0] not in theirs[path]
        and (parent := ours.get(words[-1])) is not None
        and parent.name != node.name
        and not _is_error(parent, ours)
        and not _is_fields(parent, ours)
        and not _is_face(parent)
    ]


def _imported_from_others(source: str) -> set[str]:
    """Return the names that a file has from packages that are not ours."""
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for alias in node.names
    }


def _is_error(node: ast.ClassDef, ours: dict[str, ast.ClassDef]) -> bool:
    names = [ast.unparse(base) for base in node.bases]
    return "Exception" in names or any(
        _is_error(ours[name], ours) for name in names if name in ours
    )


def _is_fields(node: ast.ClassDef, ours: dict[str, ast.ClassDef]) -> bool:
    """Return whether a class is a struct of fields without a method."""
    names = [ast.unparse(base).split(".")[-1] for base in node.bases]
    struct = any(
        name == "Struct" or (name in ours and _is_fields(ours[name], ours)) for name in names
    )
    return struct and not any(isinstance(child, ast.FunctionDef) for child in node.body)


def _is_face(node: ast.ClassDef) -> bool:
    """Return whether a class is a Protocol, or abstract in all its methods."""
    names = [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]
    methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
    abstract = all(
        any(ast.unparse(mark).endswith("abstractmethod") for mark in method.decorator_list)
        for method in methods
    )
    return "Protocol" in names or ("ABC" in names and bool(methods) and abstract)


def test_nothing_is_inherited() -> None:
    """No class of ours inherits behaviour from another of ours: parts are composed."""
    assert heirs(SOURCES) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("class Base:\n    x = 1\nclass Heir(Base): ...", 1),
        ("class Base(ABC):\n    def f(self): ...\nclass Heir(Base): ...", 1),
        ("class Base(Struct):\n    def f(self): ...\nclass Heir(Base, tag='x'): ...", 1),
        ("class Base(Generic[T]):\n    x: T\nclass Heir(Base[int]): ...", 1),
        ("class Base(Exception): ...\nclass Mid(Base): ...\nclass Heir(Mid): ...", 0),
        ("class Base(Struct):\n    x: int\nclass Heir(Base, tag='x'): ...", 0),
        ("class Face(Protocol):\n    def f(self): ...\nclass Heir(Face): ...", 0),
        ("class Face(ABC):\n    @abstractmethod\n    def f(self): ...\nclass Heir(Face): ...", 0),
        ("import x\nclass Base:\n    a = 1\nclass Heir(x.Base): ...", 0),
    ],
)
def test_an_heir_is_found(line: str, found: int) -> None:
    """Inherited behaviour is seen; errors, fields, Protocols and abstract faces are left alone."""
    assert len(heirs({"peer/new.py": line})) == found


SAME_NAMES = {
    "Options": "one a process: its declared settings",
}
"""Names that more than one class may have, each with its reason."""


def same_names(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return the names that several classes have, with their files."""
    found: dict[str, list[str]] = {}
    for path, node in classes(sources):
        found.setdefault(node.name, []).append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def test_one_class_one_name() -> None:
    """A name stands for one class in the whole tree, but for those listed with a reason."""
    found = same_names(SOURCES)
    assert {name: paths for name, paths in found.items() if name not in SAME_NAMES} == {}
    assert set(SAME_NAMES) <= set(found)


def test_a_second_class_of_a_name_is_found() -> None:
    """The same name in two files is seen, also where a class lies in another."""
    sources = {"peer/a.py": "class One: ...", "broker/b.py": "class Two:\n    class One: ..."}
    assert same_names(sources) == {"One": ["peer/a.py", "broker/b.py"]}


# ── the tree ─────────────────────────────────────────────────────────────────────────────────


def test_the_root() -> None:
    """The root holds one Python file, and that a docstring and the version, and imports nothing."""
    assert [path.name for path in ROOT.glob("*.py")] == ["__init__.py"]
    tree = ast.parse((ROOT / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert [one.name for one in tree.body if isinstance(one, ast.FunctionDef)] == ["__getattr__"]
    imports = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
    assert [one.module for one in imports if isinstance(one, ast.ImportFrom)] == ["__future__"]
    assert len(imports) == 1
    assert touchline.__version__ == importlib.metadata.version("touchline")


# ── quick starts ─────────────────────────────────────────────────────────────────────────────

HEAVY = {
    "nacl",
    "nats",
    "prometheus_client",
    "rich",
    "sqlalchemy",
    "starlette",
    "textual",
    "uvicorn",
    "zmq",
}

LOADED = """
import json, sys
from touchline.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print()
print(json.dumps([code or 0, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def loaded(program: str, *arguments: str) -> tuple[int, set[str]]:
    """Run the command line in a process of its own; return its exit code and what it loaded."""
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    code, modules = json.loads(result.stdout.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["gateway", "--help"]])
def test_help_is_quick(arguments: list[str]) -> None:
    """Help answers without loading a database, sockets, metrics or a screen."""
    code, modules = loaded(LOADED, *arguments)
    assert code == 0
    assert modules & HEAVY == set()


def test_a_report_starts_quickly() -> None:
    """A report loads no asyncio, of which it uses nothing: it takes as long as all of Touchline
    that a report loads. Its form does, by the subscriber's way to NATS."""
    program = """
import json, sys
import touchline.cli.report
from touchline.peer import Link, Reporter
print(json.dumps([0, sorted(sys.modules)]))
"""
    _, modules = loaded(program)
    assert {"touchline.peer.reporter.service", "zmq"} <= modules
    assert modules & {"asyncio", "ssl", "sqlalchemy", "textual"} == set()


def test_screens_are_of_two_commands() -> None:
    """Textual, which takes a third of a second, is imported for `watch` and `top` alone, by files
    that nothing else imports."""
    screens = {
        path
        for path, source in SOURCES.items()
        if any(name.split(".")[0] == "textual" for name in imports(path, source))
    }
    assert {path for path in screens if not path.startswith("cli/ui/")} == set()
    users = {path for path in SOURCES if set(_targets(path, SOURCES)) & screens} - screens
    assert users <= {"cli/watch.py", "cli/top.py"}


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_a_heavy_start_is_found(module: str) -> None:
    """A module that is loaded on the way is seen."""
    _, modules = loaded(f"import {module}\n" + LOADED, "--help")
    assert module in modules & HEAVY
