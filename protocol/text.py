"""Text from the network, made harmless to show."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return text from the network with nothing in it that a terminal would obey."""
    return "".join(
        "�" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text
    )
