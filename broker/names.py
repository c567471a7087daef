"""Names: event ids that are short, readable, safe in a URL and as a topic; names of people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ..protocol.limits import ID_CHARS

TAIL_CHARS = 4

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: they are misread
_GAP = re.compile(r"[^a-z0-9]+")


def slug(title: str, most: int) -> str:
    """Return a title as lower-case ASCII words joined by hyphens, `event` if none is left.

    Args:
        most: the most characters to return; cut between words where that is possible.
    """
    plain = unicodedata.normalize("NFKD", title.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    text = _GAP.sub("-", plain).strip("-")
    if len(text) > most:
        whole, hyphen, _ = text[: most + 1].rpartition("-")
        text = whole if hyphen else text[:most]
    return text or "event"


def event_id(title: str, entropy: Callable[[int], bytes]) -> str:
    """Return an id such as `argentina-france-k3vq`.

    Args:
        entropy: entropy(n) gives n random bytes.
    """
    return f"{slug(title, ID_CHARS - TAIL_CHARS - 1)}-{letters(entropy(TAIL_CHARS))}"


def letters(entropy: bytes) -> str:
    """Return one letter that can be read out for each random byte."""
    return "".join(_ALPHABET[byte % 32] for byte in entropy)


def fold(name: str) -> str:
    """Return what two names have in common that people would take for the same.

    Case, width, accents written in two ways and spaces do not tell two names apart. Letters of
    several scripts that look alike do.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
