"""How long subscriptions may be, and how many a connection, a key and an address may have."""

from __future__ import annotations

import pytest

from touchline.peer.host.subscriptions import (
    MOST_REFUSED,
    REFUSED_SECONDS,
    TOPIC_BYTES,
    Subscriptions,
)

ANN, BOB, CID = b"a" * 32, b"b" * 32, b"c" * 32


@pytest.fixture
def viewers() -> Subscriptions:
    return Subscriptions(connection=2, key=3, address=4)


def test_a_connection_ends_with_its_third(viewers: Subscriptions) -> None:
    """One that is given up makes room for another."""
    assert not viewers.receive(1, ANN, "x", b"\1a", 0.0)
    assert not viewers.receive(1, ANN, "x", b"\1b", 0.0)
    assert not viewers.receive(1, ANN, "x", b"\0b", 0.0)
    assert not viewers.receive(1, ANN, "x", b"\1c", 0.0)
    assert viewers.receive(1, ANN, "x", b"\1d", 0.0)
    assert viewers.ended == {"connection": 1}
    assert not viewers.refuses(ANN, 0.0)


def test_a_key_and_an_address_have_no_more_over_many_connections(viewers: Subscriptions) -> None:
    """The fourth of a key and the fifth of an address end the connections that they came over."""
    for serial in (1, 2, 3):
        assert not viewers.receive(serial, ANN, "x", b"\1a", 0.0)
    assert viewers.receive(4, ANN, "x", b"\1a", 0.0)
    viewers.closed([4])
    assert not viewers.receive(5, BOB, "x", b"\1a", 0.0)
    assert viewers.receive(6, CID, "x", b"\1a", 0.0)
    assert not viewers.receive(7, CID, "y", b"\1a", 0.0)
    assert viewers.ended == {"key": 1, "address": 1}


def test_ended_connections_make_room(viewers: Subscriptions) -> None:
    """A key that comes back with all its subscriptions, as a gateway does, has them again; nothing
    is kept of connections that are gone."""
    for start in range(0, 30, 3):
        serials = range(start, start + 3)
        assert not any(viewers.receive(serial, ANN, "x", b"\1a", 0.0) for serial in serials)
        viewers.closed(serials)
    assert not viewers._viewers
    assert not viewers._of_key
    assert not viewers._of_address


def test_a_subscription_that_is_renewed_leaves_nothing(viewers: Subscriptions) -> None:
    """A viewer that gives its subscription up and takes it anew, 10,000 times over one connection,
    has one, and room for no more and no fewer than before."""
    for _ in range(10_000):
        assert not viewers.receive(1, ANN, "x", b"\1a", 0.0)
        assert not viewers.receive(1, ANN, "x", b"\0a", 0.0)
    assert not viewers._of_key
    assert not viewers._of_address
    assert not any(viewers.receive(1, ANN, "x", topic, 0.0) for topic in (b"\1a", b"\1b"))
    assert viewers.receive(1, ANN, "x", b"\1c", 0.0)


def test_nothing_is_kept_of_a_viewer_that_subscribed_to_20_000() -> None:
    """Nor of how many there were; topics are not kept at all."""
    viewers = Subscriptions(connection=30_000, key=30_000, address=30_000)
    for number in range(20_000):
        assert not viewers.receive(1, ANN, "x", b"\1%d" % number, 0.0)
    assert viewers._of_key == {ANN: 20_000}
    viewers.closed([1])
    assert not any((viewers._viewers, viewers._of_key, viewers._of_address, viewers._refused))


def test_what_is_not_encrypted_counts_by_address(viewers: Subscriptions) -> None:
    """Connections without a key are not one key."""
    assert not any(viewers.receive(serial, b"", "x", b"\1a", 0.0) for serial in range(4))
    assert viewers.receive(4, b"", "x", b"\1a", 0.0)


def test_a_subscription_that_is_too_long(viewers: Subscriptions) -> None:
    """It ends its connection, and its key is refused for a while."""
    assert not viewers.receive(1, ANN, "x", b"\1" + b"a" * TOPIC_BYTES, 0.0)
    assert viewers.receive(1, ANN, "x", b"\1" + b"a" * (TOPIC_BYTES + 1), 0.0)
    assert viewers.ended == {"length": 1}
    assert viewers.refuses(ANN, REFUSED_SECONDS - 1)
    assert not viewers.refuses(ANN, REFUSED_SECONDS + 1)
    assert not viewers.refuses(BOB, 0.0)


def test_refused_keys_are_bounded(viewers: Subscriptions) -> None:
    """The oldest give way."""
    long = b"\1" + b"a" * (TOPIC_BYTES + 1)
    keys = [number.to_bytes(32, "big") for number in range(MOST_REFUSED + 1)]
    for key in keys:
        viewers.receive(1, key, "x", long, 0.0)
    assert [viewers.refuses(key, 1.0) for key in (keys[0], keys[1], keys[-1])] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("frame", [b"", b"\2", b"hello"])
def test_what_is_no_subscription(viewers: Subscriptions, frame: bytes) -> None:
    """Viewers have nothing else to say: the connection ends."""
    assert viewers.receive(1, ANN, "x", frame, 0.0)
    assert viewers.ended == {"frame": 1}
