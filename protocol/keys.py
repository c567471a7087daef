"""Keys: who a peer is, what it signs with, and what encrypts its connections. Pure.

One Ed25519 key is one person. Its X25519 form is the key of the person's CURVE connections (ZeroMQ
RFC 26), so that whoever is at the other end of a connection has proved to hold it. The peer's id
is a fingerprint of the public key that people can read out.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import cached_property

from .errors import SettingError, WrongKey

KEY_BYTES = 32
"""Bytes of a public key, of a CURVE key, and of the seed that a private key is made from."""

SIGNATURE_BYTES = 64

ROUTING_BYTES = 12
"""Bytes of a routing id that are bound to the key of its connection."""

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: they are misread


class Identity:
    """A private key, and all that follows from it.

    Args:
        seed: 32 random bytes, kept secret.
    """

    def __init__(self, seed: bytes) -> None:
        # PyNaCl takes a moment to import; what only looks at addresses does without it.
        from nacl.signing import SigningKey

        if len(seed) != KEY_BYTES:
            raise SettingError(f"seed of {len(seed)} bytes, {KEY_BYTES} needed")
        self._key = SigningKey(seed)
        self.public: bytes = bytes(self._key.verify_key)
        """The public key, 32 bytes."""
        self.peer = peer_id(self.public)
        """The id that people know the peer by."""

    def __repr__(self) -> str:
        return f"Identity({self.peer})"  # never the seed

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes: to be kept on disk, never sent."""
        return bytes(self._key)

    @cached_property
    def curve_public(self) -> bytes:
        """The public key of its CURVE connections, 32 bytes."""
        return bytes(self._key.verify_key.to_curve25519_public_key())

    @cached_property
    def curve_secret(self) -> bytes:
        """The secret key of its CURVE connections, 32 bytes."""
        return bytes(self._key.to_curve25519_private_key())

    def sign(self, content: bytes) -> bytes:
        """Return the signature over some content, 64 bytes."""
        return self._key.sign(content).signature


def peer_id(public: bytes) -> str:
    """Return the id of a public key: 80 bits of its SHA-256, such as `k3vq-7m2p-xw9d-4tna`."""
    number = int.from_bytes(hashlib.sha256(b"touchline peer\0" + public).digest()[:10], "big")
    letters = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(16))]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 16, 4))


def curve_key(public: bytes) -> bytes:
    """Return the CURVE form of a public key, 32 bytes.

    Raises:
        SettingError: it is no public key.
    """
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        return bytes(VerifyKey(public).to_curve25519_public_key())
    except (CryptoError, ValueError, TypeError, RuntimeError):
        raise SettingError("not a public key") from None


def verify(public: bytes, content: bytes, signature: bytes) -> bool:
    """Tell whether a signature over some content is that of a public key."""
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(public).verify(content, signature)
    except (CryptoError, ValueError, TypeError):
        return False
    return True


def to_text(key: bytes) -> str:
    """Return a public key as 43 characters that are safe in a URL."""
    return urlsafe_b64encode(key).rstrip(b"=").decode()


def from_text(text: str, *, what: str = "key") -> bytes:
    """Return the public key that `to_text` wrote.

    Args:
        text: 43 characters.
        what: the flag or field that it came from, for the error.

    Raises:
        SettingError: the text is no key.
    """
    try:
        key = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or to_text(key) != text:
        raise SettingError(f"{what}: {text[:60]!r} is not a key of 43 characters")
    return key


def routing_id(curve_public: bytes, entropy: bytes) -> bytes:
    """Return a routing id that only the holder of a CURVE key may use.

    Args:
        curve_public: the key of the connection.
        entropy: random bytes, another for each connection.
    """
    return routing_prefix(curve_public) + entropy


def routing_prefix(curve_public: bytes) -> bytes:
    """Return how the routing ids of a CURVE key's connections begin, 13 bytes."""
    # ZeroMQ keeps ids that begin with a zero byte for itself.
    return b"\1" + hashlib.sha256(b"touchline route\0" + curve_public).digest()[:ROUTING_BYTES]


def misrouted(routing_id: bytes, curve_public: bytes) -> WrongKey | None:
    """Return why a frame's routing id can't be one of its connection's key, None where it is.

    Args:
        routing_id: the connection that it came from.
        curve_public: the CURVE key of that connection; empty where nothing is encrypted.
    """
    if not curve_public or routing_id.startswith(routing_prefix(curve_public)):
        return None
    return WrongKey(
        "the routing id does not begin as those of this connection's key do; see section 3 of the "
        "protocol"
    )
