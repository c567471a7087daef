"""What a reporter signs of a report, and an owner of a ruling: the same bytes in every process.

The bytes are the MessagePack array [`"touchline report 1"`, event, n, time, title, origin,
event.time, details], details as an array of [name, value] in the order of their names, each part in
its shortest form. If the host had shown the reporter a claim before, the array begins with
`"touchline report 2"`, and ends with the report's `seen`. The bytes hold the event and the number,
so that a signature is valid for no other report.

Of a ruling they are the array [`"touchline ruling 1"`, event, ruling, time, act, reason, entry,
origin, score, details]. If it names a title, the array begins with `"touchline ruling 2"`, and ends
with the title.
"""

from __future__ import annotations

import msgspec

from . import keys
from .messages import Report, Ruling, Said

_encode = msgspec.msgpack.Encoder().encode


def content(event: str, said: Report | Said) -> bytes:
    """Return the bytes that the reporter signs.

    Args:
        event: the id of the report's event.
        said: the report; its token and signature are not part of the bytes.
    """
    happening = said.event
    details = sorted((happening.details or {}).items())
    rest = (event, said.n, said.time, happening.title, happening.origin, happening.time, details)
    if said.seen:
        return _encode(("touchline report 2", *rest, said.seen))
    return _encode(("touchline report 1", *rest))


def holds(public: bytes, event: str, said: Report | Said) -> bool:
    """Return whether a report bears the signature of this public key."""
    return keys.verify(public, content(event, said), said.signature)


def ruling_content(ruling: Ruling) -> bytes:
    """Return the bytes of a ruling that the owner signs; its key and signature are not part of
    them."""
    details = sorted(ruling.details.items())
    parts = (ruling.event, ruling.ruling, ruling.time, ruling.act, ruling.reason)
    more = (ruling.entry, ruling.origin, ruling.score, details)
    if ruling.title:
        return _encode(("touchline ruling 2", *parts, *more, ruling.title))
    return _encode(("touchline ruling 1", *parts, *more))


def is_by(owner: str, ruling: Ruling) -> bool:
    """Return whether a ruling bears the signature of the peer of this id."""
    if keys.peer_id(ruling.key) != owner:
        return False
    return keys.verify(ruling.key, ruling_content(ruling), ruling.signature)
