"""The session cache asks once for a connection, keeps its requests in order, and is bounded."""

from __future__ import annotations

import pytest

from touchline.broker import session_cache
from touchline.broker.session_cache import MOST_KEPT, SECONDS, SessionCache
from touchline.protocol.errors import Overloaded


def test_asked_once_and_in_order() -> None:
    """A worker is asked once about a connection; its requests meanwhile come in their order."""
    made = SessionCache()
    assert not made.holds(b"ann", 0.0)
    assert [made.keep(b"ann", frame) for frame in (b"1", b"2", b"3")] == [True, False, False]
    assert made.keep(b"bob", b"4")
    assert made.resolve(b"ann", 0.0, good=True) == [b"1", b"2", b"3"]
    assert made.holds(b"ann", 0.0)
    assert not made.holds(b"bob", 0.0)


def test_for_a_while() -> None:
    """A result ends, so that a revoked peer is asked about again; other results do not."""
    made = SessionCache()
    made.resolve(b"ann", 0.0, good=True)
    made.resolve(b"bob", 1.0, good=True)
    assert made.holds(b"ann", SECONDS - 0.1)
    assert not made.holds(b"ann", SECONDS)
    assert made.holds(b"bob", SECONDS)


def test_refused() -> None:
    """A refused connection loses its earlier result; a worker is asked about its next request."""
    made = SessionCache()
    made.resolve(b"ann", 0.0, good=True)
    assert made.keep(b"ann", b"1")
    assert made.resolve(b"ann", 1.0, good=False) == [b"1"]
    assert not made.holds(b"ann", 1.0)
    assert made.keep(b"ann", b"2")


def test_nothing_overtakes() -> None:
    """A connection with kept requests may not send: a new request would overtake them."""
    made = SessionCache()
    made.resolve(b"ann", 0.0, good=True)
    made.keep(b"ann", b"1")
    assert not made.holds(b"ann", 0.0)


def test_too_many_wait() -> None:
    """The requests of one connection that wait are bounded; other connections are not affected."""
    made = SessionCache()
    for _ in range(MOST_KEPT):
        made.keep(b"ann", b"1")
    with pytest.raises(Overloaded, match="200 requests to rooms wait, at most 200 allowed"):
        made.keep(b"ann", b"1")
    assert made.keep(b"bob", b"1")


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest results are removed if there are too many, and those that have ended."""
    monkeypatch.setattr(session_cache, "MOST", 3)
    made = SessionCache()
    for number in range(4):
        made.resolve(b"%d" % number, 0.0, good=True)
    assert [made.holds(b"%d" % number, 0.0) for number in range(4)] == [False, True, True, True]
    made.resolve(b"new", SECONDS, good=True)
    assert list(made._valid_until) == [b"new"]
