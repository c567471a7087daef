"""Whatever goes wrong in an event, the proof of it holds."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from touchline.proof import build, check, lines
from touchline.protocol.keys import Identity

from .world import World

SEEDS = range(1, 41)

HOST = Identity(sha256(b"host").digest())


def test_proofs() -> None:
    """From the journal of each seed, of a host that was killed, cut off or starved of disk, a proof
    is put together that holds, with every report signed; and the seeds are about something."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        world = World(seed)
        world.run()
        proof = build(world.card, world.host.disk.blobs, HOST)
        result = check(b"".join(line + b"\n" for line in proof), host=HOST.peer)
        assert result.flaw is None, f"seed {seed}: {result.flaw}"
        seen["signed"] += result.signed
        for line in map(lines.decode, proof):
            seen[line.by if isinstance(line, lines.Published) else type(line).__name__] += 1
    assert {"signed", "verdict", "host", "end", "ConfirmedScore"} <= set(seen), seen
