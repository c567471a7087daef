"""The log of an event's messages, encoded once, from which all viewers read. Pure."""

from __future__ import annotations

MESSAGE_BYTES = 65_536
"""The size of the fragments of a longer message: control frames may come between them."""

TAKE_BYTES = 262_144
"""The bytes after which `frames` adds no further message to those that it returns."""

TRIM = 1_024
"""Messages are dropped from the front in batches of this size, which costs less."""


def framed(payload: bytes) -> list[bytes]:
    """Return a text message as the WebSocket frames of a server (RFC 6455, 5.2 and 5.4).

    The same bytes go to every viewer, since a server does not mask (5.1).
    """
    if len(payload) <= MESSAGE_BYTES:
        return [_frame(0x81, payload)]
    parts = [payload[i : i + MESSAGE_BYTES] for i in range(0, len(payload), MESSAGE_BYTES)]
    last = len(parts) - 1
    return [
        _frame((0x80 if place == last else 0) | (0x01 if place == 0 else 0), part)
        for place, part in enumerate(parts)
    ]


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 65_536:
        head = bytes((first, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 127)) + size.to_bytes(8, "big")
    return head + payload


class MessageLog:
    """Encoded messages, numbered from 1 without gaps; the newest are kept.

    Args:
        most_bytes: the most bytes that are kept; beyond these, the oldest messages are dropped.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._payloads: list[bytes] = []
        self._ends: list[int] = []  # bytes of all messages up to and including each
        self._dropped = 0  # messages that are no longer kept
        self._before = 0  # bytes of these
        self._memo: dict[int, tuple[bytes, int]] = {}

    @property
    def last(self) -> int:
        """The number of the newest message; 0 before the first."""
        return self._dropped + len(self._payloads)

    @property
    def first(self) -> int:
        """The number of the oldest kept message."""
        return self._dropped + 1

    @property
    def size(self) -> int:
        """Bytes of the kept messages."""
        return (self._ends[-1] if self._ends else self._before) - self._before

    def append(self, payload: bytes) -> None:
        """Add a message."""
        self._memo.clear()
        self._payloads.append(payload)
        self._ends.append((self._ends[-1] if self._ends else self._before) + len(payload))
        if self.size > self._most and len(self._payloads) > TRIM:
            self._before = self._ends[TRIM - 1]
            self._dropped += TRIM
            del self._payloads[:TRIM], self._ends[:TRIM]

    def has(self, position: int) -> bool:
        """Return whether all messages after a position are kept; 0 is before the first."""
        return self._dropped <= position <= self.last

    def queued(self, position: int) -> tuple[int, int]:
        """Return how many messages, and bytes, follow a position."""
        if position >= self.last:
            return 0, 0
        before = self._end(position) if position > self._dropped else self._before
        return self.last - position, self._ends[-1] - before

    def payloads(self, position: int, most: int) -> list[bytes]:
        """Return up to `most` messages after a position for which `has` is true."""
        start = position - self._dropped
        return self._payloads[start : start + most]

    def frames(self, position: int) -> tuple[bytes, int]:
        """Return WebSocket frames from a position on, joined, and the position after them.

        Viewers at the same position get the same bytes, joined once.
        """
        found = self._memo.get(position)
        if found is None:
            found = self._memo[position] = self._joined(position)
        return found

    def _joined(self, position: int) -> tuple[bytes, int]:
        start = place = position - self._dropped
        size = 0
        while place < len(self._payloads) and (place == start or size < TAKE_BYTES):
            size += len(self._payloads[place])
            place += 1
        frames = [part for payload in self._payloads[start:place] for part in framed(payload)]
        return b"".join(frames), self._dropped + place

    def _end(self, position: int) -> int:
        return self._ends[position - self._dropped - 1]
