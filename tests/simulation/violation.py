"""Something that must hold, and does not."""

from __future__ import annotations


class Violation(AssertionError):
    """Something that must hold does not."""


def demand(holds: object, sentence: str) -> None:
    """Insist on something.

    Raises:
        Violation: it does not hold.
    """
    if not holds:
        raise Violation(sentence)
