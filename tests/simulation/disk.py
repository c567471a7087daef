"""What a host's journal is in a simulated event: a disk that may be full, or be its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Card

from .sockets import Killed


class Disk:
    """Stands in for the journal: what `commit` has stored survives the host, nothing else does.

    Args:
        stored: is called with each turn that is stored.
        judge: is called when all are, and what they led to is still in memory.
    """

    def __init__(
        self,
        stored: Callable[[bytes], None] = lambda _: None,
        judge: Callable[[], None] = lambda: None,
    ) -> None:
        self.blobs: list[bytes] = []
        self.full = False
        self.stop: Callable[[], None] | None = None  # stops the host once the next turn is stored
        self.doom = ""  # where the host dies: before the next commit, after it, or while it tells
        self._stored = stored
        self._judge = judge
        self._card: Card | None = None
        self._ports: dict[str, int] = {}

    def begin(self, _event: str, _epoch: int) -> bool:
        """Go on: no other host has this disk."""
        return False

    def commit(self, turns: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Store a turn."""
        if self.full:
            raise StorageFault("no space left on device")
        if self.doom == "before":
            raise Killed
        for _, blob in turns:
            self.blobs.append(blob)
            self._stored(blob)
        self._judge()
        if self.doom == "after":
            raise Killed
        stop, self.stop = self.stop, None
        if stop is not None:
            stop()
        return frozenset()

    def turns(self, _event: str) -> list[bytes]:
        """Return what was stored."""
        return self.blobs

    def card(self, _event: str) -> Card | None:
        """Return the card, where it was stored."""
        return self._card

    def keep_card(self, card: Card) -> None:
        """Store the card."""
        self._card = card

    def ports(self) -> dict[str, int]:
        """Return the ports of the last run."""
        return self._ports

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        """Store the ports."""
        self._ports = dict(ports)
