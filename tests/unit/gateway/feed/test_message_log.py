"""Messages in order, encoded once."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from touchline.gateway.feed.message_log import MESSAGE_BYTES, TAKE_BYTES, TRIM, MessageLog, framed


def frames(data: bytes) -> list[Frame]:
    """Return the frames in some bytes, as another implementation reads them."""
    reader = StreamReader()
    reader.feed_data(data)
    found = []
    while reader.buffer:
        parse = Frame.parse(reader.read_exact, mask=False)
        with pytest.raises(StopIteration) as done:
            next(parse)
        found.append(done.value.value)
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, MESSAGE_BYTES])
def test_frames_of_every_length(size: int) -> None:
    """A frame holds the message, whichever of the three forms its length has."""
    (only,) = framed(b"x" * size)
    (frame,) = frames(only)
    assert frame.opcode is Opcode.TEXT
    assert frame.fin
    assert frame.data == b"x" * size


@pytest.mark.parametrize("size", [MESSAGE_BYTES + 1, 3 * MESSAGE_BYTES, 200_000])
def test_long_messages_leave_in_fragments(size: int) -> None:
    """A long message is a text frame that is not the last, continuations, and a last one."""
    payload = bytes(range(256)) * (size // 256 + 1)
    found = frames(b"".join(framed(payload[:size])))
    assert [frame.opcode for frame in found] == [Opcode.TEXT] + [Opcode.CONT] * (len(found) - 1)
    assert [frame.fin for frame in found] == [False] * (len(found) - 1) + [True]
    assert b"".join(bytes(frame.data) for frame in found) == payload[:size]


def test_positions() -> None:
    """Who stands at a position gets what follows it, and is told how much that is."""
    shelf = MessageLog(1 << 20)
    assert (shelf.last, shelf.first, shelf.size) == (0, 1, 0)
    assert shelf.has(0)
    assert not shelf.has(1)
    for text in (b"one", b"three", b"five!"):
        shelf.append(text)
    assert shelf.queued(0) == (3, 13)
    assert shelf.queued(1) == (2, 10)
    assert shelf.queued(3) == (0, 0)
    assert shelf.payloads(1, 1) == [b"three"]
    assert shelf.frames(1) == (b"".join(framed(b"three") + framed(b"five!")), 3)


def test_frames_are_made_once() -> None:
    """Two who stand at the same position get the same object, until there is more."""
    shelf = MessageLog(1 << 20)
    shelf.append(b"one")
    assert shelf.frames(0)[0] is shelf.frames(0)[0]
    before = shelf.frames(0)
    shelf.append(b"two")
    assert shelf.frames(0) != before


def test_much_is_handed_out_in_pieces() -> None:
    """At most so many bytes are handed out at a time, and then what follows."""
    shelf = MessageLog(1 << 24)
    for _ in range(100):
        shelf.append(b"x" * 10_000)
    position, pieces = 0, 0
    while position < shelf.last:
        data, position = shelf.frames(position)
        assert len(data) < TAKE_BYTES + 10_100
        pieces += 1
    assert pieces == 4


def test_the_oldest_are_dropped() -> None:
    """Beyond its bytes a shelf forgets the oldest in lots; numbers and sizes stay right."""
    shelf = MessageLog(100_000)
    for number in range(1, 3 * TRIM + 1):
        shelf.append(b"%0100d" % number)
    assert shelf.last == 3 * TRIM
    assert shelf.first > 1
    assert shelf.size <= 100_000 + TRIM * 100
    assert not shelf.has(shelf.first - 2)
    assert shelf.has(shelf.first - 1)
    assert shelf.payloads(shelf.first - 1, 1) == [b"%0100d" % shelf.first]
    assert shelf.queued(shelf.first - 1) == (shelf.last - shelf.first + 1, shelf.size)
    assert shelf.queued(shelf.last - 2) == (2, 200)
