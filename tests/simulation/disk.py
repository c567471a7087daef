"""What a host's journal is in a simulated event: a disk that may be full, or be its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from touchline.peer.host.journal import CopiedEvent, StoredTurn, chained, start_of
from touchline.protocol.errors import Conflict, StorageFault
from touchline.protocol.messages import Card

from .sockets import Killed


class Store:
    """What is kept of an event, and by whom it may be changed."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.checksums: list[bytes] = []
        self.card: Card | None = None
        self.holder: object = None
        self.epoch = 0
        self.copy: CopiedEvent | None = None  # whose it is, where it is a copy
        self.taken: list[str] = []  # events of which it was a copy before


class Disk:
    """Stands in for the journal: what `commit` has stored survives the host, nothing else does.

    Args:
        stored: is called with each turn that is stored.
        judge: is called when all are, and what they led to is still in memory.
        store: what several hosts share; None: this one has its own.
    """

    def __init__(
        self,
        stored: Callable[[bytes], None] = lambda _: None,
        judge: Callable[[], None] = lambda: None,
        store: Store | None = None,
    ) -> None:
        self.full = False
        self.stop: Callable[[], None] | None = None  # stops the host once the next turn is stored
        self.stop_before: Callable[[], None] | None = None  # and before it is
        self.doom = ""  # where the host dies: before the next commit, after it, or while it tells
        self._stored = stored
        self._judge = judge
        self._store = store or Store()
        self._shared = store is not None
        self._opened: object = None
        self._read = 0
        self._ports: dict[str, int] = {}

    @property
    def shared(self) -> bool:
        """Whether other hosts have it open."""
        return self._shared

    @property
    def name(self) -> str:
        """What it is called by hosts that share it."""
        return "shared" if self._shared else ""

    @property
    def blobs(self) -> list[bytes]:
        """The turns that are stored."""
        return self._store.blobs

    def open(self) -> None:
        """Be the journal of a new process."""
        self._opened = object()

    def begin(self, event: str, epoch: int) -> bool:
        """Be the one that stores the event; return whether turns have come since the last look."""
        store = self._store
        if not self._shared:
            grown = store.copy is not None and self._read != len(store.blobs)
            store.taken += [event] if store.copy is not None else []
            store.copy = None
            return grown
        if store.holder not in (None, self._opened) and store.epoch >= epoch:
            raise Conflict(f"another host has begun epoch {store.epoch} of {event}")
        store.holder, store.epoch = self._opened, epoch
        return self._read != len(store.blobs)

    def commit(self, turns: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Store a turn, where no other host stores the event."""
        stop, self.stop_before = self.stop_before, None
        if stop is not None:
            stop()
        if self._shared and self._store.holder is not self._opened:
            return frozenset(event for event, _ in turns)
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
        self._read = len(self.blobs)
        return list(self.blobs)

    def pages(self, _event: str) -> list[bytes]:
        """Return what was stored, as a host reads it while it serves."""
        return list(self.blobs)

    # ── copies ───────────────────────────────────────────────────────────────────────────────

    def is_copy(self, _event: str) -> bool:
        """Return whether it is a copy of another's."""
        return self._store.copy is not None

    def copies(self) -> dict[str, CopiedEvent]:
        """Return what it is a copy of."""
        return {self._store.copy.event: self._store.copy} if self._store.copy else {}

    def taken_over(self) -> list[str]:
        """Return what it was a copy of."""
        return list(self._store.taken)

    def count(self, _event: str) -> int:
        """Return how many turns are stored."""
        return len(self.blobs)

    def at(self, event: str, turn: int) -> tuple[int, bytes] | None:
        """Return the row of a turn, which is its number, and its checksum."""
        if not turn:
            return 0, b""
        return (turn, self._checksums(event)[turn - 1]) if turn <= len(self.blobs) else None

    def last_checksum(self, event: str) -> bytes:
        """Return the checksum of the newest turn."""
        return self._checksums(event)[-1] if self.blobs else b""

    def after(self, event: str, row: int, size: int) -> list[StoredTurn]:
        """Return the turns after a row, as far as they have so many bytes."""
        found: list[StoredTurn] = []
        for number, checksum in list(enumerate(self._checksums(event), 1))[row:]:
            found.append(StoredTurn(number, self.blobs[number - 1], checksum, ""))
            size -= len(self.blobs[number - 1])
            if size <= 0:
                break
        return found

    def store_copy(self, copy: CopiedEvent, turns: Sequence[tuple[bytes, bytes]]) -> None:
        """Store turns of another's."""
        if self.full:
            raise StorageFault("no space left on device")
        for blob, checksum in turns:
            self.blobs.append(blob)
            if self.last_checksum(copy.event) != checksum:
                raise AssertionError("a turn does not follow from the one before it")
        self._store.copy = copy

    def _checksums(self, event: str) -> list[bytes]:
        known = self._store.checksums
        while len(known) < len(self.blobs):
            known.append(chained(known[-1] if known else start_of(event), self.blobs[len(known)]))
        return known

    def card(self, _event: str) -> Card | None:
        """Return the card, where it was stored."""
        return self._store.card

    def keep_card(self, card: Card) -> None:
        """Store the card."""
        self._store.card = card

    def ports(self) -> dict[str, int]:
        """Return the ports of the last run."""
        return self._ports

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        """Store the ports."""
        self._ports = dict(ports)
