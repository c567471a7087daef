"""What viewers may subscribe to: how long, and how many by connection, key and address. Pure.

A host keeps every byte of every subscription in a tree, 45 bytes for each, and walks through the
whole tree whenever a viewer leaves. A viewer needs one subscription, of an event's topic.

| a frame from a viewer                       | outcome                                       |
|---------------------------------------------|-----------------------------------------------|
| within all limits                           | counted                                       |
| the end of a subscription                   | counted                                       |
| longer than a topic can be                  | connection ended, its key refused for a while |
| one more than the connection may have       | connection ended, its key waits a while       |
| one more than the key or address may have   | connection ended                              |
| anything else                               | connection ended                              |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from ...protocol import limits

TOPIC_BYTES = 4 * limits.ID_CHARS + 1
"""The longest topic: an event's id in UTF-8, and the zero byte behind it."""

REFUSED_SECONDS = 60.0
"""How long a key is refused whose subscription was too long."""

MOST_REFUSED = 1_000
"""The most keys that are refused at one time; the oldest may come back."""


@dataclass(slots=True)
class _Viewer:
    key: bytes
    address: str
    subscriptions: int = 0


class Subscriptions:
    """The subscriptions of the connections to a feed.

    Args:
        connection, key, address: how many one of them may have.
    """

    def __init__(self, *, connection: int, key: int, address: int) -> None:
        self.ended: Counter[str] = Counter()
        """Connections ended, by reason: `length`, `connection`, `key`, `address`, `frame`."""
        self._most = {"connection": connection, "key": key, "address": address}
        self._viewers: dict[int, _Viewer] = {}  # by the connection's serial number
        self._of_key: Counter[Hashable] = Counter()
        self._of_address: Counter[Hashable] = Counter()
        self._refused: dict[bytes, float] = {}  # by key, the oldest first: until when

    def receive(self, serial: int, key: bytes, address: str, frame: bytes, now: float) -> str:
        """Take a frame; return why its connection is to be ended, empty where it is not.

        Args:
            serial: the number of the connection.
            key: its CURVE key; empty where nothing is encrypted.
            address: where it comes from.
            frame: 1 or 0, and the topic.
            now: monotonic seconds.
        """
        reason = self._count(serial, key, address, frame)
        if reason:
            self.ended[reason] += 1
        if reason == "length" and key:
            self._refused.pop(key, None)
            self._refused[key] = now + REFUSED_SECONDS
            if len(self._refused) > MOST_REFUSED:
                del self._refused[next(iter(self._refused))]
        return reason

    def refuses(self, key: bytes, now: float) -> bool:
        """Return whether a key may not connect; may be called from any thread."""
        return self._refused.get(key, now) > now

    def closed(self, serials: Iterable[int]) -> None:
        """Take the end of connections."""
        for serial in serials:
            viewer = self._viewers.pop(serial, None)
            if viewer is not None:
                self._add(viewer, -viewer.subscriptions)

    def _count(self, serial: int, key: bytes, address: str, frame: bytes) -> str:
        kind = frame[:1]
        if kind not in (b"\0", b"\1"):
            return "frame"
        if len(frame) > 1 + TOPIC_BYTES:
            return "length"
        viewer = self._viewers.setdefault(serial, _Viewer(key, address))
        if kind == b"\0":
            self._add(viewer, -min(1, viewer.subscriptions))
            return ""
        self._add(viewer, 1)
        counts = {
            "connection": viewer.subscriptions,
            "key": self._of_key[viewer.key] if viewer.key else 0,
            "address": self._of_address[viewer.address],
        }
        return next((name for name, most in self._most.items() if counts[name] > most), "")

    def _add(self, viewer: _Viewer, number: int) -> None:
        viewer.subscriptions += number
        for counter, name in ((self._of_key, viewer.key), (self._of_address, viewer.address)):
            counter[name] += number
            if not counter[name]:
                del counter[name]
