"""The contests that come with Touchline as definitions, each under a name: `handball`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ..protocol.errors import SettingError
from . import get
from . import list as installed
from .capabilities import Definable

FOLDER = Path(__file__).parents[1] / "examples"

OTHER = "touchline"
"""A file of settings in that folder, which defines no contest."""


@cache
def definable() -> tuple[str, Definable]:
    """Return the sport that is played by definitions, and its name."""
    each = ((name, get(name)) for name in installed())
    return next((name, sport) for name, sport in each if isinstance(sport, Definable))


@cache
def names() -> tuple[str, ...]:
    """Return the names of the contests, in alphabetical order."""
    found = {file.stem for file in FOLDER.glob("*.toml")} - {OTHER, *installed()}
    return tuple(sorted(found))


@cache
def _definition(name: str) -> dict[str, object]:
    return definable()[1].read_definition((FOLDER / f"{name}.toml").read_text("utf-8"))


def resolved(name: str, rules: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Return the sport by which a contest is played, and its rules; another sport as it is.

    Raises:
        SettingError: the contest has a definition, and the rules bring another one.
    """
    if name not in names():
        return name, dict(rules)
    if "definition" in rules:
        raise SettingError(f"{name} has a definition of its own: give that or another one")
    return definable()[0], {**rules, "definition": _definition(name)}
