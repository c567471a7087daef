"""Matches that come with the project, to try things on and to show it."""

from __future__ import annotations

from importlib import resources

from ...protocol.errors import NotFound
from .. import matchfile

_SUFFIX = ".jsonl"


def names() -> tuple[str, ...]:
    """Return the names of the matches that come with the project, in alphabetical order."""
    found = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def load(name: str) -> matchfile.Match:
    """Return one of these matches.

    Raises:
        NotFound: none has this name.
    """
    known = names()
    if name not in known:
        raise NotFound(f"no match {name!r}; there are {', '.join(known)}")
    return matchfile.read((resources.files(__name__) / (name + _SUFFIX)).read_text("utf-8"))
