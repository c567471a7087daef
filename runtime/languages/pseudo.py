"""A text of the pseudo-locale: longer by a third, with accents, as legible as English. Pure."""

from __future__ import annotations

import re

_ACCENTS = str.maketrans("AaCcDdEeGgIiLlNnOoRrSsTtUuYyZz", "ÅåÇçÐðÉéĜĝÎîĻļÑñÖöŔŕŠšŢţÛûÝýŽž")

_FIXED = re.compile(r"(\{[^{}]*\}|<[^<>]*>|&\w+;)")
"""What a translation leaves as it is: placeholders, markup, character references."""

_LONGER = 0.33
"""German and Portuguese are longer than English by about so much."""


def pseudo(text: str) -> str:
    """Return a text of the source in the pseudo-locale."""
    parts = _FIXED.split(text)
    said = "".join(part if at % 2 else part.translate(_ACCENTS) for at, part in enumerate(parts))
    letters = sum(len(part) for part in parts[::2])
    if not any(character.isalpha() for part in parts[::2] for character in part):
        return text
    return f"[{said} {'·' * max(1, round(letters * _LONGER))}]"
