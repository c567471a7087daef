from __future__ import annotations

import hashlib

import nacl.bindings
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from touchline.protocol import keys
from touchline.protocol.errors import SettingError
from touchline.protocol.keys import Identity

ME = Identity(bytes(range(32)))
OTHER = Identity(bytes(range(1, 33)))


def test_known_identity() -> None:
    """A seed makes the public key, the id and the CURVE key that it always made: what is on
    somebody's disk stays that person."""
    assert ME.public.hex() == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    assert ME.peer == "z3nz-bzy6-vc9h-sixk"
    assert (
        ME.curve_public.hex() == "4701d08488451f545a409fb58ae3e58581ca40ac3f7f114698cd71deac73ca01"
    )
    assert ME.seed == bytes(range(32))


def test_the_curve_key_is_one() -> None:
    """The CURVE secret belongs to the CURVE key, for libsodium and for ZeroMQ, and everybody
    finds the key from the public one."""
    assert nacl.bindings.crypto_scalarmult_base(ME.curve_secret) == ME.curve_public
    secret = z85.encode(ME.curve_secret)
    assert z85.decode(zmq.curve_public(secret)) == ME.curve_public
    assert keys.curve_key(ME.public) == ME.curve_public != OTHER.curve_public


def test_the_secret_is_not_shown() -> None:
    """What logs would write of an identity is its id."""
    assert repr(ME) == f"Identity({ME.peer})"
    assert ME.seed.hex() not in repr(vars(ME))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_bad_seed(size: int) -> None:
    """A seed of another size is refused with both numbers."""
    with pytest.raises(SettingError, match=f"seed of {size} bytes, 32 needed"):
        Identity(bytes(size))


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"x" * 31,
        b"x" * 33,
        bytes(32),  # of low order
        bytes([1, *bytes(31)]),  # the neutral element
        b"\xff" * 32,
        hashlib.sha256(b"2").digest(),  # on no curve
    ],
    ids=range(7),
)
def test_no_public_key(key: bytes) -> None:
    """Bytes that are no point of the curve, or one that says nothing, have no CURVE form."""
    with pytest.raises(SettingError, match="not a public key"):
        keys.curve_key(key)


@given(st.binary(max_size=40))
def test_any_bytes_as_key(key: bytes) -> None:
    """Whatever the bytes, they have a CURVE form of 32 bytes, or are refused."""
    try:
        assert len(keys.curve_key(key)) == keys.KEY_BYTES
    except SettingError:
        return


def test_signatures() -> None:
    """A signature holds for its content and key, and for nothing else."""
    signature = ME.sign(b"content")
    assert len(signature) == keys.SIGNATURE_BYTES
    assert keys.verify(ME.public, b"content", signature)
    assert not keys.verify(OTHER.public, b"content", signature)
    assert not keys.verify(ME.public, b"Content", signature)
    for size in (0, 63, 65):
        assert not keys.verify(ME.public, b"content", (signature + b"x")[:size])
    assert not keys.verify(b"no key", b"content", signature)


@given(st.integers(0, 64 * 8 - 1))
def test_a_flipped_bit(bit: int) -> None:
    """A signature of which one bit is another does not hold."""
    signature = bytearray(ME.sign(b"content"))
    signature[bit // 8] ^= 1 << bit % 8
    assert not keys.verify(ME.public, b"content", bytes(signature))


def test_peer_ids() -> None:
    """An id is 16 letters in fours that nobody misreads."""
    assert keys.peer_id(ME.public) == ME.peer != OTHER.peer
    for number in range(200):
        groups = keys.peer_id(bytes([number])).split("-")
        assert [len(group) for group in groups] == [4] * 4
        assert not set("".join(groups)) & set("lo01")


@given(st.binary(min_size=32, max_size=32))
def test_keys_as_text(key: bytes) -> None:
    """A key is 43 characters, safe in a URL, and read again."""
    text = keys.to_text(key)
    assert len(text) == 43
    assert text.replace("-", "").replace("_", "").isalnum()
    assert keys.from_text(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "B", "A" * 42 + "é", " " + "A" * 42],
)
def test_bad_text(text: str) -> None:
    """What is no key, or one written in another way, is refused and the flag named."""
    with pytest.raises(SettingError, match=r"^--operator: "):
        keys.from_text(text, what="--operator")


def test_routing_ids() -> None:
    """Routing ids of a key begin alike, unlike another's, and never with a zero byte; what is
    random follows."""
    one, two = (keys.routing_id(ME.curve_public, entropy * 16) for entropy in (b"a", b"b"))
    prefix = keys.routing_prefix(ME.curve_public)
    assert one.startswith(prefix)
    assert two.startswith(prefix)
    assert one != two
    assert prefix[0] == 1
    assert len(prefix) == 1 + keys.ROUTING_BYTES
    assert prefix != keys.routing_prefix(OTHER.curve_public)


def test_form_of_peer_ids() -> None:
    """An id has the form of one, and what was misread has not."""
    assert keys.is_peer_id(ME.peer)
    for text in ("", "anna", ME.peer[:-1], ME.peer + "-aaaa", "l" + ME.peer[1:], ME.peer.upper()):
        assert not keys.is_peer_id(text)


def test_what_a_key_seals_it_alone_can_read() -> None:
    """Nor can what was changed be read, or what was never sealed."""
    sealed = ME.seal(b"secret")
    assert b"secret" not in sealed
    assert ME.unseal(sealed) == b"secret"
    assert OTHER.unseal(sealed) is None
    assert ME.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert ME.unseal(b"") is None
