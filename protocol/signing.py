"""What a reporter signs: the content of a report, the same bytes wherever they are put together.

The bytes are the MessagePack array [`"touchline report 1"`, event, n, time, title, origin,
event.time, details], details as an array of [name, value] in the order of their names, each part in
its shortest form. The event and the number are part of it, so that a signature is good for nothing
else.
"""

from __future__ import annotations

import msgspec

from . import keys
from .messages import Report, Said

_encode = msgspec.msgpack.Encoder().encode


def content(event: str, said: Report | Said) -> bytes:
    """Return the bytes that are signed.

    Args:
        event: the id of the event that the report is of.
        said: the report; its token and signature are no part of them.
    """
    happening = said.event
    details = sorted((happening.details or {}).items())
    head = ("touchline report 1", event, said.n, said.time)
    return _encode((*head, happening.title, happening.origin, happening.time, details))


def holds(public: bytes, event: str, said: Report | Said) -> bool:
    """Tell whether a report bears the signature of this public key."""
    return keys.verify(public, content(event, said), said.signature)
