"""Messages as JSON values for people and programs: times in RFC 3339, bytes in hex.

Follows DESIGN section 2: wall-clock times are RFC 3339 with milliseconds and Z in JSON.
"""

from __future__ import annotations

import msgspec

from ..protocol.messages import Message, Part
from ..protocol.times import to_rfc3339

TIMES = frozenset(
    {
        "accepted",
        "began",
        "created",
        "enrolled",
        "expires",
        "first_reported",
        "host_time",
        "last_received",
        "last_seen",
        "sent",
        "since",
        "starts",
        "time",
        "until",
    }
)
"""Fields that hold a wall-clock time in microseconds."""

Json = dict[str, object]


def to_json(message: Message | Part) -> Json:
    """Return a message as plain JSON values, all fields included, its `type` first.

    A time of 0 (not known) becomes null.
    """
    plain = _plain(message)
    tag = message.__struct_config__.tag
    return {"type": tag, **plain} if tag is not None else plain


def _plain(part: msgspec.Struct) -> Json:
    names = zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True)
    return {shown: _value(name, getattr(part, name)) for name, shown in names}


def _value(name: str, value: object) -> object:
    if name in TIMES and isinstance(value, int):
        return to_rfc3339(value) if value else None
    if isinstance(value, msgspec.Struct):
        return _plain(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_value("", item) for item in value]
    return value
