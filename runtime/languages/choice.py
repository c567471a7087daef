"""Which language somebody reads: by a browser's header, a terminal's environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from .catalogue import LANGUAGES, PSEUDO, SOURCE

_MOST = 400
"""Characters of a header that are looked at."""


def known(tag: str) -> str:
    """Return the language of ours that a tag such as `pt-BR` or `de_AT.UTF-8` means; empty where
    there is none."""
    if tag == PSEUDO:
        return PSEUDO
    tag = tag.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    primary = tag.partition("-")[0]
    return primary if primary in LANGUAGES else ""


def from_header(header: str) -> str:
    """Return the language that an `Accept-Language` wants most (RFC 9110, 12.5.4); the source where
    it wants none of ours.

    Args:
        header: as it came.
    """
    best, weight = SOURCE, 0.0
    for part in header[:_MOST].split(","):
        tag, _, parameter = part.partition(";")
        found = known(tag.strip())
        wanted = _weight(parameter)
        if found and found != PSEUDO and wanted > weight:
            best, weight = found, wanted
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def from_environment(environment: Mapping[str, str]) -> str:
    """Return the language of a terminal: by TOUCHLINE_LANGUAGE, then as gettext finds it.

    Args:
        environment: the process's variables.
    """
    for name in ("TOUCHLINE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return known(environment[name]) or SOURCE
    return SOURCE
