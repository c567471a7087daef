"""Whose requests are heard, and how many frames are taken in a turn."""

from __future__ import annotations

import pytest

from touchline.peer.host import admission
from touchline.peer.host.admission import AdaptiveBatch, HostRequestLimiter
from touchline.protocol.errors import Overloaded, WrongKey
from touchline.protocol.keys import routing_id

ANN, BOB = (bytes([letter]) * 32 for letter in b"ab")
OWN = routing_id(ANN, b"1")


def test_routing_id():
    """A routing id is good for connections of its key alone; where nothing is encrypted, any is."""
    one = HostRequestLimiter()
    assert one.judge(OWN, ANN, 0.0) is None
    assert one.judge(b"anything", b"", 0.0) is None
    for strange in (b"anything", b"", routing_id(BOB, b"1"), OWN[:12]):
        assert isinstance(one.judge(strange, ANN, 0.0), WrongKey)


def test_rate_is_of_the_key():
    """All connections of a key share its rate; those of another do not."""
    one = HostRequestLimiter()
    for number in range(admission.REQUEST_BURST):
        assert one.judge(routing_id(ANN, bytes([number % 9])), ANN, 0.0) is None
    assert isinstance(one.judge(OWN, ANN, 0.0), Overloaded)
    assert one.judge(routing_id(BOB, b"1"), BOB, 0.0) is None
    assert one.judge(OWN, ANN, 1 / admission.REQUEST_RATE) is None


def test_asking_is_bounded_for_all():
    """However many keys there are, the broker is asked so much and no more."""
    one = HostRequestLimiter()
    asked = 0
    for number in range(10_000):
        try:
            one.check_strange(b"", number.to_bytes(32, "big"), 0.0)
            asked += 1
        except Overloaded:
            assert asked == admission.ASK_BURST
    assert asked == admission.ASK_BURST
    assert not one.may_ask(0.0)
    assert one.may_ask(1.0)


@pytest.mark.parametrize("refused", [0, 100])
def test_pace_stays(refused):
    """Where most frames are good, or few came at all, as many as ever are taken."""
    pace = AdaptiveBatch(1_000, 50)
    for _ in range(10):
        pace.note(1_000, refused)
        pace.note(10, 10)
    assert pace.frames == 1_000


def test_pace_in_a_flood():
    """While most of a full turn is refused fewer are taken, down to the least; when that is over it
    grows again."""
    pace = AdaptiveBatch(1_000, 50)
    seen = []
    for _ in range(5):
        pace.note(pace.frames, pace.frames)
        seen.append(pace.frames)
    assert seen == [250, 62, 50, 50, 50]
    for _ in range(5):
        pace.note(pace.frames, 0)
    assert pace.frames == 1_000
