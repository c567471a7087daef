"""The digest over a feed."""

from __future__ import annotations

import hashlib
from itertools import permutations

from touchline.protocol.digest import DIGEST_BYTES, EMPTY, chain


def over(*bodies: bytes) -> bytes:
    digest = EMPTY
    for body in bodies:
        digest = chain(digest, body)
    return digest


def test_known() -> None:
    """Two links of a chain are keyed BLAKE2b of RFC 7693, and have known values."""
    first = hashlib.blake2b(b"first", digest_size=16, key=bytes(16)).digest()
    assert over(b"first") == first
    assert over(b"first", b"") == hashlib.blake2b(b"", digest_size=16, key=first).digest()
    assert over(b"first").hex() == "58cca1b1e88ccb9c602bb4b36f40dd1f"
    assert over(b"first", b"").hex() == "c3da9446ade8fba930b8e205f8cc9b7b"
    assert len(EMPTY) == len(first) == DIGEST_BYTES


def test_order_and_cuts_matter() -> None:
    """Another order, or the same bytes cut elsewhere, is another feed."""
    bodies = [b"a", b"b", b"ab"]
    digests = [over(*order) for order in permutations(bodies)]
    digests += [over(b"aba", b"b"), over(b"abab"), over(b"", b"abab")]
    assert len(set(digests)) == len(digests)
