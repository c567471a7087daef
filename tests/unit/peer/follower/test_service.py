"""The copies of one host's events, with the connections played by the test."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from touchline.peer.follower import service
from touchline.peer.follower.core import CopyState
from touchline.peer.follower.service import FollowedHost
from touchline.peer.host.journal import CopiedEvent

EVENTS = ("one", "two", "three")


class FakeConnection:
    """Runs what comes with it, once."""

    def __init__(self, copy: Any, _: object) -> None:
        self.copy = copy
        self.comes: Callable[[], None] = lambda: None
        self.closed = False
        self.sockets: list[Any] = [f"socket of {copy.event}"]
        self.due: float | None = None
        self.pumped = 0

    def pump(self, now: float, wall: int) -> None:
        self.pumped += 1
        assert not self.closed, f"{self.copy.event} was let go"
        comes, self.comes = self.comes, lambda: None
        comes()

    def next_timer(self) -> float | None:
        return self.due

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> FollowedHost:
    monkeypatch.setattr(service, "HostConnection", FakeConnection)
    stored: list[str] = []
    journal: Any = SimpleNamespace(
        copies=lambda: {event: CopiedEvent(event, "h", 1, 1, 0) for event in EVENTS},
        last_checksum=lambda event: b"",
        store_copy=lambda copy, turns: stored.append(copy.event),
        stored=stored,
    )
    return FollowedHost("h", SimpleNamespace(), journal, lambda *_: None, tuple, "me")  # type: ignore[arg-type]  # no link is asked


@pytest.mark.parametrize("ended", EVENTS)
def test_a_copy_that_ends_while_others_are_served(followed: FollowedHost, ended: str) -> None:
    """What the broker answers while one copy is served may have this host take over any: that one
    is served no more, stores nothing that had come, and the others go on."""
    copies, connections = dict(followed.copies), dict(followed._connections)
    copies[ended].state, copies[ended].card = CopyState.STORING, None
    first: Any = connections["one"]
    first.comes = lambda: followed.drop(ended)
    followed.pump(1.0, 1)
    followed.pump(2.0, 2)
    assert list(followed.copies) == [event for event in EVENTS if event != ended]
    assert followed._journal.stored == []  # type: ignore[attr-defined]  # the test's own


def test_a_turn_serves_the_copies_that_have_work(followed: FollowedHost) -> None:
    """Those alone whose host has sent something, or whose time has come: what a turn of one event
    costs does not grow with the others."""
    one, two, three = (fake(followed, event) for event in EVENTS)
    two.due, three.due = 5.0, 6.0
    followed.pump(5.0, 1, {"socket of one"})
    assert [each.pumped for each in (one, two, three)] == [1, 1, 0]
    followed.pump(5.1, 1, set())
    assert [each.pumped for each in (one, two, three)] == [1, 2, 0]
    followed.pump(5.2, 1)
    assert [each.pumped for each in (one, two, three)] == [2, 3, 1]


def fake(followed: FollowedHost, event: str) -> Any:
    return followed._connections[event]
