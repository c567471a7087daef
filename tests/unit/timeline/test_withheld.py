"""What a reporter's own view withholds, and for how long."""

from __future__ import annotations

from msgspec.structs import replace

from touchline.protocol.messages import Entry
from touchline.timeline.withheld import OwnStatement, WithheldFeed

from ..following import entry

SECOND = 1_000_000


def provisional(number: int, minute: float = 5, **fields: object) -> Entry:
    return entry(number, minute, status="PROVISIONAL", **fields)


def test_what_is_confirmed_is_seen_at_once() -> None:
    """What is confirmed waits for nothing."""
    feed = WithheldFeed()
    feed.put(entry(1), 10.0)
    assert feed.due(10.0) == [entry(1)]
    assert feed.due(10.0) == []


def test_what_is_provisional_waits_and_what_follows_it_too() -> None:
    """For six seconds neither the entry is seen nor what comes after it, whose score counts it;
    a further version of it is not withheld anew."""
    feed = WithheldFeed()
    goal, corner = provisional(1), entry(2)
    feed.put(goal, 10.0)
    feed.put(corner, 13.0)
    assert feed.due(15.9) == []
    assert feed.due(16.0) == [goal, corner]
    again = replace(goal, seq=3, text="GOAL, by Ann")
    feed.put(again, 17.0)
    assert feed.due(17.0) == [again]


def test_what_is_decided_is_seen() -> None:
    """When it is confirmed or taken back, both versions are seen."""
    for status in ("CONFIRMED", "DELETED"):
        feed = WithheldFeed()
        goal = provisional(1)
        feed.put(goal, 10.0)
        assert feed.due(11.0) == []
        decided = replace(goal, seq=2, status=status)
        feed.put(decided, 12.0)
        assert feed.due(12.0) == [goal, decided]


def test_what_was_said_or_is_asked_is_seen() -> None:
    """A reporter sees what it has said itself, near in time, and what it is asked about."""
    goal = provisional(7)
    near, far = goal.time + 30 * SECOND, goal.time + 31 * SECOND
    seen = {
        (OwnStatement(goal.title, goal.origin, near), 0): True,
        (OwnStatement(goal.title, goal.origin, far), 0): False,
        (OwnStatement(goal.title, "other", near), 0): False,
        (OwnStatement("other", goal.origin, near), 0): False,
        (OwnStatement(goal.title, goal.origin, near, "6"), 0): False,
        (OwnStatement("undone", "", far, "7"), 0): True,
        (OwnStatement("other", "", far), 7): True,
        (OwnStatement("other", "", far), 6): False,
    }
    for (spoken, asked), shown in seen.items():
        feed = WithheldFeed()
        feed.put(goal, 10.0)
        assert bool(feed.due(10.0, [spoken], [asked])) == shown, (spoken, asked)
