"""The tree of errors is the one that is drawn, and crosses the wire."""

from __future__ import annotations

import itertools
import re

import pytest

from touchline.protocol import errors
from touchline.protocol.errors import PeerError, TouchlineError


def tree(root: type[TouchlineError]) -> list[type[TouchlineError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in tree(child))]


KINDS = [kind for kind in tree(TouchlineError) if kind.__module__ == errors.__name__]


def drawn() -> list[tuple[str, str, str]]:
    """Return (name, parent, code) of each error in the drawing; no code for a branch."""
    found = []
    branch = "TouchlineError"
    lines = (errors.__doc__ or "").splitlines()
    for line, after in itertools.pairwise(lines):
        leaf = re.match(r"    [│ ]   [├└]── (\w+) +([A-Z_]+) ", line)
        if leaf:
            found.append((leaf[1], branch, leaf[2]))
            continue
        twig = re.match(r"    [│ ]   [│ ]   [├└]── (\w+) +([A-Z_]+) ", line)
        if twig:
            found.append((twig[1], found[-1][0], twig[2]))
            continue
        node = re.match(r"    [├└]── (\w+)", line)
        if node:
            branch = node[1]
            code = re.fullmatch(r" +([A-Z_]+)", after)
            found.append((branch, "TouchlineError", code[1] if code else ""))
    return found


def test_the_drawing() -> None:
    """The tree in the module's docstring has every error, its place and its code."""
    branches = {kind for kind in KINDS if kind.__subclasses__()}
    coded = [
        (
            kind.__name__,
            kind.__bases__[0].__name__,
            "" if kind in branches and kind.__bases__[0] is TouchlineError else kind.code,
        )
        for kind in KINDS
        if kind is not TouchlineError
    ]
    assert drawn() == coded


def test_codes() -> None:
    """Every error has a code of its own."""
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    assert all(re.fullmatch(r"[A-Z][A-Z_]+", kind.code) for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_across_the_wire(kind: type[TouchlineError]) -> None:
    """An error that was sent as code and sentence is the same error on the other side."""
    received = errors.from_wire(kind.code, "a sentence")
    assert type(received) is kind
    assert received.sentence == str(received) == "a sentence"


@pytest.mark.parametrize("code", ["OF_A_NEWER_PEER", ""])
def test_unknown_code(code: str) -> None:
    """A code that this version does not have becomes a plain refusal that keeps it."""
    received = errors.from_wire(code, "a sentence")
    assert type(received) is PeerError
    assert received.sentence == f"a sentence ({code})"


def test_exit_codes() -> None:
    """Exit codes tell the documented cases apart and are never that of success."""
    known = {kind.__name__: kind.exit_code for kind in KINDS}
    assert 0 not in known.values()
    assert known["SettingError"] == 2
    assert known["NotFound"] == 3
    assert {known[kind.__name__] for kind in tree(PeerError)} == {3, 4}
    assert (known["Unreachable"], known["AddressTaken"], known["StorageFault"]) == (5, 6, 7)
    assert known["Interrupted"] == 130
