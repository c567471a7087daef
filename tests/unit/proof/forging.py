"""Proofs that are not what the host wrote: changed, and sealed again where a host is evil."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from touchline.proof import Result, lines
from touchline.proof.lines import Published, Seal, Vote
from touchline.protocol import codec, signing
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Happening, Said

HOST = Identity(sha256(b"host").digest())

Proof = list[bytes]


def whole(proof: Proof) -> bytes:
    return b"".join(line + b"\n" for line in proof)


def resealed(proof: Proof, by: Identity = HOST) -> bytes:
    """Put a new seal on lines instead of the last: what an evil host does."""
    made, digest = proof[:-1], EMPTY
    for line in map(lines.decode, made):
        if isinstance(line, Published):
            digest = chain(digest, line.body)
    hashes = lines.digests(made)
    signature = by.sign(lines.sealed(hashes, digest))
    return whole([*made, lines.encode(Seal(hashes, digest, signature))])


def at(proof: Proof, by: str, which: int = 0) -> int:
    """Return the index of a line by why it was published."""
    found = [
        index
        for index, line in enumerate(map(lines.decode, proof))
        if isinstance(line, Published) and line.by == by
    ]
    return found[which]


def line_of(proof: Proof, index: int) -> Any:
    return lines.decode(proof[index])


def with_line(proof: Proof, index: int, **changes: Any) -> Proof:
    changed = lines.encode(replace(line_of(proof, index), **changes))
    return [*proof[:index], changed, *proof[index + 1 :]]


def with_body(proof: Proof, index: int, **changes: Any) -> Proof:
    """Change what was published in a line."""
    message: Any = codec.decode_published(line_of(proof, index).body)
    return with_line(proof, index, body=codec.encode(replace(message, **changes)))


def broken(result: Result, index: int, *words: str) -> None:
    """Check that a proof broke at a line, by index, for a reason that has these words."""
    assert result.flaw is not None
    assert result.flaw.line == index + 1, str(result.flaw)
    for word in words:
        assert word in result.flaw.reason, str(result.flaw)


def vote(name: str, number: int, title: str, origin: str, time: int, **details: Any) -> Vote:
    """A vote that its reporter signed."""
    who = Identity(sha256(name.encode()).digest())
    said = Said(n=number, time=0, event=Happening(title, origin, time, details or None))
    content = signing.content("e", said)
    return Vote(report=content, signature=who.sign(content), peer=who.peer)
