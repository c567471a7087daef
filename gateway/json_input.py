"""JSON of clients, who may send anything."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ..protocol.errors import BadMessage

T = TypeVar("T")

NOT_VALID = (msgspec.DecodeError, ValueError, OverflowError, RecursionError)
"""What decoding raises for what is not valid: not UTF-8, a time that is none, or brackets within
brackets without end."""


def decode(content: bytes, kind: type[T]) -> T:
    """Return a JSON body as a struct.

    Raises:
        BadMessage: the body is not valid.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except NOT_VALID as error:
        raise BadMessage(f"body: {error}") from None
