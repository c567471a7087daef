"""What waits for a client that does not read: of some kinds only the newest, and not for ever."""

from __future__ import annotations

from typing import cast

from touchline.gateway.server import RawWebSocket
from touchline.lobby.connection import Close, Say
from touchline.lobby.service import MOST_WAITING, Line


class Pipe:
    """A wire that the test lets flow."""

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


def lined() -> tuple[Pipe, Line]:
    pipe = Pipe()
    return pipe, Line(cast(RawWebSocket, pipe))


def test_said_at_once() -> None:
    """While the client reads, everything is said in order."""
    pipe, line = lined()
    for text in ("a", "b", "c"):
        line.say(Say(1, "update", text), 0.0)
    assert pipe.texts == ["a", "b", "c"]
    assert not line.blocked


def test_only_the_newest_waits() -> None:
    """Of what replaces what came before, only the newest waits; the rest keeps its order."""
    pipe, line = lined()
    pipe.clear = False
    for kind, text in (("update", "u1"), ("error", "e1"), ("update", "u2"), ("error", "e2")):
        line.say(Say(1, kind, text), 5.0)
    for number in range(10_000):
        line.say(Say(1, "leaderboard", str(number)), 6.0)
    assert (line.blocked, line.is_stuck(20.0, 30.0), line.is_stuck(35.0, 30.0)) == (
        5.0,
        False,
        True,
    )
    pipe.clear = True
    assert line.flush(20.0)
    assert pipe.texts == ["e1", "u2", "e2", "9999"]
    assert not line.is_stuck(99.0, 30.0)


def test_too_much_waits() -> None:
    """Of what cannot be replaced only so much waits."""
    pipe, line = lined()
    pipe.clear = False
    for number in range(MOST_WAITING):
        line.say(Say(1, "error", str(number)), 1.0)
    assert not line.is_stuck(1.0, 30.0)
    line.say(Say(1, "error", "one more"), 1.0)
    assert line.is_stuck(1.0, 30.0)


def test_closed_after_what_was_said() -> None:
    """A connection is closed when what was said before is out."""
    pipe, line = lined()
    pipe.clear = False
    line.say(Say(1, "error", "bad"), 1.0)
    line.closing = Close(1, 4000, "")
    assert not line.flush(1.0)
    assert pipe.code == 0
    pipe.clear = True
    assert line.flush(1.0)
    assert (pipe.texts, pipe.code) == (["bad"], 4000)


def test_gone() -> None:
    """What waits for one who has gone is forgotten."""
    pipe, line = lined()
    pipe.clear = False
    line.say(Say(1, "error", "x"), 1.0)
    pipe.open = False
    assert line.flush(2.0)
    assert not line.blocked
