"""Which connections are open, by key and by address, and how many of them may be. Pure.

libzmq tells the descriptor of a connection when it accepts it and when it has ended, and, through
the authenticator, the key and the address of a connection at the end of its handshake, but not
which key is behind which descriptor. A key is therefore put down for the oldest connection from its
address that has none yet. With several handshakes at one time that may be the wrong one, so that a
key is never dropped while another connection from there has none: it is put down for that one. So
the keys at an address have no fewer connections on record than they have open, and more only for
as long as a handshake takes. Two keys whose handshakes overlap at one address may be taken for each
other; what they have together is right.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from itertools import count

KEPT = 128
"""Open files that connections never take: for the database, the journal, and their own sockets."""

IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: a machine has the rest for itself."""

MOST_ENDED = 10_000
"""The most ended connections that wait for their owner; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """How many connections may be open at one time.

    Args:
        key: of one key.
        address: of one address.
        total: of all together.
    """

    key: int
    address: int
    total: int

    @classmethod
    def within(cls, files: int, *, key: int, address: int) -> ConnectionBounds:
        """Return limits that fit the open files of a process.

        Args:
            files: how many it may have open.
            key, address: the wished limits; an address gets half of the total at most, a key a
                quarter.
        """
        total = max(4, files - min(KEPT, files // 2))
        return cls(min(key, total // 4), min(address, total // 2), total)


@dataclass(slots=True)
class _Place:
    """The connections to one socket from one address, by descriptor, the oldest first."""

    keyless: dict[int, None] = field(default_factory=dict)
    keyed: dict[int, bytes] = field(default_factory=dict)
    moved: dict[int, None] = field(default_factory=dict)  # of `keyed`: put down a second time
    refused: set[int] = field(default_factory=set)  # they end soon, and stand for no key


def network(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> IPV6_PREFIX << IPV6_PREFIX))
    return str(parsed)


class Connections:
    """The open connections of a process.

    Args:
        limits: how many there may be.
    """

    def __init__(self, limits: ConnectionBounds) -> None:
        self.limits = limits
        self.refused: Counter[str] = Counter()
        """Connections refused, by the limit that they were over: `key`, `address`, `total`."""
        self.ended: deque[int] = deque(maxlen=MOST_ENDED)
        """The serial numbers of connections that have ended; their owner takes them."""
        self._serials = count(1)
        self._open: dict[tuple[Hashable, int], tuple[int, str]] = {}  # its serial number, network
        self._places: dict[tuple[Hashable, str], _Place] = {}
        self._of_network: Counter[str] = Counter()
        self._of_key: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def serial(self, socket: Hashable, descriptor: int) -> int | None:
        """Return the number of an open connection, which no other has; None where it has ended."""
        found = self._open.get((socket, descriptor))
        return None if found is None else found[0]

    def key(self, socket: Hashable, descriptor: int) -> bytes | None:
        """Return the key that is put down for a connection."""
        found = self._open.get((socket, descriptor))
        return None if found is None else self._places[socket, found[1]].keyed.get(descriptor)

    def opened(self, socket: Hashable, descriptor: int, address: str) -> bool:
        """Take a connection that a socket has accepted; return False where it is to be ended."""
        if (socket, descriptor) in self._open:  # its end was not told
            self.closed(socket, descriptor)
        name = network(address)
        self._open[socket, descriptor] = next(self._serials), name
        self._places.setdefault((socket, name), _Place()).keyless[descriptor] = None
        self._of_network[name] += 1
        if len(self._open) > self.limits.total:
            self.refused["total"] += 1
        elif self._of_network[name] > self.limits.address:
            self.refused["address"] += 1
        else:
            return True
        return False

    def proved(self, socket: Hashable, key: bytes, address: str) -> bool:
        """Take the key that a connection has proved; return False where it has too many open."""
        place = self._places.get((socket, network(address)))
        if self._of_key[key] >= self.limits.key:
            self.refused["key"] += 1
            if place is not None and place.keyless:
                place.refused.add(place.keyless.popitem()[0])  # the newest: most often it is
            return False
        if place is None:
            return True  # it has ended meanwhile
        if place.keyless:
            descriptor = next(iter(place.keyless))
            del place.keyless[descriptor]
        elif place.moved:
            # Every connection has a key on record: one was put down for what is this connection.
            descriptor = next(iter(place.moved))
            self._drop_key(place, descriptor)
        else:
            return True
        place.keyed[descriptor] = key
        self._of_key[key] += 1
        return True

    def closed(self, socket: Hashable, descriptor: int) -> None:
        """Take the end of a connection."""
        found = self._open.pop((socket, descriptor), None)
        if found is None:
            return
        serial, name = found
        self.ended.append(serial)
        self._count_down(self._of_network, name)
        place = self._places[socket, name]
        if descriptor in place.keyless:
            del place.keyless[descriptor]
        elif descriptor in place.refused:
            place.refused.remove(descriptor)
        else:
            self._move_key(place, descriptor)
        if not (place.keyless or place.keyed or place.refused):
            del self._places[socket, name]

    def forget(self, socket: Hashable) -> None:
        """Take the end of a socket with all its connections."""
        for name, descriptor in [each for each in self._open if each[0] == socket]:
            self.closed(name, descriptor)

    def _move_key(self, place: _Place, descriptor: int) -> None:
        """Put the key of an ended connection down for one that has none, or drop it."""
        if not place.keyless:
            self._drop_key(place, descriptor)
            return
        key = place.keyed.pop(descriptor)
        place.moved.pop(descriptor, None)
        other = next(iter(place.keyless))
        del place.keyless[other]
        place.keyed[other] = key
        place.moved[other] = None

    def _drop_key(self, place: _Place, descriptor: int) -> None:
        self._count_down(self._of_key, place.keyed.pop(descriptor))
        place.moved.pop(descriptor, None)

    @staticmethod
    def _count_down(counter: Counter, name: Hashable) -> None:  # type: ignore[type-arg]  # of any
        counter[name] -= 1
        if not counter[name]:
            del counter[name]
