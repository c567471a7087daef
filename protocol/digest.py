"""The digest of a feed: two subscribers with the same digest received the same messages."""

from __future__ import annotations

from hashlib import blake2b

DIGEST_BYTES = 16

EMPTY = bytes(DIGEST_BYTES)
"""The digest before the first message."""


def chain(digest: bytes, body: bytes) -> bytes:
    """Return the digest after one more published message: keyed BLAKE2b (RFC 7693) of its body.

    Args:
        digest: the digest before the message, 16 bytes, which is the key; `EMPTY` before the first.
        body: the message as published, without its topic.
    """
    return blake2b(body, digest_size=DIGEST_BYTES, key=digest).digest()
