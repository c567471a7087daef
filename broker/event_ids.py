"""Event ids that are short, readable, and safe in a URL and as a topic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ..protocol.limits import ID_CHARS

TAIL_CHARS = 4

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: they are misread
_APOSTROPHES = {ord("'"): None}  # as a transliteration writes the letters ain and hamza
_GAP = re.compile(r"[^a-z0-9]+")


def slug(title: str, most: int) -> str:
    """Return a title as lower-case ASCII words joined by hyphens, or `event` if it has none.

    Letters of other scripts are written as they sound.

    Args:
        most: the most characters to return; a longer title is cut between words if possible.
    """
    text = _GAP.sub("-", _ascii(title).lower().translate(_APOSTROPHES)).strip("-")
    if len(text) > most:
        whole, hyphen, _ = text[: most + 1].rpartition("-")
        text = whole if hyphen else text[:most]
    return text or "event"


def _ascii(title: str) -> str:
    if title.isascii():
        return title
    # Imported late: most titles need it not.
    from anyascii import anyascii

    # What stands for itself as a symbol, an emoji or an arrow, has no sound.
    return anyascii("".join(" " if unicodedata.category(c)[0] == "S" else c for c in title))


def event_id(title: str, entropy: Callable[[int], bytes]) -> str:
    """Return an id such as `argentina-france-k3vq`.

    Args:
        entropy: entropy(n) returns n random bytes.
    """
    return f"{slug(title, ID_CHARS - TAIL_CHARS - 1)}-{letters(entropy(TAIL_CHARS))}"


def letters(entropy: bytes) -> str:
    """Return one letter or digit for each random byte; none looks like another."""
    return "".join(_ALPHABET[byte % 32] for byte in entropy)
