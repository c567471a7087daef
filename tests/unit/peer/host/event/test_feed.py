"""Published messages, their digest, and replays in blocks."""

from __future__ import annotations

import pytest

from touchline.peer.host.event.feed import Feed
from touchline.protocol import codec, limits
from touchline.protocol.digest import EMPTY, chain


def feed(bodies):
    made = Feed("e")
    for body in bodies:
        made.append(body)
    return made


def replay(made, first, last=0):
    frames = list(made.replay(9, first, last))
    assert all(len(frame) <= limits.BLOCK_BYTES for frame in frames)
    return [codec.decode_host_reply(frame) for frame in frames]


def test_digest():
    """The digest chains over the bodies in their order."""
    assert Feed("e").digest == EMPTY
    assert feed([b"a", b"b"]).digest == chain(chain(EMPTY, b"a"), b"b")
    assert feed([b"a", b"b"]).digest != feed([b"b", b"a"]).digest
    assert feed([b"a", b"b"]).seq == 2


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 512, 700])
@pytest.mark.parametrize("first", [0, 1, 2, 255, 256, 257, 600, 900])
@pytest.mark.parametrize("last", [0, 1, 256, 300, 10_000])
def test_replay(count, first, last):
    """A replay is exactly the bodies asked for that there are, in order; only the last block says
    that no more follow."""
    bodies = [b"body %d" % i for i in range(1, count + 1)]
    blocks = replay(feed(bodies), first, last)
    at, got = max(first, 1), []
    for block in blocks:
        assert (block.id, block.event, block.first) == (9, "e", at)
        assert len(block.frames) <= limits.BLOCK_FRAMES
        got += block.frames
        at += len(block.frames)
    assert got == bodies[max(first, 1) - 1 : min(last or count, count)]
    assert [block.more for block in blocks] == [True] * (len(blocks) - 1) + [False]


def test_blocks_keep_their_size():
    """Long messages make shorter blocks; one alone longer than that still comes."""
    bodies = [b"x" * 60_000] * 30 + [b"y" * 700_000, b"z"]
    blocks = replay(feed(bodies), 1)
    assert [body for block in blocks for body in block.frames] == bodies
    assert len(blocks) > 3


def test_same_blocks_for_everybody():
    """Blocks end at the same places wherever one begins, so that most are alike."""
    made = feed([b"%d" % i for i in range(1_000)])
    ends = [{block.first + len(block.frames) for block in replay(made, first)} for first in (3, 99)]
    assert ends[0] == ends[1]
