"""Each cause of silence, and which of several is told."""

from __future__ import annotations

import pytest

from touchline.peer.subscriber.silence import QUIET, cause, of_host

WELL = {
    "stale": False,
    "broker": True,
    "state": "live",
    "last_received": 0,
    "disputed": 0,
    "trouble": "",
}


def looked_at(*, stale, broker, **others):
    """Return the cause at a subscriber of the host itself."""
    return cause(silence=of_host(broker=broker) if stale else None, **others)


@pytest.mark.parametrize(
    ("kind", "found", "word"),
    [
        ("quiet", {}, "live"),
        ("quiet", {"state": "finished"}, "live"),
        ("quiet", {"broker": False}, "live"),
        ("quiet", {"broker": None}, "live"),
        ("disagree", {"disputed": 2}, "disagree on 2"),
        ("reconstructing", {"state": "reconstructing"}, "contact is back"),
        ("venue_lost", {"state": "suspended"}, "from the venue"),
        (
            "venue_lost",
            {"state": "suspended", "last_received": 1},
            "since 1970-01-01T00:00:00.000Z",
        ),
        ("host_trouble", {"trouble": "the disk is full"}, "the disk is full"),
        ("silent", {"stale": True, "broker": None}, "is being asked"),
        ("host_lost", {"stale": True}, "but the broker can"),
        ("link_lost", {"stale": True, "broker": False}, "your own link"),
    ],
)
def test_each(kind, found, word):
    """Each cause is told by what gives rise to it, in a sentence that says so."""
    told = looked_at(**{**WELL, **found})
    assert told.kind == kind
    assert word in told.text


def test_the_gravest():
    """Of several causes the one is told that hides the others."""
    everything = {
        "stale": True,
        "broker": None,
        "state": "suspended",
        "last_received": 1,
        "disputed": 3,
        "trouble": "the disk is full",
    }
    kinds = []
    for field, better in (
        ("broker", False),
        ("broker", True),
        ("stale", False),
        ("trouble", ""),
        ("state", "reconstructing"),
        ("state", "live"),
        ("disputed", 0),
    ):
        kinds.append(looked_at(**everything).kind)
        everything[field] = better
    assert kinds == [
        "silent",
        "link_lost",
        "host_lost",
        "host_trouble",
        "venue_lost",
        "reconstructing",
        "disagree",
    ]
    assert looked_at(**everything) == QUIET
