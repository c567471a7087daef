"""What waits for a client that does not read: of some kinds only the newest, and not for ever."""

from __future__ import annotations

from touchline.lobby.connection import OutgoingClose, OutgoingText
from touchline.lobby.queue import MOST_WAITING, OutgoingQueue


class Pipe:
    """A connection that reads when the test says so."""

    def __init__(self) -> None:
        self.open = True
        self.clear = True
        self.frames: list[bytes] = []
        self.code = 0

    def write(self, frames: bytes) -> None:
        self.frames.append(frames)

    def close(self, code: int, _reason: str) -> None:
        self.open, self.code = False, code

    @property
    def texts(self) -> list[str]:
        return [frame[2:].decode() for frame in self.frames]


def queued() -> tuple[Pipe, OutgoingQueue]:
    pipe = Pipe()
    return pipe, OutgoingQueue(pipe)


def test_said_at_once() -> None:
    """While the client reads, everything is said in order."""
    pipe, queue = queued()
    for text in ("a", "b", "c"):
        queue.put(OutgoingText(1, "update", text), 0.0)
    assert pipe.texts == ["a", "b", "c"]
    assert not queue.blocked


def test_only_the_newest_waits() -> None:
    """Of what replaces what came before, only the newest waits; the rest keeps its order."""
    pipe, queue = queued()
    pipe.clear = False
    for kind, text in (("update", "u1"), ("error", "e1"), ("update", "u2"), ("error", "e2")):
        queue.put(OutgoingText(1, kind, text), 5.0)
    for number in range(10_000):
        queue.put(OutgoingText(1, "leaderboard", str(number)), 6.0)
    assert (queue.blocked, queue.is_stuck(20.0, 30.0), queue.is_stuck(35.0, 30.0)) == (
        5.0,
        False,
        True,
    )
    pipe.clear = True
    assert queue.flush(20.0)
    assert pipe.texts == ["e1", "u2", "e2", "9999"]
    assert not queue.is_stuck(99.0, 30.0)


def test_too_much_waits() -> None:
    """Of what cannot be replaced only so much waits."""
    pipe, queue = queued()
    pipe.clear = False
    for number in range(MOST_WAITING):
        queue.put(OutgoingText(1, "error", str(number)), 1.0)
    assert not queue.is_stuck(1.0, 30.0)
    queue.put(OutgoingText(1, "error", "one more"), 1.0)
    assert queue.is_stuck(1.0, 30.0)


def test_closed_after_what_was_said() -> None:
    """A connection is closed when what was said before is out."""
    pipe, queue = queued()
    pipe.clear = False
    queue.put(OutgoingText(1, "error", "bad"), 1.0)
    queue.closing = OutgoingClose(1, 4000, "")
    assert not queue.flush(1.0)
    assert pipe.code == 0
    pipe.clear = True
    assert queue.flush(1.0)
    assert (pipe.texts, pipe.code) == (["bad"], 4000)


def test_gone() -> None:
    """What waits for one who has gone is forgotten."""
    pipe, queue = queued()
    pipe.clear = False
    queue.put(OutgoingText(1, "error", "x"), 1.0)
    pipe.open = False
    assert queue.flush(2.0)
    assert not queue.blocked
