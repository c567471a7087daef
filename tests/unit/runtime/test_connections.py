"""Which connections are open, by key and by address, and how many may be."""

from __future__ import annotations

import random

import pytest

from touchline.runtime.connections import ConnectionBounds, Connections, network

ANN, BOB = b"a" * 32, b"b" * 32
HOME, AWAY = "192.0.2.1", "192.0.2.2"


def connections(*, key: int = 2, address: int = 3, total: int = 5) -> Connections:
    return Connections(ConnectionBounds(key, address, total))


def test_an_address_and_all_together_are_bounded() -> None:
    """The fourth connection of an address and the sixth of all are ended, and counted."""
    open_ = connections()
    assert [open_.opened("s", n, HOME) for n in range(4)] == [True, True, True, False]
    open_.closed("s", 3)
    assert [open_.opened("s", n, AWAY) for n in (4, 5, 6)] == [True, True, False]
    assert open_.refused == {"address": 1, "total": 1}
    open_.closed("s", 0)
    open_.closed("s", 6)
    assert open_.opened("s", 7, HOME)


def test_a_key_is_bounded_at_all_its_addresses() -> None:
    """The third connection of a key is refused until one of its others has ended."""
    open_ = connections()
    for number, address in enumerate((HOME, AWAY, AWAY)):
        open_.opened("s", number, address)
    assert open_.proved("s", ANN, HOME)
    assert open_.proved("s", ANN, AWAY)
    assert not open_.proved("s", ANN, AWAY)
    assert open_.proved("s", BOB, AWAY)
    open_.closed("s", 0)
    open_.opened("s", 3, HOME)
    assert open_.proved("s", ANN, HOME)
    assert open_.refused == {"key": 1}


def test_a_key_stays_on_record_behind_connections_without_a_key() -> None:
    """Connections that prove nothing and end do not take a key with them: it is put down for the
    connection that it is behind."""
    open_ = connections(key=1)
    open_.opened("s", 1, HOME)  # proves nothing
    open_.opened("s", 2, HOME)
    assert open_.proved("s", ANN, HOME)  # it is 2, put down for 1
    open_.closed("s", 1)
    assert not open_.proved("s", ANN, HOME)
    open_.closed("s", 2)
    open_.opened("s", 3, HOME)
    assert open_.proved("s", ANN, HOME)


def test_refused_connections_hold_no_place() -> None:
    """A key at its limit that tries again and again is let in once one of its own has ended, also
    while libzmq still holds the refused ones."""
    open_ = connections(key=1, address=10, total=10)
    open_.opened("s", 1, HOME)
    assert open_.proved("s", ANN, HOME)
    for descriptor in (2, 3):
        open_.opened("s", descriptor, HOME)
        assert not open_.proved("s", ANN, HOME)
    open_.closed("s", 1)
    open_.opened("s", 4, HOME)
    assert open_.proved("s", ANN, HOME)
    for descriptor in (2, 3, 4):
        open_.closed("s", descriptor)
    assert not open_._places


def test_a_descriptor_that_is_used_again() -> None:
    """The next connection behind a descriptor is another, also where no end was told."""
    open_ = connections()
    open_.opened("s", 1, HOME)
    first = open_.serial("s", 1)
    open_.closed("s", 1)
    assert open_.serial("s", 1) is None
    open_.opened("s", 1, HOME)
    second = open_.serial("s", 1)
    open_.opened("s", 1, AWAY)
    assert len({first, second, open_.serial("s", 1)}) == 3
    assert list(open_.ended) == [first, second]
    assert len(open_) == 1


def test_a_socket_is_forgotten_with_its_connections() -> None:
    """What is open at another socket stays, also behind the same descriptor."""
    open_ = connections()
    open_.opened("s", 1, HOME)
    open_.opened("t", 1, HOME)
    open_.forget("s")
    open_.closed("s", 1)
    assert open_.serial("s", 1) is None
    assert open_.serial("t", 1) is not None


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("choice", [(ANN,), (ANN, BOB)])
def test_no_fewer_are_on_record_than_open(seed: int, choice: tuple[bytes, ...]) -> None:
    """However handshakes and ends at one address mix: its keys have at least their open connections
    on record, a single key therefore its own, and none once all have ended."""
    chance = random.Random(seed)
    open_ = connections(key=10_000, address=10_000, total=10_000)
    keys: dict[int, bytes] = {}
    began: list[int] = []
    for number in range(600):
        draw = chance.random()
        if draw < 0.4:
            open_.opened("s", number, HOME)
            began.append(number)
        elif draw < 0.7 and began:
            descriptor = began.pop(chance.randrange(len(began)))
            keys[descriptor] = chance.choice(choice)
            assert open_.proved("s", keys[descriptor], HOME)
        else:
            ends = began if chance.random() < 0.5 else list(keys)
            if ends:
                descriptor = chance.choice(ends)
                began = [other for other in began if other != descriptor]
                keys.pop(descriptor, None)
                open_.closed("s", descriptor)
        assert len(keys) <= open_._of_key.total() <= len(open_)
    for descriptor in [*began, *keys]:
        open_.closed("s", descriptor)
    assert not open_._of_key
    assert not open_._of_network
    assert not open_._places
    assert not len(open_)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, name: str) -> None:
    """IPv6 counts by the network, and IPv4 is the same over IPv6."""
    assert network(address) == name


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        (524_288, (1_024, 4_096, 524_160)),
        (1_024, (224, 448, 896)),
        (100, (12, 25, 50)),
    ],
)
def test_the_limits_fit_the_open_files(files: int, limits: tuple[int, int, int]) -> None:
    """Where the system permits few files, some are left for what is no connection."""
    found = ConnectionBounds.within(files, key=1_024, address=4_096)
    assert (found.key, found.address, found.total) == limits
