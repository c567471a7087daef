"""Keys: they identify peers, sign reports and encrypt connections. Pure.

One Ed25519 key stands for one person. Its X25519 form is the key of the person's CURVE connections
(ZeroMQ RFC 26), so each end of a connection has proved that it holds its key. The peer's id is a
fingerprint of the public key that people can read out.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import cached_property, lru_cache

from .errors import SettingError, WrongKey

KEY_BYTES = 32
"""Bytes of a public key, of a CURVE key, and of the seed of a private key."""

SIGNATURE_BYTES = 64

ROUTING_BYTES = 12
"""Bytes of a routing id that are a hash of its connection's key."""

REMEMBERED = 4_096
"""Public keys of which what follows from them is not reckoned again: a broker is asked by the same
peers all the time."""

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: they are misread


class Identity:
    """A private key, and what follows from it: public key, peer id, CURVE keys, signatures.

    Args:
        seed: 32 random bytes, kept secret.
    """

    def __init__(self, seed: bytes) -> None:
        # PyNaCl takes a moment to import, and code that only reads addresses does not need it.
        from nacl.signing import SigningKey

        if len(seed) != KEY_BYTES:
            raise SettingError(f"seed of {len(seed)} bytes, {KEY_BYTES} needed")
        self._key = SigningKey(seed)
        self.public: bytes = bytes(self._key.verify_key)
        """The public key, 32 bytes."""
        self.peer = peer_id(self.public)
        """The peer's id, a fingerprint of the public key."""

    def __repr__(self) -> str:
        return f"Identity({self.peer})"  # never the seed

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes. Keep it on disk, never send it."""
        return bytes(self._key)

    @cached_property
    def curve_public(self) -> bytes:
        """The public key of the peer's CURVE connections, 32 bytes."""
        return bytes(self._key.verify_key.to_curve25519_public_key())

    @cached_property
    def curve_secret(self) -> bytes:
        """The secret key of the peer's CURVE connections, 32 bytes."""
        return bytes(self._key.to_curve25519_private_key())

    def seal(self, secret: bytes) -> bytes:
        """Return a secret that only this key can read again, with `unseal`."""
        from nacl.secret import SecretBox

        return bytes(SecretBox(self._sealing_key).encrypt(secret))

    def unseal(self, sealed: bytes) -> bytes | None:
        """Return what this key has sealed; None where it has not."""
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox

        try:
            return bytes(SecretBox(self._sealing_key).decrypt(sealed))
        except (CryptoError, ValueError, TypeError):
            return None

    @property
    def _sealing_key(self) -> bytes:
        return hashlib.sha256(b"touchline seal\0" + bytes(self._key)).digest()

    def sign(self, content: bytes) -> bytes:
        """Return the signature over the content, 64 bytes."""
        return self._key.sign(content).signature


@lru_cache(maxsize=REMEMBERED)
def peer_id(public: bytes) -> str:
    """Return the id of a public key: 80 bits of its SHA-256, such as `k3vq-7m2p-xw9d-4tna`."""
    number = int.from_bytes(hashlib.sha256(b"touchline peer\0" + public).digest()[:10], "big")
    letters = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(16))]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 16, 4))


def is_peer_id(text: str) -> bool:
    """Return whether a text has the form of an id; see `peer_id`."""
    parts = text.split("-")
    return len(parts) == 4 and all(len(part) == 4 and set(part) <= set(_ALPHABET) for part in parts)


@lru_cache(maxsize=REMEMBERED)
def curve_key(public: bytes) -> bytes:
    """Return the CURVE form of a public key, 32 bytes.

    Raises:
        SettingError: the bytes are not a public key.
    """
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        return bytes(VerifyKey(public).to_curve25519_public_key())
    except (CryptoError, ValueError, TypeError, RuntimeError):
        raise SettingError("not a public key") from None


def verify(public: bytes, content: bytes, signature: bytes) -> bool:
    """Return whether a signature over the content is that of a public key."""
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
    """Return the public key that a text of `to_text` holds.

    Args:
        text: 43 characters.
        what: the flag or field that holds the text; the error names it.

    Raises:
        SettingError: the text is not a key.
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
        entropy: random bytes, different for each connection.
    """
    return routing_prefix(curve_public) + entropy


def routing_prefix(curve_public: bytes) -> bytes:
    """Return the 13 bytes that the routing ids of a CURVE key's connections begin with."""
    # ZeroMQ reserves ids that begin with a zero byte.
    return b"\1" + hashlib.sha256(b"touchline route\0" + curve_public).digest()[:ROUTING_BYTES]


def misrouted(routing_id: bytes, curve_public: bytes) -> WrongKey | None:
    """Return an error if a routing id does not belong to its connection's key, otherwise None.

    Args:
        routing_id: the routing id of the connection.
        curve_public: the CURVE key of the connection; empty in plain text.
    """
    if not curve_public or routing_id.startswith(routing_prefix(curve_public)):
        return None
    return WrongKey(
        "the routing id does not begin with the hash of this connection's key; see section 3 of "
        "the protocol"
    )
