"""Tokens: how they follow from a secret, and the digests that stand for them on disk. Pure.

A token that follows from a secret need not be kept: its giver can give it again. What is on disk
names it by a digest, so that nobody who reads that can present it.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

CHARS = 36
"""The length of a token and of a digest: one can stand in the place of the other."""


def digest(token: str) -> str:
    """Return the digest of a token, 144 bits in hex; no token that is given looks like one."""
    return hashlib.sha256(token.encode()).hexdigest()[:CHARS]


def derive(secret: bytes, *what: str | int) -> str:
    """Return the token that follows from a secret.

    Args:
        secret: known to its giver alone.
        what: what the token is for; another token follows from anything else.
    """
    text = "\0".join(map(str, what)).encode()
    return str(uuid.UUID(bytes=hmac.digest(secret, text, "sha256")[:16], version=4))


def secret_of(seed: bytes) -> bytes:
    """Return the secret for tokens of the owner of a private key, which is used for nothing else.

    Args:
        seed: the private key.
    """
    return hmac.digest(seed, b"touchline tokens", "sha256")
